"""Keeps what has happened once and for all: the table `marks`."""

from __future__ import annotations

from typing import Any

from newsletter.stores.contents import Mark
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.table import SqlTable


class Marks:
    """Keeps marks by name."""

    def __init__(self, database: Database) -> None:
        self.rows = SqlTable(database, tables.marks, Mark, columns_of)

    def put(self, name: str) -> bool:
        """Says whether it is new."""
        return self.rows.add(Mark(name))

    def has(self, name: str) -> bool:
        return self.rows.get(name) is not None


def columns_of(mark: Mark) -> dict[str, Any]:
    return {"name": mark.name}
