"""Moves all that is kept under one id to another, in an order in which it may be cut off anywhere.

The same in every memory: each part writes what is the heir's before it takes it away from the other, so that a move
that was cut off is done again. A database makes one change of it, and finishes what came cut off from a folder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from contextlib import suppress as ignored
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from newsletter.delivery import ledger
from newsletter.errors import ReaderUnreadable, StoreConflict
from newsletter.model import Delivery, DeliveryState, Move


class Part(Protocol):
    def reassign(self, old: str, to: str) -> None:
        """Gives what is kept of one subscriber to another. Call within a change."""


class Digests(Protocol):
    def reassign(self, old: str, to: str, get_row: Callable[[str, date], Delivery | None]) -> None:
        """Gives one subscriber's digests to another; of two of a date the rows decide. Call within a change."""


class SignUps(Protocol):
    def reassign(self, move: Move) -> None:
        """Gives what one subscriber asked for to another. Call within a change."""


class Rows(Part, Protocol):
    def get_delivery(self, subscriber_id: str, digest_on: date) -> Delivery | None: ...

    def get_deliveries(self, *, subscriber_id: str, states: Sequence[DeliveryState]) -> list[Delivery]: ...


class Moves(Protocol):
    def get(self, subscriber_id: str) -> Move | None: ...

    def get_unfinished(self) -> list[Move]: ...

    def put(self, move: Move) -> None: ...

    def drop(self, subscriber_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class AddressChange:
    """Moves what the parts of a store keep, within `change`; `is_run_at_work` tells whether any run is."""

    change: Callable[[], AbstractContextManager[object]]
    is_run_at_work: Callable[[], bool]
    require_readable: Callable[[str], None]
    parts: Sequence[Part]
    digests: Digests
    signups: SignUps
    rows: Rows
    moves: Moves

    def move_subscriber(self, move: Move) -> None:
        with self.change():
            if not self._is_begun(move):
                self._require_at_rest(move)
                self.moves.drop(move.to)  # who moves back is themselves again
                self.moves.put(move)
            self._finish(move)

    def finish_begun(self) -> None:
        """Finishes what was cut off, before a run begins."""
        for move in self.moves.get_unfinished():
            with ignored(ReaderUnreadable), self.change():  # they are held back, see require_readable
                self._finish(move)

    def _is_begun(self, move: Move) -> bool:
        note = self.moves.get(move.subscriber_id)
        return note is not None and not note.is_done and note.to == move.to

    def _require_at_rest(self, move: Move) -> None:
        if self.is_run_at_work():
            raise StoreConflict("a run is at work; wait until it has ended, and try again")
        for who in (move.subscriber_id, move.to):
            self.require_readable(who)
            if doubtful := self.rows.get_deliveries(subscriber_id=who, states=ledger.OPEN_STATES):
                raise StoreConflict(
                    f"whether {doubtful[0].delivery_id} was sent is not known; "
                    "settle it with 'newsletter deliveries resolve', then try again"
                )

    def _finish(self, move: Move) -> None:
        """The ledger goes last: it tells which of two digests stands, and without it nothing is mailed twice."""
        old, to = move.subscriber_id, move.to
        self.digests.reassign(old, to, self.rows.get_delivery)
        for part in self.parts:
            part.reassign(old, to)
        self.signups.reassign(move)
        self.rows.reassign(old, to)
        self.moves.put(replace(move, email="", is_done=True))
