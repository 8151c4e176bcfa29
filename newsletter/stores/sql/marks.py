"""What has happened once and for all: the table `marks`."""

from __future__ import annotations

from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.table import SqlTable


class Marks:
    """Keeps marks by name."""

    def __init__(self, database: Database) -> None:
        self.rows = SqlTable(database, tables.marks, str, lambda name: {"name": name})

    def put(self, name: str) -> bool:
        """Says whether it is new."""
        return self.rows.add(name)

    def has(self, name: str) -> bool:
        return self.rows.get(name) is not None
