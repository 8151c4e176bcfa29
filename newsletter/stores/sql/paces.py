"""Keeps the pace at which all processes together may ask somebody else: each reserves its turn, and waits for it.

Kept as texts in the table `documents`, by the clock of the database, since those of several machines differ.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from newsletter.errors import TurnsHeld
from newsletter.stores.paces import MOST_HELD_S, MOST_WAITED_S
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.documents import Documents

_NOW_S = {
    True: "SELECT extract(epoch FROM clock_timestamp())",  # not now(), the time at which the change began
    False: "SELECT (julianday('now') - 2440587.5) * 86400",
}


class Paces:
    """The Paces (see stores/paces.py) of whoever has the same database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._documents = Documents(database)

    def reserve(self, name: str, amount_s: float, *, burst_s: float = 0.0) -> float:
        reserve = self._database.repeated(self._reserve, even_if_unknown=True)
        return max(0.0, reserve(name, amount_s) - burst_s)

    def hold(self, name: str, seconds: float) -> None:
        hold = self._database.repeated(self._hold, even_if_unknown=True)
        hold(f"hold of {name}", min(seconds, MOST_HELD_S))

    def held_s(self, name: str) -> float:
        until = self._documents.get_document(f"hold of {name}")
        if until is None:  # as where nobody was ever told so
            return 0.0
        with self._database.statement() as connection:
            return max(0.0, float(until) - self._now_s(connection))

    def _reserve(self, name: str, amount_s: float) -> float:
        with self._database.locked(f"pace of {name}") as connection:
            now_s = self._now_s(connection)
            held_s = self._left(f"hold of {name}", now_s)
            if held_s > MOST_WAITED_S:
                raise TurnsHeld(name, held_s)
            backlog_s = max(held_s, self._left(f"pace of {name}", now_s))
            self._documents.put_document(f"pace of {name}", repr(now_s + backlog_s + amount_s))
        return backlog_s

    def _hold(self, document: str, seconds: float) -> None:
        with self._database.locked(document) as connection:
            now_s = self._now_s(connection)
            self._documents.put_document(document, repr(now_s + max(seconds, self._left(document, now_s))))

    def _now_s(self, connection: Connection) -> float:
        return float(connection.execute(text(_NOW_S[self._database.is_postgresql])).scalar_one())

    def _left(self, document: str, now_s: float) -> float:
        """Gives the seconds until the moment that a document names; 0 if it is over."""
        return max(0.0, float(self._documents.get_document(document) or 0.0) - now_s)
