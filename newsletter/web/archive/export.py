"""Writes an archive into a folder of files, for any web server or none: links are relative, and nothing has to run.

May be repeated: a file that would not change is not touched, and one of a digest that is no longer shown is removed.
Pages that only a server can make (search, the export of a choice) are not there, nor is a link to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from newsletter.texts import FALLBACK_LANGUAGE
from newsletter.web.archive.editions import ArchivedDigests, ArchiveSnapshot, Edition
from newsletter.web.archive.month import months
from newsletter.web.archive.pages import ENDINGS, Pages
from newsletter.web.archive.urls import ArchiveUrls

INDEX = "index.html"
END = ".html"
_OURS = re.compile(rf"\d{{4}}-\d\d(-\d\d)?\.(html|{'|'.join(ENDINGS)})|feed\.atom")


@dataclass(frozen=True, slots=True)
class FileCounts:
    """How many files were written, left as they were, and removed."""

    written: int = 0
    unchanged: int = 0
    removed: int = 0

    def __add__(self, other: FileCounts) -> FileCounts:
        return FileCounts(self.written + other.written, self.unchanged + other.unchanged, self.removed + other.removed)


def edition_of_files(digests: ArchivedDigests, language: str = FALLBACK_LANGUAGE) -> Edition:
    """Gives the edition for files in that language: a folder of its own name, below the list and the stylesheets."""
    urls = ArchiveUrls(
        page_end=END,
        index=INDEX,
        style="../",
        is_served=False,
        is_public=bool(digests.slug),
        listing_page=f"../{INDEX}",
    )
    return Edition(digests, urls, language)


def count_pages(edition: Edition) -> int:
    """Counts how often `write_edition` will call `advance`."""
    days = edition.digests.days()
    return len(days) * (1 + len(ENDINGS)) + len(months(days)) + 2


def write_edition(
    pages: Pages, edition: Edition, folder: Path, advance: Callable[[], None] = lambda: None
) -> FileCounts:
    """Writes all pages of the edition into this folder. Raises OSError for a folder that cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = edition.digests
    snapshot = replace(edition, digests=ArchiveSnapshot(shown.store, shown.subscriber_id, shown.slug))
    counts, names = FileCounts(), set[str]()
    for name, text in _files(pages, snapshot):
        if text is not None:  # of a digest that vanished meanwhile
            names.add(name)
            counts += _write(folder / name, text)
        advance()
    stale = [path for path in folder.iterdir() if _OURS.fullmatch(path.name) and path.name not in names]
    for path in stale:
        path.unlink()
    return counts + FileCounts(removed=len(stale))


def write_listing(pages: Pages, editions: list[Edition], folder: Path, parts: Mapping[str, str]) -> FileCounts:
    """Writes the list of these archives into the folder, in their language if they have one, and `parts` by name.

    Those are what all pages share: the stylesheets, and the script.
    """
    folder.mkdir(parents=True, exist_ok=True)
    named = [(each, f"{each.digests.name}/{INDEX}") for each in editions]
    urls = ArchiveUrls(style="", is_served=False, is_public=all(each.urls.is_public for each in editions))
    languages = {each.language for each in editions}
    language = languages.pop() if len(languages) == 1 else FALLBACK_LANGUAGE
    counts = _write(folder / INDEX, pages.listing(named, urls, language))
    for name, text in parts.items():
        counts += _write(folder / name, text)
    return counts


def _write(path: Path, text: str) -> FileCounts:
    content = text.encode("utf-8", "replace")
    if path.is_file() and path.read_bytes() == content:
        return FileCounts(unchanged=1)
    path.write_bytes(content)
    return FileCounts(written=1)


def _files(pages: Pages, edition: Edition) -> Iterator[tuple[str, str | None]]:
    """Makes each file's text, one after another."""
    urls, days = edition.urls, edition.digests.days()
    for on in days:
        yield urls.day(on), pages.day(edition, on)
        for ending in ENDINGS:
            yield urls.file(on, ending), pages.file(edition, on, ending)
    for month in months(days):
        yield urls.month(month), pages.month(edition, month)
    yield INDEX, pages.overview(edition)
    yield urls.feed_page, pages.feed(edition)
