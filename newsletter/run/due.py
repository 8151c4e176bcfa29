"""Finds who may be mailed now, by a few reads for all subscribers together, before any of them is served.

A hint and no claim: who is served for nothing loses a second, and nobody is served twice, since the claim decides. Who
is left out is found by the next look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache

from newsletter.delivery import ledger, suppression
from newsletter.model import AnnouncementDay, Delivery, DeliveryState, Subscriber
from newsletter.run.context import RunContext
from newsletter.run.schedule import is_due, mail_date
from newsletter.run.shared_digests import in_groups
from newsletter.run.waiting import awaits_feeds

ROWS_AT_ONCE = 500  # of the ledger, each with the papers of a mail
LOOK_AGAIN = timedelta(hours=1)  # at a mail that had nothing to say: its reader may have changed the profile


def find_due(context: RunContext, subscribers: Sequence[Subscriber]) -> list[Subscriber]:
    """Finds whose mail is due and neither settled nor in hand; equal readers stand together. Raises StoreError."""
    store, now = context.store, context.now()
    due = [one for one in subscribers if is_due(one, now, context.timing)]
    if not due:
        return []
    suppressed = suppression.find_suppressed(store.get_address_statuses())
    today = store.get_day(context.source.day(now))
    is_running = cache(store.is_running)

    def is_open(row: Delivery | None) -> bool:
        return ledger.is_claimable(row, now, is_running) and not (row and _says_the_same(row, today, now))

    def is_waiting(one: Subscriber) -> bool:
        return today is not None and bool(awaits_feeds(one, today, now, context.timing, context.source.day))

    asked = [one for one in due if one.subscriber_id not in suppressed and not is_waiting(one)]
    parts = (asked[start : start + ROWS_AT_ONCE] for start in range(0, len(asked), ROWS_AT_ONCE))
    return in_groups(one for some in parts for one in _find_open(context, some, now, is_open))


def _find_open(
    context: RunContext, subscribers: Sequence[Subscriber], now: datetime, is_open: Callable[[Delivery | None], bool]
) -> list[Subscriber]:
    dates = {one.subscriber_id: mail_date(one, now, context.timing) for one in subscribers}
    rows = {
        (row.subscriber_id, on): row
        for on in set(dates.values())
        for row in context.store.get_deliveries(subscriber_ids=dates, digest_on=on)
    }
    return [one for one in subscribers if is_open(rows.get((one.subscriber_id, dates[one.subscriber_id])))]


def _says_the_same(row: Delivery, today: AnnouncementDay | None, now: datetime) -> bool:
    """Tells whether a mail that had nothing to say would have nothing again: no feed was read since."""
    if row.state is not DeliveryState.SKIPPED or now - row.at >= LOOK_AGAIN:
        return False
    return not any(feed.fetched_at and feed.fetched_at > row.at for feed in (today.feeds if today else ()))
