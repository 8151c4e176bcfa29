"""Writes an archive into a folder of files, for any web server or none: links are relative, and nothing has to run.

May be repeated: a file that would not change is not touched, and one of a digest that is no longer shown is removed.
Pages that only a server can make (search, the export of a choice) are not there, nor is a link to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from newsletter.web.archive.editions import Catalogue
from newsletter.web.archive.month import months
from newsletter.web.archive.pages import ENDINGS, Edition, Pages
from newsletter.web.archive.urls import Places

INDEX = "index.html"
END = ".html"
_OURS = re.compile(rf"\d{{4}}-\d\d(-\d\d)?\.(html|{'|'.join(ENDINGS)})|feed\.atom")


@dataclass(frozen=True, slots=True)
class Built:
    """What became of the files."""

    written: int = 0
    unchanged: int = 0
    removed: int = 0

    def __add__(self, other: Built) -> Built:
        return Built(self.written + other.written, self.unchanged + other.unchanged, self.removed + other.removed)


def edition(catalogue: Catalogue) -> Edition:
    """The archive as files show it: in a folder of its own name, below the list and the stylesheets."""
    places = Places(
        page_end=END,
        overview=INDEX,
        style="../",
        is_served=False,
        is_public=bool(catalogue.slug),
        listing=f"../{INDEX}",
    )
    return Edition(catalogue, places)


def count_pages(edition: Edition) -> int:
    """How often `build` will tell its progress."""
    days = edition.catalogue.days()
    return len(days) * (1 + len(ENDINGS)) + len(months(days)) + 2


def build(pages: Pages, edition: Edition, folder: Path, tell: Callable[[], None] = lambda: None) -> Built:
    """Write all pages of the edition into this folder. Raises OSError for a folder that cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    built, names = Built(), set[str]()
    for name, text in _files(pages, edition):
        if text is not None:  # of a digest that vanished meanwhile
            names.add(name)
            built += write(folder / name, text)
        tell()
    stale = [path for path in folder.iterdir() if _OURS.fullmatch(path.name) and path.name not in names]
    for path in stale:
        path.unlink()
    return built + Built(removed=len(stale))


def build_list(pages: Pages, editions: list[Edition], folder: Path, styles: dict[str, str]) -> Built:
    """The list of the archives in this folder, and the stylesheets of all pages, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    named = [(each, f"{each.catalogue.name}/{INDEX}") for each in editions]
    places = Places(style="", is_served=False, is_public=all(each.places.is_public for each in editions))
    built = write(folder / INDEX, pages.listing(named, places))
    for name, text in styles.items():
        built += write(folder / name, text)
    return built


def write(path: Path, text: str) -> Built:
    content = text.encode("utf-8", "replace")
    if path.is_file() and path.read_bytes() == content:
        return Built(unchanged=1)
    path.write_bytes(content)
    return Built(written=1)


def _files(pages: Pages, edition: Edition) -> Iterator[tuple[str, str | None]]:
    """Every file with its text, made one by one."""
    places, days = edition.places, edition.catalogue.days()
    for on in days:
        yield places.day(on), pages.day(edition, on)
        for ending in ENDINGS:
            yield places.file(on, ending), pages.file(edition, on, ending)
    for month in months(days):
        yield places.month(month), pages.month(edition, month)
    yield INDEX, pages.overview(edition)
    yield places.feed, pages.feed(edition)
