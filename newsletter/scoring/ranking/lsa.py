"""Places papers in a few dimensions, where words that occur together lie close (latent semantic analysis).

A randomised singular value decomposition of the most telling words (Halko, Martinsson, Tropp 2011, algorithm 4.4).
The random start is fixed, so the same papers always give the same numbers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from newsletter.scoring.ranking.tfidf import TermMatrix

DIMENSIONS = 30
N_TERMS = 2500
SHARPNESS = 1.25  # rare words weigh a little more here than in the matrix, where it is 1
_ROUNDS = 3


def embed(matrix: TermMatrix) -> npt.NDArray[np.float32]:
    """Gives one row of length 1 (or 0) for each paper."""
    values = matrix.values * matrix.idf[matrix.columns] ** (SHARPNESS - 1)
    values /= np.sqrt(np.bincount(matrix.rows, values**2, minlength=matrix.n_rows))[matrix.rows]
    energy = np.bincount(matrix.columns, values**2, minlength=len(matrix.terms))
    chosen = np.argsort(-energy, kind="stable")[:N_TERMS]
    place = np.full(len(matrix.terms), -1)
    place[chosen] = np.arange(len(chosen))
    is_chosen = place[matrix.columns] >= 0
    dense = np.zeros((matrix.n_rows, len(chosen)), dtype=np.float32)
    dense[matrix.rows[is_chosen], place[matrix.columns[is_chosen]]] = values[is_chosen]
    basis = np.random.default_rng(0).standard_normal((len(chosen), min(DIMENSIONS, *dense.shape)))
    directions = basis.astype(np.float32)
    for _ in range(_ROUNDS):
        rows, _ = np.linalg.qr(dense @ directions)
        directions, _ = np.linalg.qr(dense.T @ rows)
    embedded = dense @ directions
    lengths = np.linalg.norm(embedded, axis=1, keepdims=True)
    return np.asarray(embedded / np.maximum(lengths, 1e-9), dtype=np.float32)
