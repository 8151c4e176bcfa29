"""One subscriber's digest to look at: the one that was mailed, or else the one that would be. Records nothing.

What was mailed is in the archive, with its scores, tokens and cost as they were; composing is compose.py's business.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from newsletter.delivery import ledger
from newsletter.model import Digest, Subscriber
from newsletter.papers import find_announced
from newsletter.run.collect import collect, cover
from newsletter.run.compose import draft
from newsletter.run.context import ProgressListener, RunContext
from newsletter.run.schedule import local_date


def preview(
    desk: RunContext,
    subscriber: Subscriber,
    watcher: ProgressListener,
    *,
    digest_on: date | None = None,
    anew: bool = False,
) -> Digest | None:
    """The digest that was mailed on that date (by default the subscriber's own today), or the one that would be.

    `anew` composes one also where one was mailed. None without an announcement. Asks no feed for what was mailed.
    """
    on = digest_on or local_date(desk.now(), subscriber.zone)
    mailed = None if anew else _mailed(desk, subscriber, on)
    return mailed or _composed(desk, subscriber, watcher, on, digest_on)


def _mailed(desk: RunContext, subscriber: Subscriber, on: date) -> Digest | None:
    """None as well for a mail of an older version, which kept none."""
    row = desk.store.get_delivery(subscriber.subscriber_id, on)
    digest = desk.store.get_digest(subscriber.subscriber_id, on) if row and ledger.counts_as_sent(row.state) else None
    if digest is None:
        return None
    known = subscriber  # the archive knows no address and no name
    to = replace(digest.subscriber, email=known.email, name=known.name, public_archive=known.public_archive)
    return replace(digest, subscriber=to)


def _composed(
    desk: RunContext, subscriber: Subscriber, watcher: ProgressListener, on: date, digest_on: date | None
) -> Digest | None:
    morning = collect(desk, [subscriber], watcher, digest_on=digest_on, remember=False)
    days = cover(desk, morning, subscriber, on)
    if not find_announced(days, subscriber.categories):
        return None
    row = desk.store.get_delivery(subscriber.subscriber_id, on)
    without = desk.store.get_sent(subscriber.subscriber_id) - set(row.paper_ids if row else ())
    return draft(desk, morning, subscriber, days, on, without=without)[0]
