"""Tells whether the memory began anew: such a memory would mail everybody the same papers once more.

Two things tell of it. When a new memory is first used, its sender may say that it took digests before; and later an
event may speak of a mail that is older than the memory and not in it. The operator's word (`begin_anew`) settles it,
and is kept in the memory itself, so that it is lost together with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from newsletter.errors import StoreError
from newsletter.model import MailEvent
from newsletter.stores import Store

DOCUMENT = "beginning.txt"
LOOK_BACK = timedelta(days=35)
REMEDY = (
    "bring a backup back ('newsletter restore FILE'), or set DATABASE_URL or NEWSLETTER_STATE to where the memory is; "
    "'newsletter begin-anew' goes on without it"
)


@dataclass(frozen=True, slots=True)
class SentBefore:
    """What the sender says of digests that it took; `digests` is none where it says nothing, and `why` tells why not.

    `is_passing`: it may say more another time.
    """

    digests: int | None
    why: str = ""
    is_passing: bool = False


class _Kind(StrEnum):
    SINCE = "since"  # the day on which it was first used
    BEFORE = "before"  # it was in use already when that was first noted
    ANEW = "anew"  # the operator's word
    LOST = "lost"  # the mail that it ought to know


def require_known(store: Store, today: date, ask: Callable[[date], SentBefore], *, is_noted: bool = True) -> str:
    """Raises StoreError if this memory is new, and its sender took digests before it; or as `require_whole` does.

    `ask` is asked about the time since a day, and only for a memory without any run. Notes the beginning, unless it
    `is_noted` elsewhere. Gives a sentence about what could not be known; empty if nothing was asked, or answered. May
    be repeated.
    """
    require_whole(store)
    if store.get_document(DOCUMENT) is not None:
        return ""
    if store.get_runs(limit=1):
        if is_noted:
            _note(store, _Kind.BEFORE)
        return ""
    since = today - LOOK_BACK
    before = ask(since)
    if before.digests:
        raise StoreError(
            f"the memory is new, and {before.digests:,} digests of this newsletter left since {since}: everybody would "
            f"get the same papers again, and who has left would be mailed; {REMEDY}"
        )
    if is_noted and not before.is_passing:
        _note(store, _Kind.SINCE, today.isoformat())
    return before.why


def require_whole(store: Store) -> None:
    """Raises StoreError if an event told of a mail that the memory ought to know."""
    kind, what = _read(store)
    if kind is _Kind.LOST:
        raise StoreError(
            f"the memory began anew: it does not know the mail {what}, of which an event tells and which is older than "
            f"the memory; nobody is mailed, since everybody would get the same papers again; {REMEDY}"
        )


def note_unknown(store: Store, event: MailEvent) -> bool:
    """Notes an event of a mail that is not in the memory; says whether it tells that a part of the memory is lost.

    A mail of a later day than the one on which the memory began may be that of another newsletter.
    """
    kind, what = _read(store)
    if kind is not _Kind.SINCE or event.digest_on.isoformat() > what:
        return kind is _Kind.LOST
    _note(store, _Kind.LOST, event.delivery_id)
    return True


def begin_anew(store: Store, today: date) -> None:
    """Keeps the operator's word that mails from before this memory are to be forgotten. May be repeated."""
    _note(store, _Kind.ANEW, today.isoformat())


def _note(store: Store, kind: _Kind, what: str = "") -> None:
    store.put_document(DOCUMENT, f"{kind} {what}".strip() + "\n")


def _read(store: Store) -> tuple[_Kind | None, str]:
    kind, _, what = (store.get_document(DOCUMENT) or "").strip().partition(" ")
    return (_Kind(kind), what) if kind in set(_Kind) else (None, "")
