"""What a digest says of earlier ones: read within bounds, liked papers first, and kept with the digest."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest

from newsletter.errors import ReaderUnreadable
from newsletter.model import Digest, EarlierEntry, Paper, ReaderHistory, SentPaper, Vote
from newsletter.run.digest import build_digest
from newsletter.run.recall import RECALLED, in_preference, recall
from newsletter.run.select import Selection, select_from
from newsletter.run.shared_predecessors import SharedPredecessors
from tests import make
from tests.fakes import MemoryStore
from tests.unit.run.test_select import THREE, sent
from tests.unit.test_flow import morning, next_day, two_papers

WHO = "s_abcd2345"


@dataclass
class FirstOfAll:
    """Says that each paper follows the first one before it, and remembers which there were."""

    seen: list[list[str]] = field(default_factory=list)

    def find_predecessors(self, papers: Sequence[Paper], earlier: Sequence[Paper]) -> list[int | None]:
        self.seen.append([paper.arxiv_id for paper in earlier])
        return [0 if earlier else None] * len(papers)


def digest(on: date, *arxiv_ids: str) -> Digest:
    return build_digest(
        make.subscriber(),
        digest_on=on,
        announced_on=[on],
        announced=len(arxiv_ids),
        candidates=[make.announcement(each) for each in arxiv_ids],
        score_report=make.score_report(*(make.score(each) for each in arxiv_ids)),
    )


def vote(arxiv_id: str, value: int) -> Vote:
    return Vote(WHO, arxiv_id, value, make.NOW)


def ids(earlier: Sequence[EarlierEntry]) -> list[str]:
    return [each.entry.paper.arxiv_id for each in earlier]


def test_the_liked_come_first_then_the_newest_and_what_was_not_liked_not_at_all() -> None:
    digests = [digest(make.TUESDAY, "2601.00001", "2601.00002"), digest(make.WEDNESDAY, "2601.00003", "2601.00004")]
    votes = [vote("2601.00002", 1), vote("2601.00003", -1), vote("2601.00009", 1)]
    assert ids(in_preference(digests, votes)) == ["2601.00002", "2601.00004", "2601.00001"]
    assert ids(in_preference(digests, [])) == ["2601.00003", "2601.00004", "2601.00001", "2601.00002"]


def test_a_paper_names_the_one_before_it_by_digest_and_number_and_the_digest_keeps_that() -> None:
    given = morning(*two_papers(), predecessors=FirstOfAll())
    given.run()
    first = make.present(given.store.get_digest(WHO, make.TUESDAY))
    assert [entry.follows for entry in first.entries] == [None, None]
    next_day(given, "2601.00003")
    given.run()
    second = make.present(given.store.get_digest(WHO, make.WEDNESDAY))
    assert [entry.follows for entry in second.entries] == [SentPaper("2601.00001", make.TUESDAY, 1)]


def test_only_what_left_and_is_at_most_sixty_days_old_is_read() -> None:
    days = [make.WEDNESDAY - timedelta(days=back) for back in (1, RECALLED.days, RECALLED.days + 1)]
    store, finder = MemoryStore(), FirstOfAll()
    for number, on in enumerate([*days, make.WEDNESDAY - timedelta(days=2)], start=1):
        store.put_digest(digest(on, f"2601.0000{number}"))
    selection = selected(*(sent(on) for on in days))
    context = replace(morning().context, store=store, predecessors=finder)
    recall(context, selection, digest(make.WEDNESDAY, "2601.00009"))
    assert finder.seen == [["2601.00001", "2601.00002"]]


class Damaged(MemoryStore):
    def get_digest(self, subscriber_id: str, digest_on: date) -> Digest | None:
        if digest_on == make.TUESDAY:
            raise ReaderUnreadable(subscriber_id, "cannot be read")
        return super().get_digest(subscriber_id, digest_on)


def test_a_digest_that_cannot_be_read_holds_up_nothing() -> None:
    store, finder, monday = Damaged(), FirstOfAll(), make.TUESDAY - timedelta(days=1)
    store.put_digest(digest(monday, "2601.00001"))
    context = replace(morning().context, store=store, predecessors=finder)
    recalled = recall(context, selected(sent(monday), sent(make.TUESDAY)), digest(make.WEDNESDAY, "2601.00009"))
    assert recalled.entries[0].follows == SentPaper("2601.00001", monday, 1)


def test_nothing_is_read_for_a_digest_without_papers_or_where_nobody_asks() -> None:
    finder, selection = FirstOfAll(), selected(sent(make.TUESDAY))
    empty, full = digest(make.WEDNESDAY), digest(make.WEDNESDAY, "2601.00009")
    assert recall(replace(morning().context, predecessors=finder), selection, empty) is empty
    assert recall(morning().context, selection, full) is full
    assert finder.seen == []


# --- shared by readers who were sent the same


class Counting(MemoryStore):
    """Says which digests were read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[tuple[str, date]] = []

    def get_digests(self, subscriber_id: str, dates: Sequence[date]) -> list[Digest]:
        self.read += [(subscriber_id, on) for on in dates]
        return super().get_digests(subscriber_id, dates)


