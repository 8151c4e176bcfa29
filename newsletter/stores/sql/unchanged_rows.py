"""Reads large values of PostgreSQL only if their rows have changed since this process read them last.

A worker needs the same announcement days for each slice of readers. The system columns of a row tell its version: each
write gives it another `xmin` (the transaction) and `ctid` (the place). Source:
https://www.postgresql.org/docs/current/ddl-system-columns.html. SQLite has no such columns, and there one process does
the whole morning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, String, cast, literal_column, select

from newsletter.stores.sql.table import SqlTable

_VERSION = (cast(literal_column("xmin"), String) + cast(literal_column("ctid"), String)).label("version")

T = TypeVar("T")


class UnchangedRows(Generic[T]):
    """The values of a table with one column as its key. May be used by several threads."""

    def __init__(self, rows: SqlTable[T], key: ColumnElement[Any], most_kept: int) -> None:
        self._rows = rows
        self._key = key
        self._most_kept = most_kept
        self._read_before = rows.database.read_before

    def get(self, key: object) -> T | None:
        found = self.find(self._key == key)
        return found[0] if found else None

    def find(
        self, *conditions: ColumnElement[bool], order: Sequence[ColumnElement[Any]] = (), limit: int | None = None
    ) -> list[T]:
        """Does as `SqlTable.find`, and raises as it does."""
        if not self._rows.database.is_postgresql:
            return self._rows.find(*conditions, order=order, limit=limit)
        wanted = select(self._key, _VERSION).where(*conditions).order_by(*order).limit(limit)
        with self._rows.database.statement() as connection:
            versions = connection.execute(wanted).all()
        values = [self._known(key, version) or self._read(key, version) for key, version in versions]
        return [value for value in values if value is not None]

    def _known(self, key: object, version: str) -> T | None:
        kept_version, value = self._read_before.get((self._rows.name, key), ("", None))
        return value if kept_version == version else None

    def _read(self, key: object, version: str) -> T | None:
        """A row that has changed since its version was asked for is read once more next time."""
        value = self._rows.get(key)
        if value is not None:
            self._read_before.pop((self._rows.name, key), None)
            self._read_before[self._rows.name, key] = (version, value)
            theirs = [kept for kept in list(self._read_before) if kept[0] == self._rows.name]
            for oldest in theirs[: -self._most_kept]:
                self._read_before.pop(oldest, None)
        return value
