"""Finds the works that a reader was sent, whatever their ids; only readers of several sources need it.

arXiv's papers are known by their ids. A paper that stands in two places, or that a journal publishes months after its
preprint, has another id each time; that they are one work, papers/works.py tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from newsletter.delivery import ledger
from newsletter.model import AnnouncementDay, Paper, Subscriber
from newsletter.papers import Works, categories
from newsletter.stores import Store

REMEMBERED = timedelta(days=400)  # journals publish a preprint months later; each mail read takes a millisecond


def reads_several_sources(subscriber: Subscriber) -> bool:
    """Tells whether papers come to this reader from more than one place; each feed is one, all of arXiv another.

    A venue of OpenReview is more than one by itself: its papers get a DOI, or name their arXiv id, weeks later.
    """
    sources = {
        category if categories.is_feed(category) else categories.source_of(category)
        for category in subscriber.categories
    }
    return len(sources) > 1 or categories.SourceName.OPENREVIEW in sources


def find_published(days: Iterable[AnnouncementDay]) -> dict[str, str]:
    """Finds which preprints became articles, as their later versions say: DOIs of articles by the preprints' ids."""
    papers = (shown.paper for day in days for shown in day.announcements)
    return {
        paper.arxiv_id: paper.origin.published_doi for paper in papers if paper.origin and paper.origin.published_doi
    }


def read_sent_works(store: Store, subscriber_id: str, digest_on: date, published: Mapping[str, str]) -> Works:
    """Reads the works that a reader was sent, or may have been, in the last 400 days but for the mail of `digest_on`.

    `published` as `find_published` gives it: what was not known when a preprint was sent.
    A digest that cannot be read is passed over: then a work may come twice.
    """
    oldest = digest_on - REMEMBERED
    dates = [
        row.digest_on
        for row in store.get_deliveries(subscriber_id=subscriber_id)
        if row.digest_on != digest_on and row.digest_on >= oldest and ledger.counts_as_sent(row.state) and row.paper_ids
    ]
    sent = (entry.paper for digest in store.get_digests(subscriber_id, dates) for entry in digest.entries)
    return Works(_as_published(paper, published.get(paper.arxiv_id, "")) for paper in sent)


def _as_published(paper: Paper, doi: str) -> Paper:
    return replace(paper, origin=replace(paper.origin, published_doi=doi)) if paper.origin and doi else paper
