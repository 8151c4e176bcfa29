"""Gets announcements: `arxiv.py` asks arXiv, `recorded.py` reads files; `feed.py` parses both.

What nobody collected comes later, from arXiv's records (`oai.py`). Categories with a prefix go by `by_prefix.py` to
bioRxiv and medRxiv (`preprints.py`), to OpenReview (`openreview.py`) or to anybody's feed (`any_feed.py`).
A source translates and decides nothing: what is stale, merged or remembered is `collect.collect`'s business.
"""

from datetime import date, datetime
from typing import Protocol

from newsletter.model import Feed, LibraryContents, PaperRecord, ZoteroLibrary


class Fetching(Protocol):
    """Gives the feed of one category, as Source does; of which day it is, others know."""

    def fetch(self, category: str) -> Feed: ...


class Source(Protocol):
    """Gives the feed of one category as it is served now.

    `fetch` may be repeated at will; it keeps its own manners (pauses, retries) and can take minutes. It raises
    SourceError for everything that keeps a feed from being read, and returns a Feed without announcements for
    a valid feed that has none. Not safe for several threads: arXiv wants one connection at a time.
    """

    def day(self, now: datetime) -> date:
        """The arXiv day (a US Eastern date) that this source serves at `now`."""

    def fetch(self, category: str) -> Feed: ...


class Harvester(Protocol):
    """Gives what arXiv keeps of the papers of one category.

    `harvest` may be repeated at will; it keeps its own manners and can take minutes. It gives all records that changed
    on that (UTC) day or later, each paper once, with sentences about records that were left out. It raises SourceError
    if it cannot have all of them: half of them would look like quiet days.
    """

    def harvest(self, category: str, *, since: date) -> tuple[tuple[PaperRecord, ...], tuple[str, ...]]: ...


class LibraryReader(Protocol):
    """Gives what a reader keeps in a library on the web.

    `read` may be repeated at will; it keeps the server's manners, and takes a few minutes at most. It returns None if
    nothing changed since `known_version`, and raises FetchError for everything that keeps the library from being read.
    `key` opens a private one. Not safe for several threads.
    """

    def read(self, library: ZoteroLibrary, *, key: str = "", known_version: int = 0) -> LibraryContents | None: ...


__all__ = [
    "Fetching",
    "Harvester",
    "LibraryReader",
    "Source",
    "sample",
]
