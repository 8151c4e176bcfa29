"""Notes of changed addresses: moved/s_8k2mpq4x.json says which id is theirs now. address_change.py does the moving."""

from __future__ import annotations

from newsletter.model import Move
from newsletter.stores.tinydb.folder import StateFolder
from newsletter.stores.tinydb.subscriber_files import SubscriberFiles, errors_of, find_readable
from newsletter.stores.tinydb.table import JsonTable


class MoveNotes(SubscriberFiles[Move]):
    """Keeps a note of each move, from its beginning on."""

    def __init__(self, folder: StateFolder) -> None:
        super().__init__(JsonTable(folder, "moves", Move, lambda move: move.subscriber_id, place="moved"))

    def get_moves(self) -> list[Move]:
        return sorted(find_readable(self.ids(), self.get), key=lambda move: (move.at, move.subscriber_id))

    def heir_of(self, subscriber_id: str) -> str:
        seen = set[str]()
        while subscriber_id not in seen:
            seen.add(subscriber_id)
            if (move := self.get(subscriber_id)) is not None:
                subscriber_id = move.to
        return subscriber_id

    def get(self, subscriber_id: str) -> Move | None:
        path = self._file(subscriber_id)
        with errors_of(subscriber_id, path):
            return self._table.get_only(path, subscriber_id)

    def put(self, move: Move) -> None:
        """Call under the folder's lock."""
        self._table.put(self._file(move.subscriber_id), move)

    def find_unfinished(self) -> dict[str, str]:
        """Names those who are to be moved, or to whom somebody is, with what ends it; by subscriber id."""
        found: dict[str, str] = {}
        for move in self.get_moves():
            again = f"newsletter subscribers move {move.subscriber_id} {move.email or move.to}"
            for who in () if move.is_done else (move.subscriber_id, move.to):
                found.setdefault(who, f"their move to another address is not finished; run '{again}'")
        return found
