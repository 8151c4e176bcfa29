"""Where announcements come from: `arxiv.py` asks arXiv, `recorded.py` reads files; `feed.py` parses both.

A source translates and decides nothing: what is stale, merged or remembered is `collect.collect`'s business.
"""

from datetime import date, datetime
from typing import Protocol

from newsletter.model import Feed


class Source(Protocol):
    """Gives the feed of one category as it is served now.

    `fetch` may be repeated at will; it keeps its own manners (pauses, retries) and can take minutes. It raises
    SourceError for everything that keeps a feed from being read, and returns a Feed without announcements for
    a valid feed that has none. Not safe for several threads: arXiv wants one connection at a time.
    """

    def day(self, now: datetime) -> date:
        """The arXiv day (a US Eastern date) that this source serves at `now`."""

    def fetch(self, category: str) -> Feed: ...


__all__ = [
    "Source",
    "sample",
]
