"""Asks a model for mails that are hours away, in a batch at half the price.

Which papers it is asked about is the funnel's business, what becomes of a batch scoring/batch_prefetcher.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from newsletter.errors import ReaderUnreadable
from newsletter.model import Paper, Profile, Subscriber
from newsletter.run.backlog import is_settled
from newsletter.run.context import Morning, RunContext
from newsletter.run.schedule import next_mail_at
from newsletter.run.select import select
from newsletter.scoring import ScoringRequest


def prefetch_scores(context: RunContext, morning: Morning, subscribers: Sequence[Subscriber]) -> list[str]:
    """Asks the model for those whose mail is far enough away, once for all readers of a profile and cut-off.

    Gives sentences for the operator, if something is wrong.
    """
    prefetcher = context.prefetcher
    if prefetcher is None or prefetcher.lead_time is None:
        return []
    today_on = morning.today.announced_on
    groups: dict[tuple[Profile, int], list[Subscriber]] = {}
    for subscriber in subscribers:
        groups.setdefault((subscriber.profile, subscriber.min_relevance), []).append(subscriber)
    for (profile, floor), readers in groups.items():
        if prefetcher.was_tried(profile, floor, today_on):
            continue
        if requests := _requests_ahead(context, morning, readers, prefetcher.lead_time):
            problem = prefetcher.prefetch(profile, floor, requests, announced_on=today_on, run_id=morning.run_id)
            if problem:
                return [problem]  # the next would fare no better
    return []


def _requests_ahead(
    context: RunContext, morning: Morning, readers: Sequence[Subscriber], lead_time: timedelta
) -> list[ScoringRequest]:
    """Gives what the readers' next mails will ask; nothing if one of these is too near: it asks for the others too."""
    now = context.now()
    waiting = [(reader, due) for reader in readers if (due := _awaits(context, morning, reader, now))]
    if any(due - now < lead_time for _, due in waiting):
        return []
    requests: dict[tuple[Paper, ...], ScoringRequest] = {}
    for reader, due in waiting:
        selection = select(context, morning, reader, morning.date_for(reader, due))
        if selection.papers:
            requests.setdefault(selection.papers, ScoringRequest(selection.papers, selection.history))
    return list(requests.values())


def _awaits(context: RunContext, morning: Morning, reader: Subscriber, now: datetime) -> datetime | None:
    """Gives when the mail with today's announcement is due, if that is to come and all of the announcement is in."""
    due = next_mail_at(reader, now, context.timing)
    try:
        if context.store.get_address_status(reader.subscriber_id).suppression:
            return None
    except ReaderUnreadable:
        return None  # held back
    if due is None or context.source.day(due) != morning.today.announced_on:
        return None
    if not is_settled(morning.today, reader.categories) or not morning.announced([morning.today], reader.categories):
        return None
    is_untouched = context.store.get_delivery(reader.subscriber_id, morning.date_for(reader, due)) is None
    return due if is_untouched else None
