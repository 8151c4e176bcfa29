"""Papers as sparse rows of weighted terms, and the two products everything else is made of.

Sublinear TF-IDF over words and pairs of words, rows of length 1, in plain numpy. Knows nothing of profiles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from newsletter.scorers.text import EncodedPaper, Keys, pair_keys

Vector = npt.NDArray[np.float64]
Indexes = npt.NDArray[np.intp]

# Chosen on the early days of the corpus, see docs/scoring.md.
TITLE_WEIGHT = 2.0
PAIR_WEIGHT = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class TermMatrix:
    """One row for each paper, one column for each term, sorted by key; every entry lists its row and column."""

    rows: Indexes
    columns: Indexes
    values: Vector
    terms: Keys
    idf: Vector
    n_rows: int

    def dot(self, vector: Vector) -> Vector:
        """The product with a column vector: one number for each paper."""
        return _sum_by(self.rows, self.values * vector[self.columns], self.n_rows)

    def mix(self, weights: Vector) -> Vector:
        """The sum of the rows with these weights: one number for each term."""
        return _sum_by(self.columns, self.values * weights[self.rows], len(self.terms))

    def find(self, keys: Keys) -> tuple[Indexes, npt.NDArray[np.bool_]]:
        """The column of each key, and whether there is one."""
        if not len(self.terms):
            return np.zeros(len(keys), dtype=np.intp), np.zeros(len(keys), dtype=np.bool_)
        places = np.minimum(np.searchsorted(self.terms, keys), len(self.terms) - 1)
        return places, self.terms[places] == keys

    def query(self, counts: Mapping[int, int]) -> Vector:
        """These terms as a vector of length 1, weighted as in a paper; all zeros when no paper has any."""
        keys = np.fromiter(counts.keys(), dtype=np.uint32, count=len(counts))
        times = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
        places, known = self.find(keys)
        vector = np.zeros(len(self.terms))
        vector[places[known]] = (1 + np.log(times[known])) * self.idf[places[known]]
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector


@dataclass(frozen=True, slots=True, eq=False)
class TermCounts:
    """The papers' terms, counted but not yet weighed: `tf` is 1 + log of how often, titles counting more."""

    rows: Indexes
    columns: Indexes
    tf: Vector
    terms: Keys
    is_pair: npt.NDArray[np.bool_]
    n_rows: int

    def idf(self) -> Vector:
        """Inverse document frequency of each term among these papers, from 1 (in every paper)."""
        frequency = np.bincount(self.columns, minlength=len(self.terms))
        return np.asarray(np.log((1 + self.n_rows) / (1 + frequency)) + 1, dtype=np.float64)

    def weigh(self, idf: Vector) -> TermMatrix:
        """The matrix under these inverse document frequencies."""
        weights = idf * np.where(self.is_pair, PAIR_WEIGHT, 1.0)
        values = self.tf * weights[self.columns]
        lengths = np.sqrt(_sum_by(self.rows, values**2, self.n_rows))
        return TermMatrix(self.rows, self.columns, values / lengths[self.rows], self.terms, weights, self.n_rows)


def join(first: TermCounts, second: TermCounts) -> TermCounts:
    """The papers of both, those of the first before those of the second."""
    terms = np.union1d(first.terms, second.terms)
    here, there = np.searchsorted(terms, first.terms), np.searchsorted(terms, second.terms)
    is_pair = np.zeros(len(terms), dtype=np.bool_)
    is_pair[here] = first.is_pair
    is_pair[there] = second.is_pair
    return TermCounts(
        np.concatenate([first.rows, second.rows + first.n_rows]),
        np.concatenate([here[first.columns], there[second.columns]]),
        np.concatenate([first.tf, second.tf]),
        terms,
        is_pair,
        first.n_rows + second.n_rows,
    )


def count_terms(papers: Sequence[EncodedPaper]) -> TermCounts:
    """Count the words and pairs of these papers, one row for each."""
    keys, rows, weights, is_pair = _occurrences(papers)
    terms, columns = np.unique(keys, return_inverse=True)
    width = max(len(terms), 1)
    cells, places = np.unique(rows * width + columns, return_inverse=True)
    cell_rows, cell_columns = np.divmod(cells, width)
    pair_term = np.zeros(len(terms), dtype=np.bool_)
    pair_term[columns[is_pair]] = True
    counts = np.bincount(places, weights, minlength=len(cells))
    return TermCounts(cell_rows, cell_columns, 1 + np.log(counts), terms, pair_term, len(papers))


def _sum_by(groups: Indexes, values: Vector, n_groups: int) -> Vector:
    sums: Vector = np.bincount(groups, values, minlength=n_groups).astype(np.float64, copy=False)
    return sums


def _occurrences(
    papers: Sequence[EncodedPaper],
) -> tuple[Keys, Indexes, Vector, npt.NDArray[np.bool_]]:
    """Every word and pair of all papers: its term, its paper, its weight, and whether it is a pair."""
    gap = np.zeros(1, dtype=np.uint32)
    parts = [part for paper in papers for part in (paper.keys, gap)]
    flat: Keys = np.concatenate(parts) if parts else gap
    lengths = [len(paper.keys) + 1 for paper in papers]
    row_of = np.repeat(np.arange(len(papers)), lengths) if papers else np.zeros(1, dtype=np.intp)
    offset = np.arange(len(flat)) - np.repeat(np.cumsum([0, *lengths[:-1]]), lengths) if papers else row_of
    title_of = np.repeat([paper.title_length for paper in papers], lengths) if papers else row_of
    weight = np.where(offset < title_of, TITLE_WEIGHT, 1.0)
    pairs = pair_keys(flat)
    words, joined = np.flatnonzero(flat), np.flatnonzero(pairs)
    is_pair = np.arange(len(words) + len(joined)) >= len(words)
    where = np.concatenate([words, joined])
    return np.concatenate([flat[words], pairs[joined]]), row_of[where], weight[where], is_pair
