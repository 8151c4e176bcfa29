"""Finds papers in what one reader was mailed: looks through all of their digests, and keeps them ready.

By which words is papers/search.py's business.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from itertools import chain

from newsletter.delivery import ledger as rules
from newsletter.errors import ReaderUnreadable
from newsletter.model import Delivery, FoundPaper
from newsletter.papers import search
from newsletter.stores.tinydb.digests import Digests
from newsletter.stores.tinydb.ledger import Ledger

_MOST_PREPARED = 600  # digests, about 100 kB each

_log = logging.getLogger(__name__)


class Search:
    """May be used by several threads."""

    def __init__(self, ledger: Ledger, digests: Digests) -> None:
        self._ledger, self._digests = ledger, digests
        self._prepared = lru_cache(maxsize=_MOST_PREPARED)(self._prepare)

    def find_papers(self, subscriber_id: str, query: str) -> list[FoundPaper]:
        if not search.terms(query):
            return []
        stored = set(self._digests.get_digest_days(subscriber_id))
        rows = self._ledger.get_deliveries(subscriber_id=subscriber_id) if stored else []
        shown = [row for row in rows if row.digest_on in stored and rules.counts_as_sent(row.state)]
        return search.find(chain.from_iterable(map(self._readable, shown)), query)

    def _readable(self, row: Delivery) -> tuple[search.SearchablePaper, ...]:
        try:
            return self._prepared(row)
        except ReaderUnreadable as error:
            _log.error("a digest is left out of a search: %s", error)
            return ()

    def _prepare(self, row: Delivery) -> tuple[search.SearchablePaper, ...]:
        """Kept until the row changes: a digest is written anew only when its mail is claimed again."""
        digest = self._digests.get_digest(row.subscriber_id, row.digest_on)
        return search.prepare(digest) if digest else ()
