"""How fast all processes together may ask somebody else: each reserves its turn here, and waits until it comes.

Kept as texts in the table `documents`, by the clock of the database, since those of several machines differ.
"""

from __future__ import annotations

from sqlalchemy import text

from newsletter.stores.sql.database import Database
from newsletter.stores.sql.documents import Documents

_NOW_S = {
    True: "SELECT extract(epoch FROM clock_timestamp())",  # not now(), the time at which the change began
    False: "SELECT (julianday('now') - 2440587.5) * 86400",
}


class Paces:
    """One pace for each name, shared by whoever has the same database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._documents = Documents(database)

    def reserve(self, name: str, amount_s: float, *, burst_s: float = 0.0) -> float:
        """Takes the next `amount_s` seconds of this pace, and says after how many seconds from now they begin.

        `burst_s`: so much of what is reserved already need not be waited for. A process that reserves and dies leaves a
        gap, no more. Raises StoreError.
        """
        reserve = self._database.repeated(self._reserve, even_if_unknown=True)
        return max(0.0, reserve(f"pace of {name}", amount_s) - burst_s)

    def _reserve(self, document: str, amount_s: float) -> float:
        with self._database.change() as connection:
            self._database.lock(document)
            now_s = float(connection.execute(text(_NOW_S[self._database.is_postgresql])).scalar_one())
            backlog_s = max(0.0, float(self._documents.get_document(document) or 0.0) - now_s)
            self._documents.put_document(document, repr(now_s + backlog_s + amount_s))
        return backlog_s
