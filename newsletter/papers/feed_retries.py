"""Plans when a feed is asked again that has not brought today's papers, and who asks. Pure.

arXiv wants few requests, and its feeds turn once a day. So each answer without today's papers says when to ask next, a
longer while after each; what was planned is kept with the day, for the next process or after a restart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from newsletter.model import AnnouncementDay, FeedAsking, FeedOutcome, FeedReport
from newsletter.papers.categories import is_openreview

# The first wait and the longest; each is twice the one before. An empty feed of a weekend stays empty.
WAITS = {
    FeedOutcome.FAILED: (timedelta(minutes=15), timedelta(hours=2)),
    FeedOutcome.STALE: (timedelta(minutes=15), timedelta(hours=1)),
    FeedOutcome.HALF_STALE: (timedelta(minutes=15), timedelta(hours=1)),
    FeedOutcome.NO_ANNOUNCEMENT: (timedelta(hours=1), timedelta(hours=4)),
}
AWAITED_WAITS = (timedelta(minutes=15), timedelta(hours=1))  # of an empty feed that should have papers
QUIET_VENUE_WAIT = timedelta(days=1)  # OpenReview counts requests, and what comes later is there the next day
MOST_ASKING = timedelta(minutes=30)  # a request with all its repeats; who takes longer is passed over


def plan_retry(report: FeedReport, before: FeedReport | None, now: datetime, *, retry_after_s: float = 0) -> FeedReport:
    """Notes in an answer that came now when to ask again; `before` is the last answer of that day, if there was one.

    `retry_after_s`: so long the server asks not to be asked.
    """
    if report.outcome is FeedOutcome.ANNOUNCED:
        return replace(report, fetched_at=now)
    tries = (before.tries if before else 0) + 1
    is_empty = report.outcome is FeedOutcome.NO_ANNOUNCEMENT
    first, longest = AWAITED_WAITS if is_empty and report.is_awaited else WAITS[report.outcome]
    if is_empty and is_openreview(report.category):
        first = longest = QUIET_VENUE_WAIT
    wait = max(min(first * 2 ** min(tries - 1, 8), longest), timedelta(seconds=retry_after_s))
    return replace(report, fetched_at=now, tries=tries, ask_again_at=now + wait)


def is_current(report: FeedReport, now: datetime) -> bool:
    """Whether this answer still counts: papers for the day, anything else for a while. `now` may have gone back."""
    if report.outcome is FeedOutcome.ANNOUNCED:
        return True
    if report.fetched_at is None or now < report.fetched_at:
        return False
    return now < (report.ask_again_at or report.fetched_at + WAITS[report.outcome][0])


def begin_asking(
    day: AnnouncementDay, category: str, *, run_id: str, now: datetime, is_running: Callable[[str], bool]
) -> AnnouncementDay | None:
    """Notes that this run asks for a category's feed; None if it need not, or if another run that is alive does so."""
    if any(report.category == category and is_current(report, now) for report in day.feeds):
        return None
    others = [each for each in day.asking if each.category == category and each.run_id != run_id]
    if any(abs(now - each.at) < MOST_ASKING and is_running(each.run_id) for each in others):
        return None
    rest = tuple(each for each in day.asking if each.category != category)
    return replace(day, asking=(*rest, FeedAsking(category, run_id, now)))
