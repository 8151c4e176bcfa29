"""One source for all categories: each goes to the source that its prefix names, and without one to arXiv's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from newsletter.errors import SourceError
from newsletter.model import Feed
from newsletter.papers import categories
from newsletter.sources import Fetching, Source


class SourceByPrefix:
    """A Source that passes each category on. The day is arXiv's, since a morning has one for all its papers."""

    def __init__(self, arxiv: Source, others: Mapping[categories.SourceName, Fetching]) -> None:
        self._arxiv = arxiv
        self._others = others

    def day(self, now: datetime) -> date:
        return self._arxiv.day(now)

    def fetch(self, category: str) -> Feed:
        name = categories.source_of(category)
        source = self._arxiv if name is categories.SourceName.ARXIV else self._others.get(name)
        if source is None:
            raise SourceError(category, f"Nothing here fetches {category}; remove it from the categories.")
        return source.fetch(category)
