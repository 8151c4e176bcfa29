"""Which announcement days belong in a subscriber's next mail. Pure.

Normally just the latest one; after missed runs, for weekly readers and after a failed feed, more. And of the days
before, the papers that could not be scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from newsletter.delivery import ledger
from newsletter.model import AnnouncementDay, Delivery, DeliveryState, FeedOutcome

MAX_DAYS = 7  # older announcements are no news: a week and a day of absence loses the first of them
RETRY_DAYS = 14  # the oldest paper of a weekly mail is a week old, and a week more when the next one leaves


def is_settled(day: AnnouncementDay, categories: Iterable[str]) -> bool:
    """Tells whether each of these categories was read that day, so that nothing more is to be expected of it.

    A stale feed may still turn, and a failed one may come back, so neither settles the day.
    """
    return settled_categories(day).issuperset(categories)


def settled_categories(day: AnnouncementDay) -> set[str]:
    """Gives the categories that were read that day."""
    settled = (FeedOutcome.ANNOUNCED, FeedOutcome.NO_ANNOUNCEMENT)
    return {report.category for report in day.feeds if report.outcome in settled}


def days_to_cover(
    days: Sequence[AnnouncementDay], deliveries: Sequence[Delivery], digest_on: date
) -> list[AnnouncementDay]:
    """Gives the days that the mail of `digest_on` covers, of `days` (oldest first, the latest known one last).

    `deliveries` are all rows of the subscriber; the one of `digest_on` itself is left out. A first mail covers the
    latest day alone. Later ones cover every day since the first that no mail has covered, at most a week back: also
    those of a mail that was rejected or deferred to its end.
    """
    if not days:
        return []
    past = [row for row in deliveries if row.digest_on != digest_on]
    if not past:
        return [days[-1]]
    covered = {on for row in past if _has_covered(row) for on in row.announced_on}
    first = min(on for row in past for on in (row.announced_on or (row.digest_on - timedelta(days=1),)))
    oldest = max(first, days[-1].announced_on - timedelta(days=MAX_DAYS))
    return [day for day in days if day.announced_on >= oldest and day.announced_on not in covered]


def left_unscored(
    days: Sequence[AnnouncementDay], deliveries: Sequence[Delivery], digest_on: date
) -> list[AnnouncementDay]:
    """Gives the days with only those papers that the mail before that of `digest_on` could not score.

    A paper that fails again is named by the new row; after two weeks it is given up. Arguments as above.
    """
    past = [row for row in deliveries if row.digest_on < digest_on and _has_covered(row)]
    if not (days and past):
        return []
    failed = set(max(past, key=lambda row: row.digest_on).not_scored_ids)
    oldest = days[-1].announced_on - timedelta(days=RETRY_DAYS)
    failed_days = [
        replace(day, announcements=tuple(shown for shown in day.announcements if shown.paper.arxiv_id in failed))
        for day in days
        if day.announced_on >= oldest
    ]
    return [day for day in failed_days if day.announcements]


def _has_covered(row: Delivery) -> bool:
    return ledger.counts_as_sent(row.state) or row.state is DeliveryState.SKIPPED
