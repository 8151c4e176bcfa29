"""Lets the papers around a paper speak for it: those that are much like it tell where it belongs (kernel regression).

A paper whose wording hides its subject lies among papers whose wording shows it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from newsletter.scoring.ranking.tfidf import Vector

_SQUARINGS = 3  # the eighth power of the cosine: only the very likest count, as many as there are
_ROWS = 256  # at once, for the sake of memory

Places = npt.NDArray[np.floating]


def average_neighbours(score: Vector, spaces: Sequence[Places]) -> Vector:
    """Gives for each paper the average score of all others, weighed by their likeness to it.

    Each of `spaces` has a row of length 1 (or 0) for every paper; likeness is the mean of their cosines, or 0 if that
    is negative. A paper without neighbours gets 0.
    """
    joined = np.concatenate(spaces, axis=1).astype(np.float32) / np.float32(len(spaces) ** 0.5)
    values = score.astype(np.float32)
    averages = np.zeros(len(score))
    for first in range(0, len(score), _ROWS):
        weights = np.maximum(joined[first : first + _ROWS] @ joined.T, 0.0)
        for _ in range(_SQUARINGS):
            weights *= weights
        here = np.arange(len(weights))
        weights[here, first + here] = 0.0
        totals = weights.sum(axis=1)
        averages[first : first + _ROWS] = np.where(totals > 1e-12, weights @ values / np.maximum(totals, 1e-12), 0.0)
    return averages
