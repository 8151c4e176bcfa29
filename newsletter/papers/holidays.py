"""Knows the days on which arXiv may announce nothing: weekends, and a hint at its holidays. Pure.

arXiv publishes the evenings on which it announces nothing (https://info.arxiv.org/help/availability.html#holiday), a
year at a time, and changes the list during the year. So it explains an empty feed, and never keeps one from being read.
"""

from __future__ import annotations

from datetime import date, timedelta

from newsletter.papers.announcement_schedule import is_weekday

# As published in 2025, when that of the last weeks of December was not there yet, and in February 2026. Fridays, whose
# evenings have no announcement on any week, stand there as published, and explain nothing.
PUBLISHED = {
    2025: {
        date(2025, 1, 1): "New Year's Day",
        date(2025, 1, 20): "Martin Luther King Day",
        date(2025, 6, 19): "Juneteenth",
        date(2025, 7, 6): "Independence Day",
        date(2025, 9, 1): "Labor Day",
        date(2025, 11, 27): "Thanksgiving",
    },
    2026: {
        date(2026, 1, 1): "New Year's Day",
        date(2026, 1, 19): "Martin Luther King Day",
        date(2026, 6, 19): "Juneteenth",
        date(2026, 7, 3): "Independence Day",
        date(2026, 9, 7): "Labor Day",
        date(2026, 11, 26): "Thanksgiving",
        date(2026, 12, 25): "Christmas Day",
        date(2026, 12, 29): "the end of the year",
        date(2026, 12, 31): "New Year's Eve",
    },
}
_FIXED = {(1, 1): "New Year's Day", (6, 19): "Juneteenth", (7, 4): "Independence Day", (12, 25): "Christmas Day"}
_MONDAY, _THURSDAY, _FRIDAY, _SATURDAY = 0, 3, 4, 5
_DAY = timedelta(days=1)


def holiday_of(on: date) -> str:
    """Names the holiday that may have left the feed of this arXiv day empty; "" for none.

    That is one of the evening before, on which a feed's papers are announced.
    """
    evening = on - _DAY
    return _holiday(evening) if is_weekday(on) and evening.weekday() not in (_FRIDAY, _SATURDAY) else ""


def _holiday(evening: date) -> str:
    """Names the holiday of a date: as published, else by the days that each published list has had."""
    if listed := PUBLISHED.get(evening.year, {}).get(evening):
        return listed
    if evening.year in PUBLISHED and evening.month < 12:
        return ""
    if name := _FIXED.get((evening.month, evening.day)):
        return name
    week = (evening.day - 1) // 7 + 1
    by_week = {
        (1, _MONDAY, 3): "Martin Luther King Day",
        (9, _MONDAY, 1): "Labor Day",
        (11, _THURSDAY, 4): "Thanksgiving",
    }
    return by_week.get((evening.month, evening.weekday(), week), "")
