"""Files of one subscriber each: what cannot be read in them concerns that subscriber alone.

So it becomes ReaderUnreadable, and never holds up the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextlib import suppress as ignored
from pathlib import Path
from typing import Generic, TypeVar

from newsletter.errors import ReaderUnreadable, StoreError
from newsletter.model import MailEvent, ProfileRevision, SavedPaper, Vote
from newsletter.stores.tinydb.folder import reader_file, reader_ids
from newsletter.stores.tinydb.table import JsonTable, unreadable
from newsletter.stores.values import find_time_without_zone

T = TypeVar("T")
K = TypeVar("K")
_Owned = TypeVar("_Owned", MailEvent, ProfileRevision, SavedPaper, Vote)


class SubscriberFiles(Generic[T]):
    """A table with one file for each subscriber."""

    def __init__(self, table: JsonTable[T]) -> None:
        self._table = table
        self.path = table.path

    def ids(self) -> set[str]:
        return reader_ids(self.path)

    def drop(self, subscriber_id: str) -> None:
        """Call under the folder's lock."""
        self._file(subscriber_id).unlink(missing_ok=True)

    def _file(self, subscriber_id: str) -> Path:
        return reader_file(self.path, subscriber_id)


def find_readable(keys: Iterable[K], get: Callable[[K], T | None]) -> list[T]:
    """Gets what there is of these subscribers, or under these keys, without what cannot be read."""
    found: list[T] = []
    for key in keys:
        with ignored(ReaderUnreadable):
            found += filter(None, [get(key)])
    return found


@contextmanager
def errors_of(subscriber_id: str, path: Path) -> Iterator[None]:
    """Whatever keeps one reader's file from being read becomes that reader's ReaderUnreadable."""
    try:
        yield
    except OSError as error:
        raise ReaderUnreadable(
            subscriber_id,
            f"{path} cannot be read ({error.strerror or error}); put this file back from a backup, "
            "or give it to the user who runs the newsletter",
        ) from error
    except ReaderUnreadable:
        raise
    except StoreError as error:
        raise ReaderUnreadable(subscriber_id, str(error)) from error


def require_zones(path: Path, value: object) -> None:
    """Raises StoreError for a time without its zone."""
    if (found := find_time_without_zone(value)) is not None:
        raise unreadable(path, f"{found} has no time zone")


def require_owned(subscriber_id: str, path: Path, values: list[_Owned]) -> list[_Owned]:
    """The values, all of which are this subscriber's: another's file in this place is not to be believed."""
    for value in values:
        require_zones(path, value)
    if strangers := {value.subscriber_id for value in values} - {subscriber_id}:
        raise unreadable(path, f"it holds what is {min(strangers)}'s")
    return values
