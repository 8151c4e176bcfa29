"""SendGrid's Event Webhook: raw request → is it SendGrid's → our few events. Pure; keeping them is the store's.

A post is a JSON list, signed with ECDSA P-256 over timestamp and raw body. Posts are repeated and come in any order,
and an event's own id may differ between copies: nothing here counts or remembers, stores go by state. An event is ours
if it brings back the `delivery` that senders/sendgrid.py put into the mail; addresses are not looked at.
Facts: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.addresses import without_addresses
from newsletter.delivery import is_mailbox_gone
from newsletter.errors import ConfigError, NewsletterError
from newsletter.model import EventKind, MailEvent

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"

# A post that was not answered is repeated for 24 hours, and nobody says whether with a new signature. So much age has
# to be let in; a replay within it does no harm, since the same event twice is the same event.
OLDEST = timedelta(hours=26)
NEWEST = timedelta(minutes=15)  # clocks differ

_DELIVERY = re.compile(r"(s_[a-z2-7]{8})/(\d{4}-\d\d-\d\d)", re.ASCII)
_YEAR_2100 = 4_102_444_800

_K = EventKind
_KINDS: dict[str, EventKind] = {
    "processed": _K.PROCESSED,
    "deferred": _K.DEFERRED,
    "delivered": _K.DELIVERED,
    "spamreport": _K.COMPLAINED,
    "unsubscribe": _K.UNSUBSCRIBED,
    "group_unsubscribe": _K.UNSUBSCRIBED,
}
#: Known, and nothing follows: we track nobody; who wants mail again tells us, not SendGrid; the account is not a mail.
_IGNORED = {"open", "click", "group_resubscribe", "account_status_change"}

#: Why SendGrid drops a mail because of its address: its reader's word, or a form that is no address's. Other reasons
#: (Spam Content, Recipient List over Package Quota, Invalid SMTPAPI header, and what may come) concern the mail or the
#: account: they must not cost a reader the digest.
_BAD_ADDRESS = {"unsubscribed address", "spam reporting address", "invalid", "invalid address"}
#: An earlier mail bounced with type "bounce", be it for a full mailbox or for our DNS: that proves nothing by itself.
_BOUNCED_BEFORE = "bounced address"


class UnreadableEvents(NewsletterError):
    """The post is no JSON list. A repeat of it would be none either."""


@dataclass(frozen=True, slots=True)
class ParsedEvents:
    """What a post tells. The numbers are of entries nothing follows from."""

    events: tuple[MailEvent, ...]
    ignored: int = 0  # known kinds that mean nothing to us
    unknown: int = 0  # kinds that are not documented
    not_ours: int = 0  # without a delivery of ours: another program's mail, a service mail
    unreadable: int = 0  # no entry at all, or without a kind or time


# --- whose it is --------------------------------------------------------------------------------------


def load_key(text: str) -> EllipticCurvePublicKey:
    """The public key as SendGrid's settings show it (base64 of DER), with or without PEM's first and last line.

    Raises ConfigError for anything else.
    """
    inner = "".join(line for line in text.split() if not re.search(r"-----|^(BEGIN|PUBLIC|END)$", line))
    try:
        key = load_der_public_key(base64.b64decode(inner, validate=True))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key() from error
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise _no_key()
    return key


def _no_key() -> ConfigError:
    return ConfigError(
        "NEWSLETTER_SENDGRID_WEBHOOK_KEY is no public key of SendGrid's; copy it from Settings, Mail Settings, Event "
        "Webhooks, Signed Event Webhook"
    )


def verify(body: bytes, headers: Mapping[str, str], key: EllipticCurvePublicKey, now: datetime) -> bool:
    """Checks by its headers that SendGrid signed this very body, and not too long ago (`OLDEST`). Never raises."""
    signature, timestamp = headers.get(SIGNATURE_HEADER, ""), headers.get(TIMESTAMP_HEADER, "")
    try:
        signed = base64.b64decode(signature, validate=True)
        key.verify(signed, timestamp.encode("utf-8") + body, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):  # binascii.Error and UnicodeError are ValueErrors
        return False
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        return False
    age_s = now.timestamp() - int(timestamp)
    return -NEWEST.total_seconds() <= age_s <= OLDEST.total_seconds()


# --- what it tells ------------------------------------------------------------------------------------


def parse(body: bytes) -> ParsedEvents:
    """The events of a post that was verified, in its order. Raises UnreadableEvents if it is no JSON list."""
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableEvents("a post of SendGrid's events is no JSON") from error
    if not isinstance(entries, list):
        raise UnreadableEvents("a post of SendGrid's events is no list")
    events: list[MailEvent] = []
    counts = {"ignored": 0, "unknown": 0, "not_ours": 0, "unreadable": 0}
    for entry in entries:
        read = _read(entry)
        if isinstance(read, MailEvent):
            events.append(read)
        else:
            counts[read] += 1
    return ParsedEvents(tuple(events), **counts)


def _read(entry: object) -> MailEvent | str:
    """The event, or which of the counts it belongs to."""
    if not isinstance(entry, dict) or not isinstance(entry.get("event"), str):
        return "unreadable"
    if entry["event"] in _IGNORED:
        return "ignored"
    kind = _kind(entry)
    if kind is None:
        return "unknown"
    delivery = _delivery(entry.get("delivery"))
    if delivery is None:
        return "not_ours"
    at = _moment(entry.get("timestamp"))
    if at is None:
        return "unreadable"
    return MailEvent(kind, *delivery, at, _detail(entry))


def _kind(entry: dict[str, object]) -> EventKind | None:
    if entry["event"] == "bounce":
        return _K.BOUNCED_HARD if _is_hard(entry) else _K.BOUNCED_SOFT
    if entry["event"] == "dropped":
        reason = _text(entry, "reason").strip().lower()
        if reason == _BOUNCED_BEFORE:
            return _K.BOUNCED_SOFT
        return _K.DROPPED if reason in _BAD_ADDRESS else _K.REFUSED
    return _KINDS.get(str(entry["event"]))


def _is_hard(entry: dict[str, object]) -> bool:
    """A "blocked" mail met a policy or a busy server. Of a "bounce" the other side's words have to prove it; SendGrid's
    own class of bounces ("Invalid Address", "Reputation", …) is read as some of them.
    """
    if _text(entry, "type") == "blocked":
        return False
    return is_mailbox_gone(" ".join(_text(entry, name) for name in ("status", "reason", "bounce_classification")))


def _delivery(value: object) -> tuple[str, date] | None:
    match = _DELIVERY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        return match[1], date.fromisoformat(match[2])
    except ValueError:
        return None


def _moment(value: object) -> datetime | None:
    """Seconds of the epoch, when it happened. None for what is no time between 1970 and 2100."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return datetime.fromtimestamp(value, UTC) if 0 <= value < _YEAR_2100 else None


def _detail(entry: dict[str, object]) -> str:
    """The other side's words: the mailbox's, or SendGrid's reason."""
    reason = _text(entry, "reason") or _text(entry, "response")
    status = _text(entry, "status")
    return without_addresses(reason if status in reason else f"{status} {reason}")


def _text(entry: dict[str, object], name: str) -> str:
    found = entry.get(name)
    return found if isinstance(found, str) else ""
