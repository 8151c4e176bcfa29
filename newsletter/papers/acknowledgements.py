"""Thanks those whose papers a page or a mail shows, in English as they word it themselves. Pure.

arXiv asks for its two sentences (https://info.arxiv.org/help/api/tou.html). bioRxiv and medRxiv ask that nobody takes a
preprint for established knowledge (https://www.medrxiv.org/content/what-unrefereed-preprint). OpenReview asks for
nothing, and is thanked. Journals and blogs are linked to, and ask for nothing more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from newsletter.model import Paper
from newsletter.papers.categories import TITLES, SourceName, is_openreview, source_of

ARXIV = (
    "Thank you to arXiv for use of its open access interoperability. This newsletter was not reviewed or approved by,"
    " nor does it necessarily express or reflect the policies or opinions of, arXiv."
)
PREPRINTS = (
    "Thank you to bioRxiv and medRxiv. Their preprints were not certified by peer review, and should not guide clinical"
    " practice or health-related behavior."
)
OPENREVIEW = "Thank you to OpenReview, where the papers of journals and conferences stand beside their reviews."


def acknowledgements(papers: Iterable[Paper], categories: Collection[str]) -> tuple[str, ...]:
    """Gives the sentences that belong below these papers; without any, those of the categories looked through."""
    shown = {_source_of(paper) for paper in papers} or {source_of(category) for category in categories}
    thanks = (
        (ARXIV, {SourceName.ARXIV}),
        (PREPRINTS, {SourceName.BIORXIV, SourceName.MEDRXIV}),
        (OPENREVIEW, {SourceName.OPENREVIEW}),
    )
    return tuple(text for text, sources in thanks if shown & sources)


def _source_of(paper: Paper) -> SourceName:
    """A preprint may have come by somebody's feed: its server says whose it is."""
    if paper.origin is None:
        return SourceName.ARXIV
    if is_openreview(paper.primary):
        return SourceName.OPENREVIEW
    return next((name for name, title in TITLES.items() if title == paper.origin.name), SourceName.FEED)
