"""On which day arXiv announces what it received when: its published timetable, and what the ids add to it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.papers.announcement_schedule import arxiv_day, estimate_days, scheduled_day
from tests.oai_server import eastern


@pytest.mark.parametrize(
    ("received", "announced_on"),
    [
        ("2026-11-22 12:00", "2026-11-24"),  # Sunday: announced on Monday evening
        ("2026-11-23 13:59", "2026-11-24"),
        ("2026-11-23 14:00", "2026-11-25"),
        ("2026-11-25 13:59", "2026-11-26"),
        ("2026-11-26 13:59", "2026-11-27"),
        ("2026-11-26 14:00", "2026-11-30"),  # Thursday afternoon: announced on Sunday evening
        ("2026-11-27 13:59", "2026-11-30"),
        ("2026-11-27 14:00", "2026-12-01"),
        ("2026-11-28 23:59", "2026-12-01"),
    ],
)
def test_the_timetable_is_arxivs(received: str, announced_on: str) -> None:
    assert scheduled_day(eastern(received)) == date.fromisoformat(announced_on)


LONG_AGO = datetime(1991, 8, 14, tzinfo=UTC)


@given(st.integers(0, 100 * 365 * 24 * 60).map(lambda minutes: LONG_AGO + timedelta(minutes=minutes)))
def test_a_paper_is_announced_on_a_weekday_within_four_days(received_at: datetime) -> None:
    announced_on = scheduled_day(received_at)
    assert announced_on.weekday() < 5
    assert timedelta(days=1) <= announced_on - arxiv_day(received_at) <= timedelta(days=4)


def test_a_paper_that_was_held_back_is_as_late_as_its_neighbours() -> None:
    monday, tuesday = eastern("2026-11-23 10:00"), eastern("2026-11-24 10:00")
    received_at = {f"2611.{n:05}": monday if n < 100 else tuesday for n in range(200)}
    received_at["2611.00150"] = monday
    received_at["2611.00050"] = tuesday  # received anew: it cannot have been announced before, nor makes others late
    days = estimate_days(received_at)
    assert days["2611.00150"] == date(2026, 11, 25)
    assert days["2611.00050"] == date(2026, 11, 25)
    others = {on for arxiv_id, on in days.items() if arxiv_id < "2611.00100" and arxiv_id != "2611.00050"}
    assert others == {date(2026, 11, 24)}


@given(st.lists(st.integers(0, 30 * 24 * 60), max_size=80))
def test_papers_in_order_keep_the_day_of_the_timetable(minutes: list[int]) -> None:
    """However few a small category has each day."""
    first = eastern("2026-11-01 00:00")
    received_at = {f"2611.{n:05}": first + timedelta(minutes=at) for n, at in enumerate(sorted(minutes))}
    assert estimate_days(received_at) == {arxiv_id: scheduled_day(at) for arxiv_id, at in received_at.items()}
