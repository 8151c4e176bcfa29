"""Shows one subscriber's digest: the one that was mailed, or else the one that would be. Records nothing.

What was mailed is in the archive, with its scores, tokens and cost as they were; composing is compose.py's business.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from newsletter.delivery import ledger
from newsletter.model import Digest, Subscriber
from newsletter.run.collect import Collecting, collect
from newsletter.run.compose import compose
from newsletter.run.context import ProgressListener, RunContext
from newsletter.run.recall import recall
from newsletter.run.schedule import local_date
from newsletter.run.select import select


def preview(
    context: RunContext,
    subscriber: Subscriber,
    progress: ProgressListener,
    *,
    digest_on: date | None = None,
    anew: bool = False,
) -> Digest | None:
    """Gives the digest that was mailed on that date (by default the subscriber's own today), or the one that would be.

    `anew` composes one also where one was mailed. None without an announcement. Asks no feed for what was mailed.
    """
    on = digest_on or local_date(context.now(), subscriber.zone)
    mailed = None if anew else _mailed(context, subscriber, on)
    return mailed or _composed(context, subscriber, progress, on, digest_on)


def _mailed(context: RunContext, subscriber: Subscriber, on: date) -> Digest | None:
    """Gives the digest as it was mailed; None also for a mail of an older version, which kept none."""
    row = context.store.get_delivery(subscriber.subscriber_id, on)
    digest = (
        context.store.get_digest(subscriber.subscriber_id, on) if row and ledger.counts_as_sent(row.state) else None
    )
    if digest is None:
        return None
    reader = replace(  # the archive knows no address and no name
        digest.subscriber,
        email=subscriber.email,
        name=subscriber.name,
        public_archive=subscriber.public_archive,
    )
    return replace(digest, subscriber=reader)


def _composed(
    context: RunContext, subscriber: Subscriber, progress: ProgressListener, on: date, digest_on: date | None
) -> Digest | None:
    morning = collect(context, [subscriber], progress, Collecting(digest_on=digest_on, remember=False))
    selection = select(context, morning, subscriber, on)
    if not selection.announced:
        return None
    return recall(context, selection, compose(context.scorer, selection)[0])
