"""Foretells what a run would do now, by the steps of flow.py without a claim. Records and sends nothing.

Each wanted feed is asked for once, as by a run; a model that scores is asked as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from newsletter.delivery import ledger
from newsletter.errors import ReaderUnreadable
from newsletter.model import DeliveryState, RunOutcome, RunReport, Subscriber, SubscriberReport
from newsletter.run import outcomes
from newsletter.run.collect import Collecting, collect, who_needs_feeds_now
from newsletter.run.compose import compose
from newsletter.run.context import Morning, ProgressListener, RunContext
from newsletter.run.deliver import why_not_scored, why_nothing_to_send
from newsletter.run.lookup import ReaderLookup
from newsletter.run.recall import recall
from newsletter.run.record import report_unreadable
from newsletter.run.select import Selection, select
from newsletter.run.shared_digests import in_groups
from newsletter.scoring import ScoreCache

_CUT_OFF = "cut off while sending; the next run looks for evidence first"


def foretell(
    context: RunContext,
    subscribers: Sequence[Subscriber],
    progress: ProgressListener,
    *,
    digest_on: date | None = None,
    due_only: bool = False,
    unreadable: Mapping[str, str] = MappingProxyType({}),
) -> RunReport:
    """Gives the report that `flow.run_morning` would give; `SENT` is a mail that would be handed over.

    Who is `unreadable` (by id: why) is held back. May be repeated. Raises StoreError.
    """
    context = replace(context, scorer=ScoreCache(context.scorer))
    started_at = context.now()
    readers = who_needs_feeds_now(context, subscribers) if due_only else subscribers
    morning = collect(context, readers, progress, Collecting(digest_on=digest_on, remember=False))
    served = in_groups(subscriber for subscriber in subscribers if subscriber.subscriber_id not in unreadable)
    lookup = ReaderLookup(context, morning, served, due_only=due_only)
    entries = [_foretell_one(context, subscriber, lookup) for subscriber in served]
    return RunReport(
        run_id=morning.run_id,
        digest_on=digest_on or morning.today.announced_on,
        started_at=started_at,
        finished_at=context.now(),
        feeds=morning.today.feeds,
        subscribers=(*report_unreadable(unreadable), *entries),
    )


def _foretell_one(context: RunContext, subscriber: Subscriber, lookup: ReaderLookup) -> SubscriberReport:
    try:
        context.store.require_readable(subscriber.subscriber_id)
        on = lookup.date_for(subscriber)
        if reason := lookup.why_no_mail(subscriber, on) or lookup.why_waiting(subscriber):
            return reason
        morning = lookup.morning_for(subscriber, on)
        selection = select(context, morning, subscriber, on, lookup.history(subscriber, on))
        if not selection.announced:
            return outcomes.why_no_announcement(selection, morning.today)
        return _why_not_claimed(context, selection) or _foretell_mail(context, morning, selection)
    except ReaderUnreadable as error:
        return SubscriberReport(error.subscriber_id, RunOutcome.UNREADABLE, detail=str(error))


def _why_not_claimed(context: RunContext, selection: Selection) -> SubscriberReport | None:
    """Says why a claim would be refused; None if it would not."""
    who, store = selection.subscriber.subscriber_id, context.store
    row = store.get_delivery(who, selection.digest_on)
    if ledger.is_claimable(row, context.now(), store.is_running):
        return None
    if row and row.state is DeliveryState.HANDED_OVER and not store.is_running(row.run_id):
        return SubscriberReport(who, RunOutcome.IN_DOUBT, detail=_CUT_OFF)
    return outcomes.why_not_claimed(context, selection)


def _foretell_mail(context: RunContext, morning: Morning, selection: Selection) -> SubscriberReport:
    who = selection.subscriber.subscriber_id
    digest, score_report = compose(context.scorer, selection, shared=morning.digests)
    digest = recall(context, selection, digest, shared=morning.shared_predecessors)
    if why := why_not_scored(digest, score_report):
        return SubscriberReport(who, RunOutcome.SCORING_FAILED, digest.counts, detail=why)
    outcome = why_nothing_to_send(selection, digest) or RunOutcome.SENT
    return SubscriberReport(who, outcome, digest.counts, problem=score_report.problem)
