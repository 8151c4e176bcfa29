"""The bytes of a mail that came back → an event of the mail it is about, or why it means nothing. Pure.

Whose mail it was says the tag of the address it came to (VERP), and nothing else does: the rest of a bounce anybody can
write. Whether anything failed flufl.bounce knows in the words of twenty mail systems; whether the mailbox is gone, says
proof.py. Complaints are those of RFC 5965.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from flufl.bounce import all_failures

from newsletter.addresses import without_addresses
from newsletter.model import EventKind, MailEvent
from newsletter.proof import proves_gone
from newsletter.tokens import Purpose, Signer, tag_of

#: Where a mail server writes the address a mail was delivered to, the surest first.
_DELIVERED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To")

_STATUS = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])[45]\d\d(?=[ -])")
_COMPLAINTS = {"abuse", "fraud"}  # others are "not-spam", "auth-failure", "virus"
_MOST_TEXT = 20_000  # characters of a bounce that are looked through for a status


@dataclass(frozen=True, slots=True)
class NoEvent:
    """The mail means nothing for any delivery; `why` is for the operator."""

    why: str


def read_bounce(raw: bytes, signer: Signer, *, now: datetime, to: str = "") -> MailEvent | NoEvent:
    """What this mail says about one of ours. `to` is the address it was delivered to, if the caller knows.

    The event's time is the mail's own, so that a copy of it is the same event; `now` where that cannot be.
    """
    mail = message_from_bytes(raw)
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
        for _, address in getaddresses([str(value) for value in mail.get_all(name, [])]):
            yield address


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
    status, diagnostic = _status(mail)
    said, line = _text(mail)
    words = f"{status} {diagnostic or line}".strip()
    if not permanent:
        return EventKind.DEFERRED, words
    proof = f"{status} {diagnostic or said} {' '.join(_NOT_TO_RCPT.findall(said))}"
    return (EventKind.BOUNCED_HARD if proves_gone(proof) else EventKind.BOUNCED_SOFT), words


def _status(mail: Message) -> tuple[str, str]:
    """Status and diagnostic of the recipient that failed (RFC 3464 §2.3); empty without a report."""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status" and isinstance(blocks := part.get_payload(), list):
            for block in blocks:
                if isinstance(block, Message) and str(block.get("Action", "")).lower().startswith(_FAILED):
                    diagnostic = str(block.get("Diagnostic-Code", "")).partition(";")[2].strip()
                    return str(block.get("Status", "")), diagnostic
    return "", ""


_FAILED = ("fail", "error", "delayed")
#: To which command it was, where that is in the text alone (Postfix, Exim): an answer to MAIL speaks of the sender.
_NOT_TO_RCPT = re.compile(r"(?:in\s+reply\s+to|after)\s+(?:MAIL\s+FROM|HELO|EHLO|STARTTLS)", re.IGNORECASE)


def _text(mail: Message) -> tuple[str, str]:
    """What the first text says, up to the copy of our mail below: the paragraph with a status in it, and that line."""
    part = _part(mail, "text/plain")
    payload = part.get_payload(decode=True) if part else None
    text = payload[:_MOST_TEXT].decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    said = re.split(r"^-{3}", text, maxsplit=1, flags=re.MULTILINE)[0]
    found = _STATUS.search(said) or _REPLY.search(said)
    if found is None:
        return said, ""
    start = max((end.end() for end in _BLANK_LINE.finditer(said, 0, found.start())), default=0)
    paragraph = _BLANK_LINE.split(said[start:].lstrip(), maxsplit=1)[0]
    return paragraph, next(line.strip() for line in said.splitlines() if found[0] in line)


_BLANK_LINE = re.compile(r"\r?\n[ \t]*\r?\n")


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
