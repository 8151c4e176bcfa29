"""Knows arXiv abstracts at large: counts of words and pairs of words, and a sample of papers, as shipped.

Today's papers alone cannot show it: among papers on galaxies "network" is rare and looks important, and among twelve
papers nothing stands out. Made by benchmarks/make_background.py; holds hashed terms and counts, no text.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from newsletter.scoring.ranking.tfidf import Indexes, TermCounts, TermMatrix, find_keys
from newsletter.scoring.ranking.tokenize import Keys

SHIPPED = Path(__file__).with_name("background.npz")
_SAMPLES = 4  # that are kept in mind, of a megabyte each, or seven for all papers


@dataclass(frozen=True, slots=True, eq=False)
class SamplePapers:
    """The known terms of some papers, by turns: `columns[starts[n]:starts[n + 1]]` are those of paper `n`.

    `rare` counts the words and the pairs of each paper that are too rare to be among the known terms.
    """

    starts: Indexes
    columns: npt.NDArray[np.uint16]
    times: npt.NDArray[np.uint8]
    rare: npt.NDArray[np.uint8]
    categories: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Sorted terms, in how many papers each occurs, and of how many papers."""

    terms: Keys
    frequency: npt.NDArray[np.uint16]
    is_pair: npt.NDArray[np.bool_]
    n_papers: int
    sample: SamplePapers

    def idf(self, terms: Keys) -> npt.NDArray[np.float64]:
        """Inverse document frequency of each term, from 1 (in every paper); an unknown term counts as in one."""
        places, known = find_keys(self.terms, terms)
        frequency = np.where(known, self.frequency[places], 1)
        return np.asarray(np.log((1 + self.n_papers) / (1 + frequency)) + 1, dtype=np.float64)

    def count(self, terms: Keys) -> npt.NDArray[np.uint16]:
        """In how many papers each term occurs; 0 for one that is too rare to be among the counted."""
        places, known = find_keys(self.terms, terms)
        return np.where(known, self.frequency[places], 0).astype(np.uint16)

    def knows(self, terms: Keys) -> npt.NDArray[np.bool_]:
        """Tells of each term whether it is one of those counted; rarer ones are not."""
        return find_keys(self.terms, terms)[1]

    @property
    def categories(self) -> frozenset[str]:
        """The categories of all sample papers."""
        return frozenset().union(*self.sample.categories)

    def count_sample(self, categories: Collection[str], most: int) -> TermCounts:
        """Counts at most so many of the sample papers that have one of these categories, always the same ones."""
        return _count_sample(self, frozenset(categories), most)


@lru_cache(maxsize=_SAMPLES)
def _count_sample(background: Background, categories: frozenset[str], most: int) -> TermCounts:
    """Once for papers of the same categories, each day, and for profiles of each length."""
    sample = background.sample
    wanted = [n for n, own in enumerate(sample.categories) if not own.isdisjoint(categories)][:most]
    lengths = np.array([sample.starts[n + 1] - sample.starts[n] for n in wanted], dtype=np.intp)
    cells = _join_ranges(sample.starts[wanted], lengths)
    used, columns = np.unique(sample.columns[cells], return_inverse=True)
    known = TermCounts(
        np.repeat(np.arange(len(wanted)), lengths),
        columns,
        1 + np.log(sample.times[cells].astype(np.float64)),
        background.terms[used],
        background.is_pair[used],
        len(wanted),
    )
    return _add_rare(known, sample.rare[wanted])


def _join_ranges(starts: Indexes, lengths: Indexes) -> Indexes:
    ends = np.cumsum(lengths)
    cells: Indexes = np.arange(int(lengths.sum())) + np.repeat(starts - (ends - lengths), lengths)
    return cells


def _add_rare(counts: TermCounts, rare: npt.NDArray[np.uint8]) -> TermCounts:
    """Adds each rare term as one that no other paper has, so that the papers are as long as they were."""
    flat = rare.astype(np.intp).ravel()
    rows = np.repeat(np.arange(len(flat)) // 2, flat)
    is_pair = np.repeat(np.arange(len(flat)) % 2 == 1, flat)
    free = np.setdiff1d(np.arange(1, len(rows) + len(counts.terms) + 1, dtype=np.uint32), counts.terms)[: len(rows)]
    terms = np.concatenate([counts.terms, free])
    order = np.argsort(terms, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    columns = np.concatenate([counts.columns, len(counts.terms) + np.arange(len(rows))])
    return TermCounts(
        np.concatenate([counts.rows, rows]),
        place[columns],
        np.concatenate([counts.tf, np.ones(len(rows))]),
        terms[order],
        np.concatenate([counts.is_pair, is_pair])[order],
        counts.n_rows,
    )


@cache
def load_background() -> Background:
    """Reads the counts once a process; they take 2 MB."""
    with np.load(SHIPPED) as data:
        names, members = data["categories"].tolist(), data["members"]
        sample = SamplePapers(
            np.concatenate([[0], np.cumsum(data["lengths"], dtype=np.intp)]),
            data["columns"],
            data["times"],
            data["rare"],
            tuple(frozenset(names[n] for n in np.flatnonzero(row)) for row in np.unpackbits(members, axis=1)),
        )
        is_pair = np.unpackbits(data["is_pair"]).astype(np.bool_)[: len(data["terms"])]
        return Background(data["terms"], data["frequency"], is_pair, int(data["n_papers"]), sample)


@cache
def weigh_sample() -> TermMatrix:
    """Weighs all shipped sample papers by what is rare in arXiv at large, once a process; takes 5 MB."""
    background = load_background()
    counts = background.count_sample(background.categories, len(background.sample.categories))
    return counts.weigh(background.idf(counts.terms))
