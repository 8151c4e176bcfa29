"""Holds papers as sparse rows of weighted terms, with the two products that everything else is made of.

Sublinear TF-IDF over words and pairs of words, rows of length 1, in plain numpy. Knows nothing of profiles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from newsletter.scoring.ranking.tokenize import EncodedPaper, Keys, pair_keys

Vector = npt.NDArray[np.float64]
Places = npt.NDArray[np.float32]
Indexes = npt.NDArray[np.intp]
CellIndexes = npt.NDArray[np.signedinteger]

# Chosen on the early days of the corpus, see docs/scoring.md.
TITLE_WEIGHT = 2
PAIR_WEIGHT = 0.7

# An occurrence as one number: 32 bits of term, 31 of row, 1 for pairs.
_TERM_SHIFT = np.uint64(32)
_ROW_SHIFT = np.uint64(1)
_ROW_MASK = np.uint64(2**31 - 1)
_PAIR_BIT = np.uint64(1)


def find_keys(table: Keys, keys: Keys) -> tuple[Indexes, npt.NDArray[np.bool_]]:
    """Finds the place of each key in a table of ascending keys, and whether it is there; else the place is any."""
    if not len(table):
        return np.zeros(len(keys), dtype=np.intp), np.zeros(len(keys), dtype=np.bool_)
    places = np.minimum(np.searchsorted(table, keys), len(table) - 1)
    return places, table[places] == keys


def shorten(rows: Places) -> Places:
    """Makes each row one of length 1; a row of zeros stays."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class TermMatrix:
    """One row for each paper, one column for each term, sorted by key; every entry lists its row and column."""

    rows: CellIndexes
    columns: CellIndexes
    values: Vector
    terms: Keys
    idf: Vector
    n_rows: int

    def dot(self, vector: Vector) -> Vector:
        """Gives the product with a column vector: one number for each paper."""
        return _sum_by(self.rows, self.values * vector[self.columns], self.n_rows)

    def mix(self, weights: Vector) -> Vector:
        """Gives the sum of the rows with these weights: one number for each term."""
        return _sum_by(self.columns, self.values * weights[self.rows], len(self.terms))

    def narrow(self, keys: Keys) -> TermMatrix:
        """Gives the same papers and columns, but only the entries of these terms: the others cost time for nothing."""
        places, known = self.find(keys)
        wanted = np.zeros(len(self.terms), dtype=np.bool_)
        wanted[places[known]] = True
        cells = np.flatnonzero(wanted[self.columns])
        return replace(self, rows=self.rows[cells], columns=self.columns[cells], values=self.values[cells])

    def fold_in(self, counts: TermCounts) -> TermMatrix:
        """Weighs other papers as these are weighed, in the same columns; terms that these lack are left out."""
        places, known = self.find(counts.terms)
        cells = np.flatnonzero(known[counts.columns])
        rows, columns = counts.rows[cells], places[counts.columns[cells]]
        values = counts.tf[cells] * self.idf[columns]
        lengths = np.sqrt(_sum_by(rows, values**2, counts.n_rows))
        return replace(self, rows=rows, columns=columns, values=values / lengths[rows], n_rows=counts.n_rows)

    def find(self, keys: Keys) -> tuple[Indexes, npt.NDArray[np.bool_]]:
        """Finds the column of each key, and whether there is one."""
        return find_keys(self.terms, keys)

    def query(self, counts: Mapping[int, int], sharpness: float = 1.0) -> Vector:
        """Gives these terms as a vector of length 1; all zeros when no paper has any.

        With sharpness 1 they are weighted as in a paper; the higher it is, the more the rarest decide.
        """
        keys = np.fromiter(counts.keys(), dtype=np.uint32, count=len(counts))
        times = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
        places, known = self.find(keys)
        vector = np.zeros(len(self.terms))
        vector[places[known]] = (1 + np.log(times[known])) * self.idf[places[known]] ** sharpness
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector


