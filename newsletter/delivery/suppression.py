"""The rules of suppression: what an event changes in an address's status. Pure.

A hard bounce, a complaint, a drop and an unsubscription suppress at once; soft bounces do when there were too many of
them. Where too many of one morning's readers bounce, it is rather our fault than theirs: what bounces did is held then,
without effect, until the operator has looked. A reader's own word is never held. The order and the number of copies in
which events come mean nothing: providers repeat and shuffle them (SendGrid, Event Webhook). Writing statuses so that
no event is lost is the store's business.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from newsletter.model import AddressStatus, EventKind, MailEvent, Suppression, SuppressionReason

# Mailman's rule: one point a day at most, five are too many, and a quiet week forgets them.
MOST_SOFT_BOUNCES = 5
QUIET = timedelta(days=7)

# The brake: a morning on which three readers or more, and more than one in ten, bounce.
LEAST_BOUNCED = 3
ONE_IN = 10

BY_BOUNCES = (SuppressionReason.HARD_BOUNCE, SuppressionReason.SOFT_BOUNCES, SuppressionReason.DROPPED)

_AT_ONCE = {
    EventKind.BOUNCED_HARD: SuppressionReason.HARD_BOUNCE,
    EventKind.COMPLAINED: SuppressionReason.COMPLAINT,
    EventKind.DROPPED: SuppressionReason.DROPPED,
    EventKind.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBED,
}


def apply_event(status: AddressStatus, event: MailEvent) -> AddressStatus:
    """Adds what this event says to the status. May be repeated, and in any order.

    An event from before the suppression was last lifted changes nothing.
    """
    if status.lifted_at is not None and event.at <= status.lifted_at:
        return status
    if reason := _AT_ONCE.get(event.kind):
        morning = event.digest_on if reason in BY_BOUNCES else None
        return suppress(status, Suppression(reason, event.at, event.detail, morning))
    if event.kind is not EventKind.BOUNCED_SOFT:
        return status
    days = tuple(sorted({*status.soft_bounces_on, event.at.astimezone(UTC).date()}))
    counted = replace(status, soft_bounces_on=days)
    last = _first_day_over_the_limit(days)
    if last is None:
        return counted
    since = datetime(last.year, last.month, last.day, tzinfo=UTC)
    why = Suppression(SuppressionReason.SOFT_BOUNCES, since, f"bounced on {MOST_SOFT_BOUNCES} days", last)
    return suppress(counted, why)


def suppress(status: AddressStatus, suppression: Suppression) -> AddressStatus:
    """Suppresses the address for the weightiest reason known, since it was first given.

    A bounce of a morning whose bounces are held changes nothing.
    """
    known = status.suppression
    if suppression.digest_on is not None and any(one.digest_on == suppression.digest_on for one in status.held):
        return status
    if known is not None and _order(known) <= _order(suppression):
        return status
    return replace(status, suppression=suppression)


def merge_waiting(status: AddressStatus, waiting: AddressStatus | None) -> AddressStatus:
    """Adds the suppression that came while the status could not be read, unless it was lifted since."""
    wanted = waiting.suppression if waiting else None
    if wanted is None or (status.lifted_at is not None and wanted.since <= status.lifted_at):
        return status
    return suppress(status, wanted)


def lift(status: AddressStatus, now: datetime) -> AddressStatus:
    """Ends the suppression and forgets what led to it; a late copy of an event from before `now` changes nothing."""
    return replace(status, suppression=None, soft_bounces_on=(), lifted_at=now, held=())


# --- the brake ------------------------------------------------------------------------------------------


def find_suppressed(statuses: Iterable[AddressStatus]) -> set[str]:
    """Gives the ids of those whose address is suppressed."""
    return {each.subscriber_id for each in statuses if each.suppression}


def are_too_many(bounced: int, mailed: int) -> bool:
    """Whether so many of one morning's readers bounced that it is not about them."""
    return bounced >= LEAST_BOUNCED and bounced * ONE_IN > mailed


def has_bounced_on(status: AddressStatus, morning: date) -> bool:
    """Whether a bounce of that morning's mail suppresses this address, or would."""
    return any(one is not None and one.digest_on == morning for one in (status.suppression, *status.held))


def apply_brake(status: AddressStatus, morning: date, *, too_many: bool) -> AddressStatus:
    """Holds the bounces of a morning that had too many, and frees them if it had not. May be repeated.

    Only hard bounces are freed: an address that was released still counts among them, which nobody knows of soft ones.
    """
    why = status.suppression
    if too_many:
        is_of_it = why is not None and why.digest_on == morning
        return replace(status, suppression=None, held=(*status.held, why)) if why and is_of_it else status
    hard = SuppressionReason.HARD_BOUNCE
    hard_bounces = [one for one in status.held if one.digest_on == morning and one.why is hard]
    freed = replace(status, held=tuple(one for one in status.held if one not in hard_bounces))
    for one in hard_bounces:
        freed = suppress(freed, one)
    return freed


def release(status: AddressStatus, now: datetime) -> AddressStatus:
    """Drops what is held: the operator has looked, and the reader was not the cause. Other suppressions stay."""
    return lift(status, now) if status.is_held else status


def confirm(status: AddressStatus) -> AddressStatus:
    """Lets what is held take effect: the operator has looked, and that morning can hold it no more."""
    confirmed = replace(status, held=())
    for one in status.held:
        confirmed = suppress(confirmed, replace(one, digest_on=None))
    return confirmed


# --- the reader's own word ------------------------------------------------------------------------------

BY_LINK, BY_REPLY = "by the link in a mail", "by a reply"
_OTHER_REASON_BEFORE = ", before that: "


def unsubscribe(status: AddressStatus, now: datetime, how: str = BY_LINK) -> AddressStatus:
    """Suppresses the address because the reader said so. The detail names an earlier reason."""
    before = status.suppression
    detail = f"{how}{_OTHER_REASON_BEFORE}{before.why}" if before else how
    return suppress(status, Suppression(SuppressionReason.UNSUBSCRIBED, now, detail))


def forget_mailbox(suppression: Suppression) -> Suppression:
    """The unsubscription without the reason before it, which concerned a mailbox that the reader has given up."""
    return replace(suppression, detail=suppression.detail.partition(_OTHER_REASON_BEFORE)[0])


def resubscribe(status: AddressStatus, now: datetime) -> AddressStatus:
    """Lifts the suppression if the reader's own word is its only reason."""
    return lift(status, now) if may_resubscribe(status) else status


def pause(status: AddressStatus, until: date) -> AddressStatus:
    """Stops mail until that day; an address that is suppressed is left alone."""
    return status if status.suppression else replace(status, paused_until=until)


def resume(status: AddressStatus) -> AddressStatus:
    """Ends the pause early. Lifts no suppression."""
    return replace(status, paused_until=None)


def may_resubscribe(status: AddressStatus) -> bool:
    """Whether the reader's own word is the only reason for the suppression."""
    why = status.suppression
    return why is not None and why.why is SuppressionReason.UNSUBSCRIBED and _OTHER_REASON_BEFORE not in why.detail


def _order(suppression: Suppression) -> tuple[int, datetime, str, date]:
    return suppression.why.weight, suppression.since, suppression.detail, suppression.digest_on or date.min


def _first_day_over_the_limit(days: tuple[date, ...]) -> date | None:
    """The first day on which too many soft bounces had come without a quiet week between them."""
    in_a_row, previous = 0, date.min
    for day in days:
        in_a_row = in_a_row + 1 if day - previous <= QUIET else 1
        if in_a_row >= MOST_SOFT_BOUNCES:
            return day
        previous = day
    return None
