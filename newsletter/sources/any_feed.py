"""Feeds of journals, blogs and labs over HTTP, whatever their makers: `feed:` and an address.

How an address that anybody may name is fetched without harm is fetching/'s business; what a feed says,
`feed_papers.py`'s. A feed that fails is not asked a second time in the same run: its papers stand there for days.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from newsletter.errors import FetchError, SourceError
from newsletter.model import Feed
from newsletter.papers import arxiv_day, categories
from newsletter.sources.feed_papers import parse_entries
from newsletter.sources.fetching.fetcher import Fetcher

ACCEPT = "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, */*;q=0.5"
PAUSE_S = 1.0  # between two feeds, which may be of one server


class AnyFeedSource:
    """A source of `feed:` categories. The papers of a feed are of the day on which it is read."""

    def __init__(
        self, fetcher: Fetcher, now: Callable[[], datetime], *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._fetcher = fetcher
        self._now = now
        self._sleep = sleep
        self._is_first = True

    def fetch(self, category: str) -> Feed:
        """Fetches one feed. Raises SourceError for everything that keeps it from being read."""
        if not self._is_first:
            self._sleep(PAUSE_S)
        self._is_first = False
        try:
            answer = self._fetcher.fetch(categories.within_source(category), accept=ACCEPT)
        except FetchError as error:
            raise SourceError(category, str(error), is_config=not error.is_passing) from error
        return parse_entries(answer.body, category, arxiv_day(self._now()))
