"""What is kept of one reader, together: their own wishes, and what their next mail depends on."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.model.deliveries import AddressStatus, Delivery
from newsletter.model.subscribers import ProfileRevision, Vote


@dataclass(frozen=True, slots=True)
class ReaderWishes:
    """What a reader said of their mail: by words, which are in the status, and by profiles, oldest first."""

    status: AddressStatus
    revisions: tuple[ProfileRevision, ...] = ()


@dataclass(frozen=True, slots=True)
class ReaderHistory:
    """What a reader was mailed, by date, and how they voted, oldest first."""

    deliveries: tuple[Delivery, ...] = ()
    votes: tuple[Vote, ...] = ()
