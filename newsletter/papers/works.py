"""Tells when two papers of different ids are one work: a preprint in two places, or one that a journal published. Pure.

Two are one if they have a DOI in common, be it that of the article which a preprint became; or if their titles have the
same letters and their first authors the same family name. Where one of them names no author, the title alone has to
do. Short titles ("Correction", "Editorial") prove nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from newsletter.model import Announcement, IdKind, Paper, PaperId
from newsletter.papers.announcements import join
from newsletter.papers.citations import is_group, last_first
from newsletter.papers.latex import readable, readable_name

# Of a title. Of 20,594 arXiv papers of autumn 2025, 61 have fewer, and no two of the others are alike.
LEAST_LETTERS = 20
_MOST_CHARS = 400
_NO_LETTER = re.compile(r"[\W_]+")


class Works:
    """A set of works, each known by one of its papers."""

    def __init__(self, papers: Iterable[Paper] = ()) -> None:
        self._families: dict[str, dict[str, Paper]] = {}
        self._by_doi: dict[str, Paper] = {}
        for paper in papers:
            self.add(paper)

    def add(self, paper: Paper) -> None:
        """Adds a paper's work; does nothing for what proves nothing, and for a work that is there."""
        for doi in _dois(paper):
            self._by_doi.setdefault(doi, paper)
        title, family = _marks(paper)
        if title:
            self._families.setdefault(title, {}).setdefault(family, paper)

    def find(self, paper: Paper) -> Paper | None:
        """Finds the paper by which the same work is known; None if it is not."""
        return next(self.find_all(paper), None)

    def find_all(self, paper: Paper) -> Iterator[Paper]:
        """Finds every paper that is the same work: what names the DOI of one may have the title of another."""
        yield from (self._by_doi[doi] for doi in _dois(paper) if doi in self._by_doi)
        title, family = _marks(paper)
        known = self._families.get(title, {})
        found = known.get(family) or known.get("") if family else next(iter(known.values()), None)
        if found:
            yield found


def merge_works(announcements: Sequence[Announcement]) -> tuple[Announcement, ...]:
    """Gives each work once, where its first paper stood: the paper that says most of it, with the feeds of all."""
    works, merged, first_of = Works(), dict[str, Announcement](), dict[str, str]()
    places: dict[str, int] = {}
    for shown in announcements:
        key = shown.paper.arxiv_id
        places.setdefault(key, len(places))
        same = {first_of[each.arxiv_id] for each in works.find_all(shown.paper)}
        works.add(shown.paper)
        first, *others = sorted(same, key=places.__getitem__) or [key]
        for part in (shown, *map(merged.pop, others)):
            known = merged.get(first)
            merged[first] = join(known, part, max(known.paper, part.paper, key=_says_more)) if known else part
        first_of[key] = first
        if others:
            first_of |= {each: first for each, found in first_of.items() if found in others}
    return tuple(merged.values())


def _says_more(paper: Paper) -> tuple[bool, bool, bool]:
    """arXiv's papers can be read by everybody as text; of the others those say more that have abstract and PDF."""
    return paper.origin is None, bool(paper.abstract), bool(paper.origin and paper.origin.pdf)


def _dois(paper: Paper) -> tuple[str, ...]:
    """The DOIs of a paper, and of the article that it became."""
    own = PaperId.read(paper.arxiv_id)
    named = (paper.origin.doi, paper.origin.published_doi) if paper.origin else ()
    found = (own.value if own.kind is IdKind.DOI else "", *named)
    return tuple(dict.fromkeys(doi.lower() for doi in found if doi))


@lru_cache(maxsize=4096)
def _marks(paper: Paper) -> tuple[str, str]:
    """The letters of title and family name; no title, if it proves nothing."""
    title = _fold(readable(paper.title[:_MOST_CHARS]))
    first = readable_name(paper.authors[0]).split(" (")[0] if paper.authors else ""
    family = first if is_group(first) else last_first(first).partition(",")[0]
    return (title, _fold(family)) if len(title) >= LEAST_LETTERS else ("", "")


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _NO_LETTER.sub("", "".join(char for char in plain if not unicodedata.combining(char)))
