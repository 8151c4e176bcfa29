"""How common words and pairs of words are in arXiv abstracts at large: counts that ship with the package.

Today's papers alone cannot tell: among papers on galaxies "network" is rare and looks telling. Made by
benchmarks/make_background.py; holds hashed terms and counts, no text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from newsletter.scorers.text import Keys

SHIPPED = Path(__file__).with_name("background.npz")
_SHIFT = np.uint64(32)  # half of a key tells tens of thousands of terms apart and halves the file


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Sorted halves of term keys, in how many papers each occurs, and of how many papers."""

    halves: npt.NDArray[np.uint32]
    frequency: npt.NDArray[np.uint16]
    n_papers: int

    def idf(self, terms: Keys) -> npt.NDArray[np.float64]:
        """Inverse document frequency of each term, from 1 (in every paper); an unknown term counts as in one."""
        halves = (terms >> _SHIFT).astype(np.uint32)
        places = np.minimum(np.searchsorted(self.halves, halves), len(self.halves) - 1)
        frequency = np.where(self.halves[places] == halves, self.frequency[places], 1)
        return np.asarray(np.log((1 + self.n_papers) / (1 + frequency)) + 1, dtype=np.float64)


@cache
def load_background(file: Path = SHIPPED) -> Background:
    with np.load(file) as data:
        return Background(data["halves"], data["frequency"], int(data["n_papers"]))


def save_background(file: Path, terms: Keys, frequency: npt.NDArray[np.intp], n_papers: int) -> None:
    """`terms` are sorted. Of two terms with equal halves the commoner is kept."""
    halves = (terms >> _SHIFT).astype(np.uint32)
    order = np.lexsort((-frequency, halves))
    first = np.concatenate([[True], np.diff(halves[order]) > 0])
    chosen = order[first]
    counts = np.minimum(frequency[chosen], np.iinfo(np.uint16).max).astype(np.uint16)
    np.savez_compressed(file, halves=halves[chosen], frequency=counts, n_papers=np.int64(n_papers))
