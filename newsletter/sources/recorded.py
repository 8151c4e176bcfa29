"""Feeds from files, for trying things out and for tests: no network, the same answer every time.

A folder holds one file for each category (cs.LG.atom, .rss or .xml); a single file is the feed of one category or
of several. What the files mean is `feed.py`'s business, and for other sources than arXiv `feed_papers.py`'s. Their
files have the category's name, with hyphens for what a file cannot be named: feed-journal.example.org-rss.xml.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

from newsletter.errors import SourceError
from newsletter.model import Feed
from newsletter.papers import categories, merge_announcements
from newsletter.sources.feed import Read, check_category, feed_day, parse_feed
from newsletter.sources.feed_papers import parse_entries
from newsletter.sources.markup import MAX_BODY_BYTES, Document, read_document
from newsletter.sources.openreview_notes import in_order, read_notes
from newsletter.sources.preprint_records import read_page
from newsletter.sources.preprints import as_preprints

_ENDINGS = (".atom", ".rss", ".xml")
_OTHER_ENDINGS = (".xml", ".json")
_OTHER = re.compile(rf"(?:{'|'.join(name for name in categories.SourceName if name != 'arxiv')})-")
_T = TypeVar("_T")


class RecordedSource:
    """A Source over a folder or a file, all of one day; each call reads the file, and parses it if it changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        read = _keeping_the_last(read_document)
        self._feed_in, feed_day_in = partial(parse_feed, read=read), partial(feed_day, read=read)
        self._day_of = lru_cache(maxsize=1)(lambda path, *_version: self._read(path, path.stem, feed_day_in))

    def day(self, now: datetime) -> date:
        """Reads the day of the recording, whatever the clock says: that of the first of arXiv's files that can be read.

        Of a folder with feeds of other sources alone it is the day of their newest paper. Raises SourceError if there
        is no day.
        """
        return self._day()

    def _day(self) -> date:
        with self._disk(self._path.name):
            paths = self._files() if self._path.is_dir() else [self._path]
            others = self._other_files() if self._path.is_dir() else []
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
        feeds = [self._read(path, _category_of(path), parse_other) for path in others]
        days = [shown.paper.published_on for feed in feeds for shown in feed.announcements]
        if newest := max(filter(None, days), default=None):
            return newest
        raise failure

    def fetch(self, category: str) -> Feed:
        if not categories.is_arxiv(category):
            return self._fetch_other(category)
        check_category(category)  # before it becomes part of a file name
        with self._disk(category):
            path = self._file_of(category)
        return self._read(path, category, self._feed_in)

    def _fetch_other(self, category: str) -> Feed:
        with self._disk(category):
            known = {path.stem: path for path in (self._other_files() if self._path.is_dir() else ())}
        path = known.get(file_stem(category))
        if path is None:
            raise SourceError(
                category,
                f"{self._path} has no recorded feed of {category}; add {file_stem(category)}{_OTHER_ENDINGS[0]} to it.",
            )
        on = self._day()
        return replace(self._read(path, category, parse_other), announced_on=on)

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
        return sorted(each for each in self._path.iterdir() if each.suffix in _ENDINGS and not _OTHER.match(each.name))

    def _other_files(self) -> list[Path]:
        files = (each for each in self._path.iterdir() if each.suffix in _OTHER_ENDINGS)
        return sorted(each for each in files if _OTHER.match(each.name))


def _keeping_the_last(read: Read) -> Read:
    """Does what `read` does; of the same bytes it gives the same document, since one file may have many categories."""
    last: tuple[bytes, Document] | None = None

    def read_once(body: bytes, name: str) -> Document:
        nonlocal last
        found = last if last and last[0] == body else (body, read(body, name))
        last = found
        return found[1]

    return read_once


def parse_other(body: bytes, category: str) -> Feed:
    """Reads a feed of another source than arXiv's, of whatever day: of a server with an API its answer, too."""
    if categories.is_openreview(category):
        notes = read_notes(body, category)
        return Feed(category, date.min, in_order(notes.papers), notes.problems)
    if not categories.is_feed(category) and body.lstrip().startswith(b"{"):
        page = read_page(body, category)
        return Feed(category, date.min, merge_announcements(page.announcements), page.problems)
    feed = parse_entries(body, category, date.min)
    return feed if categories.is_feed(category) else as_preprints(feed)


def _category_of(path: Path) -> str:
    """Gives a category that a file may be of: of feeds its address is not known any more, and does not matter."""
    source, _, rest = path.stem.partition("-")
    return f"{source}:{rest}"


def file_stem(category: str) -> str:
    """Gives the name of a recorded feed of another source than arXiv, without its ending."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", category.replace(":https://", ":", 1)).strip("-")
