"""Holds what a check of deliverability is given and finds: each finding is a sentence with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    GOOD = "✓"
    ADVICE = "!"  # works, and could be better
    BAD = "✗"  # must be mended


@dataclass(frozen=True, slots=True)
class Finding:
    severity: Severity
    subject: str
    text: str  # what was found, and after a semicolon what to do


@dataclass(frozen=True, slots=True)
class Setup:
    """What of the settings mailbox providers can see."""

    from_domain: str
    reply_domain: str
    envelope_domain: str  # of the address that gets bounces; with SendGrid that address is SendGrid's own
    send_by: str  # "outbox", "smtp" or "sendgrid"
    smtp_host: str
    dkim_selector: str
    dkim_key: bytes  # the private key in PEM; empty: the mail server signs
    base_url: str
    has_keys: bool  # without, mails carry no link


def good(subject: str, text: str) -> Finding:
    return Finding(Severity.GOOD, subject, text)


def advice(subject: str, text: str) -> Finding:
    return Finding(Severity.ADVICE, subject, text)


def bad(subject: str, text: str) -> Finding:
    return Finding(Severity.BAD, subject, text)


def guard(subject: str, found: Iterator[Finding]) -> Iterator[Finding]:
    """Makes a lookup that fails a finding too: receivers get no answer either, and put the mail off."""
    try:
        yield from found
    except LookupError as error:
        yield bad(subject, f"{error}; ask again, or another resolver with --resolver, and mend the zone if it stays so")


def in_words(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
