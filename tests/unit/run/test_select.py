"""What a mail is made of: which papers, which days, what the scorer sees of the days before."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from newsletter.delivery import ledger
from newsletter.model import AnnouncementDay, AnnounceType, Delivery, FeedOutcome, FeedReport, ReaderHistory
from newsletter.run.context import Morning
from newsletter.run.select import Selection, select_from
from tests import make
from tests.fakes import MemoryStore
from tests.unit.test_flow import ScriptedScorer, morning, next_day, two_papers

MONDAY = make.TUESDAY - timedelta(days=1)


def known(*days: AnnouncementDay) -> Morning:
    return Morning("run", days[-1], days[:-1])


def sent(digest_on: date, *paper_ids: str, failed: tuple[str, ...] = ()) -> Delivery:
    claim = ledger.first_claim("s_abcd2345", digest_on, "run", make.NOW)
    named = {"paper_ids": paper_ids, "not_scored_ids": failed, "announced_on": (digest_on,), "message_id": "<m>"}
    return ledger.accept(ledger.hand_over(claim, now=make.NOW, **named), "there", make.NOW)  # type: ignore[arg-type]


def selected(of: Morning, *rows: Delivery, on: date = make.WEDNESDAY, history_days: int = 9) -> Selection:
    return select_from(ReaderHistory(tuple(rows)), of, make.subscriber(), on, history_days=history_days)


def ids(papers: object) -> list[str]:
    return [paper.arxiv_id for paper in papers]  # type: ignore[attr-defined]


THREE = known(
    make.day(MONDAY, [make.announcement("2601.00001"), make.announcement("2601.00002")]),
    make.day(make.TUESDAY, [make.announcement("2601.00003")]),
    make.day(make.WEDNESDAY, [make.announcement("2601.00004"), make.announcement("2601.00001")]),
)


def test_what_another_mail_had_is_no_candidate_and_what_this_one_had_is() -> None:
    rows = [sent(make.TUESDAY, "2601.00001"), sent(make.WEDNESDAY, "2601.00004")]
    assert ids(selected(THREE, *rows).papers) == ["2601.00004"]
    assert len(selected(THREE, *rows).announced) == 2


def test_what_could_not_be_scored_is_scored_again_and_is_no_history() -> None:
    chosen = selected(THREE, sent(MONDAY), sent(make.TUESDAY, failed=("2601.00002",)))
    assert ids(chosen.papers) == ["2601.00002", "2601.00004"]
    assert [ids(day) for day in chosen.history] == [["2601.00001"], ["2601.00003"]]
    assert [day.announced_on for day in chosen.days] == [make.WEDNESDAY]


def test_the_history_is_as_long_as_the_scorer_wants() -> None:
    assert [ids(day) for day in selected(THREE, history_days=1).history] == [["2601.00003"]]
    assert selected(THREE, history_days=0).history == ()


def test_without_an_announcement_nothing_is_selected_and_nothing_tried_again() -> None:
    quiet = known(*THREE.earlier, make.day(make.WEDNESDAY))
    chosen = selected(quiet, sent(MONDAY), sent(make.TUESDAY, failed=("2601.00002",)))
    assert (chosen.announced, chosen.candidates, chosen.history) == ((), (), ())


def test_a_day_with_a_failed_feed_is_not_settled_and_the_feed_is_named() -> None:
    failed = replace(THREE.today, feeds=(FeedReport("cs.LG", FeedOutcome.FAILED, 0, "no answer"),))
    chosen = selected(known(*THREE.earlier, failed), sent(make.TUESDAY))
    assert (chosen.settled_on, chosen.failed_feeds) == ((), ("cs.LG",))
    assert selected(THREE).settled_on == (make.WEDNESDAY,)


def test_kinds_that_the_subscriber_does_not_ask_for_are_announced_and_no_candidates() -> None:
    of = known(make.day(make.WEDNESDAY, [make.announcement("2601.00001", "replace"), make.announcement("2601.00002")]))
    assert (len(selected(of).announced), ids(selected(of).papers)) == (2, ["2601.00002"])


def test_what_a_day_brought_is_worked_out_once_for_each_set_of_categories() -> None:
    both = replace(make.announcement("2601.00001", categories=("cs.AI", "cs.LG")), feeds=("cs.AI", "cs.LG"))
    of = known(make.day(make.WEDNESDAY, [both]))
    [first], [again] = of.announced(of.days, ("cs.LG",)), of.announced(of.days, ["cs.LG"])
    [at_home] = of.announced(of.days, ("cs.AI",))
    assert first is again
    assert (first.announce_type, at_home.announce_type) == (AnnounceType.CROSS, AnnounceType.NEW)


@dataclass
class CountedStore(MemoryStore):
    """Counts how often the rows of a subscriber are read."""

    reads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def get_deliveries(self, **named: object) -> list[Delivery]:  # type: ignore[override]
        if named.get("subscriber_id"):
            self.reads.append(str(named["subscriber_id"]))
        return super().get_deliveries(**named)  # type: ignore[arg-type]


def test_a_mail_reads_its_subscribers_rows_once() -> None:
    store = CountedStore()
    given = morning(*two_papers(), store=store, scorer=ScriptedScorer(broken=frozenset({"2601.00002"})))
    given.run()
    assert store.reads == ["s_abcd2345"]
    next_day(given, "2601.00003")
    given.run()
    assert store.reads == ["s_abcd2345"] * 2
    assert given.sent() == {"2601.00001", "2601.00003"}
