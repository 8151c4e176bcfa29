"""Decides whether a mail waits some hours for late feeds; then it goes with what there is. Pure.

Most late feeds come within hours, and a reader of two categories wants one mail. Readers of other categories do not
wait, and what comes after the mail has left is in the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from newsletter.model import AnnouncementDay, FeedOutcome, FeedReport, Subscriber
from newsletter.papers import is_weekday
from newsletter.run.schedule import Timing, due_at, last_arxiv_day, mail_date

HOLD = timedelta(hours=3)  # after the mail is due; and never more than half of the time in which it may be sent


def awaited_categories(today: AnnouncementDay, categories: Iterable[str]) -> tuple[str, ...]:
    """Gives those categories whose papers of this day are still to come, or some of them, as far as one can tell."""
    return tuple(category for category in categories if is_awaited(today, category))


def is_awaited(today: AnnouncementDay, category: str) -> bool:
    """Tells whether papers of this category are still to come; so they are where nobody has had an answer yet."""
    report = find_report(today, category)
    return report.is_awaited if report else is_weekday(today.announced_on)


def find_report(today: AnnouncementDay, category: str) -> FeedReport | None:
    return next((report for report in today.feeds if report.category == category), None)


def awaits_feeds(
    subscriber: Subscriber, today: AnnouncementDay, now: datetime, timing: Timing, arxiv_day: Callable[[datetime], date]
) -> tuple[str, ...]:
    """Gives the categories for which this subscriber's mail, which is due, is to wait; none: it is to leave."""
    on = mail_date(subscriber, now, timing)
    if now >= due_at(subscriber, on, timing.jitter_minutes) + min(HOLD, timing.latest / 2):
        return ()
    if last_arxiv_day(subscriber, on, now, timing, arxiv_day) < today.announced_on:
        return ()  # no feed shows that day any more
    return awaited_categories(today, subscriber.categories)


def describe(today: AnnouncementDay, categories: Iterable[str]) -> str:
    """Writes why each of these categories is waited for: `cs.AI (stale), cs.LG (not asked yet)`."""
    reports = ((category, find_report(today, category)) for category in categories)
    return ", ".join(f"{category} ({_state(report)})" for category, report in reports)


def _state(report: FeedReport | None) -> str:
    if report is None:
        return "not asked yet"
    return "late" if report.outcome is FeedOutcome.NO_ANNOUNCEMENT else str(report.outcome)
