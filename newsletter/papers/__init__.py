"""What is known of a paper before any reader is: announcements, categories, authors, links, citations, TeX as text.

Fetches nothing (sources/) and judges nothing (scoring/).
"""

from newsletter.papers.announcements import announced, candidates, holds, judge, merge, with_feeds
from newsletter.papers.citations import bibtex, ris
from newsletter.papers.latex.mathml import Piece, typeset
from newsletter.papers.latex.reader import readable, readable_name
from newsletter.papers.links import Links, links
from newsletter.papers.pinned_authors import no_author, pinned_author

__all__ = [
    "Links",
    "Piece",
    "announced",
    "announcements",
    "bibtex",
    "candidates",
    "holds",
    "judge",
    "links",
    "merge",
    "no_author",
    "pinned_author",
    "readable",
    "readable_name",
    "ris",
    "taxonomy",
    "typeset",
    "with_feeds",
]
