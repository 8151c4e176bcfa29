"""Chooses the announcement days that belong in a subscriber's next mail. Pure.

Normally just the latest one; after missed runs, for weekly readers and after a failed feed, more. And of the days
before, the papers that could not be scored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from newsletter.delivery import ledger
from newsletter.model import Announcement, AnnouncementDay, Delivery, DeliveryState, FeedOutcome, FeedReading

Readings = tuple[tuple[str, int], ...]  # categories, and up to which reading of a day their feeds were looked at
# A weekly mail is about a week, and what came late of the week before it; so is a mail after a week's outage.
MAX_DAYS = 14
MOST_ANNOUNCED_DAYS = 10  # of them, from Monday to Friday
RETRY_DAYS = 14  # the oldest paper of a weekly mail is a week old, and a week more when the next one leaves


def is_settled(day: AnnouncementDay, categories: Iterable[str]) -> bool:
    """Tells whether each of these categories was read that day, so that nothing more is to be expected of it.

    A stale feed may still turn, a failed one may come back, and one that is late may come: none settles the day.
    """
    return settled_categories(day).issuperset(categories)


def settled_categories(day: AnnouncementDay) -> set[str]:
    """Gives the categories that were read that day."""
    settled = (FeedOutcome.ANNOUNCED, FeedOutcome.NO_ANNOUNCEMENT)
    return {report.category for report in day.feeds if report.outcome in settled and not report.is_awaited}


def days_in_reach(
    days: Sequence[AnnouncementDay], deliveries: Sequence[Delivery], digest_on: date
) -> list[AnnouncementDay]:
    """Gives the days that the mail of `digest_on` may be about, of `days` (oldest first, the latest known one last).

    `deliveries` are all rows of the subscriber; the one of `digest_on` itself is left out. A first mail is about the
    latest day alone. Later ones go back to the first day that any mail has covered, at most two weeks.
    """
    past = [row for row in deliveries if row.digest_on != digest_on]
    if not (days and past):
        return list(days[-1:])
    first = min(on for row in past for on in _read_days(row) or (row.digest_on - timedelta(days=1),))
    oldest = max(first, days[-1].announced_on - timedelta(days=MAX_DAYS))
    return [day for day in days if day.announced_on >= oldest]


def days_to_cover(
    days: Iterable[AnnouncementDay],
    read: ReadSoFar,
    categories: Collection[str],
    leave: Callable[[AnnouncementDay, Readings], AnnouncementDay] | None = None,
) -> list[AnnouncementDay]:
    """Gives those of `days_in_reach` that a mail covers, each with what no other mail has looked at.

    So also the days of a mail that was rejected or deferred to its end, and of days that a mail has covered what a
    feed brought later. `leave` does as `leave_unread`, for whoever remembers what that gave.
    """
    covered = []
    for day in days:
        readings = read.readings(day.announced_on, categories)
        left = (leave or leave_unread)(day, readings)
        if left.announcements or not any(number for _, number in readings):
            covered.append(left)
    return covered


def leave_unread(day: AnnouncementDay, read: Readings) -> AnnouncementDay:
    """Leaves of a day the papers of these categories that were not shown up to these readings. Pure."""
    last = {report.category: report.last_reading for report in day.feeds}
    if not any(number for _, number in read):
        return day
    if all(last.get(category, 0) <= number for category, number in read):
        return replace(day, announcements=())
    return replace(day, announcements=tuple(shown for shown in day.announcements if not was_read(shown, read)))


def was_read(shown: Announcement, read: Readings) -> bool:
    """Whether one of these readings showed the paper."""
    return any(category in shown.feeds and shown.reading(category) <= number for category, number in read)


class ReadSoFar:
    """What the mails of a subscriber, but for that of `digest_on`, have looked at.

    A row of the ledger has read of each day it covers every feed's first reading, but for what its `readings` say. Only
    the days from `since` on are known.
    """

    def __init__(self, deliveries: Iterable[Delivery], digest_on: date, since: date) -> None:
        self._of_days = defaultdict[date, list[tuple[int, dict[str, int]]]](list)
        # Where it is still yesterday a mail may have today's announcement, but no later one
        first = since - timedelta(days=1)
        for row in deliveries:
            if row.digest_on >= first and row.digest_on != digest_on and _has_covered(row):
                for on in {*row.announced_on, *(each.announced_on for each in row.readings)}:
                    said = {each.category: each.reading for each in row.readings if each.announced_on == on}
                    self._of_days[on].append((int(on in row.announced_on), said))

    def readings(self, on: date, categories: Iterable[str]) -> Readings:
        """Gives for each category the latest reading of its feed of that day that a mail has looked at; 0 for none."""
        rows = self._of_days.get(on, [])
        return tuple(
            (category, max((said.get(category, first) for first, said in rows), default=0)) for category in categories
        )

    def new_readings(
        self, days: Iterable[AnnouncementDay], settled_on: Collection[date], categories: Collection[str]
    ) -> tuple[FeedReading, ...]:
        """Gives what a mail about these days has to note beside `settled_on`, which says that it covers them."""
        noted = []
        for day in days:
            read = dict(self.readings(day.announced_on, categories))
            is_covered = day.announced_on in settled_on
            noted += [
                FeedReading(day.announced_on, report.category, report.last_reading)
                for report in day.feeds
                if report.category in read
                and report.last_reading != (1 if is_covered else 0)
                and (is_covered or report.last_reading > read[report.category])
            ]
        return tuple(noted)


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
    if not failed:
        return []
    oldest = days[-1].announced_on - timedelta(days=RETRY_DAYS)
    failed_days = [
        replace(day, announcements=tuple(shown for shown in day.announcements if shown.paper.arxiv_id in failed))
        for day in days
        if day.announced_on >= oldest
    ]
    return [day for day in failed_days if day.announcements]


def _has_covered(row: Delivery) -> bool:
    return ledger.counts_as_sent(row.state) or row.state is DeliveryState.SKIPPED


def _read_days(row: Delivery) -> tuple[date, ...]:
    return row.announced_on or tuple(each.announced_on for each in row.readings)
