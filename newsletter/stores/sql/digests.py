"""Keeps digests for the archive: the table `digests`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from newsletter.model import Delivery, Digest
from newsletter.stores.sql import search, tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.search import Search
from newsletter.stores.sql.table import SqlTable
from newsletter.subscribers import address_change


class Digests:
    """Keeps what each mail said."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.search = Search(database)
        self.rows = SqlTable(
            database, tables.digests, Digest, columns_of, more_columns_of=search.columns_of, is_of_reader=True
        )
        self._columns = tables.digests.c

    def put_digest(self, digest: Digest) -> None:
        self.search.add([digest])
        if not self.rows.add(digest):
            self.get_digest(digest.subscriber.subscriber_id, digest.digest_on)  # what cannot be read stays
            self.rows.put(digest)

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
                self.rows.put(address_change.reassign_digest(digest, to))
        self.drop(old)

    def drop(self, subscriber_id: str) -> None:
        self.rows.drop(self._columns.subscriber_id == subscriber_id)


def columns_of(digest: Digest) -> dict[str, Any]:
    return {"subscriber_id": digest.subscriber.subscriber_id, "digest_on": digest.digest_on}
