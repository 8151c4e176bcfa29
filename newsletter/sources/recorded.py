"""Feeds from files, for trying things out and for tests: no network, the same answer every time.

A folder holds one file for each category (cs.LG.atom, .rss or .xml); a single file is the feed of one category or
of several. What the files mean is `feed.py`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from newsletter.errors import SourceError
from newsletter.model import Feed
from newsletter.sources.feed import check_category, feed_day, parse_feed
from newsletter.sources.markup import MAX_BODY_BYTES

_ENDINGS = (".atom", ".rss", ".xml")
_T = TypeVar("_T")


class RecordedSource:
    """A Source over a folder or a file, all of one day; it is read anew by every call, the day when a file changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._day_of = lru_cache(maxsize=1)(lambda path, *_version: self._read(path, path.stem, feed_day))

    def day(self, now: datetime) -> date:
        """Reads the day of the recording, whatever the clock says: that of the first file that can be read.

        Raises SourceError if none can.
        """
        with self._disk(self._path.name):
            paths = self._files() if self._path.is_dir() else [self._path]
        failure = SourceError(
            self._path.name, f"{self._path} has no recorded feed; add one for each category, such as cs.LG.atom."
        )
        for path in paths:
            try:
                with self._disk(path.stem):
                    status = path.stat()
                return self._day_of(path, status.st_mtime_ns, status.st_size, status.st_ino)
            except SourceError as error:
                failure = error
        raise failure

    def fetch(self, category: str) -> Feed:
        check_category(category)  # before it becomes part of a file name
        with self._disk(category):
            path = self._file_of(category)
        return self._read(path, category, parse_feed)

    def _read(self, path: Path, name: str, parse: Callable[[bytes, str], _T]) -> _T:
        with self._disk(name), path.open("rb") as file:
            body = file.read(MAX_BODY_BYTES + 1)  # one more than is taken, so that `parse` refuses it
        try:
            return parse(body, name)
        except SourceError as error:
            raise SourceError(name, f"{path}: {error}", is_config=error.is_config) from error

    @contextmanager
    def _disk(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SourceError(
                name,
                f"{error.filename or self._path} cannot be read ({error.strerror or error}); give a recorded feed,"
                " or a folder of them, that can be.",
            ) from error

    def _file_of(self, category: str) -> Path:
        if not self._path.is_dir():
            return self._path
        for ending in _ENDINGS:
            path = self._path / f"{category}{ending}"
            if path.exists():
                return path
        there = ", ".join(path.stem for path in self._files()) or "none"
        raise SourceError(
            category,
            f"{self._path} has no recorded feed of {category} (there: {there}); add {category}{_ENDINGS[0]}, or choose"
            " among these categories.",
        )

    def _files(self) -> list[Path]:
        return sorted(path for path in self._path.iterdir() if path.suffix in _ENDINGS)
