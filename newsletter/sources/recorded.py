"""Feeds from files, for trying things out and for tests: no network, the same answer every time.

A folder holds one file for each category (cs.LG.atom, .rss or .xml); a single file is the feed of one category or
of several. What the files mean is `feed.py`'s business.
"""

from __future__ import annotations

from pathlib import Path

from newsletter.errors import SourceError
from newsletter.model import Feed
from newsletter.sources.feed import MAX_BODY_BYTES, check_category, parse_feed, too_large

_ENDINGS = (".atom", ".rss", ".xml")


class RecordedSource:
    """A Source over a folder or a file; it is read anew by every `fetch`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def fetch(self, category: str) -> Feed:
        check_category(category)  # before it becomes part of a file name
        try:
            path = self._file_of(category)
            body = _read(path, category)
        except OSError as error:
            raise SourceError(
                category,
                f"The recorded feed of {category} cannot be read ({error}); give a folder or a file that can.",
            ) from error
        try:
            return parse_feed(body, category)
        except SourceError as error:
            raise SourceError(category, f"{path}: {error}", is_config=error.is_config) from error

    def _file_of(self, category: str) -> Path:
        if not self._path.is_dir():
            return self._path
        for ending in _ENDINGS:
            path = self._path / f"{category}{ending}"
            if path.exists():
                return path
        there = sorted(entry.stem for entry in self._path.iterdir() if entry.suffix in _ENDINGS)
        raise SourceError(
            category,
            f"{self._path} has no recorded feed of {category} (there: {', '.join(there) or 'none'}); add"
            f" {category}{_ENDINGS[0]}, or choose among these categories.",
        )


def _read(path: Path, category: str) -> bytes:
    with path.open("rb") as file:
        body = file.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise SourceError(category, f"{path}: {too_large(category)}")
    return body
