"""The move of all that is kept under one id to another, in an order in which it may be cut off anywhere.

Each step writes what is the heir's before it takes it away from the other: after a kill it is done again.
"""

from __future__ import annotations

from contextlib import suppress as ignored
from dataclasses import replace

from newsletter.delivery import ledger
from newsletter.errors import ReaderUnreadable, StoreConflict
from newsletter.model import Move
from newsletter.stores.tinydb.addresses import Addresses
from newsletter.stores.tinydb.digests import Digests
from newsletter.stores.tinydb.events import Events
from newsletter.stores.tinydb.folder import StateFolder
from newsletter.stores.tinydb.ledger import Ledger
from newsletter.stores.tinydb.locks import RunLocks
from newsletter.stores.tinydb.moves import MoveNotes
from newsletter.stores.tinydb.profiles import Profiles, Votes
from newsletter.stores.tinydb.readability import Readability
from newsletter.stores.tinydb.signups import SignUps


class AddressChange:
    """Moves a subscriber's files, and finishes moves that were cut off."""

    def __init__(
        self,
        folder: StateFolder,
        running: RunLocks,
        readability: Readability,
        notes: MoveNotes,
        events: Events,
        digests: Digests,
        profiles: Profiles,
        votes: Votes,
        addresses: Addresses,
        signups: SignUps,
        rows: Ledger,
    ) -> None:
        self._folder = folder
        self._running = running
        self._readability = readability
        self._notes = notes
        self._events = events
        self._digests = digests
        self._profiles = profiles
        self._votes = votes
        self._addresses = addresses
        self._signups = signups
        self._rows = rows

    def move_subscriber(self, move: Move) -> None:
        with self._folder.change(self._notes.path):
            if not self._is_begun(move):
                self._require_at_rest(move)
                self._notes.drop(move.to)  # who moves back is themselves again
                self._notes.put(move)
            self._finish(move)

    def finish_begun(self) -> None:
        """Finishes what was cut off. Call under the folder's lock, before a run begins."""
        for move in self._notes.get_moves():
            if not move.is_done:
                with ignored(ReaderUnreadable):  # they are held back, see require_readable
                    self._finish(move)

    def _is_begun(self, move: Move) -> bool:
        note = self._notes.get(move.subscriber_id)
        return note is not None and not note.is_done and note.to == move.to

    def _require_at_rest(self, move: Move) -> None:
        if self._running.any_taken():
            raise StoreConflict("a run is at work; wait until it has ended, and try again")
        for who in (move.subscriber_id, move.to):
            self._readability.require_readable(who)
            if doubtful := self._rows.get_deliveries(subscriber_id=who, states=ledger.OPEN_STATES):
                raise StoreConflict(
                    f"whether {doubtful[0].delivery_id} was sent is not known; "
                    "settle it with 'newsletter deliveries resolve', then try again"
                )

    def _finish(self, move: Move) -> None:
        """The ledger goes last: it tells which of two digests stands, and without it nothing is mailed twice.

        A run finishes what was cut off before it begins.
        """
        old, to = move.subscriber_id, move.to
        self._events.reassign(old, to)
        self._digests.reassign(old, to, self._rows.get_delivery)
        self._profiles.reassign(old, to)
        self._votes.reassign(old, to)
        self._addresses.reassign(old, to)
        self._signups.reassign(move)
        self._rows.reassign(old, to)
        self._notes.put(replace(move, email="", is_done=True))
