"""The bytes of a mail that came back → an event of the mail it is about, or why it means nothing. Pure.

Whose mail it was says the tag of the address it came to (VERP), and nothing else does: the rest of a bounce anybody can
write. Which addresses failed, and whether for good, flufl.bounce knows in the words of twenty mail systems; the status
(RFC 3463) says whether it is the mailbox that is gone. Complaints are those of RFC 5965.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime

from flufl.bounce import all_failures

from newsletter.addresses import without_addresses
from newsletter.errors import UnreadableMail
from newsletter.mail_parts import addresses_in, open_mail
from newsletter.model import EventKind, MailEvent
from newsletter.tokens import Purpose, Signer, tag_of

#: Where a mail server writes the address a mail was delivered to, the surest first.
_DELIVERED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To")

# Permanent, and yet not about the mailbox: full, the system, the way there, the protocol, the content, a policy. One
# wrong line in our DNS gives 5.7.26 for everybody at once, and must not suppress everybody.
_SOFT = ("4.", "5.2.2", "5.2.3", "5.3.", "5.4.3", "5.4.6", "5.4.7", "5.5.", "5.6.", "5.7.")
_STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45])(\d\d)(?=[ -])")
_COMPLAINTS = {"abuse", "fraud"}  # others are "not-spam", "auth-failure", "virus"
_MOST_BYTES, _MOST_LINES, _LONGEST_LINE = 200_000, 3_000, 1_000  # of a bounce; RFC 5321 §4.5.3.1.6: 1,000 octets
_MOST_TEXT = 20_000  # characters of a bounce that are looked through for a status


@dataclass(frozen=True, slots=True)
class NoEvent:
    """The mail means nothing for any delivery; `why` is for the operator."""

    why: str


def read_bounce(raw: bytes, signer: Signer, *, now: datetime, to: str = "") -> MailEvent | NoEvent:
    """What this mail says about one of ours. `to` is the address it was delivered to, if the caller knows.

    The event's time is the mail's own, so that a copy of it is the same event; `now` where that cannot be. Never
    raises, whatever the bytes are.
    """
    try:
        return _read(open_mail(_front_of(raw)), signer, now, to)
    except (UnreadableMail, RecursionError) as error:
        return NoEvent(f"it cannot be read ({type(error).__name__})")


def _front_of(raw: bytes) -> bytes:
    """What a report says stands before the copy of our mail. flufl.bounce reads it a hundred times over."""
    lines = raw[:_MOST_BYTES].splitlines(keepends=True)[:_MOST_LINES]
    return b"".join(line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + b"\n" for line in lines)


def _read(mail: Message, signer: Signer, now: datetime, to: str) -> MailEvent | NoEvent:
    report = _part(mail, "message/feedback-report")
    whose = _whose(signer, [to, *_addresses(mail, _DELIVERED_TO), *(_original_senders(mail, report) if report else ())])
    if whose is None:
        return NoEvent("no address in it has a tag of ours")
    found = _complaint(report) if report else _failure(mail)
    if isinstance(found, NoEvent):
        return found
    kind, detail = found
    return MailEvent(kind, *whose, at=_when(mail, whose[1], now), detail=without_addresses(detail))


# --- whose mail it was ----------------------------------------------------------------------------------


def _whose(signer: Signer, addresses: list[str]) -> tuple[str, date] | None:
    read = (signer.read_tag(Purpose.BOUNCE, tag_of(address)) for address in addresses)
    return next((whose for whose in read if whose), None)


def _addresses(mail: Message, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield from addresses_in(str(value) for value in mail.get_all(name, []))


def _original_senders(mail: Message, report: Message) -> Iterator[str]:
    """Complaints go to an address agreed on, without a tag; they quote the envelope sender (RFC 5965 §3.2)."""
    yield from _addresses(report, ("Original-Mail-From",))
    for kind in ("message/rfc822", "text/rfc822-headers"):
        if original := _part(mail, kind):
            yield from _addresses(original, ("Return-Path",))


# --- what it says ---------------------------------------------------------------------------------------


def _complaint(report: Message) -> tuple[EventKind, str] | NoEvent:
    kind = str(report.get("Feedback-Type", "")).strip().lower()
    if kind not in _COMPLAINTS:
        return NoEvent(f"a report of another kind than a complaint: {without_addresses(kind) or 'none'}")
    return EventKind.COMPLAINED, f"{kind}, reported by {report.get('User-Agent', 'the mailbox provider')}"


def _failure(mail: Message) -> tuple[EventKind, str] | NoEvent:
    try:
        temporary, permanent = all_failures(mail)
    except (ValueError, LookupError, TypeError, AttributeError) as error:  # its detectors trust what they read
        return NoEvent(f"it cannot be read ({type(error).__name__})")
    if not temporary and not permanent:
        return NoEvent("it tells of no failure" if _part(mail, "message/delivery-status") else "it is no bounce")
    words = _words_of_status(mail) or _text(mail)
    if not permanent:
        return EventKind.DEFERRED, words
    status = _status(words)
    return (EventKind.BOUNCED_SOFT if status.startswith(_SOFT) else EventKind.BOUNCED_HARD), words


def _words_of_status(mail: Message) -> str:
    """Status and diagnostic of the recipient that failed (RFC 3464 §2.3)."""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status" and isinstance(blocks := part.get_payload(), list):
            for block in blocks:
                if isinstance(block, Message) and str(block.get("Action", "")).lower().startswith(_FAILED):
                    diagnostic = str(block.get("Diagnostic-Code", "")).partition(";")[2].strip()
                    return f"{block.get('Status', '')} {diagnostic}".strip()
    return ""


_FAILED = ("fail", "error", "delayed")


def _text(mail: Message) -> str:
    """What a bounce without a report says in its first text, up to the copy of our mail below."""
    part = _part(mail, "text/plain")
    payload = part.get_payload(decode=True) if part else None
    text = payload[:_MOST_TEXT].decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    said = re.split(r"^-{3}", text, maxsplit=1, flags=re.MULTILINE)[0]
    match = _STATUS.search(said) or _REPLY.search(said)
    line = next((line for line in said.splitlines() if match and match[0] in line), "")
    return line.strip()


def _status(words: str) -> str:
    """The most telling status: one that ends in .0.0 says only that it failed (RFC 3463 §3.1)."""
    found = _STATUS.findall(words)
    if telling := next((status for status in found if not status.endswith(".0.0")), ""):
        return str(telling)
    if reply := _REPLY.search(words):
        return "5.2.2" if reply[0] == "552" else f"{reply[1]}.0.0"  # RFC 5321 §4.2.2: over quota
    return str(found[0]) if found else ""


# --- helpers --------------------------------------------------------------------------------------------


def _part(mail: Message, kind: str) -> Message | None:
    """The first part of that kind; of a mail or report inside, that itself."""
    for part in mail.walk():
        if part.get_content_type() == kind:
            inner = part.get_payload()
            if kind == "text/rfc822-headers":
                payload = part.get_payload(decode=True)
                return message_from_bytes(payload if isinstance(payload, bytes) else b"")
            return inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], Message) else part
    return None


def _when(mail: Message, digest_on: date, now: datetime) -> datetime:
    """The time the bounce gives itself, if it can be true: after its mail, and not in the future."""
    try:
        at = parsedate_to_datetime(str(mail["Date"]))
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return now
    first = datetime.combine(digest_on, time(), UTC) - timedelta(days=1)  # zones ahead of UTC
    return at if first <= at <= now else now
