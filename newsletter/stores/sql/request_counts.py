"""Counts how often somebody asked, for all processes of the web part together: the table `request_counts`.

The window is that of web/request_limits.py: the count of the present period, and of the one before what has not faded.
Each request is one statement, which counts it or does not, so that of any number of racing ones no more are let in.
"""

from __future__ import annotations

import math
from datetime import datetime
from threading import Lock

from sqlalchemy import delete, text

from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database, hash_of

_SWEEP_S = 600
# A clock that runs ahead of the others' counts into its later period; they go on there
_COUNTED = "CASE WHEN request_counts.period >= :period THEN request_counts.counted ELSE 0 END"
_EARLIER = (
    "CASE WHEN request_counts.period >= :period THEN request_counts.earlier "
    "WHEN request_counts.period = :period - 1 THEN request_counts.counted ELSE 0 END"
)
_TAKE = text(
    "INSERT INTO request_counts (key_hash, period, counted, earlier, ends_at_s) "  # noqa: S608
    "VALUES (:key, :period, 1, 0, :ends_at_s) ON CONFLICT (key_hash) DO UPDATE SET "
    f"counted = {_COUNTED} + 1, earlier = {_EARLIER}, "
    "period = CASE WHEN request_counts.period >= :period THEN request_counts.period ELSE :period END, "
    "ends_at_s = CASE WHEN request_counts.period >= :period THEN request_counts.ends_at_s ELSE :ends_at_s END "
    f"WHERE {_COUNTED} + ({_EARLIER}) * CAST(:left AS double precision) < :most RETURNING counted"
)


class RequestCounts:
    """May be used by several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._swept_at_s = 0.0
        self._lock = Lock()

    def take(self, key: str, most: int, window_s: int, now: datetime) -> int:
        """Counts one request of that key, and gives 0 if it may go on, or the seconds until one may.

        Allows about `most`, which is at least 1, in any window. Raises StoreError, at once, where the database is
        away. Drops now and then what no window needs any more.
        """
        at_s = now.timestamp()
        period, passed = int(at_s // window_s), at_s % window_s / window_s
        given = {"key": hash_of(key), "period": period, "ends_at_s": (period + 2) * window_s}
        with self._database.statement() as connection:
            counted = connection.execute(_TAKE, {**given, "left": 1 - passed, "most": most}).first()
        self._sweep(at_s)
        return math.ceil(window_s * (1 - passed)) if counted is None else 0

    def _sweep(self, at_s: float) -> None:
        with self._lock:
            if at_s - self._swept_at_s < _SWEEP_S:
                return
            self._swept_at_s = at_s
        with self._database.statement() as connection:
            connection.execute(delete(tables.request_counts).where(tables.request_counts.c.ends_at_s < int(at_s)))
