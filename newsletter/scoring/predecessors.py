"""Finds which paper of before a new one follows: both are about the same rare thing, in much the same words.

What a paper is about are the words and pairs of its title, and those its abstract says twice. A thing is rare if few
papers of arXiv are about it, and few of those the reader was sent: to one who is sent three papers on low-rank
adaptation a day, another one follows nothing. Common authors make up for a part of the words, never for all of them.
The numbers were set by reading pairs, see docs/scoring.md. Reads nothing but the shipped counts of words.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from newsletter.model import Paper
from newsletter.scoring.ranking.background import Background, load_background
from newsletter.scoring.ranking.tfidf import PAIR_WEIGHT, TITLE_WEIGHT
from newsletter.scoring.ranking.tokenize import COMPOUND, HYPHENS, Encoder, Keys, Word, pair_keys

__all__ = ["WordPredecessors"]

LEAST_CLOSENESS = 0.5  # evidence times likeness
LEAST_LIKENESS = 0.15  # cosine of all words and pairs
RARE_SHARE = 0.015  # of papers: what a larger share is about is no evidence
SHARE_PAPERS = 300  # that the shares in arXiv at large count for, beside the reader's own papers
# How much a shared thing counts: it is in both titles, in one of them, in none.
IN_BOTH, IN_ONE, IN_NONE = 1.0, 0.7, 0.35
FEWEST_AUTHORS = 2  # in common: of one name there may be two people
AUTHORS_FACTOR = 2.0
MAX_PAPERS = 10_000  # whose words are kept, about 2 kB each

_COMMAND = re.compile(r"\\[A-Za-z]+")
# Ends of compounds that say nothing of the thing: Milky Way-like, data-free, geometry-aware.
_SUFFIXES = ("like", "aware", "based", "free", "driven", "guided", "level", "scale", "specific", "style", "type", "art")


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """What a paper says, as numbers: all of its terms with weights (of length 1), and those that it is about."""

    terms: Keys  # sorted
    weights: npt.NDArray[np.float32]
    subjects: Keys  # sorted; with `in_title` for each, and its share of arXiv's papers
    in_title: npt.NDArray[np.bool_]
    shares: npt.NDArray[np.float32]
    authors: frozenset[str]

    def likeness(self, other: Wording) -> float:
        """Gives the cosine of the two papers' terms."""
        _, here, there = np.intersect1d(self.terms, other.terms, assume_unique=True, return_indices=True)
        return float(self.weights[here] @ other.weights[there])


class WordPredecessors:
    """The embedded `PredecessorFinder`; readers share the words of papers it has seen. May be shared by threads."""

    def __init__(self) -> None:
        self._encoder = Encoder()
        self._wordings: dict[tuple[str, int], Wording] = {}

    def find_predecessors(self, papers: Sequence[Paper], earlier: Sequence[Paper]) -> list[int | None]:
        """Gives for each paper the place of the first of `earlier` that it follows; None if it follows none of them.

        Another version of a paper follows nothing. The shares of what is rare are those among `earlier`.
        """
        if not earlier:
            return [None] * len(papers)
        past = _Past([self._read(paper) for paper in earlier])
        ids = [paper.arxiv_id for paper in earlier]
        found: list[int | None] = []
        for paper in papers:
            wording = self._read(paper)
            places = (place for place in past.find(wording) if ids[place] != paper.arxiv_id)
            found.append(next(places, None))
        return found

    def _read(self, paper: Paper) -> Wording:
        key = (paper.arxiv_id, paper.version)
        wording = self._wordings.get(key)
        if wording is None:
            if len(self._wordings) >= MAX_PAPERS:
                self._wordings.clear()
            wording = self._wordings[key] = _read(paper, self._encoder, self._background, self._suffixes)
        return wording

    @property
    def _background(self) -> Background:
        return load_background()

    @cached_property
    def _suffixes(self) -> frozenset[int]:
        return frozenset(word.key for word in self._encoder.words(" ".join(_SUFFIXES)))


