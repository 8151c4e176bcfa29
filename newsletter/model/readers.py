"""Holds together what is kept of one reader: their own wishes, and what their next mail depends on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from newsletter.model.deliveries import AddressStatus, Delivery
from newsletter.model.subscribers import ProfileRevision, Vote


@dataclass(frozen=True, slots=True)
class ReaderWishes:
    """What a reader said of their mail: by words, which are in the status, and by profiles, oldest first."""

    status: AddressStatus
    revisions: tuple[ProfileRevision, ...] = ()


@dataclass(frozen=True, slots=True)
class PastMail:
    """A mail that left or may have left, and the papers in it."""

    digest_on: date
    paper_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReaderHistory:
    """What a reader was mailed, and how they voted, oldest first: of years no more than a mail depends on.

    `deliveries` are all of the latest weeks, and before them the latest one that was accepted, or else the latest.
    `mailed` are the mails of the months before these weeks, `sent_before` papers that were in mails still older.
    """

    deliveries: tuple[Delivery, ...] = ()
    votes: tuple[Vote, ...] = ()
    mailed: tuple[PastMail, ...] = ()
    sent_before: frozenset[str] = frozenset()
