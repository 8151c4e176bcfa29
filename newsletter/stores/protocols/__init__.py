"""Says what a store keeps, one small Protocol a role; `Store` is their union.

Whoever needs one role alone takes that role's Protocol. A store translates and decides nothing: which moves a delivery
may make is `delivery/ledger.py`'s business.
"""

from typing import Protocol

from newsletter.stores.protocols.bulk import BulkStore
from newsletter.stores.protocols.counts import CountStore
from newsletter.stores.protocols.mails import AddressStore, DigestStore, LedgerStore
from newsletter.stores.protocols.papers import AnnouncementStore, VectorStore
from newsletter.stores.protocols.readers import (
    MoveStore,
    ProfileStore,
    ReadabilityStore,
    SavedStore,
    SignUpStore,
    WelcomeStore,
)
from newsletter.stores.protocols.work import AnswerStore, CallStore, ClaimStore, DocumentStore, RunStore

__all__ = ["LlmStore", "Store", "VectorStore"]


class LlmStore(AnswerStore, CallStore, RunStore, Protocol):
    """What the client of a model needs: its answers and calls, and the runs that they belong to."""


class Store(
    AnnouncementStore,
    VectorStore,
    LedgerStore,
    DigestStore,
    AddressStore,
    ReadabilityStore,
    MoveStore,
    ProfileStore,
    SavedStore,
    SignUpStore,
    WelcomeStore,
    ClaimStore,
    LlmStore,
    DocumentStore,
    BulkStore,
    CountStore,
    Protocol,
):
    """The memory, shared by any number of processes.

    Each method is all-or-nothing and idempotent on its key, and survives `kill -9` at any moment: afterwards
    the old or the new value is there, whole. Dates and aware UTC datetimes go in and come out unchanged.
    Raises StoreError when the memory cannot be read or written; ReaderUnreadable where only what is kept of one
    subscriber cannot be read, which is then never written over. What is kept of several leaves such ones out:
    `find_unreadable` names them.

    Of what `forget_days`, `forget_vectors`, `forget_claims`, `forget_sign_ups` and `forget_calls` drop, `most_days`
    takes the oldest days with anything of that kind, at most so many (None: all of them).
    """
