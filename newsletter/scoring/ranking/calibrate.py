"""Grades papers by their ranking: whole numbers from 1 to 10 that mean the same from day to day.

Relevance is a fixed function of a paper's place among the recent papers and of its likeness to the profile's words at
large; the constants were fitted once, on the days up to 2025-10-08 of the corpus for all its profiles together and
for days of foreign fields (docs/scoring.md).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from newsletter.scoring.ranking.rank import Ranking
from newsletter.scoring.ranking.tfidf import Vector

LOWEST = 1  # of all grades
Grades = npt.NDArray[np.intp]

# Log-odds of being relevant.
_PLACE_WEIGHT = 0.81
_EVIDENCE_WEIGHT = 7.84
_OFFSET = -3.82
_MAX_EVIDENCE = 0.2
_PLACE_RANGE = (-1.0, 5.0)
# The chance from which each relevance is given: 2 from the first on, 7 from the sixth on, 10 from the last on.
_CHANCES = np.array([0.025, 0.04, 0.065, 0.1, 0.15, 0.2, 0.27, 0.4, 0.55])

# The evidence in the best papers, at most a twentieth and few, tells whether the profile's subject is there at all:
# below the first value a paper's place among the others means nothing, from the second on it means all it can.
_PRESENCE_SHARE = 0.05
_PRESENCE_PAPERS = (3, 50)
_PRESENCE = (0.2, 0.28)


def grade_relevance(ranking: Ranking) -> Grades:
    """Grades the relevance of every paper of the ranking."""
    presence = _measure_presence(ranking.evidence)
    place = np.clip(ranking.score, *_PLACE_RANGE) * presence
    evidence = np.clip(ranking.evidence, 0.0, _MAX_EVIDENCE)
    odds = _PLACE_WEIGHT * place + _EVIDENCE_WEIGHT * evidence + _OFFSET
    return 1 + np.searchsorted(_CHANCES, 1 / (1 + np.exp(-odds)), side="right")


def _measure_presence(evidence: Vector) -> float:
    """Measures how far the profile's subject is among these papers, from 0 to 1."""
    fewest, most = _PRESENCE_PAPERS
    n_best = max(fewest, min(most, int(np.ceil(_PRESENCE_SHARE * len(evidence)))))
    best = float(np.sort(evidence)[-n_best:].mean())
    low, high = _PRESENCE
    return min(max((best - low) / (high - low), 0.0), 1.0)
