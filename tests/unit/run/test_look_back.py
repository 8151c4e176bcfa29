"""Days that were missed are filled before a morning, and days that were read are looked at again once a day."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest

from newsletter.model import Announcement, Feed, FeedOutcome, FeedReport
from newsletter.run import FIRST_DAYS, BackfillReport, LookBack, last_weekdays
from newsletter.run.look_back import FIRST_TRIES, TRY_AGAIN_H
from tests import make
from tests.fakes import MemoryStore, Silent
from tests.oai_server import eastern
from tests.unit.run.test_backfill import Records, kept, record

THURSDAY, FRIDAY, MONDAY, TUESDAY = (date(2026, 1, day) for day in (8, 9, 12, 13))
WEEK = [date(2026, 1, day) for day in (1, 2, 5, 6, 7, 8, 9, 12)]  # in reach of Tuesday's mails, with those before
WEEK += [date(2025, 12, day) for day in (30, 31)]
HELD = record("2601.00050", "01-08 10:00")  # announced on Friday


@dataclass
class Memory:
    """A memory at one moment, and the records that arXiv has."""

    now: datetime
    records: Records
    store: MemoryStore = field(default_factory=MemoryStore)
    categories: tuple[str, ...] = ("cs.LG",)

    def read(self, *days: date, outcome: FeedOutcome = FeedOutcome.ANNOUNCED, category: str = "cs.LG") -> None:
        for on in days:
            shown: tuple[Announcement, ...] = ()
            if outcome in (FeedOutcome.ANNOUNCED, FeedOutcome.HALF_STALE):
                shown = (Announcement(make.paper(f"2601.{on.day:05}"), make.announcement().announce_type, (category,)),)
            report = FeedReport(category, outcome, len(shown), fetched_at=self.now - timedelta(hours=1))
            self.store.add_feeds(on, [Feed(category, on, shown)], [report])

    def fill(self) -> list[BackfillReport]:
        return self._look_back().fill_missed_days()

    def look(self, most: int | None = None) -> list[BackfillReport]:
        return self._look_back().look_again(most)

    def _look_back(self) -> LookBack:
        return LookBack(self.store, lambda: self.records, set(self.categories), Silent(), lambda: self.now)


def memory(at: str = "2026-01-13 01:00", *records: object) -> Memory:
    return Memory(eastern(at), Records([HELD, *records]))  # type: ignore[list-item]


def test_only_days_that_were_missed_are_asked_for() -> None:
    given = memory()
    given.read(*WEEK)
    assert given.fill() == []
    assert given.records.since == []


def test_a_missed_day_is_filled_before_the_morning() -> None:
    given = memory()
    given.read(*(day for day in WEEK if day != FRIDAY))
    [report] = given.fill()
    assert [day.announced_on for day in report.days] == [FRIDAY]
    assert kept(given.store)[FRIDAY] == [("2601.00050", "new")]


def test_a_young_memory_misses_no_day_before_its_first() -> None:
    given = memory()
    given.read(FRIDAY, MONDAY)
    given.fill()
    assert given.records.since == []


def test_only_an_empty_memory_begins_with_the_days_before() -> None:
    given = memory()
    given.categories = ()
    assert given.fill() == []
    given.categories = ("cs.LG",)
    [report] = given.fill()
    assert [day.announced_on for day in report.days] == last_weekdays(TUESDAY, FIRST_DAYS)
    assert given.fill() == []
    assert len(given.records.since) == 1


def test_after_more_than_two_weeks_away_the_last_two_are_filled() -> None:
    given = memory()
    given.read(date(2025, 12, 1))
    [report] = given.fill()
    assert [day.announced_on for day in report.days] == sorted(WEEK)


def test_a_paper_of_a_read_day_is_noted_as_withdrawn_when_the_records_say_so() -> None:
    """The comments, where authors say why, are in the records and in no feed."""
    gone = record("2601.00009", "01-08 10:00")
    gone = replace(gone, paper=replace(gone.paper, withdrawal="Withdrawn: an error in Lemma 3."))
    given = memory("2026-01-13 09:00", gone)
    given.read(*WEEK, TUESDAY)
    before = make.present(given.store.get_day(FRIDAY))
    given.look()
    day = make.present(given.store.get_day(FRIDAY))
    notices = {shown.paper.arxiv_id: shown.paper.withdrawal for shown in day.announcements}
    assert notices == {"2601.00009": "Withdrawn: an error in Lemma 3.", "2601.00050": ""}
    assert len(day.announcements) == len(before.announcements) + 1, "the other one came late"


def test_while_records_cannot_be_had_they_are_asked_for_every_two_hours() -> None:
    given = memory("2026-01-13 01:07")
    given.read(*(day for day in WEEK if day != FRIDAY))
    given.records.problem = "arXiv is down."
    for _ in range(4 * 24 - 1):
        given.fill()
        given.now += timedelta(minutes=15)
    assert len(given.records.since) == 24 / TRY_AGAIN_H
    given.records.problem = ""
    given.now += timedelta(hours=TRY_AGAIN_H)
    assert [report.papers for report in given.fill()] == [1]


def test_while_a_new_memory_cannot_have_its_first_days_they_are_asked_for_a_few_times_a_day() -> None:
    given = memory("2026-01-13 01:07")
    given.records.problem = "arXiv is down."
    begins = given.now
    while given.now.date() == begins.date():
        given.fill()
        given.now += timedelta(minutes=15)
    assert len(given.records.since) == FIRST_TRIES
    given.records.problem = ""
    assert [report.papers for report in given.fill()] == [1]


@pytest.mark.parametrize("outcome", [FeedOutcome.STALE, FeedOutcome.HALF_STALE, FeedOutcome.FAILED])
@pytest.mark.parametrize(("hour", "asks"), [("02:59", 0), ("03:01", 1)])
def test_what_the_feed_of_today_does_not_show_is_taken_from_records_later_in_the_day(
    outcome: FeedOutcome, hour: str, asks: int
) -> None:
    given = memory(f"2026-01-13 {hour}", record("2601.00060", "01-12 10:00"))
    given.read(*WEEK)
    given.read(TUESDAY, outcome=outcome)
    given.fill()
    assert len(given.records.since) == asks
    assert ("2601.00060" in [arxiv_id for arxiv_id, _ in kept(given.store).get(TUESDAY, [])]) == bool(asks)


def test_of_today_nothing_is_asked_that_no_reader_needs_yet() -> None:
    given = memory("2026-01-13 09:00")
    given.read(*WEEK)
    given.fill()
    assert given.records.since == []


def test_while_records_lack_today_they_are_asked_for_four_times_a_day() -> None:
    given = memory("2026-01-13 03:07")
    given.read(*WEEK)
    given.read(TUESDAY, outcome=FeedOutcome.STALE)
    for _ in range(4 * 20):
        given.fill()
        given.now += timedelta(minutes=15)
    assert len(given.records.since) == 4


def test_records_without_papers_of_today_prove_nothing() -> None:
    given = memory("2026-01-13 09:00")
    given.read(*WEEK)
    given.read(TUESDAY, outcome=FeedOutcome.STALE)
    [report] = given.fill()
    assert report.days == ()
    [feed] = make.present(given.store.get_day(TUESDAY)).feeds
    assert feed.outcome is FeedOutcome.STALE


def test_a_paper_that_came_late_is_a_further_reading_of_its_day() -> None:
    given = memory()
    given.read(*WEEK, TUESDAY)
    [report] = given.look()
    assert report.late == 1
    day = make.present(given.store.get_day(FRIDAY))
    assert [(shown.paper.arxiv_id, shown.reading("cs.LG")) for shown in day.announcements] == [
        ("2601.00009", 1),
        ("2601.00050", 2),
    ]
    assert day.feeds[0].outcome is FeedOutcome.ANNOUNCED


def test_a_category_is_looked_at_again_once_a_day() -> None:
    given = memory()
    given.read(*WEEK, TUESDAY)
    for _ in range(5):
        given.look()
    assert len(given.records.since) == 1
    given.now += timedelta(days=1)
    given.read(date(2026, 1, 14))
    given.look()
    assert len(given.records.since) == 2


def test_a_day_whose_feed_was_not_read_yet_is_waited_for() -> None:
    """Papers that today's feed has are none that came late."""
    given = memory()
    given.read(*WEEK)
    given.read(TUESDAY, outcome=FeedOutcome.STALE)
    assert given.look() == []
    given.read(TUESDAY)
    assert len(given.look()) == 1


def test_a_round_looks_at_a_few_categories_and_the_next_rounds_at_the_others() -> None:
    given = memory()
    given.categories = ("cs.AI", "cs.CL", "cs.LG")
    for category in given.categories:
        given.read(*WEEK, TUESDAY, category=category)
    asked = [[report.category for report in given.look(most=2)] for _ in range(3)]
    assert asked == [["cs.AI", "cs.CL"], ["cs.LG"], []]
