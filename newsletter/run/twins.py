"""Which works a reader was sent, whatever ids they had: read for readers of several sources alone.

arXiv's papers are known by their ids. A paper that stands in two places, or that a journal publishes months after its
preprint, has another id each time; that they are one work, papers/twins.py tells.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import date, timedelta

from newsletter.errors import ReaderUnreadable
from newsletter.model import Subscriber
from newsletter.papers import Works, categories
from newsletter.stores import Store

REMEMBERED = timedelta(days=400)  # journals publish a preprint months later; each mail read takes half a millisecond


def reads_several_sources(subscriber: Subscriber) -> bool:
    """Tells whether papers come to this reader from more than one place; each feed is one, all of arXiv another."""
    sources = {
        category if categories.is_feed(category) else categories.source_of(category)
        for category in subscriber.categories
    }
    return len(sources) > 1


def read_sent_works(store: Store, subscriber_id: str, mailed_on: Iterable[date], digest_on: date) -> Works:
    """Reads the works that a reader was sent in the last 400 days before `digest_on`, of their mails of these dates.

    A digest that cannot be read is passed over: then a work may come twice.
    """
    sent = Works()
    for on in mailed_on:
        if on >= digest_on - REMEMBERED:
            with suppress(ReaderUnreadable):
                digest = store.get_digest(subscriber_id, on)
                for entry in digest.entries if digest else ():
                    sent.add(entry.paper)
    return sent
