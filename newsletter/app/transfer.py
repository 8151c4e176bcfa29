"""Carries the memory: from a folder into a database, into a backup, and back from one."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from newsletter.app.database import open_database
from newsletter.errors import ConfigError, StoreError
from newsletter.settings import Settings
from newsletter.stores.contents import Progress, carry

if TYPE_CHECKING:
    from newsletter.stores.sql.contents import SqlContents
    from newsletter.stores.tinydb.contents import TinyContents


def migrate(settings: Settings, folder: Path, tell: Progress) -> dict[str, int]:
    """Carries a state folder into the database of the settings, and gives how many there were of each kind.

    No value in the folder is changed. May be called again after it was cut off. Raises ConfigError without a database
    or a folder, and StoreError while a run is at work in the folder, or if the database has something of another
    origin.
    """
    database = open_database(settings)
    if not (folder / "deliveries").is_dir():
        raise ConfigError(f"{folder} is no state folder: it has no deliveries/; name the one of NEWSLETTER_STATE")
    from newsletter.stores.sql.contents import SqlContents

    target = SqlContents(database)
    source = _open_folder(folder)
    with source.hold():
        source.require_at_rest()
        return carry(source, target, f"migrate --from {quote(str(folder))}", tell)


def back_up(settings: Settings, file: Path, tell: Progress) -> dict[str, int]:
    """Writes everything that the memory keeps into one file, and gives how many there were of each kind.

    Raises StoreError if the memory is not there or not whole, or the file cannot be written.
    """
    from newsletter.stores.backup_file import write_backup

    if settings.database_url is None and not (settings.state / "deliveries").is_dir():
        raise StoreError(f"there is no memory in {settings.state}; set NEWSLETTER_STATE or DATABASE_URL as it was")
    return write_backup(_open_contents(settings), file, tell)


def restore(settings: Settings, file: Path, tell: Progress) -> dict[str, int]:
    """Carries a backup into the memory of the settings, which has to be empty; gives how many there were of each kind.

    May be called again after it was cut off. Raises StoreError for a file that is no whole backup, before anything is
    written, and for a memory that is not empty.
    """
    from newsletter.stores.backup_file import BackupFile

    source = BackupFile(file)
    return carry(source, _open_contents(settings), f"restore {quote(str(file))}", tell)


def _open_contents(settings: Settings) -> SqlContents | TinyContents:
    if settings.database_url is None:
        return _open_folder(settings.state)
    database = open_database(settings)
    from newsletter.stores.sql.contents import SqlContents

    return SqlContents(database)


def _open_folder(folder: Path) -> TinyContents:
    from newsletter.stores.tinydb.contents import TinyContents
    from newsletter.stores.tinydb.folder import StateFolder

    return TinyContents(StateFolder(folder))
