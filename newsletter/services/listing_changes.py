"""Keeps who was listed until when, and finds who may have come back with another address.

What the history says is subscribers/listing_history.py's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from newsletter.errors import ReaderUnreadable
from newsletter.model import AddressStatus, Subscriber
from newsletter.services.subscribers_file import last_good_subscribers
from newsletter.stores import Store
from newsletter.subscribers import listing_history

LISTING_HISTORY = "roster.json"


def update_history(text: str, listed: Sequence[Subscriber], store: Store, today: date) -> Sequence[tuple[str, str]]:
    """Stores the listing history if it has changed since that text, and returns who may have another address."""
    before = listing_history.read(text)
    now = listing_history.update(before, listed, today)
    if now != before or store.get_document(LISTING_HISTORY) is None:
        store.put_document(LISTING_HISTORY, listing_history.write(now))
    return _find_moved(now, store, today)


def find_possible_moves(listed: Sequence[Subscriber], store: Store, today: date) -> Sequence[tuple[str, str]]:
    """Finds who may have another address, in a list that is not in use yet. Writes nothing."""
    return _find_moved(listing_history.update(_load_history(store), listed, today), store, today)


def find_possible_heirs(listed: Sequence[Subscriber], store: Store, today: date) -> set[str]:
    """Names by id the newcomers who may be somebody that vanished from the list, with another address."""
    now = listing_history.update(_load_history(store), listed, today)
    return {new for old, new in listing_history.find_possible_moves(now, today) if has_history(store, old)}


def _load_history(store: Store) -> listing_history.ListingHistory:
    return listing_history.read(find_history(store))


def find_history(store: Store) -> str:
    """The text of the stored history, or one made of the last good list, which may be older than the first history.

    It is kept as a text, a third as long, while the list is read.
    """
    stored = store.get_document(LISTING_HISTORY)
    if stored and listing_history.read(stored):  # one that cannot be read knows nobody who vanished
        return stored
    return listing_history.write(listing_history.update({}, last_good_subscribers(store), date.min))


def _find_moved(now: listing_history.ListingHistory, store: Store, today: date) -> Sequence[tuple[str, str]]:
    return [
        (old, listing_history.describe_possible_move(old, new))
        for old, new in listing_history.find_possible_moves(now, today)
        if has_history(store, old)
    ]


def has_history(store: Store, subscriber_id: str) -> bool:
    """Says whether anything is stored of a subscriber that could be moved, readable or not."""
    try:
        return bool(
            store.get_deliveries(subscriber_id=subscriber_id)
            or store.get_revisions(subscriber_id)
            or store.get_votes(subscriber_id)
            or store.get_saved(subscriber_id)
            or store.get_address_status(subscriber_id) != AddressStatus(subscriber_id)
        )
    except ReaderUnreadable:
        return True
