"""Keeps what the newsletter remembers: Protocols by role; `tinydb/` has a folder of files, `sql/` a database.

A store translates and decides nothing: the rules are those of delivery/ and subscribers/. Which store there is the
composition root decides; everybody else meets it by these Protocols, of which protocols/ has one for each role.
"""

from newsletter.stores.protocols import LlmStore, Store, VectorStore

__all__ = [
    "LlmStore",
    "Store",
    "VectorStore",
]
