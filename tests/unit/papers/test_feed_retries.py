"""When a feed is asked again, and why it has no papers: waits that grow, weekends, holidays, late categories."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from newsletter.model import AnnouncementDay, Feed, FeedOutcome, FeedReport
from newsletter.papers import holiday_of, is_current, plan_retry, read_feed
from tests import make

H = 60


def waits(outcome: FeedOutcome, *, is_awaited: bool, times: int) -> list[int]:
    """The minutes between one answer and the next, where each is like the one before."""
    report, found, now = None, [], make.NOW
    for _ in range(times):
        answer = FeedReport("cs.LG", outcome, 0, is_awaited=is_awaited)
        report = plan_retry(answer, report, now)
        again_at = make.present(report.ask_again_at)
        assert is_current(report, again_at - timedelta(seconds=1))
        assert not is_current(report, again_at)
        found.append(int((again_at - now).total_seconds() // 60))
        now = again_at
    return found


@pytest.mark.parametrize(
    ("outcome", "is_awaited", "minutes"),
    [
        (FeedOutcome.FAILED, True, [15, 30, H, 2 * H, 2 * H]),
        (FeedOutcome.STALE, True, [15, 30, H, H, H]),
        (FeedOutcome.HALF_STALE, True, [15, 30, H, H, H]),
        (FeedOutcome.NO_ANNOUNCEMENT, True, [15, 30, H, H, H]),
        (FeedOutcome.NO_ANNOUNCEMENT, False, [H, 2 * H, 4 * H, 4 * H, 4 * H]),
    ],
)
def test_each_wait_is_longer_up_to_a_limit(outcome: FeedOutcome, is_awaited: bool, minutes: list[int]) -> None:
    assert waits(outcome, is_awaited=is_awaited, times=5) == minutes


def test_a_server_that_asks_for_peace_has_it() -> None:
    failed = FeedReport("cs.LG", FeedOutcome.FAILED, 0)
    assert plan_retry(failed, None, make.NOW, retry_after_s=7200).ask_again_at == make.NOW + timedelta(hours=2)
    assert plan_retry(failed, None, make.NOW, retry_after_s=5).ask_again_at == make.NOW + timedelta(minutes=15)


def test_papers_are_not_asked_for_again_and_a_clock_that_went_back_makes_no_answer_last() -> None:
    report = plan_retry(FeedReport("cs.LG", FeedOutcome.ANNOUNCED, 3), None, make.NOW)
    assert is_current(report, make.NOW + timedelta(days=9))
    failed = plan_retry(FeedReport("cs.LG", FeedOutcome.FAILED, 0), None, make.NOW)
    assert not is_current(failed, make.NOW - timedelta(hours=1))
    old = replace(failed, ask_again_at=None, tries=0)  # of an older version
    assert is_current(old, make.NOW + timedelta(minutes=14))
    assert not is_current(old, make.NOW + timedelta(minutes=15))


@pytest.mark.parametrize(
    ("on", "holiday"),
    [
        ("2025-06-20", "Juneteenth"),
        ("2025-07-07", "Independence Day"),  # a Monday, and the list says "Sun 6 July"
        ("2025-07-05", ""),  # a Saturday
        ("2025-09-02", "Labor Day"),
        ("2025-11-28", "Thanksgiving"),
        ("2025-11-27", ""),  # Thanksgiving itself shows what was announced the evening before
        ("2025-12-26", "Christmas Day"),
        ("2026-01-20", "Martin Luther King Day"),
        ("2026-11-27", "Thanksgiving"),
        ("2026-11-30", ""),
        ("2031-09-02", "Labor Day"),
    ],
)
def test_the_feed_day_after_a_holiday_is_hinted_at(on: str, holiday: str) -> None:
    assert holiday_of(date.fromisoformat(on)) == holiday


def days(*counts: int) -> list[AnnouncementDay]:
    """The days before Tuesday, the latest last, with so many papers of cs.LG each."""
    found = []
    for n, count in enumerate(counts):
        on = make.TUESDAY - timedelta(days=len(counts) - n)
        shown = [make.announcement(f"2512.{n:02}{number:03}") for number in range(count)]
        found.append(make.day(on, shown))
    return found


@pytest.mark.parametrize(
    ("before", "is_awaited"),
    [
        ((9, 9, 9, 9, 9), True),
        ((4, 4, 4), True),
        ((9, 9), False),  # too little is known
        ((9, 9, 9, 9, 3), False),  # a small category, which may have a quiet day
        ((1, 9, 9, 9, 9, 9), True),
        ((0, 9, 9, 9), False),
    ],
)
def test_an_empty_feed_is_late_where_there_were_papers_every_day(before: tuple[int, ...], is_awaited: bool) -> None:
    report = read_feed(Feed("cs.LG", make.TUESDAY, ()), days(*before), make.TUESDAY)[1]
    assert (report.outcome, report.is_awaited) == (FeedOutcome.NO_ANNOUNCEMENT, is_awaited)
    assert ("yet" in report.detail) is is_awaited


def test_a_day_that_could_not_be_read_says_nothing_of_a_category() -> None:
    before = days(9, 9, 9, 9)
    failed = FeedReport("cs.LG", FeedOutcome.FAILED, 0)
    before[-1] = replace(before[-1], feeds=(failed,), announcements=())
    assert read_feed(Feed("cs.LG", make.TUESDAY, ()), before, make.TUESDAY)[1].is_awaited


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ("2026-01-10", "a Saturday"),
        ("2026-01-11", "a Sunday"),
        ("2026-01-20", "perhaps because of Martin Luther King Day"),
    ],
)
@pytest.mark.parametrize("is_old", [True, False])
def test_nothing_is_awaited_on_weekends_and_where_a_holiday_is_hinted_at(on: str, words: str, is_old: bool) -> None:
    before = days(9, 9, 9)
    shown = before[-1].announcements if is_old else ()
    report = read_feed(Feed("cs.LG", date.fromisoformat(on), shown), before, date.fromisoformat(on))[1]
    assert not report.is_awaited
    assert words in report.detail or (is_old and "a S" in words)


def test_a_venue_without_anything_new_is_asked_once_a_day_and_again_where_it_failed() -> None:
    venue = "openreview:TMLR"
    quiet = plan_retry(FeedReport(venue, FeedOutcome.NO_ANNOUNCEMENT, 0), None, make.NOW)
    assert is_current(quiet, make.NOW + timedelta(hours=23))
    failed = plan_retry(FeedReport(venue, FeedOutcome.FAILED, 0), None, make.NOW)
    assert not is_current(failed, make.NOW + timedelta(hours=1))
