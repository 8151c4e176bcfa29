"""Keeps the papers that readers saved: the table `saved_papers`."""

from __future__ import annotations

from typing import Any

from newsletter.model import SavedPaper
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.table import SqlTable
from newsletter.subscribers import address_change


class SavedPapers:
    """Keeps each subscriber's list of papers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.rows = SqlTable(database, tables.saved_papers, SavedPaper, columns_of, is_of_reader=True)
        self._columns = tables.saved_papers.c

    def save_paper(self, saved: SavedPaper, *, most: int) -> bool:
        with self._database.locked("saved", saved.subscriber_id):
            stored = self.get_saved(saved.subscriber_id)
            if any(each.paper.arxiv_id == saved.paper.arxiv_id for each in stored):
                return True
            if len(stored) >= most:
                return False
            self.rows.put(saved)
        return True

    def drop_saved(self, subscriber_id: str, arxiv_id: str) -> None:
        self.get_saved(subscriber_id)  # what cannot be read is not deleted
        self.rows.drop(self._columns.subscriber_id == subscriber_id, self._columns.arxiv_id == arxiv_id)

    def get_saved(self, subscriber_id: str) -> list[SavedPaper]:
        found = self.rows.find(self._columns.subscriber_id == subscriber_id)
        return sorted(found, key=lambda saved: (saved.at, saved.paper.arxiv_id))

    def reassign(self, old: str, to: str) -> None:
        """Gives one subscriber's papers to another. Call within a change."""
        if own := self.get_saved(old):
            merged = address_change.merge_saved(own, self.get_saved(to), to)
            self.drop(to)
            self.rows.put(*merged)
            self.drop(old)

    def drop(self, subscriber_id: str) -> None:
        self.rows.drop(self._columns.subscriber_id == subscriber_id)


def columns_of(saved: SavedPaper) -> dict[str, Any]:
    return {"subscriber_id": saved.subscriber_id, "arxiv_id": saved.paper.arxiv_id}
