"""Lets the papers around a paper speak for it: those that are much like it tell where it belongs (kernel regression).

A paper whose wording hides its subject lies among papers whose wording shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from newsletter.scoring.ranking.tfidf import Vector

_SQUARINGS = 3  # the eighth power of the cosine: only the very likest count, as many as there are
_ROWS = 256  # at once, for the sake of memory
_MOST_KEPT = 6_000  # papers whose likeness is kept, four bytes for each pair: 144 MB

Places = npt.NDArray[np.floating]
_Weights = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]  # of some papers: a row each, and its sum


class Neighbourhood:
    """Some papers, and how like each of them is to every other one.

    Each of `spaces` has a row of length 1 (or 0) for every paper; likeness is the mean of their cosines, or 0 if that
    is negative. It takes 30 times as long to work out as to use, and much memory: it is kept when a second profile
    asks, unless the papers are too many. Threads may share it.
    """

    def __init__(self, spaces: Sequence[Places]) -> None:
        self._joined = np.concatenate(spaces, axis=1).astype(np.float32) / np.float32(len(spaces) ** 0.5)
        self._is_asked_again = False
        self._kept: list[_Weights] | None = None

    def average(self, score: Vector) -> Vector:
        """Gives for each paper the average score of all others, weighed by their likeness to it; 0 without any."""
        values = score.astype(np.float32)
        parts = [np.zeros(0)]
        for weights, totals in self._weights():
            parts.append(np.where(totals > 1e-12, weights @ values / np.maximum(totals, 1e-12), 0.0))
        return np.concatenate(parts)

    def _weights(self) -> Sequence[_Weights] | Iterator[_Weights]:
        if self._kept is None and self._is_asked_again and len(self._joined) <= _MOST_KEPT:
            self._kept = list(self._work_out())
        self._is_asked_again = True
        return self._kept or self._work_out()

    def _work_out(self) -> Iterator[_Weights]:
        """Gives the weights of some papers' neighbours at a time."""
        for first in range(0, len(self._joined), _ROWS):
            weights = np.maximum(self._joined[first : first + _ROWS] @ self._joined.T, np.float32(0.0))
            for _ in range(_SQUARINGS):
                weights *= weights
            here = np.arange(len(weights))
            weights[here, first + here] = 0.0
            yield weights, weights.sum(axis=1)
