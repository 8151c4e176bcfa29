"""Reads which revision of the tables a database has, and brings it to the present one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import inspect, select, text

from newsletter.errors import StoreError
from newsletter.files import atomic
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.tables import HEAD

VERSION_TABLE = "newsletter_version"
UNFINISHED = "unfinished: "  # begins the mark of what is being carried into the database
_MIGRATIONS = "newsletter:stores/sql/migrations"


@dataclass(frozen=True, slots=True)
class Release:
    """What `upgrade` did. `before` is empty for a database that was new."""

    before: str
    after: str
    database: str


def revision_of(database: Database) -> str:
    """Gives the revision of the database's tables; empty if it has none, or is a file that is not there."""
    if database.path is not None and not database.path.exists():
        return ""  # to open it would make it
    with database.statement() as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            return ""
        return str(connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one_or_none() or "")  # noqa: S608


def require_current(database: Database) -> None:
    """Raises StoreError with the remedy unless the database has the tables of this program, and all that is in them."""
    require_tables(database)
    if (origin := unfinished_origin(database)) is not None:
        raise StoreError(unfinished_text(database, origin))


def unfinished_origin(database: Database) -> str | None:
    """Says what is being carried into the database, where that was begun and not finished."""
    names = select(tables.marks.c.name).where(tables.marks.c.name.startswith(UNFINISHED, autoescape=True))
    with database.statement() as connection:
        name = connection.execute(names).scalar()
    return None if name is None else str(name).removeprefix(UNFINISHED)


def unfinished_text(database: Database, origin: str) -> str:
    return f"the database {database.name} holds a part of a memory; run 'newsletter {origin}' again, which completes it"


def require_tables(database: Database) -> None:
    """Raises StoreError with the remedy unless the database has the tables of this program."""
    found = revision_of(database)
    if found == HEAD:
        return
    if not found:
        raise StoreError(f"the database {database.name} has no tables of the newsletter; run 'newsletter release' once")
    if found < HEAD:
        raise StoreError(
            f"the tables of the database {database.name} are of an older version ({found}, this one needs {HEAD}); "
            "run 'newsletter release'"
        )
    raise StoreError(
        f"the tables of the database {database.name} are of a later version ({found}, this one reads {HEAD}); install "
        "the version of the newsletter that made them"
    )


def upgrade(database: Database, to: str = "head") -> Release:
    """Brings the tables up to date, or `to` a revision, for tests of what follows it.

    May be repeated, and called by several processes at once: one does it.
    """
    from alembic import command  # noqa: PLC0415  # it is loaded for this alone
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    config.set_main_option("path_separator", "os")
    if database.path is not None:
        _make_file(database.path)
    with database.locked("release") as connection:
        before = revision_of(database)
        if before > HEAD:
            require_tables(database)
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        after = revision_of(database)
    return Release(before, after, database.name)


def _make_file(path: Path) -> None:
    """A file of SQLite that its owner alone may read, as its log beside it then is: it holds addresses."""
    try:
        atomic.make_folder(path.parent)
        path.touch(mode=0o600)
    except OSError as error:
        raise StoreError(
            f"the database {path} cannot be made ({error.strerror}); set DATABASE_URL to a file in a folder of yours"
        ) from error
