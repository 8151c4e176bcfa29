"""What an event does to an address: from one standing to the next. Pure.

A hard bounce, a complaint, a drop and an unsubscription suppress at once; soft bounces do when there were too many of
them. Where too many of one morning's readers bounce, it is rather our fault than theirs: what bounces did is held then,
without effect, until the operator has looked. A reader's own word is never held. The order and the number of copies in
which events come mean nothing: providers repeat and shuffle them (SendGrid, Event Webhook). Writing standings so that
no event is lost is the store's business.
"""

from __future__ import annotations

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


def after(standing: AddressStatus, event: MailEvent) -> AddressStatus:
    """The standing once this event is known too. May be repeated, and in any order.

    An event from before the address was last let in again changes nothing.
    """
    if standing.lifted_at is not None and event.at <= standing.lifted_at:
        return standing
    if reason := _AT_ONCE.get(event.kind):
        morning = event.digest_on if reason in BY_BOUNCES else None
        return suppress(standing, Suppression(reason, event.at, event.detail, morning))
    if event.kind is not EventKind.BOUNCED_SOFT:
        return standing
    days = tuple(sorted({*standing.soft_bounces_on, event.at.astimezone(UTC).date()}))
    kept = replace(standing, soft_bounces_on=days)
    last = _day_of_the_last_straw(days)
    if last is None:
        return kept
    since = datetime(last.year, last.month, last.day, tzinfo=UTC)
    why = Suppression(SuppressionReason.SOFT_BOUNCES, since, f"bounced on {MOST_SOFT_BOUNCES} days", last)
    return suppress(kept, why)


def suppress(standing: AddressStatus, suppression: Suppression) -> AddressStatus:
    """Suppressed for the weightiest reason known, since it was first given. Bounces of a morning that is held wait."""
    known = standing.suppression
    if suppression.digest_on is not None and any(one.digest_on == suppression.digest_on for one in standing.held):
        return standing
    if known is not None and _order(known) <= _order(suppression):
        return standing
    return replace(standing, suppression=suppression)


def with_waiting(standing: AddressStatus, waiting: AddressStatus | None) -> AddressStatus:
    """The standing, with the suppression that came while it could not be read, unless it was lifted since."""
    wanted = waiting.suppression if waiting else None
    if wanted is None or (standing.lifted_at is not None and wanted.since <= standing.lifted_at):
        return standing
    return suppress(standing, wanted)


def lift(standing: AddressStatus, now: datetime) -> AddressStatus:
    """Mailed again; what happened until now is forgiven, so that a late copy of it changes nothing."""
    return replace(standing, suppression=None, soft_bounces_on=(), lifted_at=now, held=())


# --- the brake ------------------------------------------------------------------------------------------


def are_too_many(bounced: int, mailed: int) -> bool:
    """Whether so many of one morning's readers bounced that it is not about them."""
    return bounced >= LEAST_BOUNCED and bounced * ONE_IN > mailed


def bounced_on(standing: AddressStatus, morning: date) -> bool:
    """Whether a bounce of that morning's mail suppresses this address, or would."""
    return any(one is not None and one.digest_on == morning for one in (standing.suppression, *standing.held))


def weighed(standing: AddressStatus, morning: date, *, too_many: bool) -> AddressStatus:
    """The standing once it is known how many bounced that morning. May be repeated.

    Only hard bounces are let go again: who was released still counts among them, which nobody knows of soft ones.
    """
    why = standing.suppression
    if too_many:
        is_of_it = why is not None and why.digest_on == morning
        return replace(standing, suppression=None, held=(*standing.held, why)) if why and is_of_it else standing
    hard = SuppressionReason.HARD_BOUNCE
    of_it = [one for one in standing.held if one.digest_on == morning and one.why is hard]
    let_go = replace(standing, held=tuple(one for one in standing.held if one not in of_it))
    for one in of_it:
        let_go = suppress(let_go, one)
    return let_go


def released(standing: AddressStatus, now: datetime) -> AddressStatus:
    """The operator has looked, and it was not about the reader; who is suppressed for another reason stays so."""
    return lift(standing, now) if standing.is_held else standing


def confirm(standing: AddressStatus) -> AddressStatus:
    """What is held takes effect: the operator has looked, and that morning can hold it no more."""
    confirmed = replace(standing, held=())
    for one in standing.held:
        confirmed = suppress(confirmed, replace(one, digest_on=None))
    return confirmed


# --- the reader's own word ------------------------------------------------------------------------------

BY_LINK, BY_REPLY = "by the link in a mail", "by a reply"
_OTHER_REASON_BEFORE = ", before that: "


def left(standing: AddressStatus, now: datetime, how: str = BY_LINK) -> AddressStatus:
    """Unsubscribed by the reader. What kept mail away before is remembered in the detail."""
    before = standing.suppression
    detail = f"{how}{_OTHER_REASON_BEFORE}{before.why}" if before else how
    return suppress(standing, Suppression(SuppressionReason.UNSUBSCRIBED, now, detail))


def without_mailbox(suppression: Suppression) -> Suppression:
    """The reader's own word, without what kept mail away before: that concerned a mailbox they have given up."""
    return replace(suppression, detail=suppression.detail.partition(_OTHER_REASON_BEFORE)[0])


def returned(standing: AddressStatus, now: datetime) -> AddressStatus:
    """Mailed again, if it was the reader alone who kept mail away."""
    return lift(standing, now) if may_return(standing) else standing


def paused(standing: AddressStatus, until: date) -> AddressStatus:
    """Who gets no mail anyway has nothing to pause."""
    return standing if standing.suppression else replace(standing, paused_until=until)


def resumed(standing: AddressStatus) -> AddressStatus:
    """Mail comes again before the pause is over. Lifts no suppression."""
    return replace(standing, paused_until=None)


def may_return(standing: AddressStatus) -> bool:
    why = standing.suppression
    return why is not None and why.why is SuppressionReason.UNSUBSCRIBED and _OTHER_REASON_BEFORE not in why.detail


def _order(suppression: Suppression) -> tuple[int, datetime, str, date]:
    return suppression.why.weight, suppression.since, suppression.detail, suppression.digest_on or date.min


def _day_of_the_last_straw(days: tuple[date, ...]) -> date | None:
    """The first day on which too many soft bounces had come without a quiet week between them."""
    in_a_row, previous = 0, date.min
    for day in days:
        in_a_row = in_a_row + 1 if day - previous <= QUIET else 1
        if in_a_row >= MOST_SOFT_BOUNCES:
            return day
        previous = day
    return None
