"""Keeps notes of changed addresses: the table `moves` says which id is theirs now. ../address_change.py moves."""

from __future__ import annotations

from typing import Any

from newsletter.model import Move
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.table import SqlTable
from newsletter.subscribers import address_change


class MoveNotes:
    """Keeps a note of each move."""

    def __init__(self, database: Database) -> None:
        self.rows = SqlTable(database, tables.moves, Move, columns_of, is_of_reader=True)
        self._columns = tables.moves.c

    def get_moves(self) -> list[Move]:
        return self.rows.find_readable(order=(self._columns.at, self._columns.subscriber_id))

    def heir_of(self, subscriber_id: str) -> str:
        return address_change.find_heir(subscriber_id, self.get)

    def get(self, subscriber_id: str) -> Move | None:
        return self.rows.get(subscriber_id)

    def put(self, move: Move) -> None:
        self.rows.put(move)

    def drop(self, subscriber_id: str) -> None:
        self.rows.drop(self._columns.subscriber_id == subscriber_id)

    def get_unfinished(self) -> list[Move]:
        """Gives the moves that were begun and not finished.

        Here a move is one change; such a one came with what was moved over from another store.
        """
        return self.rows.find_readable(~self._columns.is_done, order=(self._columns.at, self._columns.subscriber_id))


def columns_of(move: Move) -> dict[str, Any]:
    return {"subscriber_id": move.subscriber_id, "at": move.at, "is_done": move.is_done}
