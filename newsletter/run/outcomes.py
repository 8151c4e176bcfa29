"""Tells why a subscriber gets no mail in this run, as far as that is known before their papers are scored.

When a mail is due is schedule.py's business; what a claim may do is delivery/ledger.py's.
"""

from __future__ import annotations

from datetime import date

from newsletter.model import (
    AddressStatus,
    AnnouncementDay,
    Delivery,
    DeliveryState,
    RunOutcome,
    Subscriber,
    SubscriberReport,
)
from newsletter.papers import holiday_of, is_weekday
from newsletter.run.context import RunContext
from newsletter.run.schedule import is_due, is_paused, is_too_late, local_date, mail_date, mails_on
from newsletter.run.select import Selection
from newsletter.run.waiting import awaits_feeds, describe

_TOO_LATE = "too late for today; the papers come with the next mail"


def why_no_mail(
    context: RunContext,
    subscriber: Subscriber,
    digest_on: date,
    status: AddressStatus,
    row: Delivery | None,
    *,
    due_only: bool,
) -> SubscriberReport | None:
    """Says why no mail of that date is to be begun now; None if one is. `due_only` keeps to the send time.

    `status` and `row` are the address's and the delivery's as they were a moment ago.
    """
    who, now = subscriber.subscriber_id, context.now()
    if suppression := status.suppression:
        return SubscriberReport(who, RunOutcome.SUPPRESSED, detail=suppression.why)
    if outcome := final_outcome(row):
        if due_only and digest_on == mail_date(subscriber, now, context.timing) < local_date(now, subscriber.zone):
            return SubscriberReport(who, RunOutcome.NOT_DUE)  # yesterday's is settled, and today's is to come
        is_sent = outcome is RunOutcome.ALREADY_SENT  # whose detail is a receipt
        return SubscriberReport(who, outcome, detail=row.detail if row and not is_sent else "")
    if is_paused(subscriber, digest_on):
        return SubscriberReport(who, RunOutcome.PAUSED)
    if not mails_on(subscriber, digest_on):
        return SubscriberReport(who, RunOutcome.NOT_DUE)
    if due_only and not is_due(subscriber, now, context.timing):
        detail = _TOO_LATE if is_too_late(subscriber, now, context.timing) else ""
        return SubscriberReport(who, RunOutcome.NOT_DUE, detail=detail)
    return None


def why_waiting(context: RunContext, today: AnnouncementDay, subscriber: Subscriber) -> SubscriberReport | None:
    """Says for which feeds of `today` a mail that is due waits; None if it is to leave."""
    awaited = awaits_feeds(subscriber, today, context.now(), context.timing, context.source.day)
    detail = describe(today, awaited)
    return SubscriberReport(subscriber.subscriber_id, RunOutcome.WAITING, detail=detail) if awaited else None


def why_no_announcement(selection: Selection, today: AnnouncementDay) -> SubscriberReport:
    """Says why nothing was announced to this subscriber: a feed that failed, a weekend, a holiday, or arXiv is late."""
    who, failed = selection.subscriber.subscriber_id, selection.failed_feeds
    if failed:
        return SubscriberReport(who, RunOutcome.FEED_FAILED, detail=", ".join(failed))
    if late := (*selection.late_feeds, *selection.half_feeds):
        return SubscriberReport(who, RunOutcome.NO_ANNOUNCEMENT, detail=f"arXiv is late: {describe(today, late)}")
    return SubscriberReport(who, RunOutcome.NO_ANNOUNCEMENT, detail=_why_quiet(today.announced_on))


def _why_quiet(on: date) -> str:
    """Says what kept arXiv from announcing on this day of its, if that is known."""
    if not is_weekday(on):
        return f"a {on:%A} at arXiv"
    return f"perhaps because of {holiday}" if (holiday := holiday_of(on)) else ""


def why_not_claimed(context: RunContext, selection: Selection) -> SubscriberReport:
    """Says why a claim was refused: settled meanwhile, waiting for its time, or in the hands of another run."""
    who = selection.subscriber.subscriber_id
    row = context.store.get_delivery(who, selection.digest_on)
    is_waiting = row is not None and row.state is DeliveryState.DEFERRED
    outcome = final_outcome(row) or (RunOutcome.DEFERRED if is_waiting else RunOutcome.BUSY)
    return SubscriberReport(who, outcome, detail=row.detail if row else "")


def final_outcome(row: Delivery | None) -> RunOutcome | None:
    """Gives the outcome of a row that no run can change any more; None if this run may still do something."""
    match row.state if row else None:
        case DeliveryState.ACCEPTED | DeliveryState.DELIVERED:
            return RunOutcome.ALREADY_SENT
        case DeliveryState.REJECTED:
            return RunOutcome.REJECTED
        case DeliveryState.IN_DOUBT:
            return RunOutcome.IN_DOUBT
        case _:
            return None
