"""Missed days filled from records: what goes where, what is left alone, and the one mail that catches up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SourceError
from newsletter.model import Announcement, Feed, FeedOutcome, FeedReport, PaperRecord, RunOutcome
from newsletter.papers import arxiv_day
from newsletter.papers.announcement_schedule import estimate_days
from newsletter.run import BackfillReport, LookBack, backfill, last_weekdays
from newsletter.stores import Store
from tests import make
from tests.fakes import MemoryStore, Silent
from tests.oai_server import eastern
from tests.unit.test_flow import Morning, ScriptedSource

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2026, 1, 5) + timedelta(days=n) for n in range(5))
NOW = eastern("2026-01-09 05:00")


@dataclass
class Records:
    """A harvester that gives these, or fails."""

    records: Sequence[PaperRecord]
    problem: str = ""
    since: list[date] = field(default_factory=list)

    def harvest(self, category: str, *, since: date) -> tuple[tuple[PaperRecord, ...], tuple[str, ...]]:
        self.since.append(since)
        if self.problem:
            raise SourceError(category, self.problem)
        return tuple(each for each in self.records if category in each.paper.categories), ()


def record(arxiv_id: str, *received: str, categories: tuple[str, ...] = ("cs.LG",)) -> PaperRecord:
    moments = tuple(eastern(f"2026-{each}") for each in received)
    paper = make.paper(arxiv_id, version=len(moments), categories=categories)
    return PaperRecord(paper, moments, arxiv_day(moments[-1]))


def fill(store: Store, records: Records, *, remember: bool = True) -> list[BackfillReport]:
    return backfill(
        store, records, ["cs.LG"], Silent(), first=MONDAY, last=THURSDAY, now=lambda: NOW, remember=remember
    )


def kept(store: Store) -> dict[date, list[tuple[str, str]]]:
    """The entries of each day that has some."""
    days = store.get_days(before=date(2027, 1, 1), limit=100)
    return {day.announced_on: [(a.paper.arxiv_id, a.announce_type.value) for a in day.announcements] for day in days}


THREE_DAYS = [
    record("2601.00001", "01-04 12:00"),  # Sunday: announced on Monday evening
    record("2601.00002", "01-05 15:00"),
    record("2601.00003", "01-06 10:00"),
    record("2601.00004", "01-06 20:00"),
]


def test_papers_come_to_the_days_of_the_timetable_and_the_report_counts_them() -> None:
    store, records = MemoryStore(), Records(THREE_DAYS)
    [report] = fill(store, records)
    assert kept(store) == {
        TUESDAY: [("2601.00001", "new")],
        WEDNESDAY: [("2601.00002", "new"), ("2601.00003", "new")],
        THURSDAY: [("2601.00004", "new")],
    }
    assert [(day.announced_on, day.new) for day in report.days] == [
        (MONDAY, 0),
        (TUESDAY, 1),
        (WEDNESDAY, 2),
        (THURSDAY, 1),
    ]
    feeds = [make.present(store.get_day(day)).feeds[0] for day in (MONDAY, TUESDAY)]
    assert [feed.outcome for feed in feeds] == [FeedOutcome.NO_ANNOUNCEMENT, FeedOutcome.ANNOUNCED]
    assert feeds[1].detail == "Back-filled on 2026-01-09 from arXiv's records."


def test_a_second_back_fill_asks_nothing_and_changes_nothing() -> None:
    store, records = MemoryStore(), Records(THREE_DAYS)
    fill(store, records)
    before = kept(store)
    [report] = fill(store, records)
    assert report == BackfillReport("cs.LG")
    assert len(records.since) == 1
    assert kept(store) == before


def test_a_trial_keeps_nothing() -> None:
    store = MemoryStore()
    [report] = fill(store, Records(THREE_DAYS), remember=False)
    assert report.papers == 4
    assert kept(store) == {}


def collected(store: Store, on: date, *shown: Announcement, outcome: FeedOutcome) -> None:
    store.add_feeds(on, [Feed("cs.LG", on, shown)], [FeedReport("cs.LG", outcome, len(shown), fetched_at=NOW)])


def test_what_was_collected_stays_and_its_papers_are_not_announced_twice() -> None:
    store = MemoryStore()
    collected(store, TUESDAY, make.announcement("2601.00009"), outcome=FeedOutcome.ANNOUNCED)
    collected(store, FRIDAY, make.announcement("2601.00004"), outcome=FeedOutcome.ANNOUNCED)
    [report] = fill(store, Records(THREE_DAYS))
    assert kept(store) == {
        TUESDAY: [("2601.00009", "new"), ("2601.00001", "new")],
        WEDNESDAY: [("2601.00002", "new"), ("2601.00003", "new")],
        FRIDAY: [("2601.00004", "new")],
    }
    assert report.late == 1
    [feed] = make.present(store.get_day(TUESDAY)).feeds
    assert (feed.outcome, feed.papers, feed.readings) == (FeedOutcome.ANNOUNCED, 2, 2)
    assert feed.detail == "1 of them came late, on 2026-01-09, from arXiv's records."
    assert [day.announced_on for day in report.days] == [MONDAY, WEDNESDAY, THURSDAY]


def test_the_papers_of_a_holiday_come_on_the_day_after() -> None:
    store = MemoryStore()
    collected(store, TUESDAY, outcome=FeedOutcome.NO_ANNOUNCEMENT)
    fill(store, Records(THREE_DAYS))
    assert [arxiv_id for arxiv_id, _ in kept(store)[WEDNESDAY]] == ["2601.00001", "2601.00002", "2601.00003"]


def test_days_with_a_failed_or_a_stale_feed_are_filled() -> None:
    store = MemoryStore()
    collected(store, TUESDAY, outcome=FeedOutcome.FAILED)
    collected(store, WEDNESDAY, outcome=FeedOutcome.STALE)
    [report] = fill(store, Records(THREE_DAYS))
    assert report.papers == 4


def test_a_cross_list_a_new_version_and_an_old_one_are_told_apart() -> None:
    records = [
        record("2601.00001", "01-05 15:00", categories=("stat.ML", "cs.LG")),
        record("2601.00002", "01-05 10:00", "01-06 16:00"),
        record("2512.00003", "01-02 10:00", "01-05 16:00"),  # Monday's, as a new one
        record("2511.00004", "01-01 10:00", *(["01-05 16:00"] * 5)),  # the sixth version
    ]
    store = MemoryStore()
    [report] = fill(store, Records(records))
    assert kept(store) == {
        MONDAY: [("2512.00003", "new")],
        TUESDAY: [("2601.00002", "new")],
        WEDNESDAY: [("2512.00003", "replace"), ("2601.00001", "new")],
        THURSDAY: [("2601.00002", "replace")],
    }
    assert [(day.new, day.cross, day.replaced) for day in report.days] == [(1, 0, 0), (1, 0, 0), (0, 1, 1), (0, 0, 1)]


def test_nothing_at_all_proves_no_quiet_day() -> None:
    store = MemoryStore()
    [report] = fill(store, Records([]))
    assert report == BackfillReport("cs.LG")
    assert store.get_day(TUESDAY) is None


def test_a_failure_leaves_the_days_missing_and_does_not_keep_the_others_from_theirs() -> None:
    store, records = MemoryStore(), Records(THREE_DAYS, problem="arXiv is down")
    assert [report.problem for report in fill(store, records)] == ["arXiv is down"]
    assert store.get_day(TUESDAY) is None
    records.problem = ""
    assert fill(store, records)[0].papers == 4


@given(
    st.lists(st.integers(0, 7 * 24 * 60), max_size=30),
    st.sets(st.sampled_from([MONDAY, TUESDAY, WEDNESDAY, THURSDAY])),
)
def test_each_paper_is_announced_once_whatever_was_collected(minutes: list[int], days: set[date]) -> None:
    first = eastern("2026-01-01 00:00")
    received_at = {f"2601.{n:05}": first + timedelta(minutes=at) for n, at in enumerate(sorted(minutes))}
    records = [PaperRecord(make.paper(each), (at,), arxiv_day(at)) for each, at in received_at.items()]
    store = MemoryStore()
    for day in sorted(days):
        collected(store, day, make.announcement(f"2512.{day.day:05}"), outcome=FeedOutcome.ANNOUNCED)
    [report] = fill(store, Records(records))
    fill(store, Records(records))
    ids = [arxiv_id for shown in kept(store).values() for arxiv_id, _ in shown if arxiv_id in received_at]
    within = [on for on in estimate_days(received_at).values() if MONDAY <= on <= THURSDAY]
    assert len(ids) == len(set(ids)) == sum(day.new for day in report.days) + report.late
    assert len(ids) == (len(within) if records and len(days) < 4 else 0), "nothing is asked for where no day is missing"


def test_after_days_away_one_mail_catches_up_and_nothing_comes_twice() -> None:
    source = ScriptedSource({MONDAY: {"cs.LG": [make.announcement("2601.00000")]}}, on=MONDAY)
    reader = Morning(source, subscribers=[make.subscriber(max_papers=3)], now=eastern("2026-01-05 07:00"))
    assert reader.outcomes() == [RunOutcome.SENT]
    backfill(
        reader.store, Records(THREE_DAYS), ["cs.LG"], Silent(), first=TUESDAY, last=THURSDAY, now=lambda: NOW
    )  # nobody ran on these days
    source.on, reader.now = FRIDAY, NOW
    source.days[FRIDAY] = {"cs.LG": [make.announcement(f"2601.0000{n}") for n in (4, 5, 7, 8)]}
    assert reader.outcomes() == [RunOutcome.SENT]
    row = make.present(reader.store.get_delivery("s_abcd2345", FRIDAY))
    assert set(row.announced_on) == {TUESDAY, WEDNESDAY, THURSDAY, FRIDAY}
    assert len(row.paper_ids) == 3  # the best of all, not all of each day
    assert len(reader.mailed()) == 2
    source.on, reader.now = date(2026, 1, 12), eastern("2026-01-12 05:00")
    source.days[source.on] = {"cs.LG": [make.announcement("2601.00009")]}
    reader.outcomes()
    later = make.present(reader.store.get_delivery("s_abcd2345", source.on))
    assert later.paper_ids == ("2601.00009",)


def test_a_first_mail_has_the_days_before_as_history_alone() -> None:
    source = ScriptedSource({FRIDAY: {"cs.LG": [make.announcement("2601.00005")]}}, on=FRIDAY)
    reader = Morning(source, now=NOW)
    LookBack(reader.store, lambda: Records(THREE_DAYS), {"cs.LG"}, Silent(), lambda: NOW).fill_missed_days()
    assert reader.outcomes() == [RunOutcome.SENT]
    assert reader.sent() == {"2601.00005"}
    assert reader.scorer.histories == [3]


def test_the_last_weekdays_pass_over_weekends() -> None:
    assert last_weekdays(TUESDAY, 3) == [date(2026, 1, 1), date(2026, 1, 2), MONDAY]
    assert all(len(last_weekdays(MONDAY + timedelta(days=n), 5)) == 5 for n in range(7))
