"""The move of all that is kept under one id to another, in one change."""

from __future__ import annotations

from contextlib import suppress as ignored
from dataclasses import dataclass, replace

from newsletter.delivery import ledger
from newsletter.errors import ReaderUnreadable, StoreConflict
from newsletter.model import Delivery, Move
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.ledger import Ledger
from newsletter.stores.sql.run_locks import LivingRuns
from newsletter.stores.sql.subscriber_parts import SubscriberParts
from newsletter.subscribers import address_change


@dataclass(frozen=True, slots=True)
class AddressChange:
    """Moves a subscriber's rows. A move that was cut off can only have come from another store: it is finished."""

    database: Database
    running: LivingRuns
    parts: SubscriberParts
    rows: Ledger

    def move_subscriber(self, move: Move) -> None:
        with self.database.locked("events"):
            if not self._is_begun(move):
                self._require_at_rest(move)
                self.parts.moves.drop(move.to)  # who moves back is themselves again
            self._finish(move)

    def finish_begun(self) -> None:
        """Finishes what was cut off before a run begins."""
        for move in self.parts.moves.get_unfinished():
            with ignored(ReaderUnreadable), self.database.locked("events"):  # they are held back, see require_readable
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
        """The ledger goes last: it tells which of two digests stands."""
        old, to = move.subscriber_id, move.to
        self.parts.events.reassign(old, to)
        self.parts.digests.reassign(old, to, self.rows.get_delivery)
        self.parts.profiles.reassign(old, to)
        self.parts.votes.reassign(old, to)
        self.parts.saved.reassign(old, to)
        self.parts.addresses.reassign(old, to)
        self.parts.signups.reassign(move)
        self._reassign_rows(old, to)
        self.parts.moves.put(replace(move, email="", is_done=True))

    def _reassign_rows(self, old: str, to: str) -> None:
        theirs = self.rows.get_deliveries(subscriber_id=old)
        others: dict[object, Delivery] = {row.digest_on: row for row in self.rows.get_deliveries(subscriber_id=to)}
        self.rows.rows.put(*(address_change.merge_rows(row, others.get(row.digest_on), to) for row in theirs))
        self.rows.rows.drop(self.rows.rows.columns.subscriber_id == old)
