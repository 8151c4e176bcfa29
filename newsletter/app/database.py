"""Builds what works with the database of the memory: its connections, and the release of its tables."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from newsletter.errors import ConfigError
from newsletter.settings import Settings

if TYPE_CHECKING:
    from newsletter.stores.sql.database import Database
    from newsletter.stores.sql.paces import Paces
    from newsletter.stores.sql.schema import Release


def open_database(settings: Settings) -> Database:
    """Opens the database of the settings, in each process once. Raises ConfigError if none is set, or it is not known.

    Connects to nothing yet.
    """
    if settings.database_url is None:
        raise ConfigError("the memory is in a folder; set DATABASE_URL to have it in a database")
    try:
        return _open_database(settings.database_url.get_secret_value(), os.getpid())
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"DATABASE_URL is set, and {error.name} is not installed; pip install 'paper-newsletter[sql]', or unset it"
        ) from error


@cache
def _open_database(url: str, _process: int) -> Database:
    """A child process has connections of its own."""
    from newsletter.stores.sql.database import Database, parse_url

    return Database(parse_url(url))


def driver_url(settings: Settings) -> str:
    """Gives the address of the database with its password, as PostgreSQL's own library takes it; keep it from logs.

    Raises ConfigError if none is set.
    """
    open_database(settings)
    from newsletter.stores.sql.database import parse_url

    url = parse_url(settings.database_url.get_secret_value() if settings.database_url else "")
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def require_database(settings: Settings) -> None:
    """Asks the database once whether it has the tables of this version. Raises StoreError if not, or if it is away."""
    from newsletter.stores.sql import schema

    schema.require_current(open_database(settings))


def build_paces(settings: Settings) -> Paces | None:
    """Builds what all processes reserve their turns by; None where the memory is no database."""
    if settings.database_url is None:
        return None
    database = open_database(settings)
    from newsletter.stores.sql.paces import Paces

    return Paces(database)


def build_request_counts(settings: Settings) -> Callable[[str, int, int, datetime], int] | None:
    """Builds what counts requests for all processes of the web part; None without PostgreSQL.

    In SQLite each request would wait for the disk, and for whoever writes; the web part is one process there.
    """
    database = open_database(settings) if settings.database_url is not None else None
    if database is None or not database.is_postgresql:
        return None
    from newsletter.stores.sql.request_counts import RequestCounts

    return RequestCounts(database).take


def release_database(settings: Settings) -> Release:
    """Brings the tables of the database up to date. May be repeated. Raises ConfigError and StoreError."""
    database = open_database(settings)
    from newsletter.stores.sql import schema

    return schema.upgrade(database)
