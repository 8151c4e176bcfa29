"""The move of all that is kept under one id to another, in an order in which it may be cut off anywhere.

Each step writes what is the heir's before it takes it away from the other: after a kill it is done again.
"""

from __future__ import annotations

from contextlib import suppress as ignored
from dataclasses import dataclass, replace

from newsletter.delivery import ledger
from newsletter.errors import ReaderUnreadable, StoreConflict
from newsletter.model import Move
from newsletter.stores.locks import RunLocks
from newsletter.stores.tinydb.folder import StateFolder
from newsletter.stores.tinydb.ledger import Ledger
from newsletter.stores.tinydb.subscriber_parts import SubscriberParts


@dataclass(frozen=True, slots=True)
class AddressChange:
    """Moves a subscriber's files, and finishes moves that were cut off."""

    folder: StateFolder
    running: RunLocks
    parts: SubscriberParts
    rows: Ledger

    def move_subscriber(self, move: Move) -> None:
        with self.folder.change(self.parts.moves.path):
            if not self._is_begun(move):
                self._require_at_rest(move)
                self.parts.moves.drop(move.to)  # who moves back is themselves again
                self.parts.moves.put(move)
            self._finish(move)

    def finish_begun(self) -> None:
        """Finishes what was cut off. Call under the folder's lock, before a run begins."""
        for move in self.parts.moves.get_moves():
            if not move.is_done:
                with ignored(ReaderUnreadable):  # they are held back, see require_readable
                    self._finish(move)

    def _is_begun(self, move: Move) -> bool:
        note = self.parts.moves.get(move.subscriber_id)
        return note is not None and not note.is_done and note.to == move.to

    def _require_at_rest(self, move: Move) -> None:
        if self.running.any_taken():
            raise StoreConflict("a run is at work; wait until it has ended, and try again")
        for who in (move.subscriber_id, move.to):
            self.parts.require_readable(who)
            if doubtful := self.rows.get_deliveries(subscriber_id=who, states=ledger.OPEN_STATES):
                raise StoreConflict(
                    f"whether {doubtful[0].delivery_id} was sent is not known; "
                    "settle it with 'newsletter deliveries resolve', then try again"
                )

    def _finish(self, move: Move) -> None:
        """The ledger goes last: it tells which of two digests stands, and without it nothing is mailed twice.

        A run finishes what was cut off before it begins.
        """
        old, to = move.subscriber_id, move.to
        self.parts.events.reassign(old, to)
        self.parts.digests.reassign(old, to, self.rows.get_delivery)
        self.parts.profiles.reassign(old, to)
        self.parts.votes.reassign(old, to)
        self.parts.saved.reassign(old, to)
        self.parts.addresses.reassign(old, to)
        self.parts.signups.reassign(move)
        self.rows.reassign(old, to)
        self.parts.moves.put(replace(move, email="", is_done=True))
