"""Feeds of journals, blogs and labs over HTTP, whatever their makers: `feed:` and an address.

How an address that anybody may name is fetched without harm is fetching/'s business; what a feed says,
`feed_papers.py`'s. A feed that fails is asked no second time at once: its papers stand there for days.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from newsletter.model import Feed
from newsletter.papers import arxiv_day, categories
from newsletter.sources.feed_papers import parse_entries
from newsletter.sources.polite import PoliteGetter

ACCEPT = "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, */*;q=0.5"


class AnyFeedSource:
    """A source of `feed:` categories. The papers of a feed are of the day on which it is read."""

    def __init__(self, getter: PoliteGetter, now: Callable[[], datetime]) -> None:
        self._getter = getter
        self._now = now

    def fetch(self, category: str) -> Feed:
        """Fetches one feed. Raises SourceError for everything that keeps it from being read."""
        body = self._getter.get(categories.within_source(category), category, accept=ACCEPT, attempts=1)
        return parse_entries(body, category, arxiv_day(self._now()))
