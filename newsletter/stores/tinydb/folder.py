"""The state folder: its one lock, the names of its files, and what an error of its disk becomes.

Readers take no lock, since a file is always a whole one. Every change is a read and a write under the folder's lock.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Generic, TypeVar

from newsletter.errors import StoreError
from newsletter.files import atomic
from newsletter.stores.locks import FolderLock

DAY_FILE = re.compile(r"\d{4}-\d\d-\d\d\.json")
MONTH_FILE = re.compile(r"\d{4}-\d\d\.json")
READER_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:+-]{0,94}\.json")
SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:+-]{0,99}")  # one path component, never hidden, never ".."

T = TypeVar("T")
_LAST_NAME = "\U0010ffff"  # in the order of texts
_Version = tuple[int, int, int]


class StateFolder:
    """The folder that all parts of a store share, with its lock and its place for unfinished files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.temp = path / "tmp"
        self.locks = path / "locks"
        self.unfinished = path / "unfinished"  # while something is carried into the folder
        self._lock = FolderLock(self.locks / "folder.lock")
        with disk_errors(path):
            atomic.make_folder(self.temp)
            atomic.make_folder(self.locks)

    def part(self, name: str) -> Path:
        """The folder of that name in this one, made if it is missing."""
        path = self.path / name
        with disk_errors(self.path):
            atomic.make_folder(path)
        return path

    def require_finished(self) -> None:
        """Raises StoreError where something was being carried into the folder, and did not come to its end."""
        try:
            origin = self.unfinished.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        raise StoreError(f"{self.path} holds a part of a memory; run 'newsletter {origin}' again, which completes it")

    @contextmanager
    def change(self, path: Path) -> Iterator[None]:
        """Holds the folder's lock, for a change at `path`. Whoever has it already may take it again."""
        with disk_errors(path), self._lock.held():
            yield


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """What the disk refuses becomes a StoreError that names the place."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the memory at {path} cannot be read or written ({error.strerror or error}); "
            "check the disk's free space and the folder's owner"
        ) from error


# --- names


def safe_name(name: str) -> str:
    """The name itself; raises StoreError unless it can only lead to a file right there."""
    if not SAFE_NAME.fullmatch(name):
        raise StoreError(f"{name[:100]!a} cannot be a file name; use letters, digits and _ . : + -, at most 100")
    return name


def day_file(day: date) -> str:
    return f"{day.isoformat()}.json"


def month_file(day: date) -> str:
    return f"{day:%Y-%m}.json"


def reader_file(folder: Path, subscriber_id: str) -> Path:
    return folder / f"{safe_name(subscriber_id)}.json"


def day_files(folder: Path, *, of_one: bool = False) -> list[Path]:
    """A folder's files of one day each, in no order. Only a folder `of_one` reader or profile may be missing."""
    return [path for path, _ in matching(folder, DAY_FILE)] if not of_one or _is_there(folder) else []


def month_files(folder: Path, *, since: date | None = None, until: date = date.max) -> list[Path]:
    """A reader's files of one month each, those of `since` and `until` included, in no order; none without a folder."""
    first, last = month_file(since) if since else "", month_file(until)
    return [path for path, _ in matching(folder, MONTH_FILE, first=first, last=last)] if _is_there(folder) else []


def _is_there(folder: Path) -> bool:
    """Whether a reader has that folder. Raises OSError if the folder around it is gone, as when its disk went away."""
    return folder.exists() or not folder.parent.stat()


def reader_ids(folder: Path) -> set[str]:
    """The subscribers who have a file in that folder."""
    with disk_errors(folder):
        return {path.stem for path, _ in matching(folder, READER_FILE)}


def reader_ids_among(folder: Path, subscriber_ids: Collection[str]) -> set[str]:
    """Those of these subscribers who have a file in that folder, whatever else is in it."""
    with disk_errors(folder):
        folder.stat()  # a folder that is not there is not an empty one
        return {who for who in subscriber_ids if READER_FILE.fullmatch(f"{who}.json") and _exists(folder, who)}


def _exists(folder: Path, who: str) -> bool:
    return os.path.lexists(f"{folder}/{who}.json")  # a Path for each would take longer


def reader_folder_ids(folder: Path) -> set[str]:
    """The subscribers who have a folder, or something in its place, in that folder."""
    with disk_errors(folder):
        return {path.name for path, _ in matching(folder, SAFE_NAME)}


def matching(
    folder: Path, name: re.Pattern[str], *, first: str = "", last: str = _LAST_NAME
) -> list[tuple[Path, re.Match[str]]]:
    """Files of our own making: an editor's or a desktop's stray files are not ours to judge.

    Raises OSError for a folder that is not there: a memory whose disk went away is not an empty one.
    """
    # By their names first: a Path for each of many years' files takes longer than to list them
    with os.scandir(folder) as entries:
        names = [each.name for each in entries if first <= each.name <= last]
    return [(folder / each, match) for each in names if (match := name.fullmatch(each))]


def drop_days(paths: Sequence[Path], before: date, most_days: int | None) -> None:
    """Deletes those of the oldest `most_days` days before that date. Call under the folder's lock."""
    days = sorted({path.stem for path in paths if path.stem < before.isoformat()})[:most_days]
    for path in paths:
        if path.stem in days:
            path.unlink(missing_ok=True)


# --- what was read before


class ReadCache(Generic[T]):
    """Remembers what was read of the latest `most` files, each as long as that file is not replaced."""

    def __init__(self, read: Callable[[Path], T], *, most: int) -> None:
        self._read = lru_cache(maxsize=most)(lambda path, _version: read(path))

    def get(self, path: Path) -> T | None:
        """None if there is no such file."""
        version = _version(path)
        return self._read(path, version) if version else None


def _version(path: Path) -> _Version | None:
    """Which version of a file is there; a replaced file is another inode."""
    try:
        return _version_of(path.stat())
    except FileNotFoundError:
        return None


def _version_of(status: os.stat_result) -> _Version:
    return status.st_mtime_ns, status.st_ino, status.st_size


def version_of_files(folder: Path) -> str:
    """Names the files that are in a folder, and which version of each is there. Reads none of them."""
    with os.scandir(folder) as entries:
        there = sorted((each.name, *_version_of(each.stat(follow_symlinks=False))) for each in entries)
    return sha256(repr(there).encode("utf-8", "surrogatepass")).hexdigest()
