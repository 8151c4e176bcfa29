"""Keeps notes of changed addresses: moved/s_8k2mpq4x.json says which id is theirs now. ../address_change.py moves."""

from __future__ import annotations

from newsletter.model import Move
from newsletter.stores.tinydb.folder import StateFolder
from newsletter.stores.tinydb.subscriber_files import SubscriberFiles, errors_of, find_readable
from newsletter.stores.tinydb.table import JsonTable
from newsletter.subscribers import address_change


class MoveNotes(SubscriberFiles[Move]):
    """Keeps a note of each move, from its beginning on."""

    def __init__(self, folder: StateFolder) -> None:
        super().__init__(JsonTable(folder, "moves", Move, lambda move: move.subscriber_id, place="moved"))

    def get_moves(self) -> list[Move]:
        return sorted(find_readable(self.ids(), self.get), key=lambda move: (move.at, move.subscriber_id))

    def heir_of(self, subscriber_id: str) -> str:
        return address_change.find_heir(subscriber_id, self.get)

    def get(self, subscriber_id: str) -> Move | None:
        path = self._file(subscriber_id)
        with errors_of(subscriber_id, path):
            return self._table.get_only(path, subscriber_id)

    def put(self, move: Move) -> None:
        """Call under the folder's lock."""
        self._table.put(self._file(move.subscriber_id), move)

    def get_unfinished(self) -> list[Move]:
        """Gives the moves that were begun and not finished."""
        return [move for move in self.get_moves() if not move.is_done]
