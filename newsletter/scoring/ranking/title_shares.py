"""Knows which words name subjects: papers have those in titles, but "demonstrate" stands in abstracts alone.

The shipped file has hashed stems and no text; it is made by benchmarks/make_title_shares.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from newsletter.scoring.ranking.tfidf import Vector, find_keys
from newsletter.scoring.ranking.tokenize import Keys

SHIPPED = Path(__file__).with_name("title_shares.npz")
# The share of the papers with a word that have it in their title: up to the first value it names nothing, from the
# second on it names a subject. "Galaxy" has .49, "learn" .37, "human" .14, "smaller" .03.
_RANGE = (0.02, 0.12)
_LEAST = 0.1  # of a word's weight stays: in a pinch, "first" tells first galaxies from others


@dataclass(frozen=True, slots=True, eq=False)
class TitleShares:
    """For each of some stems, in ascending order of their keys, its share in titles (0–1)."""

    stems: Keys
    shares: npt.NDArray[np.float64]

    def measure(self, stems: Keys) -> Vector:
        """Measures how far each of these stems names a subject (0.1–1); a rare one does."""
        spots, known = find_keys(self.stems, stems)
        low, high = _RANGE
        named = np.clip((self.shares[spots] - low) / (high - low), _LEAST, 1.0)
        return np.where(known, named, 1.0)


@cache
def load_title_shares() -> TitleShares:
    """Reads the table once a process."""
    with np.load(SHIPPED) as data:
        return TitleShares(data["stems"], data["shares"].astype(np.float64) / 255)
