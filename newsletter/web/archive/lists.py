"""Prepares the list of archives, a search and the feed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from newsletter.model import Digest, DigestEntry, FoundPaper
from newsletter.texts import Texts, write_short_date
from newsletter.web.archive.entries import EntryLinkView, entry_link

HITS = 20  # on a page of what was found


@dataclass(frozen=True, slots=True)
class SearchView:
    """A page of what was found; `total` is of all pages."""

    query: str
    total: int
    hits: tuple[EntryLinkView, ...]
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class FeedEntryView:
    id: str
    on: date
    title: str
    updated: str
    content: str  # HTML


@dataclass(frozen=True, slots=True)
class FeedView:
    id: str
    updated: str
    entries: tuple[FeedEntryView, ...]


@dataclass(frozen=True, slots=True)
class ArchiveView:
    """An archive in the list of several."""

    name: str
    link: str
    digests: int
    latest: str  # empty: none yet


def archive_view(name: str, link: str, on: Sequence[date], t: Texts) -> ArchiveView:
    return ArchiveView(name, link, len(on), write_short_date(on[-1], t.language) if on else "")


def search_view(
    query: str,
    found: Sequence[FoundPaper],
    page: int,
    t: Texts,
    entries_at: Callable[[Sequence[FoundPaper]], Sequence[tuple[Digest, DigestEntry]]],
) -> SearchView:
    """Shows the page of that number, or the last one if there are fewer. `entries_at` reads what stands at a place."""
    pages = max(1, -(-len(found) // HITS))
    page = max(1, min(page, pages))
    shown = entries_at(found[(page - 1) * HITS : page * HITS])
    hits = tuple(
        entry_link(digest.digest_on, entry, t, language=digest.subscriber.profile.language) for digest, entry in shown
    )
    return SearchView(query, len(found), hits, page, pages)


def feed_title(day: str, digest: Digest, t: Texts) -> str:
    """Writes "Tuesday, 6 January 2026: 12 papers", and how many of them are only the nearest."""
    papers, nearest = t("papers", n=len(digest.entries)), digest.counts.nearest
    return t("feed_title", day=day, papers=papers) + (t("of_them_below", n=nearest) if nearest else "")
