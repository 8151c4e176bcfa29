"""One morning on one screen: collect → score → compose → deliver, for each subscriber, remembered step by step.

Every step may be run again: a day collected is not fetched twice, a digest accepted is not sent twice, and what a crash
left open is settled by evidence at the start of the next run. The steps are run/collect.py, run/compose.py and
run/deliver.py, and beside them run/prefetch.py; adapters come in as a `RunContext` (app/ picks them); all rules live
in pure modules.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from newsletter.errors import ReaderUnreadable, StoreConflict
from newsletter.model import DeliveryState, RunOutcome, RunReport, Subscriber, SubscriberReport, spending
from newsletter.papers import find_announced
from newsletter.run import (
    DIGESTS,
    CircuitBreaker,
    Halt,
    Morning,
    ProgressListener,
    RunContext,
    collect,
    compose,
    cover,
    failed_feeds,
    final_outcome,
    forget_expired,
    is_due,
    is_paused,
    is_too_late,
    mails_on,
    needs_feeds_now,
    prefetch_scores,
    reconcile,
    refusal_outcome,
    settle_claim,
    settle_doubts,
    settled_days,
    weigh_bounces,
)

_TOO_LATE = "too late for today; the papers come with the next mail"


def run_morning(
    context: RunContext,
    subscribers: Sequence[Subscriber],
    progress: ProgressListener,
    *,
    digest_on: date | None = None,
    due_only: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
    unreadable: Mapping[str, str] = MappingProxyType({}),
) -> RunReport:
    """Mail everybody their digest; one report entry for each subscriber.

    May be repeated at will and run by several processes at once: each digest leaves once. `digest_on` stands for each
    subscriber's local date; `due_only` passes over those whose send time has not come or is too long ago, and leaves
    alone what was recorded already. `should_stop` is asked before each feed and each mail: the one in hand is finished,
    no other is begun; nor is it when the sender fails for all (run/circuit_breaker.py). Who is `unreadable` (by id:
    why) is held back and reported, subscriber or not. Raises StoreError if the memory fails (sending without memory
    would mail things twice), and LedgerError if the books do not balance at the end.
    """
    started_at = context.now()
    run_id = f"{started_at:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    sender = CircuitBreaker(context.sender)
    context = replace(context, sender=sender)
    context.store.start_run(run_id)
    try:
        settle_doubts(context)
        if due_only:
            sender.look_back(context.store, started_at)
        problems = context.prefetcher.collect() if context.prefetcher else []
        readers = [each for each in subscribers if needs_feeds_now(context, each)] if due_only else subscribers
        morning = collect(
            context, readers, progress, run_id=run_id, digest_on=digest_on, sparing=due_only, should_stop=should_stop
        )
        forget_expired(context.store, min(morning.today.announced_on, started_at.date()))
        served = [subscriber for subscriber in subscribers if subscriber.subscriber_id not in unreadable]
        progress.begin(DIGESTS, len(served))
        entries = [SubscriberReport(who, RunOutcome.UNREADABLE, detail=why) for who, why in unreadable.items()]
        interrupted: Halt | None = None
        for subscriber in served:
            interrupted = interrupted or (Halt(RunOutcome.INTERRUPTED) if should_stop() else None)
            entry = serve(context, morning, subscriber, due_only=due_only, halt=sender.halt or interrupted)
            progress.step(entry)
            entries.append(entry)
        weigh_bounces(context)
        if due_only and not should_stop():
            problems += prefetch_scores(context, morning, readers)
        report = RunReport(
            run_id=run_id,
            digest_on=digest_on or morning.today.announced_on,
            started_at=started_at,
            finished_at=context.now(),
            feeds=morning.today.feeds,
            subscribers=tuple(entries),
            problems=tuple(dict.fromkeys(problems)),
        )
        latest = context.store.get_runs(digest_on=report.digest_on, limit=1)
        if not (due_only and reconcile.is_unchanged(report, latest)):
            context.store.record_run(report)
        reconcile.check(report, [*unreadable, *(one.subscriber_id for one in served)], context.store.get_delivery)
        return report
    finally:
        try:
            context.sender.close()
        finally:
            context.store.end_run(run_id)


def serve(
    context: RunContext, morning: Morning, subscriber: Subscriber, *, due_only: bool = False, halt: Halt | None = None
) -> SubscriberReport:
    """One subscriber's mail, from claim to acceptance, or the reason why there is none.

    `halt` says why no other mail is to be begun.
    """
    try:
        return _serve(context, morning, subscriber, due_only=due_only, halt=halt)
    except ReaderUnreadable as error:
        return SubscriberReport(error.subscriber_id, RunOutcome.UNREADABLE, detail=str(error))


def _serve(
    context: RunContext, morning: Morning, subscriber: Subscriber, *, due_only: bool, halt: Halt | None
) -> SubscriberReport:
    now = context.now()
    if suppression := context.store.get_address_status(subscriber.subscriber_id).suppression:
        return SubscriberReport(subscriber.subscriber_id, RunOutcome.SUPPRESSED, detail=suppression.why)
    digest_on = morning.date_for(subscriber, now)
    if settled := final_outcome(context.store.get_delivery(subscriber.subscriber_id, digest_on)):
        return SubscriberReport(subscriber.subscriber_id, settled)
    if is_paused(subscriber, digest_on):
        return SubscriberReport(subscriber.subscriber_id, RunOutcome.PAUSED)
    if not mails_on(subscriber, digest_on) or (due_only and not is_due(subscriber, now, context.timing)):
        is_late = mails_on(subscriber, digest_on) and is_too_late(subscriber, now, context.timing)
        return SubscriberReport(subscriber.subscriber_id, RunOutcome.NOT_DUE, detail=_TOO_LATE if is_late else "")
    if halt:
        return SubscriberReport(subscriber.subscriber_id, halt.outcome, detail=halt.detail)
    days = cover(context, morning, subscriber, digest_on)
    if not find_announced(days, subscriber.categories):
        failed = failed_feeds(morning.today, subscriber)
        outcome = RunOutcome.FEED_FAILED if failed else RunOutcome.NO_ANNOUNCEMENT
        return SubscriberReport(subscriber.subscriber_id, outcome, detail=", ".join(failed))
    context.store.require_readable(subscriber.subscriber_id, digest_on)
    claim = context.store.claim(subscriber.subscriber_id, digest_on, run_id=morning.run_id, now=now)
    if claim is None or claim.state is not DeliveryState.CLAIMED:
        row = context.store.get_delivery(subscriber.subscriber_id, digest_on)
        return SubscriberReport(subscriber.subscriber_id, refusal_outcome(row), detail=row.detail if row else "")
    used_ahead = context.prefetcher.cancel(subscriber.profile, subscriber.min_relevance) if context.prefetcher else None
    sent = context.store.get_sent(subscriber.subscriber_id)
    digest, score_report = compose(context, morning, subscriber, days, digest_on, without=sent)
    digest = replace(digest, usage=spending.sum_usage(digest.usage, used_ahead))
    covered, failed = settled_days(days, subscriber), failed_feeds(morning.today, subscriber)
    try:
        report = settle_claim(context, claim, digest, score_report, covered, failed)
    except StoreConflict:  # an event proved meanwhile that an earlier mail of this date had left after all
        if not (settled := final_outcome(context.store.get_delivery(subscriber.subscriber_id, digest_on))):
            raise
        return SubscriberReport(subscriber.subscriber_id, settled)
    return replace(report, delivery_id=claim.delivery_id)
