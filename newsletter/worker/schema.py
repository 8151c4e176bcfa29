"""The queue's own tables: made, and brought up to date with the Procrastinate that is installed.

Procrastinate ships its tables as one file and each later change as a migration; which one came last is noted in the
table `newsletter_queue_version`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.errors import ConfigError, StoreError
from newsletter.settings import Settings
from newsletter.worker.database import QueueDatabase, find_database

if TYPE_CHECKING:
    from sqlalchemy import Connection


_NOTE = "newsletter_queue_version"


@dataclass(frozen=True, slots=True)
class QueueRelease:
    """What `release_queue` did: the last migration before and after it. `before` is empty for a database without."""

    before: str
    after: str


def release_queue(settings: Settings) -> QueueRelease | None:
    """Brings the queue's tables up to date; None where the memory is no PostgreSQL, which has no queue.

    May be repeated, and called by several processes at once: one does it. Raises StoreError.
    """
    database = find_database(settings)
    if database is None:
        return None
    with database.change() as connection:
        database.lock("release")
        before = _last_migration(connection)
        known = _migrations()
        after = max(known)
        if not before:
            _execute(connection, _whole_schema())
        for name in sorted(known) if before else ():
            if name > before:
                _execute(connection, known[name].read_text(encoding="utf-8"))
        if before < after:
            _execute(
                connection,
                f"CREATE TABLE IF NOT EXISTS {_NOTE} (migration text NOT NULL); DELETE FROM {_NOTE}; "  # noqa: S608
                f"INSERT INTO {_NOTE} VALUES ('{after}')",
            )
    return QueueRelease(before, max(before, after))


def require_queue(settings: Settings) -> QueueDatabase:
    """Gives the database that has the queue. Raises ConfigError where none can be, StoreError if its tables are not."""
    database = find_database(settings)
    if database is None:
        raise ConfigError(
            "workers share a queue, which needs PostgreSQL; set DATABASE_URL to postgresql://user:password@host/name, "
            "or let 'newsletter clock' do the work alone"
        )
    if not has_queue(database):
        raise StoreError(f"the database {database.name} has no queue; run 'newsletter release' once")
    return database


def has_queue(database: QueueDatabase) -> bool:
    with database.statement() as connection:
        return bool(_last_migration(connection))


def _last_migration(connection: Connection) -> str:
    found = connection.exec_driver_sql(f"SELECT to_regclass('{_NOTE}')").scalar_one()
    if found is None:
        return ""
    return str(connection.exec_driver_sql(f"SELECT max(migration) FROM {_NOTE}").scalar_one() or "")  # noqa: S608


def _execute(connection: Connection, script: str) -> None:
    """Executes several statements as they are: a percent sign in them is no parameter."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise AssertionError("a connection in use has one of the driver")
    driver.execute(script)


def _whole_schema() -> str:
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 - loaded for this alone

    return SchemaManager.get_schema()


def _migrations() -> dict[str, Path]:
    from procrastinate.schema import SchemaManager  # noqa: PLC0415

    return {path.name: path for path in Path(SchemaManager.get_migrations_path()).glob("*.sql")}