@dataclass(frozen=True, slots=True, eq=False)
class TermCounts:
    """The papers' terms, counted but not yet weighed: `tf` is 1 + log of how often, titles counting more."""

    rows: CellIndexes
    columns: CellIndexes
    tf: Vector
    terms: Keys
    is_pair: npt.NDArray[np.bool_]
    n_rows: int

    def idf(self) -> Vector:
        """Gives the inverse document frequency of each term among these papers, from 1 (in every paper)."""
        frequency = np.bincount(self.columns, minlength=len(self.terms))
        return np.asarray(np.log((1 + self.n_rows) / (1 + frequency)) + 1, dtype=np.float64)

    def weigh(self, idf: Vector) -> TermMatrix:
        """Gives the matrix under these inverse document frequencies."""
        weights = idf * np.where(self.is_pair, PAIR_WEIGHT, 1.0)
        values = self.tf * weights[self.columns]
        lengths = np.sqrt(_sum_by(self.rows, values**2, self.n_rows))
        return TermMatrix(self.rows, self.columns, values / lengths[self.rows], self.terms, weights, self.n_rows)


def join(first: TermCounts, second: TermCounts) -> TermCounts:
    """Joins the papers of both, those of the first before those of the second."""
    terms = np.union1d(first.terms, second.terms)
    here, there = (np.searchsorted(terms, each.terms).astype(np.int32) for each in (first, second))
    is_pair = np.zeros(len(terms), dtype=np.bool_)
    is_pair[here] = first.is_pair
    is_pair[there] = second.is_pair
    return TermCounts(
        np.concatenate([first.rows, (second.rows + first.n_rows).astype(np.int32)]),
        np.concatenate([here[first.columns], there[second.columns]]),
        np.concatenate([first.tf, second.tf]),
        terms,
        is_pair,
        first.n_rows + second.n_rows,
    )


def count_terms(papers: Sequence[EncodedPaper]) -> TermCounts:
    """Counts the words and pairs of these papers, one row for each."""
    occurrences = _occurrences(papers)
    occurrences.sort()  # by term, then by paper: cheaper than counting each paper by itself
    firsts = _firsts(occurrences)
    times = np.diff(np.append(firsts, len(occurrences)))
    cells = occurrences[firsts]
    keys = (cells >> _TERM_SHIFT).astype(np.uint32)
    first_cells = _firsts(keys)
    columns = np.zeros(len(cells), dtype=np.int32)
    columns[first_cells[1:]] = 1
    return TermCounts(
        ((cells >> _ROW_SHIFT) & _ROW_MASK).astype(np.int32),
        np.cumsum(columns, dtype=np.int32),
        1 + np.log(times),
        keys[first_cells],
        (cells[first_cells] & _PAIR_BIT).astype(np.bool_),
        len(papers),
    )


def _firsts(values: npt.NDArray[np.unsignedinteger]) -> Indexes:
    """Finds where each run of equal values starts."""
    return np.flatnonzero(np.concatenate([np.ones(min(1, len(values)), np.bool_), values[1:] != values[:-1]]))


def _sum_by(groups: CellIndexes, values: Vector, n_groups: int) -> Vector:
    sums: Vector = np.bincount(groups, values, minlength=n_groups).astype(np.float64, copy=False)
    return sums


def _occurrences(papers: Sequence[EncodedPaper]) -> npt.NDArray[np.uint64]:
    """Packs every word and pair of all papers as one number, see above; those of titles are repeated."""
    gap = np.zeros(1, dtype=np.uint32)
    flat: Keys = np.concatenate([gap, *(part for paper in papers for part in (paper.keys, gap))])
    lengths = [len(paper.keys) + 1 for paper in papers]
    rows = np.repeat(np.arange(len(papers), dtype=np.uint64) << _ROW_SHIFT, lengths)
    ends = np.cumsum([1, *lengths])[:-1] if papers else np.zeros(0, dtype=np.intp)
    titles = [np.arange(start, start + paper.title_length) for start, paper in zip(ends, papers, strict=True)]
    in_title = np.zeros(len(flat), dtype=np.bool_)
    in_title[np.concatenate([*titles, np.zeros(0, dtype=np.intp)])] = True
    packed = [np.zeros(0, dtype=np.uint64)]
    for keys, bit in ((flat, np.uint64(0)), (pair_keys(flat), _PAIR_BIT)):
        where = np.flatnonzero(keys)
        found = (keys[where].astype(np.uint64) << _TERM_SHIFT) | rows[where - 1] | bit
        packed += [found, *[found[in_title[where]]] * (TITLE_WEIGHT - 1)]
    return np.concatenate(packed)
