"""One morning on one screen: collect → select → score → compose → deliver, for each subscriber, step by step.

Every step may be run again: a day collected is not fetched twice, a digest accepted is not sent twice, and what a crash
left open is settled by evidence at the start of the next run. The steps are run/gather.py, run/select.py,
run/compose.py and run/deliver.py, and beside them run/prefetch.py; adapters come in as a `RunContext` (app picks them);
all rules live in pure modules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from newsletter.errors import ReaderUnreadable, StoreConflict
from newsletter.model import DeliveryState, RunOutcome, RunReport, Subscriber, SubscriberReport, spending
from newsletter.run import (
    DIGESTS,
    CircuitBreaker,
    Halt,
    Morning,
    ProgressListener,
    ReaderLookup,
    RunContext,
    Selection,
    compose,
    forget_expired,
    gather,
    in_groups,
    open_run,
    outcomes,
    prefetch_scores,
    recall,
    report_unreadable,
    select,
    settle_claim,
    settle_doubts,
    settle_overtaken,
    weigh_bounces,
    who_needs_feeds_now,
)
from newsletter.scoring import ScoreCache


def run_morning(
    context: RunContext,
    subscribers: Sequence[Subscriber],
    progress: ProgressListener,
    *,
    digest_on: date | None = None,
    due_only: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
    unreadable: Mapping[str, str] = MappingProxyType({}),
    is_collected: bool = False,
) -> RunReport:
    """Mails everybody their digest; one report entry for each subscriber, in the order in which they are served.

    May be repeated at will and run by several processes at once: each digest leaves once. `digest_on` stands for each
    subscriber's local date; `due_only` passes over those whose send time has not come or is too long ago, and leaves
    alone what was recorded already. `should_stop` is asked before each feed and each mail: the one in hand is finished,
    no other is begun; nor is it when the sender fails for all (run/circuit_breaker.py). Who is `unreadable` (by id:
    why) is held back and reported, subscriber or not. `is_collected`: `collect_morning` was called, in whatever
    process (run/gather.py), and nothing of it is done again. Raises StoreError if the memory fails (sending without
    memory would mail things twice), and LedgerError if report and ledger differ at the end. The caller closes the
    sender.
    """
    sender = CircuitBreaker(context.sender, should_stop)
    context = replace(context, sender=sender, scorer=ScoreCache(context.scorer))
    with open_run(context, digest_on) as run:
        settle_doubts(context)
        if due_only:
            sender.count_past_doubts(context.store, run.started_at)
        readers = who_needs_feeds_now(context, subscribers) if due_only and not is_collected else subscribers
        morning, problems = gather(
            run, readers, progress, due_only=due_only, is_collected=is_collected, should_stop=should_stop
        )
        if not is_collected:
            forget_expired(context.store, min(morning.today.announced_on, run.started_at.date()))
        served = in_groups(subscriber for subscriber in subscribers if subscriber.subscriber_id not in unreadable)
        progress.begin(DIGESTS, len(served))
        told = {}
        for entry in serve_all(context, morning, served, sender, due_only=due_only, should_stop=should_stop):
            progress.step(entry)
            told[entry.subscriber_id] = entry
        entries = report_unreadable(unreadable) + [told[one.subscriber_id] for one in served]
        settle_overtaken(context, entries)
        weigh_bounces(context)
        if due_only and not is_collected and not should_stop():
            problems += prefetch_scores(context, morning, readers)
        report = run.report(morning, entries, problems)
        run.record(report, unless_among=int(due_only))
        run.check(report, [*unreadable, *(one.subscriber_id for one in served)])
        return report


def serve_all(
    context: RunContext,
    morning: Morning,
    subscribers: Sequence[Subscriber],
    sender: CircuitBreaker,
    *,
    due_only: bool,
    should_stop: Callable[[], bool],
) -> Iterator[SubscriberReport]:
    """Serves each of these, together with helpers if there are any; tells of each when it is done."""
    if context.helpers is None:
        yield from serve_each(context, morning, subscribers, sender, due_only=due_only)
        return
    with context.helpers.share(context, morning, subscribers, due_only=due_only, should_stop=should_stop) as sharing:
        for some in sharing.slices():
            yield from serve_each(context, morning, some, sender, due_only=due_only)
            yield from sharing.take_told()


def serve_each(
    context: RunContext,
    morning: Morning,
    subscribers: Sequence[Subscriber],
    sender: CircuitBreaker,
    *,
    due_only: bool,
) -> Iterator[SubscriberReport]:
    """Serves these one after another."""
    lookup = ReaderLookup(context, morning, subscribers, due_only=due_only)
    for subscriber in subscribers:
        yield serve_if_due(context, subscriber, lookup, halt=sender.halt)


def serve_if_due(
    context: RunContext, subscriber: Subscriber, lookup: ReaderLookup, *, halt: Halt | None
) -> SubscriberReport:
    """One subscriber's mail, or the reason why there is none. `halt` says why no other mail is to be begun."""
    try:
        digest_on = lookup.date_for(subscriber)
        if reason := lookup.why_no_mail(subscriber, digest_on):
            return reason
        if halt:
            return SubscriberReport(subscriber.subscriber_id, halt.outcome, detail=halt.detail)
        if reason := lookup.why_waiting(subscriber):
            return reason
        history, morning = lookup.history(subscriber, digest_on), lookup.morning_for(subscriber, digest_on)
        return serve(context, morning, select(context, morning, subscriber, digest_on, history))
    except ReaderUnreadable as error:
        return SubscriberReport(error.subscriber_id, RunOutcome.UNREADABLE, detail=str(error))


def serve(context: RunContext, morning: Morning, selection: Selection) -> SubscriberReport:
    """One mail, from the claim to acceptance; nothing dear is done before the claim. Raises ReaderUnreadable."""
    subscriber, digest_on = selection.subscriber, selection.digest_on
    if not selection.announced:
        return outcomes.why_no_announcement(selection, morning.today)
    claim = context.store.claim(subscriber.subscriber_id, digest_on, run_id=morning.run_id, now=context.now())
    if claim is None or claim.state is not DeliveryState.CLAIMED:
        return outcomes.why_not_claimed(context, selection)
    prefetcher = context.prefetcher
    used_before = prefetcher.cancel(subscriber.profile, subscriber.min_relevance) if prefetcher else None
    digest, score_report = compose(context.scorer, selection, shared=morning.digests)
    digest = recall(context, selection, digest, shared=morning.shared_predecessors)
    digest = replace(digest, usage=spending.sum_usage(digest.usage, used_before))
    try:
        report = settle_claim(context, claim, selection, digest, score_report)
    except StoreConflict:  # an event proved meanwhile that an earlier mail of this date had left after all
        if not (outcome := outcomes.final_outcome(context.store.get_delivery(subscriber.subscriber_id, digest_on))):
            raise
        return SubscriberReport(subscriber.subscriber_id, outcome)
    return replace(report, delivery_id=claim.delivery_id)
