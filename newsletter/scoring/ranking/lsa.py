"""Places papers in a few dimensions, where words that occur together lie close (latent semantic analysis).

A randomised singular value decomposition of the most telling words (Halko, Martinsson, Tropp 2011, algorithm 4.4).
The random start is fixed, so the same papers always give the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newsletter.scoring.ranking.tfidf import Indexes, Places, TermMatrix, Vector, shorten

DIMENSIONS = 30
N_TERMS = 2500
SHARPNESS = 1.25  # rare words weigh a little more here than in the matrix, where it is 1
_ROUNDS = 3


@dataclass(frozen=True, slots=True, eq=False)
class LatentSpace:
    """The words that make the dimensions, as columns of the matrix they were found in, and their directions."""

    columns: Indexes
    directions: Places

    def place(self, matrix: TermMatrix) -> Places:
        """Gives one row of length 1 (or 0) for each paper of a matrix with the same columns."""
        return shorten(_densify(matrix, _sharpen(matrix), self.columns) @ self.directions)


def find_space(matrix: TermMatrix) -> tuple[LatentSpace, Places]:
    """Finds the dimensions of these papers, and places the papers in them."""
    values = _sharpen(matrix)
    energy = np.bincount(matrix.columns, values**2, minlength=len(matrix.terms))
    chosen = np.argsort(-energy, kind="stable")[:N_TERMS]
    dense = _densify(matrix, values, chosen)
    basis = np.random.default_rng(0).standard_normal((len(chosen), min(DIMENSIONS, *dense.shape)))
    directions = basis.astype(np.float32)
    for _ in range(_ROUNDS):
        rows, _ = np.linalg.qr(dense @ directions)
        directions, _ = np.linalg.qr(dense.T @ rows)
    return LatentSpace(chosen, directions), shorten(dense @ directions)


def _sharpen(matrix: TermMatrix) -> Vector:
    """Gives the values of the matrix, rare words weighing more, rows of length 1."""
    values = matrix.values * matrix.idf[matrix.columns] ** (SHARPNESS - 1)
    lengths = np.sqrt(np.bincount(matrix.rows, values**2, minlength=matrix.n_rows))
    return np.asarray(values / lengths[matrix.rows], dtype=np.float64)


def _densify(matrix: TermMatrix, values: Vector, columns: Indexes) -> Places:
    """Lays these columns of the matrix out, with other values in its cells."""
    place = np.full(len(matrix.terms), -1)
    place[columns] = np.arange(len(columns))
    is_chosen = place[matrix.columns] >= 0
    dense = np.zeros((matrix.n_rows, len(columns)), dtype=np.float32)
    dense[matrix.rows[is_chosen], place[matrix.columns[is_chosen]]] = values[is_chosen]
    return dense
