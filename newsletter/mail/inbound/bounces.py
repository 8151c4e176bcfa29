"""The bytes of a mail that came back → an event of the mail it is about, or why it means nothing. Pure.

The tag of the address it came to says whose mail it was (VERP); of a complaint (RFC 5965, and Microsoft's own form) a
tag or link of ours in the mail it quotes. Nothing else does: the rest anybody can write. flufl.bounce
knows failures in the words of twenty mail systems; delivery/mailbox_gone.py says whether the mailbox is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.message import Message
from urllib.parse import unquote, urlsplit

from newsletter.addresses import without_addresses
from newsletter.delivery import is_mailbox_gone
from newsletter.errors import UnreadableMail
from newsletter.mail.inbound.parts import DELIVERED_TO, addresses_in, digest_date_in, open_mail, sent_at
from newsletter.model import EventKind, MailEvent
from newsletter.signing import Purpose, Signer, tag_of

_STATUS = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])[45]\d\d(?=[ -])")
_COMPLAINTS = {"abuse", "fraud"}  # others are "not-spam", "auth-failure", "virus"
_MOST_BYTES, _MOST_LINES, _LONGEST_LINE = 200_000, 3_000, 1_000  # of a bounce; RFC 5321 §4.5.3.1.6: 1,000 octets
_MOST_TEXT = 20_000  # characters of a bounce that are looked through for a status


@dataclass(frozen=True, slots=True)
class NoEvent:
    """The mail means nothing for any delivery; `why` is for the operator."""

    why: str


def read_bounce(raw: bytes, signer: Signer, *, now: datetime, to: str = "") -> MailEvent | NoEvent:
    """Reads what this mail says about one of ours. `to` is the address it was delivered to, if the caller knows.

    The event's time is the mail's own, so that a copy of it is the same event; `now` where that cannot be. Never
    raises, whatever the bytes are.
    """
    try:
        return _read(open_mail(_front_of(raw)), signer, now, to)
    except (UnreadableMail, RecursionError) as error:
        return NoEvent(f"it cannot be read ({type(error).__name__})")


def _front_of(raw: bytes) -> bytes:
    """Takes the front of the mail, where a report stands. flufl.bounce reads it a hundred times over."""
    lines = raw[:_MOST_BYTES].splitlines(keepends=True)[:_MOST_LINES]
    return b"".join(line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + b"\n" for line in lines)


def _read(mail: Message, signer: Signer, now: datetime, to: str) -> MailEvent | NoEvent:
    report, quoted = _part(mail, "message/feedback-report"), _quoted(mail)
    is_complaint = report is not None or (quoted is not None and _is_sparse_complaint(mail, quoted))
    whose = _by_envelope(signer, [to, *_addresses(mail, DELIVERED_TO)])
    if whose is None and is_complaint:
        whose = _by_what_it_quotes(signer, report, quoted)
    if whose is None:
        return NoEvent("no address in it has a tag of ours")
    found = _complaint(report) if is_complaint else _failure(mail)
    if isinstance(found, NoEvent):
        return found
    kind, detail = found
    return MailEvent(kind, *whose, at=_when(mail, whose[1], now), detail=without_addresses(detail))


# --- whose mail it was ----------------------------------------------------------------------------------


def _by_envelope(signer: Signer, addresses: Iterable[str]) -> tuple[str, date] | None:
    read = (signer.read_tag(Purpose.BOUNCE, tag_of(address)) for address in addresses)
    return next((whose for whose in read if whose), None)


def _by_what_it_quotes(signer: Signer, report: Message | None, quoted: Message | None) -> tuple[str, date] | None:
    """Complaints go to an address agreed on, without a tag; they quote the envelope sender (RFC 5965 §3.2), or at least
    our mail. What we signed in it counts, and nothing else: a Message-ID anybody can write, so it says at most which
    mail of that reader it was.
    """
    paths = [] if report is None else [*_addresses(report, ("Original-Mail-From",))]
    paths += [] if quoted is None else [*_addresses(quoted, ("Return-Path",))]
    if (whose := _by_envelope(signer, paths)) or quoted is None:
        return whose
    links = re.findall(r"<([^<>]+)>", re.sub(r"\s", "", str(quoted.get("List-Unsubscribe", ""))))
    mailtos = [unquote(link[7:].partition("?")[0]) for link in links if link.lower().startswith("mailto:")]
    for address in (*_addresses(quoted, ("Reply-To",)), *mailtos):
        if whose := signer.read_tag(Purpose.REPLY, tag_of(address)):
            return whose
    for link in links:
        who = signer.read_link(Purpose.UNSUBSCRIBE, urlsplit(link).path.rpartition("/")[2])
        if who and (on := digest_date_in(str(quoted.get("Message-ID", "")), who)):
            return who, on
    return None


def _addresses(mail: Message, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield from addresses_in(str(value) for value in mail.get_all(name, []))


def _quoted(mail: Message) -> Message | None:
    """Finds our mail, or its headers, inside."""
    return _part(mail, "message/rfc822") or _part(mail, "text/rfc822-headers")


def _is_sparse_complaint(mail: Message, quoted: Message) -> bool:
    """Microsoft's complaints (JMRP) in their old form: our mail inside, and no report. Readers forward mails, too; what
    marks a complaint is the header that Microsoft puts on top of ours, or its sender together with its subject.
    """
    if "X-HmXmrOriginalRecipient" in quoted:
        return True
    sender = next(_addresses(mail, ("From",)), "").lower()
    is_staff = re.match(r"staff@(?:[a-z0-9-]+\.)*(?:hotmail|outlook|live|microsoft)\.", sender) is not None
    return is_staff and str(mail.get("Subject", "")).lower().startswith("complaint about message")


# --- what it says ---------------------------------------------------------------------------------------


def _complaint(report: Message | None) -> tuple[EventKind, str] | NoEvent:
    if report is None:
        return EventKind.COMPLAINED, "abuse, reported by the mailbox provider"
    kind = str(report.get("Feedback-Type", "")).strip().lower()
    if kind not in _COMPLAINTS:
        return NoEvent(f"a report of another kind than a complaint: {without_addresses(kind) or 'none'}")
    return EventKind.COMPLAINED, f"{kind}, reported by {report.get('User-Agent', 'the mailbox provider')}"


def _failure(mail: Message) -> tuple[EventKind, str] | NoEvent:
    from flufl.bounce import all_failures  # noqa: PLC0415  every command would wait for its many detectors

    try:
        temporary, permanent = all_failures(mail)
    except (ValueError, LookupError, TypeError, AttributeError) as error:  # its detectors trust what they read
        return NoEvent(f"it cannot be read ({type(error).__name__})")
    if not temporary and not permanent:
        return NoEvent("it tells of no failure" if _part(mail, "message/delivery-status") else "it is no bounce")
    status, diagnostic = _status(
        mail
    )  # Sendmail makes 5.1.1 of a 550 that has no status: then the words have to say it
    text, line = _text(mail)
    words = f"{status} {diagnostic or line}".strip()
    if not permanent:
        return EventKind.DEFERRED, words
    own = "" if status == "5.1.1" and _REPLY.match(diagnostic) and not _STATUS.search(diagnostic) else status
    answer = f"{own} {diagnostic or text} {' '.join(_NOT_TO_RCPT.findall(text))}"
    return (EventKind.BOUNCED_HARD if is_mailbox_gone(answer) else EventKind.BOUNCED_SOFT), words


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
#: To which command it was, where that is in the text alone (Postfix, Exim, Sendmail).
_NOT_TO_RCPT = re.compile(
    r"(?:in\s+reply\s+to|after)\s+(?:MAIL\s+FROM|HELO|EHLO|STARTTLS|(?:end\s+of\s+)?DATA)|>>>\s+DATA", re.IGNORECASE
)


def _text(mail: Message) -> tuple[str, str]:
    """Reads the first text up to the copy of our mail: the paragraph with a status in it, and that line.

    Without a status: all of it, and where it names an address last, since most say there whom and why.
    """
    part = _part(mail, "text/plain")
    payload = part.get_payload(decode=True) if part else None
    text = payload[:_MOST_TEXT].decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    report = _COPY_OF_OURS.split(text, maxsplit=1)[0]
    found = _STATUS.search(report) or _REPLY.search(report)
    if found is None:
        with_address = [part for part in _BLANK_LINE.split(report) if "@" in part]
        return report, with_address[-1] if with_address else ""
    start = max((end.end() for end in _BLANK_LINE.finditer(report, 0, found.start())), default=0)
    paragraph = _BLANK_LINE.split(report[start:].lstrip(), maxsplit=1)[0]
    return paragraph, next(line.strip() for line in report.splitlines() if found[0] in line)


#: Where the copy begins, which may say anything: a rule, its headers, words about it, or marks of a quote.
_COPY_OF_OURS = re.compile(
    r"^(?:-{3}|(?:Received|Return-Path|Message-ID|List-Id|List-Unsubscribe):|> ?> ?\w|> \w"
    r"|\W*(?:the |your )?original message\b|.{0,60}\b(?:copy|part) of (?:the|your) (?:original )?message)",
    re.IGNORECASE | re.MULTILINE,
)
_BLANK_LINE = re.compile(r"\r?\n[ \t]*\r?\n")


# --- helpers --------------------------------------------------------------------------------------------


def _part(mail: Message, kind: str) -> Message | None:
    """Finds the first part of that kind; of a mail or report inside, that itself."""
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
    return sent_at(mail, datetime.combine(digest_on, time(), UTC) - timedelta(days=1), now)  # zones ahead of UTC
