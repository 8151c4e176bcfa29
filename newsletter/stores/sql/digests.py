"""Keeps digests for the archive: the table `digests`, in which each reader has what is their own.

What equal readers have alike is digest_contents.py's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, select

from newsletter.model import Delivery, Digest
from newsletter.stores.sql import search, tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.digest_contents import DigestContents, with_content, without_content
from newsletter.stores.sql.search import Search
from newsletter.stores.sql.table import SqlTable
from newsletter.subscribers import address_change

_NAMES_CONTENT = '{"content_key":"'  # begins the JSON of a digest
_KEY_LENGTH = 32


class DigestTable(SqlTable[Digest]):
    """The rows of digests, of which each names its content. Whoever adds a row puts that there first."""

    def __init__(self, database: Database, contents: DigestContents) -> None:
        super().__init__(
            database, tables.digests, Digest, columns_of, more_columns_of=self._more_columns, is_of_reader=True
        )
        self._contents = contents

    def dump(self, value: Digest) -> str:
        own = super().dump(without_content(value))
        return f'{_NAMES_CONTENT}{self._contents.key_of(value)}",{own.removeprefix("{")}'

    def put(self, *values: Digest) -> None:
        with self.database.change():
            self._contents.put(values)
            super().put(*values)

    def _more_columns(self, value: Digest) -> dict[str, Any]:
        return {**search.columns_of(value), "content_key": self._contents.key_of(value)}

    def _rows(
        self, conditions: Sequence[ColumnElement[bool]], order: Sequence[ColumnElement[Any]], limit: int | None
    ) -> Sequence[Any]:
        rows = super()._rows(conditions, order, limit)
        self._contents.read_ahead([key for row in rows if (key := _content_key_in(row.value))])
        return rows

    def _read(self, key: Sequence[Any], text: str, key_of: Callable[[Digest], Sequence[Any]]) -> Digest:
        digest = super()._read(key, text, key_of)
        if not (content_key := _content_key_in(text)):
            return digest  # of before contents were kept
        try:
            return with_content(digest, self._contents.get(content_key))
        except ValueError as error:
            raise self._unreadable(key, str(error)) from error


class Digests:
    """Keeps what each mail said."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.search = Search(database)
        self.contents = DigestContents(database)
        self.rows = DigestTable(database, self.contents)
        self._columns = tables.digests.c

    def put_digest(self, digest: Digest) -> None:
        who, on = digest.subscriber.subscriber_id, digest.digest_on
        self.search.add([digest])
        with self._database.change():
            self.get_digest(who, on)  # what cannot be read stays
            before = self._content_keys(self._columns.subscriber_id == who, self._columns.digest_on == on)
            self.rows.put(digest)
            self.contents.drop_unused(before)

    def get_digest(self, subscriber_id: str, digest_on: date) -> Digest | None:
        return self.rows.get(subscriber_id, digest_on)

    def get_digests(self, subscriber_id: str, dates: Sequence[date]) -> list[Digest]:
        columns = self._columns
        wanted = (columns.subscriber_id == subscriber_id, columns.digest_on.in_(dates))
        return self.rows.find_readable(*wanted, order=(columns.digest_on,))

    def get_digest_days(self, subscriber_id: str) -> list[date]:
        days = select(self._columns.digest_on).where(self._columns.subscriber_id == subscriber_id)
        with self._database.statement() as connection:
            return sorted(connection.execute(days).scalars())

    def reassign(self, old: str, to: str, get_row: Callable[[str, date], Delivery | None]) -> None:
        """Gives one subscriber's digests to another; of two of a date the rows decide. Call within a change."""
        for on in self.get_digest_days(old):
            old_row, new_row = get_row(old, on), get_row(to, on)
            digest = self.get_digest(old, on)
            stands = self.get_digest(to, on) is None or (
                old_row is not None and address_change.is_old_row_kept(old_row, new_row)
            )
            if digest is not None and stands:
                self.put_digest(address_change.reassign_digest(digest, to))
        self.drop(old)

    def drop(self, subscriber_id: str) -> None:
        are_theirs = self._columns.subscriber_id == subscriber_id
        with self._database.change():
            before = self._content_keys(are_theirs)
            self.rows.drop(are_theirs)
            self.contents.drop_unused(before)

    def _content_keys(self, *conditions: ColumnElement[bool]) -> list[str]:
        keys = select(self._columns.content_key).where(*conditions, self._columns.content_key.is_not(None)).distinct()
        with self._database.statement() as connection:
            return list(connection.execute(keys).scalars())


def columns_of(digest: Digest) -> dict[str, Any]:
    return {"subscriber_id": digest.subscriber.subscriber_id, "digest_on": digest.digest_on}


def _content_key_in(text: str) -> str:
    """Reads which content the JSON of a digest names, without reading all of it; empty if none."""
    start = len(_NAMES_CONTENT)
    return text[start : start + _KEY_LENGTH] if text.startswith(_NAMES_CONTENT) else ""