class _Past:
    """The papers of before, by what they are about."""

    def __init__(self, wordings: Sequence[Wording]) -> None:
        self._wordings = wordings
        self._places: dict[int, list[tuple[int, bool]]] = defaultdict(list)
        for place, wording in enumerate(wordings):
            for subject, in_title in zip(wording.subjects.tolist(), wording.in_title.tolist(), strict=True):
                self._places[subject].append((place, in_title))

    def find(self, wording: Wording) -> Sequence[int]:
        """Finds the places of all that it follows."""
        evidence: dict[int, float] = defaultdict(float)
        subjects = zip(wording.subjects.tolist(), wording.in_title.tolist(), wording.shares.tolist(), strict=True)
        for subject, in_title, at_large in subjects:
            places = self._places.get(subject, ())
            own = (len(places) + SHARE_PAPERS * at_large) / (len(self._wordings) + SHARE_PAPERS)
            rarity = math.log(RARE_SHARE / max(own, at_large)) if places else 0.0
            if rarity > 0:
                for place, is_there in places:
                    evidence[place] += rarity * (IN_NONE, IN_ONE, IN_BOTH)[in_title + is_there]
        return [place for place in sorted(evidence) if self._is_close(wording, self._wordings[place], evidence[place])]

    def _is_close(self, wording: Wording, other: Wording, evidence: float) -> bool:
        if len(wording.authors & other.authors) >= FEWEST_AUTHORS:
            evidence *= AUTHORS_FACTOR
        if evidence < LEAST_CLOSENESS:  # no likeness is above 1, and finding it takes longest
            return False
        likeness = wording.likeness(other)
        return likeness >= LEAST_LIKENESS and evidence * likeness >= LEAST_CLOSENESS


def _read(paper: Paper, encoder: Encoder, background: Background, suffixes: frozenset[int]) -> Wording:
    title = _terms(paper.title, encoder, suffixes)
    times = Counter(_terms(paper.abstract, encoder, suffixes))
    in_title = {term for term, _ in title}
    for term in title:
        times[term] += TITLE_WEIGHT
    by_key = sorted((key, is_pair, count) for (key, is_pair), count in times.items())
    keys = np.array([key for key, _, _ in by_key], dtype=np.uint32)
    scale = np.array([(1 + math.log(count)) * (PAIR_WEIGHT if is_pair else 1) for _, is_pair, count in by_key])
    weights = scale * background.idf(keys)
    length = float(np.linalg.norm(weights))
    about = np.array([count >= 2 or key in in_title for key, _, count in by_key], dtype=np.bool_)
    subjects = keys[about]
    return Wording(
        terms=keys,
        weights=(weights / (length or 1)).astype(np.float32),
        subjects=subjects,
        in_title=np.array([key in in_title for key in subjects.tolist()], dtype=np.bool_),
        shares=((background.count(subjects) + 1.0) / (background.n_papers + 1)).astype(np.float32),
        authors=frozenset(" ".join(name.split(" (")[0].casefold().split()) for name in paper.authors),
    )


def _terms(text: str, encoder: Encoder, suffixes: frozenset[int]) -> list[tuple[int, bool]]:
    """Gives the words, pairs (True) and compounds of a text as keys, but those that say nothing of its subject."""
    plain = _COMMAND.sub(" ", text)

    def telling(word: Word) -> int:
        return 0 if word.key in suffixes else word.key

    keys = [telling(word) for word in encoder.words(plain)]
    pairs = pair_keys(np.array(keys, dtype=np.uint32)).tolist() if keys else []
    compounds = COMPOUND.findall(plain)
    whole = [
        HYPHENS.sub("", each)
        for each in compounds
        if all(telling(part) or not part.key for part in encoder.words(each))
    ]
    joined = [word.key for each in whole for word in encoder.words(each)]
    return [(key, False) for key in (*keys, *joined) if key] + [(key, True) for key in pairs if key]
