"""Tells which runs are alive: by an advisory lock of a session in PostgreSQL, by a lock file beside SQLite.

Both are gone in the moment in which the process ends, however it ends. A session in PostgreSQL must be the program's
own: a pooler that shares sessions between clients (PgBouncer in transaction mode) would share the locks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from sqlalchemy import ColumnElement, Connection, literal_column, text, true
from sqlalchemy.exc import DBAPIError

from newsletter.files import atomic
from newsletter.stores.locks import FolderLock, RunLocks
from newsletter.stores.sql.database import Database, hash_of


class LivingRuns(Protocol):
    """The runs at work, in whatever process."""

    def take(self, run_id: str) -> bool:
        """Says whether the run is this store's now; False if somebody else has it."""

    def give_back(self, run_id: str) -> None:
        """Ends a run of this store; nothing happens for any other."""

    def close(self) -> None:
        """Ends all runs of this store."""

    def latest(self) -> str:
        """Names this store's own run, the latest of several; empty if it has none."""

    def is_taken(self, run_id: str) -> bool:
        """Says whether the process that took it is alive."""

    def any_taken(self) -> bool: ...

    def may_be_alive(self, run_id: str) -> bool:
        """False where the process that took it is surely not alive; asks no database."""

    def is_alive(self, run_id: str) -> ColumnElement[bool]:
        """Gives the rest of that question as a condition of a statement, to be asked with it."""


def open_living_runs(database: Database) -> LivingRuns:
    return FileLocks(database.path) if database.path is not None else AdvisoryLocks(database)


class FileLocks:
    """Lock files in a folder beside the database: `state.db.locks`."""

    def __init__(self, database: Path) -> None:
        folder = database.with_name(f"{database.name}.locks")
        atomic.make_folder(folder)
        self._folder_lock = FolderLock(folder / "folder.lock")
        self._locks = RunLocks(folder)
        with self._folder_lock.held():
            self._locks.remove_stale()

    def take(self, run_id: str) -> bool:
        with self._folder_lock.held():
            return self._locks.take(run_id)

    def give_back(self, run_id: str) -> None:
        with self._folder_lock.held():
            self._locks.give_back(run_id)

    def close(self) -> None:
        while run_id := self.latest():
            self.give_back(run_id)

    def latest(self) -> str:
        return self._locks.latest()

    def is_taken(self, run_id: str) -> bool:
        with self._folder_lock.held():
            return self._locks.is_taken(run_id)

    def any_taken(self) -> bool:
        with self._folder_lock.held():
            return self._locks.any_taken()

    def may_be_alive(self, run_id: str) -> bool:
        return self.is_taken(run_id)

    def is_alive(self, run_id: str) -> ColumnElement[bool]:
        return true()


# The two halves of a lock's number: one for all runs of this newsletter, one for each of them. The database and its
# schema keep several newsletters on one server apart.
_HELD = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = {kind} "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_KEEP_ALIVE = (  # a machine that lost its power does not say so: its session ends after a minute
    "SELECT set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false), "
    "set_config('tcp_keepalives_count', '3', false)"
)


class AdvisoryLocks:
    """A session for each run of this store, which holds the run's lock."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.statement() as connection:
            schema = connection.execute(text("SELECT current_schema()")).scalar_one()
        self._kind = _half("runs", schema)
        self._held = _HELD.format(kind=self._kind)
        self._mine: dict[str, Connection] = {}

    def take(self, run_id: str) -> bool:
        if run_id in self._mine:
            if self._is_held(run_id):
                return True
            self.give_back(run_id)
        session = self._database.open_session()
        session.detach()  # from the pool: whoever got it from there next would have the lock
        session.execute(text(_KEEP_ALIVE))
        numbers = {"kind": _signed(self._kind), "run": _signed(_half(run_id))}
        if not session.execute(text("SELECT pg_try_advisory_lock(:kind, :run)"), numbers).scalar_one():
            session.close()
            return False
        self._mine[run_id] = session
        return True

    def give_back(self, run_id: str) -> None:
        session = self._mine.pop(run_id, None)
        if session is None:
            return
        numbers = {"kind": _signed(self._kind), "run": _signed(_half(run_id))}
        try:
            session.execute(text("SELECT pg_advisory_unlock(:kind, :run)"), numbers)
        except DBAPIError:  # it was lost, and the lock with it
            session.invalidate()
        session.close()

    def close(self) -> None:
        for run_id in list(self._mine):
            self.give_back(run_id)

    def latest(self) -> str:
        return next(reversed(self._mine), "")

    def is_taken(self, run_id: str) -> bool:
        """A run of this store whose session was lost takes its lock again: what others claimed meanwhile is theirs."""
        return self._is_held(run_id) or (run_id in self._mine and self.take(run_id))

    def _is_held(self, run_id: str) -> bool:
        with self._database.statement() as connection:
            return bool(connection.execute(text(f"{self._held} AND objid = {_half(run_id)}")).scalar_one())

    def any_taken(self) -> bool:
        with self._database.statement() as connection:
            return bool(connection.execute(text(self._held)).scalar_one())

    def may_be_alive(self, run_id: str) -> bool:
        return True

    def is_alive(self, run_id: str) -> ColumnElement[bool]:
        return literal_column(f"({self._held} AND objid = {_half(run_id)}) > 0")


def _half(*names: object) -> int:
    """32 bits for these names, as the view pg_locks shows them."""
    return int(hash_of(*names)[:8], 16)


def _signed(half: int) -> int:
    """The same 32 bits as the functions of locks take them."""
    return half - (1 << 32) if half >= 1 << 31 else half
