"""What readers are told of papers that they were sent: later versions and withdrawals, each once, and none is lost."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.delivery import ledger
from newsletter.model import (
    Announcement,
    AnnounceType,
    Delivery,
    Digest,
    DigestEntry,
    Frequency,
    Paper,
    PaperUpdate,
    RunOutcome,
    SentPaper,
    Updates,
)
from newsletter.run.context import Morning as KnownDays
from newsletter.run.updates import (
    LOOK_BACK,
    MOST_UPDATES,
    ChangedPaper,
    confirm,
    find_changed,
    is_news,
    later_versions,
    version_key,
)
from tests import make
from tests.fakes import Act, FlakySender
from tests.memory_store import MemoryStore
from tests.unit.run.test_select import sent
from tests.unit.test_flow import Morning, ScriptedScorer, morning, two_papers

WHO = "s_abcd2345"
ID = "2601.00001"
NOTICE = "This paper has been withdrawn."
SECOND = make.paper(ID, version=2, abstract="It is about more.")
GONE = make.paper(ID, version=2, withdrawal=NOTICE)
FRIDAY = make.TUESDAY + timedelta(days=3)


def replaced(paper: Paper) -> Announcement:
    return Announcement(paper, AnnounceType.REPLACE, ("cs.LG",))


def next_morning(of: Morning, *shown: Announcement, days: int = 1) -> list[RunOutcome]:
    of.source.on += timedelta(days=days)
    of.source.days[of.source.on] = {"cs.LG": list(shown)}
    return of.outcomes()


def told(of: Morning, on: date | None = None) -> list[str]:
    """The versions that the mail of that date tells of, by the ledger, which must agree with its digest."""
    row = make.present(of.store.get_delivery(WHO, on or of.source.on))
    digest = make.present(of.store.get_digest(WHO, on or of.source.on))
    assert list(row.told_ids) == [version_key(update.paper) for update in digest.updates]
    return list(row.told_ids)


def wishing(updates: Updates, **changes: object) -> Morning:
    return morning(*two_papers(), subscribers=[make.subscriber(updates=updates, **changes)])


# --- the rules


@pytest.mark.parametrize("updates", Updates)
def test_a_reader_is_told_what_they_want_to_know(updates: Updates) -> None:
    rows = [sent(make.TUESDAY, ID, "2601.00002")]
    versions = {ID: SECOND, "2601.00002": make.paper("2601.00002", version=3, withdrawal=NOTICE)}
    wanted = later_versions([make.day(make.WEDNESDAY, list(map(replaced, versions.values())))], updates)
    changed = [each.paper.arxiv_id for each in find_changed(rows, wanted, make.WEDNESDAY)]
    assert changed == {Updates.NONE: [], Updates.WITHDRAWALS: ["2601.00002"]}.get(updates, ["2601.00002", ID])


def test_what_was_never_sent_is_no_news() -> None:
    assert find_changed([sent(make.TUESDAY, "2601.00009")], {ID: GONE}, make.WEDNESDAY) == ()


def test_what_another_mail_told_is_no_news_also_if_it_is_of_a_later_date() -> None:
    rows = [sent(make.TUESDAY, ID), replace(sent(FRIDAY), told_ids=(version_key(SECOND),))]
    assert find_changed(rows, {ID: SECOND}, make.WEDNESDAY) == ()


def test_a_paper_is_compared_with_what_the_last_mail_said_of_it() -> None:
    rows = [sent(make.TUESDAY, "2601.00002", ID), replace(sent(make.WEDNESDAY), told_ids=(version_key(SECOND),))]
    third = replace(SECOND, version=3)
    assert find_changed(rows, {ID: third}, FRIDAY) == (
        ChangedPaper(third, SentPaper(ID, make.TUESDAY, 2), make.WEDNESDAY),
    )


@given(st.integers(1, 9), st.booleans(), st.integers(1, 9), st.booleans())
def test_news_is_a_later_version_or_the_first_notice(v: int, was_gone: bool, w: int, is_gone: bool) -> None:
    known = make.paper(version=v, withdrawal=NOTICE if was_gone else "")
    paper = make.paper(version=w, withdrawal=NOTICE if is_gone else "")
    assert is_news(known, paper) == ((is_gone and not was_gone) or (not is_gone and w > v))
    assert not is_news(paper, paper)


@given(st.lists(st.tuples(st.sampled_from([ID, "2601.00002"]), st.integers(1, 5), st.booleans()), max_size=8))
def test_of_all_days_the_latest_version_counts_and_first_versions_are_none(
    shown: list[tuple[str, int, bool]],
) -> None:
    papers = [make.paper(i, version=v, withdrawal=NOTICE if gone else "") for i, v, gone in shown]
    found = later_versions([make.day(make.TUESDAY, [replaced(paper)]) for paper in papers], Updates.SENT)
    later = [paper for paper in papers if paper.version > 1 or paper.withdrawal]
    assert found.keys() == {paper.arxiv_id for paper in later}
    for arxiv_id, paper in found.items():
        assert paper.version == max(each.version for each in later if each.arxiv_id == arxiv_id)


def test_a_mail_tells_a_few_withdrawn_ones_first_and_no_digest_means_no_news() -> None:
    papers = [make.paper(f"2601.{n:05}", version=2, withdrawal=NOTICE if n % 2 else "") for n in range(30)]
    row = sent(make.TUESDAY, *(paper.arxiv_id for paper in papers))
    versions = {paper.arxiv_id: paper for paper in papers}
    changed = find_changed([row], versions, make.WEDNESDAY)
    entries = (
        DigestEntry(1, replace(p, version=1, withdrawal=""), AnnounceType.NEW, make.score(p.arxiv_id)) for p in papers
    )
    kept = replace(digest(make.TUESDAY), entries=tuple(entries))
    news = confirm(changed, [kept])
    assert len(news) == MOST_UPDATES
    assert all(update.paper.withdrawal for update in news)
    assert confirm(changed, []) == confirm(changed, [digest(make.TUESDAY)]) == ()


def digest(on: date) -> Digest:
    from tests.unit.run.test_recall import digest as made

    return made(on)


# --- the morning


def test_a_later_version_is_told_with_the_next_mail_once_and_never_as_a_paper() -> None:
    given = wishing(Updates.SENT)
    given.run()
    assert next_morning(given, replaced(SECOND), make.announcement("2601.00003")) == [RunOutcome.SENT]
    assert told(given) == ["2601.00001v2"]
    assert given.scorer.scored[-1] == ["2601.00003"]
    kept = make.present(given.store.get_digest(WHO, make.WEDNESDAY))
    assert kept.updates == (PaperUpdate(SECOND, make.paper(ID), SentPaper(ID, make.TUESDAY, 1)),)
    assert (kept.counts.relevant, kept.counts.shown) == (1, 1)
    assert next_morning(given, make.announcement("2601.00004")) == [RunOutcome.SENT]
    assert told(given) == []


def test_all_brings_later_versions_of_other_papers_as_papers_and_of_sent_ones_as_news() -> None:
    given = wishing(Updates.ALL)
    given.run()
    other = replaced(make.paper("2512.00007", version=4))
    next_morning(given, replaced(SECOND), other)
    assert given.scorer.scored[-1] == ["2512.00007"]
    assert told(given) == ["2601.00001v2"]


def test_a_withdrawn_paper_is_never_scored() -> None:
    given = morning(make.announcement(ID), replaced(GONE), subscribers=[make.subscriber(updates=Updates.ALL)])
    given.run()
    assert given.scorer.scored == [[]]


def test_news_alone_make_no_mail_and_come_with_the_next_one() -> None:
    given = wishing(Updates.SENT)
    given.run()
    assert next_morning(given, replaced(SECOND)) == [RunOutcome.NOTHING_RELEVANT]
    assert next_morning(given, make.announcement("2601.00003")) == [RunOutcome.SENT]
    assert told(given) == ["2601.00001v2"]


def test_news_come_with_a_mail_that_is_empty_for_who_wants_those() -> None:
    given = wishing(Updates.WITHDRAWALS, empty_mail=True)
    given.run()
    assert next_morning(given, replaced(GONE)) == [RunOutcome.SENT]
    assert told(given) == ["2601.00001v2w"]


def test_a_reader_without_a_mail_for_seven_weeks_is_told_all_the_same() -> None:
    given = wishing(Updates.SENT)
    given.scorer = ScriptedScorer(dull=frozenset({"2601.00003"}), history_days=0)
    given.run()
    next_morning(given, replaced(SECOND))
    for _ in range(48):
        next_morning(given, make.announcement("2601.00003"))
    assert next_morning(given, make.announcement("2601.00004")) == [RunOutcome.SENT]
    assert told(given) == ["2601.00001v2"]


@pytest.mark.parametrize("weeks", [2, 6, 12])
def test_a_paper_of_long_ago_is_told_of_once_and_compared_with_what_was_told_last(weeks: int) -> None:
    """Of years of mails only the latest are read for each; a withdrawal may be of any of them."""
    given = wishing(Updates.SENT)
    given.run()
    next_morning(given, replaced(SECOND), make.announcement("2601.00003"))
    for week in range(1, weeks):
        next_morning(given, make.announcement(f"2601.1{week:04}"), days=7)
    third = replace(SECOND, version=3, withdrawal=NOTICE)
    next_morning(given, replaced(third), make.announcement("2601.00004"), days=7)
    assert told(given) == ["2601.00001v3w"]
    kept = make.present(given.store.get_digest(WHO, given.source.on))
    assert kept.updates == (PaperUpdate(third, SECOND, SentPaper(ID, make.TUESDAY, 1)),)
    for week in range(weeks):
        next_morning(given, replaced(replace(third, version=4 + week)), make.announcement(f"2601.2{week:04}"), days=7)
        assert told(given) == []


def test_who_begins_to_want_news_gets_those_since_a_week_before_the_last_mail() -> None:
    given = wishing(Updates.NONE)
    given.run()
    next_morning(given, replaced(SECOND), make.announcement("2601.00003"))
    next_morning(given, replaced(make.paper("2601.00002", version=2)), make.announcement("2601.00004"), days=9)
    assert (told(given, make.WEDNESDAY), told(given)) == ([], [])
    given.subscribers = [make.subscriber(updates=Updates.SENT)]
    next_morning(given, make.announcement("2601.00005"), days=LOOK_BACK.days)
    assert told(given) == ["2601.00002v2"]


def test_days_that_were_read_for_one_reader_are_read_for_all() -> None:
    given = wishing(Updates.SENT)
    given.run()
    known = KnownDays("run", make.day(FRIDAY), ())
    early = make.TUESDAY - timedelta(days=9)
    given.store.remember_day(make.day(early, [replaced(SECOND)]))
    assert known.later_versions(given.store, early, Updates.SENT) == {ID: SECOND}
    given.store.forget_days(before=FRIDAY)
    assert known.later_versions(given.store, early - timedelta(days=1), Updates.SENT) == {ID: SECOND}


class RowsAsked(MemoryStore):
    """Since when the rows of one subscriber are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.since: list[date] = []

    def get_deliveries(self, *, subscriber_id: str | None = None, **wanted: Any) -> list[Delivery]:
        self.since += [wanted["since"]] if subscriber_id and "since" in wanted else []
        return super().get_deliveries(subscriber_id=subscriber_id, **wanted)


