"""The database as the queue needs it: app/ opens it, and the store of the same process works with the same one."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from newsletter import app
from newsletter.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection


class QueueDatabase(Protocol):
    """A PostgreSQL. What is written within `change` is written whole or not at all, by the store's methods, too."""

    @property
    def name(self) -> str: ...

    def change(self) -> AbstractContextManager[Connection]: ...

    def statement(self) -> AbstractContextManager[Connection]: ...

    def lock(self, *names: object) -> None: ...

    def open_session(self) -> Connection: ...


def find_database(settings: Settings) -> QueueDatabase | None:
    """Gives the database of the memory if it is PostgreSQL. Raises ConfigError for one that is not known."""
    if settings.database_url is None:
        return None
    database = app.open_database(settings)
    return database if database.is_postgresql else None