@dataclass
class Shared:
    """Readers of one morning, who were sent digests of the two days before."""

    store: Counting = field(default_factory=Counting)
    finder: FirstOfAll = field(default_factory=FirstOfAll)
    shared: SharedPredecessors = field(default_factory=SharedPredecessors)

    def sent_to(self, who: str, **papers: str) -> Selection:
        """`monday` and `tuesday` name what they were sent; what is not named was not kept."""
        rows = []
        for on, name in ((make.TUESDAY - timedelta(days=1), "monday"), (make.TUESDAY, "tuesday")):
            paper = papers.get(name, f"2601.0000{len(rows) + 1}")
            rows.append(replace(sent(on), subscriber_id=who, paper_ids=(paper,)))
            if name in papers:
                one = digest(on, paper)
                self.store.put_digest(replace(one, subscriber=replace(one.subscriber, subscriber_id=who)))
        return replace(selected(*rows), subscriber=make.subscriber(subscriber_id=who))

    def recalled(self, selection: Selection, today: str = "2601.00009") -> SentPaper | None:
        context = replace(morning().context, store=self.store, predecessors=self.finder)
        one = replace(digest(make.WEDNESDAY, today), subscriber=selection.subscriber)
        return recall(context, selection, one, shared=self.shared).entries[0].follows


BOTH = {"monday": "2601.00001", "tuesday": "2601.00002"}
FOLLOWED = SentPaper("2601.00002", make.TUESDAY, 1)


def test_of_readers_who_were_sent_the_same_one_is_compared_and_of_others_what_is_named_is_looked_for() -> None:
    given = Shared()
    assert given.recalled(given.sent_to("s_first222", **BOTH)) == FOLLOWED
    given.store.read.clear()
    assert given.recalled(given.sent_to("s_second22", **BOTH)) == FOLLOWED
    assert given.store.read == [("s_second22", make.TUESDAY)]
    assert len(given.finder.seen) == 1


@pytest.mark.parametrize(
    ("papers", "votes", "today"),
    [
        ({**BOTH, "monday": "2601.00005"}, (), "2601.00009"),
        (BOTH, (vote("2601.00001", 1),), "2601.00009"),
        (BOTH, (), "2601.00008"),
    ],
    ids=["another paper", "a vote", "another mail"],
)
def test_whoever_was_sent_or_said_something_else_is_compared_too(
    papers: dict[str, str], votes: tuple[Vote, ...], today: str
) -> None:
    given = Shared()
    given.recalled(given.sent_to("s_first222", **BOTH))
    given.recalled(replace(given.sent_to("s_second22", **papers), votes=votes), today)
    assert len(given.finder.seen) == 2


def test_no_mail_names_a_digest_that_its_reader_has_no_more() -> None:
    given = Shared()
    given.recalled(given.sent_to("s_first222", **BOTH))
    kept = {"monday": BOTH["monday"]}
    assert given.recalled(given.sent_to("s_second22", **kept)) == SentPaper(
        "2601.00001", make.TUESDAY - timedelta(days=1), 1
    )


def test_whoever_has_lost_a_digest_is_no_example_for_others() -> None:
    given = Shared()
    given.recalled(given.sent_to("s_first222", monday=BOTH["monday"]))
    assert given.recalled(given.sent_to("s_second22", **BOTH)) == FOLLOWED


def selected(*rows: object) -> Selection:
    return select_from(ReaderHistory(tuple(rows)), THREE, make.subscriber(), make.WEDNESDAY, history_days=0)  # type: ignore[arg-type]
