"""Shows one subscriber's digest: the one that was mailed, or else the one that would be. Records nothing.

What was mailed is in the archive, with its scores, tokens and cost as they were; composing is compose.py's business.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from newsletter.delivery import ledger
from newsletter.model import Digest, FeedOutcome, FeedReport, Subscriber
from newsletter.run.collect import Collecting, collect
from newsletter.run.compose import compose
from newsletter.run.context import ProgressListener, RunContext
from newsletter.run.recall import recall
from newsletter.run.schedule import local_date
from newsletter.run.select import select


@dataclass(frozen=True, slots=True)
class Preview:
    """What there is to show, and what went wrong on the way to it."""

    digest: Digest | None  # none: nothing was announced, or no feed could be read
    failed: tuple[FeedReport, ...] = ()  # feeds
    problem: str = ""  # of the scoring


def preview(
    context: RunContext,
    subscriber: Subscriber,
    progress: ProgressListener,
    *,
    digest_on: date | None = None,
    anew: bool = False,
) -> Preview:
    """Gives the digest that was mailed on that date (by default the subscriber's own today), or the one that would be.

    `anew` composes one also where one was mailed. Asks no feed for what was mailed.
    """
    on = digest_on or local_date(context.now(), subscriber.zone)
    if not anew and (mailed := _mailed(context, subscriber, on)):
        return Preview(mailed)
    return _composed(context, subscriber, progress, on, digest_on)


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
) -> Preview:
    morning = collect(context, [subscriber], progress, Collecting(digest_on=digest_on, remember=False))
    feeds = [feed for feed in morning.today.feeds if feed.category in subscriber.categories]  # others' are kept, too
    failed = tuple(feed for feed in feeds if feed.outcome is FeedOutcome.FAILED)
    selection = select(context, morning, subscriber, on)
    if not selection.announced:
        return Preview(None, failed)
    digest, score_report = compose(context.scorer, selection)
    return Preview(recall(context, selection, digest), failed, score_report.problem)
