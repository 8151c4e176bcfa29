"""Keeps who was welcomed, or needs no welcome: the table `welcomes`.

A mark says that the first ones are kept, be they none: from then on newcomers are known from who was there before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from newsletter.model import Welcome
from newsletter.stores.contents import WELCOMES_BEGUN
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.marks import Marks
from newsletter.stores.sql.table import SqlTable


class Welcomes:
    """Keeps what became of each welcome."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._marks = Marks(database)
        self.rows = SqlTable(database, tables.welcomes, Welcome, columns_of)
        self._columns = tables.welcomes.c

    def begin_welcomes(self, welcomes: Sequence[Welcome]) -> bool:
        with self._database.change():
            if not self._marks.put(WELCOMES_BEGUN):
                return False
            if welcomes:
                self.rows.put(*welcomes)
        return True

    def has_begun_welcomes(self) -> bool:
        return self._marks.has(WELCOMES_BEGUN)

    def get_welcomes(self) -> list[Welcome] | None:
        if not self.has_begun_welcomes():
            return None
        return [self.rows.value_of(row) for page in self.rows.pages() for row in page]

    def change_welcome(self, subscriber_id: str, change: Callable[[Welcome | None], Welcome | None]) -> Welcome | None:
        with self._database.locked("welcome", subscriber_id):
            stored = self.rows.get(subscriber_id)
            changed = change(stored)
            self._marks.put(WELCOMES_BEGUN)
            if changed is None:
                self.rows.drop(self._columns.subscriber_id == subscriber_id)
            elif changed != stored:
                self.rows.put(changed)
        return changed


def columns_of(welcome: Welcome) -> dict[str, Any]:
    return {"subscriber_id": welcome.subscriber_id}
