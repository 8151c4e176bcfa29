"""Holds papers as every profile meets them: their words weighed, and placed by the company and meaning of these words.

A pool is made once for all profiles that are ranked over the same papers, and takes three times as long as ranking one
profile over it. Knows nothing of profiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from newsletter.scoring.ranking.background import Background
from newsletter.scoring.ranking.lsa import LatentSpace, find_space
from newsletter.scoring.ranking.neighbours import Neighbourhood
from newsletter.scoring.ranking.tfidf import CellIndexes, Indexes, Places, TermCounts, TermMatrix
from newsletter.scoring.ranking.word_vectors import load_word_vectors

BACKGROUND_PAPERS = 500  # as many papers as the shipped counts are worth against those of the pool; docs/scoring.md


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Some papers. `matrix` and `at_large` have a row for each, and share rows and columns, see `weigh`.

    `latent` is where each paper lies in the latent dimensions, in which `space` places others, `meaning` where it lies
    in the table of word vectors. `by_row` lists the cells of the matrices paper by paper: those of paper `n` are
    `by_row[starts[n]:starts[n + 1]]`.
    """

    matrix: TermMatrix
    at_large: TermMatrix
    space: LatentSpace
    latent: npt.NDArray[np.float64]
    meaning: Places
    neighbours: Neighbourhood  # by both
    by_row: CellIndexes
    starts: Indexes

    def cells_of(self, rows: Sequence[int]) -> CellIndexes:
        """Gives the cells of some papers, paper by paper."""
        spans = [self.by_row[self.starts[row] : self.starts[row + 1]] for row in rows]
        return np.concatenate(spans) if spans else self.by_row[:0]


def make_pool(counts: TermCounts, background: Background) -> Pool:
    """Weighs and places these papers."""
    matrix, at_large = weigh(counts, background)
    space, places = find_space(matrix)
    latent = places.astype(np.float64)
    meaning = load_word_vectors().place_papers(at_large)
    by_row = np.argsort(matrix.rows, kind="stable").astype(np.int32)
    return Pool(
        matrix,
        at_large,
        space,
        latent,
        meaning,
        Neighbourhood((latent, meaning)),
        by_row,
        np.searchsorted(matrix.rows[by_row], np.arange(matrix.n_rows + 1)),
    )


def weigh(counts: TermCounts, background: Background) -> tuple[TermMatrix, TermMatrix]:
    """Weighs the papers by what is rare among them, and by what is rare in arXiv at large.

    The fewer the papers, the less they show what is rare, and the more the first leans on the background too.
    """
    own, common = counts.idf(), background.idf(counts.terms)
    trust = counts.n_rows / (counts.n_rows + BACKGROUND_PAPERS)
    return counts.weigh(trust * own + (1 - trust) * common), counts.weigh(common)