def test_of_years_of_mails_those_are_read_that_can_have_had_the_paper() -> None:
    store = RowsAsked()
    given = morning(*two_papers(), subscribers=[make.subscriber(updates=Updates.SENT)], store=store)
    given.run()
    for number, days in enumerate((28, 20)):
        next_morning(given, make.announcement(f"2601.1000{number}"), days=days)
    store.forget_days(before=given.source.on)  # what is so old is in no history that is read before
    next_morning(given, replaced(SECOND), make.announcement("2602.00001"), days=2)
    assert told(given) == [f"{ID}v2"]
    assert store.since == [date(2025, 12, 25)]


# --- whatever happens

ACTS = st.lists(st.sampled_from([Act.ACCEPT, Act.ACCEPT, Act.DEFER, Act.LOSE, Act.KEEP]), max_size=12)
VERSIONS = st.lists(
    st.dictionaries(st.sampled_from([ID, "2601.00002"]), st.tuples(st.integers(2, 5), st.booleans()), max_size=2),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(
    VERSIONS, ACTS, st.sampled_from([Updates.WITHDRAWALS, Updates.SENT, Updates.ALL]), st.sampled_from(list(Frequency))
)
def test_whatever_happens_to_mails_each_version_is_told_once_and_the_last_one_is_told(
    days: list[dict[str, tuple[int, bool]]], acts: list[Act], updates: Updates, frequency: Frequency
) -> None:
    reader = make.subscriber(updates=updates, frequency=frequency, weekday=make.TUESDAY.weekday())
    given = morning(*two_papers(), subscribers=[reader])
    given.run()
    given.sender = FlakySender(lambda: make.NOW, acts)
    shown: dict[str, Paper] = {}
    for number, versions in enumerate(days):
        papers = [make.paper(i, version=v, withdrawal=NOTICE if gone else "") for i, (v, gone) in versions.items()]
        for paper in papers:
            shown[paper.arxiv_id] = max(shown.get(paper.arxiv_id, paper), paper, key=lambda one: one.version)
        next_morning(given, *map(replaced, papers), make.announcement(f"2601.1{number:04}"))
        given.run()  # what was deferred goes out, what is in doubt is settled
    given.sender = FlakySender(lambda: make.NOW)
    given.run()
    for number in range(7):  # a mail for readers of every rhythm
        next_morning(given, make.announcement(f"2601.2{number:04}"))
    rows = [row for row in given.store.get_deliveries(subscriber_id=WHO) if ledger.counts_as_sent(row.state)]
    counts = Counter(key for row in rows for key in row.told_ids)
    assert max(counts.values(), default=1) == 1
    notices = Counter(key.rpartition("v")[0] for key in counts if key.endswith("w"))
    versions_told = {key.removesuffix("w") for key in counts}
    for arxiv_id, paper in shown.items():
        if paper.withdrawal:
            assert notices[arxiv_id] >= 1
        elif updates.has_versions:
            assert f"{arxiv_id}v{paper.version}" in versions_told
    if updates is Updates.WITHDRAWALS:
        assert all(key.endswith("w") for key in counts)
