"""Feeds from files, for trying things out and for tests: no network, the same answer every time.

A folder holds one file for each category (cs.LG.atom, .rss or .xml); a single file is the feed of one category or
of several. What the files mean is `feed.py`'s business.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

from newsletter.errors import SourceError
from newsletter.model import Feed
from newsletter.sources.feed import MAX_BODY_BYTES, check_category, feed_day, parse_feed

_ENDINGS = (".atom", ".rss", ".xml")
_T = TypeVar("_T")


class RecordedSource:
    """A Source over a folder or a file, all of one day; it is read anew by every call."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def day(self, now: datetime) -> date:
        """The day the recording gives itself, whatever the clock says. Raises SourceError if it cannot be read."""
        return self._read(self._any_file, self._path.name, feed_day)

    def fetch(self, category: str) -> Feed:
        check_category(category)  # before it becomes part of a file name
        return self._read(lambda: self._file_of(category), category, parse_feed)

    def _read(self, find: Callable[[], Path], name: str, parse: Callable[[bytes, str], _T]) -> _T:
        try:
            path = find()
            with path.open("rb") as file:
                body = file.read(MAX_BODY_BYTES + 1)  # one more than is taken, so that `parse` refuses it
        except OSError as error:
            raise SourceError(
                name,
                f"{error.filename or self._path} cannot be read ({error.strerror or error}); give a recorded feed,"
                " or a folder of them, that can be.",
            ) from error
        try:
            return parse(body, name)
        except SourceError as error:
            raise SourceError(name, f"{path}: {error}", is_config=error.is_config) from error

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

    def _any_file(self) -> Path:
        if not self._path.is_dir():
            return self._path
        files = self._files()
        if not files:
            raise SourceError(
                self._path.name, f"{self._path} has no recorded feed; add one for each category, such as cs.LG.atom."
            )
        return files[0]

    def _files(self) -> list[Path]:
        return sorted(path for path in self._path.iterdir() if path.suffix in _ENDINGS)
