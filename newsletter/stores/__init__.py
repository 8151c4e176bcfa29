"""What the newsletter remembers, as Protocols by role; `tinydb/` keeps it in a folder of small dated files.

A store translates and decides nothing: the rules are those of delivery/ and subscribers/. Which store there is the
composition root decides; everybody else meets it by these Protocols.
"""

from newsletter.stores.protocols import (
    AddressStore,
    AnnouncementStore,
    AnswerStore,
    CallStore,
    ClaimStore,
    DigestStore,
    DocumentStore,
    LedgerStore,
    LlmStore,
    MoveStore,
    ProfileStore,
    ReadabilityStore,
    RunStore,
    SignUpStore,
    Store,
)

__all__ = [
    "AddressStore",
    "AnnouncementStore",
    "AnswerStore",
    "CallStore",
    "ClaimStore",
    "DigestStore",
    "DocumentStore",
    "LedgerStore",
    "LlmStore",
    "MoveStore",
    "ProfileStore",
    "ReadabilityStore",
    "RunStore",
    "SignUpStore",
    "Store",
]
