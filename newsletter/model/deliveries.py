"""A mail on its way: the message, the delivery's states, events about it, and the status of its address."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from email.message import EmailMessage
from enum import StrEnum

from newsletter.model.subscribers import Frequency


def delivery_id_of(subscriber_id: str, digest_on: date) -> str:
    """Names a delivery, as logs, senders and the command line do: `s_ab12cd34/2026-11-20`."""
    return f"{subscriber_id}/{digest_on.isoformat()}"


def parse_delivery_id(delivery_id: str) -> tuple[str, date]:
    """Gives the subscriber's id and the date. Raises ValueError for anything else than a delivery id."""
    subscriber_id, _, digest_on = delivery_id.partition("/")
    return subscriber_id, date.fromisoformat(digest_on)


@dataclass(frozen=True, slots=True)
class Message:
    """The MIME mail of one delivery, with its envelope: one address `to`, and who is told of a bounce.

    A service mail (an alert, a confirmation) has no row in the ledger; its id begins with `service/`.
    """

    delivery_id: str
    to: str
    mime: EmailMessage
    envelope_from: str = ""  # carries the delivery in its tag (VERP); empty: the From address


@dataclass(frozen=True, slots=True)
class Accepted:
    """The sender's word that it has the mail now. `receipt` is its own id for it, or the file it wrote."""

    receipt: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a sender can say after a crash: accepted (True), surely not (False), or cannot tell (None)."""

    accepted: bool | None
    receipt: str = ""


class DeliveryState(StrEnum):
    """Where the mail of one (subscriber, digest date) stands; the moves between them are in `delivery/ledger.py`."""

    CLAIMED = "claimed"  # somebody works on it; nothing is on the wire
    HANDED_OVER = "handed_over"  # written before the first byte leaves
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    DEFERRED = "deferred"  # surely not accepted; try again from retry_at
    REJECTED = "rejected"  # surely never
    SKIPPED = "skipped"  # nothing to send; detail says why
    IN_DOUBT = "in_doubt"  # may have been accepted: settled by evidence, never by a blind resend


@dataclass(frozen=True, slots=True)
class DeliveryStep:
    """One past state of a delivery, for the operator who asks what happened."""

    state: DeliveryState
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FeedReading:
    """How far a mail has read one category of one arXiv day: up to this reading, 0 for none (`FeedReport.readings`)."""

    announced_on: date
    category: str
    reading: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """The ledger row of (subscriber, digest date): there is at most one."""

    subscriber_id: str
    digest_on: date
    state: DeliveryState
    run_id: str  # the run that holds or last held it
    at: datetime  # of the last move
    attempts: int = 1  # claims so far
    paper_ids: tuple[str, ...] = ()  # in the mail; set from handed_over on
    announced_on: tuple[date, ...] = ()  # the arXiv days the mail covers: of each feed the first reading, but for
    readings: tuple[FeedReading, ...] = ()  # these: of other days what was read, of those days what is not the first
    not_scored_ids: tuple[str, ...] = ()  # papers of those days that failed; the next mail tries them again
    message_id: str = ""
    sent_by: str = ""  # who had that mail, as `Sender.name` says it; empty in rows of older versions
    detail: str = ""
    retry_at: datetime | None = None
    told_ids: tuple[str, ...] = ()  # "2510.05064v3": versions of papers sent before that the mail tells of
    steps: tuple[DeliveryStep, ...] = field(default=())  # oldest first, the present state last

    @property
    def delivery_id(self) -> str:
        return delivery_id_of(self.subscriber_id, self.digest_on)


class EventKind(StrEnum):
    """What a provider, a bounce or a reader says about one mail."""

    PROCESSED = "processed"  # the provider has it: the proof for a hand-over without an answer
    DELIVERED = "delivered"
    DEFERRED = "deferred"  # the mailbox said "later"; the provider tries again by itself
    BOUNCED_HARD = "bounced_hard"  # there is no such mailbox (5.x.x)
    BOUNCED_SOFT = "bounced_soft"  # not now, and the provider has given up (4.x.x, a full mailbox)
    DROPPED = "dropped"  # the provider refused to try: the address is on a list of its own
    REFUSED = "refused"  # it refused to try because of the mail or our account; says nothing of the address
    COMPLAINED = "complained"  # the reader pressed "spam"
    UNSUBSCRIBED = "unsubscribed"  # by the provider's own means


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One event, whatever it came from. Of several copies the earliest counts; their order means nothing."""

    kind: EventKind
    subscriber_id: str
    digest_on: date
    at: datetime  # when it happened, not when it was told
    detail: str = ""  # the other side's words, bounded, without the address

    @property
    def delivery_id(self) -> str:
        return delivery_id_of(self.subscriber_id, self.digest_on)


class SuppressionReason(StrEnum):
    """Why an address gets no mail, the weightiest first."""

    COMPLAINT = "complaint"
    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard bounce"
    DROPPED = "dropped"
    SOFT_BOUNCES = "soft bounces"
    OPERATOR = "operator"

    @property
    def weight(self) -> int:
        """0 for the reason that outweighs all others."""
        return list(SuppressionReason).index(self)


@dataclass(frozen=True, slots=True)
class Suppression:
    """We will not mail this address: why, since when, and in whose words."""

    why: SuppressionReason
    since: datetime
    detail: str = ""
    digest_on: date | None = None  # of the morning whose bounce it was; None: no bounce, or confirmed by the operator


@dataclass(frozen=True, slots=True)
class AddressStatus:
    """What is known of one subscriber's address. `subscriber_id` is a function of the base address.

    The last two are the reader's own wishes, which hold in place of what subscribers.yaml says.
    """

    subscriber_id: str
    suppression: Suppression | None = None
    soft_bounces_on: tuple[date, ...] = ()  # UTC days, each once, oldest first
    lifted_at: datetime | None = None  # what happened up to then no longer counts
    paused_until: date | None = None  # mail comes again on this day
    frequency: Frequency | None = None
    held: tuple[Suppression, ...] = ()  # of mornings on which too many bounced; without effect until it is confirmed

    @property
    def is_held(self) -> bool:
        """Whether this reader is still mailed only because a suppression waits for the operator."""
        return self.suppression is None and bool(self.held)
