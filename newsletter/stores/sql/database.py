"""The connections to the database: one statement, or one change of several, and what a failure of it becomes.

SQLite lets one process write at a time, so there a change has the whole database. In PostgreSQL a change locks what it
reads before it writes it: by `lock`, or by a condition of the write itself.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import stamina
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from newsletter.errors import ConfigError, StoreError

_BUSY_MS = 30_000  # a change takes milliseconds; who waits this long waits for a stopped process
_CONNECT_S = 10
_RETRY_S = 45.0  # a database that is started anew is back after some seconds
_AUTOCOMMIT = "AUTOCOMMIT"
_READS = "newsletter_reads"
# Without the first the count of an INSERT is not known, and with it not who won a race
_OPTIONS: dict[str, Any] = {"execution_options": {"preserve_rowcount": True}}
_DRIVERS = {
    **dict.fromkeys(("postgres", "postgresql", "postgresql+psycopg"), "postgresql+psycopg"),
    **dict.fromkeys(("sqlite", "sqlite+pysqlite"), "sqlite+pysqlite"),
}

P = ParamSpec("P")
T = TypeVar("T")


class ConnectionLost(StoreError):
    """The database is away. `is_unknown`: the change may be there or not, since its end was under way."""

    def __init__(self, message: str, *, is_unknown: bool) -> None:
        super().__init__(message)
        self.is_unknown = is_unknown


def parse_url(url: str) -> URL:
    """Reads the address of a database; `postgres://` is PostgreSQL, too. Raises ConfigError for any other kind."""
    try:
        parsed = make_url(url.strip())
    except ArgumentError:
        raise ConfigError(
            "DATABASE_URL is no address of a database; it looks like postgresql://user:password@host/name or "
            "sqlite:////var/lib/newsletter/state.db"
        ) from None
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise ConfigError(
            f"DATABASE_URL names a database of the kind {parsed.drivername}, which is not known here; take "
            "postgresql:// or sqlite:///, or unset it to have the memory in a folder"
        )
    if driver.startswith("sqlite") and (parsed.database or ":memory:") == ":memory:":
        raise ConfigError("DATABASE_URL names no file; a database in SQLite is sqlite:////var/lib/newsletter/state.db")
    return parsed.set(drivername=driver)


def describe(url: URL) -> str:
    """Names the database without its user and password."""
    if url.drivername.startswith("sqlite"):
        return str(url.database)
    return f"{url.host or url.query.get('host') or 'this machine'}/{url.database or ''}"


class Database:
    """One database, shared by the parts of a store. May be used by several threads; after a fork, make another."""

    def __init__(self, url: URL) -> None:
        self.name = describe(url)
        self.is_postgresql = url.drivername.startswith("postgresql")
        self._engine = _open_postgresql(url) if self.is_postgresql else _open_sqlite(url)
        unflushed = self._engine if self.is_postgresql else _open_sqlite(url, flushes=False)
        self._single = self._engine.execution_options(isolation_level=_AUTOCOMMIT)
        self._unflushed = unflushed.execution_options(isolation_level=_AUTOCOMMIT)
        self._local = threading.local()
        self.path = None if self.is_postgresql else Path(str(url.database))
        self.read_before: dict[tuple[str, object], tuple[str, Any]] = {}  # see unchanged_rows.py

    def close(self) -> None:
        self._engine.dispose()
        self._unflushed.dispose()

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """One change of any number of statements: all of it or nothing. Within another one it is a part of that.

        Raises ConnectionLost and StoreError.
        """
        if (current := self._current) is not None:
            yield current
            return
        connection = self._connect(self._engine)
        ends = False
        try:
            with self._errors(lambda: ends), connection, connection.begin():
                self._local.connection = connection
                yield connection
                ends = True
        finally:
            self._local.connection = None

    @contextmanager
    def statement(self, *, may_be_lost: bool = False) -> Iterator[Connection]:
        """For statements that each stand alone: nothing is begun or ended around them. Within a change, that one's.

        `may_be_lost`: a power cut may undo what is written, up to the next change or statement that may not; a kill
        never does. SQLite then need not wait for the disk.
        """
        if (current := self._current) is not None:
            yield current
            return
        connection = self._connect(self._unflushed if may_be_lost else self._single)
        with self._errors(lambda: True), connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within it everything is read as of one moment; nothing is to be written."""
        options: dict[str, Any] = {"isolation_level": "REPEATABLE READ"} if self.is_postgresql else {_READS: True}
        connection = self._connect(self._engine.execution_options(**options))
        try:
            with self._errors(lambda: False), connection, connection.begin():
                self._local.connection = connection
                yield
        finally:
            self._local.connection = None

    @contextmanager
    def locked(self, *names: object) -> Iterator[Connection]:
        """A change that has the lock of that name, see `lock`."""
        with self.change() as connection:
            self.lock(*names)
            yield connection

    def lock(self, *names: object) -> None:
        """Waits until nobody else has the lock of that name; it is given back at the end of the change around it."""
        if self._current is None:
            raise AssertionError("a lock is taken within a change")
        if self.is_postgresql:
            key = int.from_bytes(bytes.fromhex(hash_of("newsletter", *names)[:16]), "big", signed=True)
            self._current.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})

    def open_session(self) -> Connection:
        """A connection of single statements that is the caller's to close."""
        return self._connect(self._single)

    def repeated(self, method: Callable[P, T], *, even_if_unknown: bool) -> Callable[P, T]:
        """The same method, called again when the connection was lost.

        That is where surely nothing was written; also where that is not known, if a second time changes nothing.
        """

        def may_help(error: Exception) -> bool:
            return isinstance(error, ConnectionLost) and (even_if_unknown or not error.is_unknown)

        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            if self._current is not None:
                return method(*args, **kwargs)
            for attempt in stamina.retry_context(
                on=may_help, attempts=None, timeout=_RETRY_S, wait_initial=0.1, wait_max=3.0
            ):
                with attempt:
                    return method(*args, **kwargs)
            raise AssertionError("the last attempt returns or raises")

        return call

    @property
    def _current(self) -> Connection | None:
        return getattr(self._local, "connection", None)

    def _connect(self, engine: Engine) -> Connection:
        with self._errors(lambda: False, is_connecting=True):
            try:
                return engine.connect()
            except NoConnection:
                raise StoreError(
                    f"this process has used all its connections to the database {self.name} for 30 s; see what its "
                    "sessions wait for (pg_stat_activity), or start another process"
                ) from None

    @contextmanager
    def _errors(self, ends: Callable[[], bool], *, is_connecting: bool = False) -> Iterator[None]:
        """What the database refuses becomes a StoreError that names it, without what was to be written."""
        try:
            yield
        except DBAPIError as error:
            why = " ".join(str(error.orig).split())[:300]
            if self.is_postgresql and (is_connecting or error.connection_invalidated):
                raise ConnectionLost(
                    f"the database {self.name} cannot be reached ({why}); see that it runs and that DATABASE_URL "
                    "leads to it, then try again",
                    is_unknown=ends(),
                ) from error
            raise StoreError(
                f"the database {self.name} cannot be read or written ({why}); check its log, its disk's free space "
                "and what this user may do there"
            ) from error


def hash_of(*parts: object) -> str:
    """Names these by 32 hexadecimal digits, in every process the same."""
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _open_postgresql(url: URL) -> Engine:
    arguments: dict[str, Any] = {"connect_timeout": _CONNECT_S}
    # No such option for SQLite, where we begin each change ourselves: its driver counts as one of single statements
    options = {**_OPTIONS, "skip_autocommit_rollback": True}
    return create_engine(url, connect_args=arguments, max_overflow=20, pool_use_lifo=True, **options)


def _open_sqlite(url: URL, *, flushes: bool = True) -> Engine:
    """With a log before the writes (WAL): who reads waits for nobody, and a kill leaves the old or the new value.

    Without `flushes` the log is flushed by others that have it, and by itself only before it is cut.
    """
    arguments: dict[str, Any] = {"timeout": _BUSY_MS / 1000}
    engine = create_engine(url, connect_args=arguments, max_overflow=40, **_OPTIONS)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        synchronous = f"synchronous={'FULL' if flushes else 'NORMAL'}"
        for pragma in ("journal_mode=WAL", synchronous, "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get(_READS):
            connection.exec_driver_sql("BEGIN")
        elif options.get("isolation_level") != _AUTOCOMMIT:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # else two that read first could not both write

    return engine
