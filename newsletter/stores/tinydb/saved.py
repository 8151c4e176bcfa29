"""Keeps the papers that readers saved: saved/s_8k2mpq4x.json each."""

from __future__ import annotations

from newsletter.model import SavedPaper
from newsletter.stores.tinydb.folder import StateFolder
from newsletter.stores.tinydb.subscriber_files import SubscriberFiles, errors_of, require_owned
from newsletter.stores.tinydb.table import JsonTable
from newsletter.subscribers import address_change


class SavedPapers(SubscriberFiles[SavedPaper]):
    """Keeps each subscriber's list of papers."""

    def __init__(self, folder: StateFolder) -> None:
        super().__init__(JsonTable(folder, "saved", SavedPaper, lambda saved: saved.paper.arxiv_id))

    def save_paper(self, saved: SavedPaper, *, most: int) -> bool:
        path = self._file(saved.subscriber_id)
        with self._table.change(path):
            stored = self.get_saved(saved.subscriber_id)
            if any(each.paper.arxiv_id == saved.paper.arxiv_id for each in stored):
                return True
            if len(stored) >= most:
                return False
            self._table.put(path, saved)
        return True

    def drop_saved(self, subscriber_id: str, arxiv_id: str) -> None:
        path = self._file(subscriber_id)
        with self._table.change(path):
            self.get_saved(subscriber_id)  # what cannot be read is not written over
            self._table.drop(path, arxiv_id)

    def get_saved(self, subscriber_id: str) -> list[SavedPaper]:
        path = self._file(subscriber_id)
        with errors_of(subscriber_id, path):
            found = require_owned(subscriber_id, path, self._table.get_all(path))
        return sorted(found, key=lambda saved: (saved.at, saved.paper.arxiv_id))

    def reassign(self, old: str, to: str) -> None:
        """Gives one subscriber's papers to another. Call under the folder's lock."""
        if own := self.get_saved(old):
            self._table.write(self._file(to), address_change.merge_saved(own, self.get_saved(to), to))
            self.drop(old)
