"""Everything that a store keeps, kind by kind, to carry it into another one or into a file.

Values go in and come out as they are kept; no rule is asked. The order of KINDS is the one in which they are carried:
the ledger first, so that nothing else of a mail is there without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from newsletter.errors import StoreError
from newsletter.model import (
    AddressStatus,
    AnnouncementDay,
    Delivery,
    Digest,
    Grading,
    MailEvent,
    ModelBatch,
    ModelCall,
    Move,
    PaperVector,
    ProfileRevision,
    RunReport,
    SavedPaper,
    SignUp,
    Vote,
    Welcome,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What happened on a day and may not happen again on it."""

    what: str
    key: str  # any text
    claimed_on: date
    holder: str = field(default="", compare=False, repr=False)  # by which a database knows its own claim again


@dataclass(frozen=True, slots=True)
class Document:
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What happened once and for all."""

    name: str


KINDS: dict[str, type[Any]] = {
    "deliveries": Delivery,
    "address_statuses": AddressStatus,
    "waiting_suppressions": AddressStatus,
    "events": MailEvent,
    "moves": Move,
    "enrolled": SignUp,
    "sign_ups": SignUp,
    "revisions": ProfileRevision,
    "votes": Vote,
    "saved_papers": SavedPaper,
    "marks": Mark,
    "welcomes": Welcome,
    "claims": Claim,
    "documents": Document,
    "runs": RunReport,
    "model_calls": ModelCall,
    "model_batches": ModelBatch,
    "gradings": Grading,
    "announcement_days": AnnouncementDay,
    "paper_vectors": PaperVector,
    "digests": Digest,
}

WELCOMES_BEGUN = "welcomes"  # a mark: newcomers are known from who was there before


Progress = Callable[[str, int], None]  # is told a kind, and how many of it were carried so far


class Source(Protocol):
    """Where values are read."""

    def read(self) -> Iterator[tuple[str, Sequence[Any]]]:
        """Gives all values, some of one kind at a time, in the order of KINDS.

        Raises StoreError if one of them cannot be read.
        """


class Target(Protocol):
    """Where values are written, and read again."""

    def begin(self, origin: str) -> bool:
        """Marks the store as unfinished: until `finish` nobody else can open it.

        True if that was begun before with the same origin. Raises StoreError, and nothing is marked, if there is
        anything in the store, or another origin was begun.
        """

    def write(self, kind: str, values: Sequence[Any]) -> None:
        """Writes values in place of those with their keys."""

    def read_same(self, kind: str, values: Sequence[Any]) -> list[Any]:
        """Gives what is kept under the keys of these values, in their order; None where there is nothing."""

    def finish(self) -> None: ...


def carry(source: Source, target: Target, origin: str, tell: Progress) -> dict[str, int]:
    """Carries everything over and compares each value with what the target has of it then.

    Gives how many there were of each kind. May be called again after it was cut off: what is there already is compared
    and not written again. Raises StoreError as `Source` and `Target` do.
    """
    target.begin(origin)
    counts = dict.fromkeys(KINDS, 0)
    for kind, values in source.read():
        _carry_some(kind, values, target)
        counts[kind] += len(values)
        tell(kind, counts[kind])
    target.finish()
    return counts


def _carry_some(kind: str, values: Sequence[Any], target: Target) -> None:
    there = target.read_same(kind, values)
    missing = [value for value, kept in zip(values, there, strict=True) if value != kept]
    if not missing:
        return
    target.write(kind, missing)
    latest = target.read_same(kind, missing)
    # Of several with one key in this turn the last is kept
    different = [value for value, kept in zip(missing, latest, strict=True) if kept != value and kept not in missing]
    if different:
        raise StoreError(f"{kind}: what was written is not what is read again ({different[0]!r:.200}); report this")
