"""Grades papers by their ranking: whole numbers from 1 to 10 that mean the same on every day, with or without memory.

A grade is the chance that the reader wants the paper, cut into ten. The chance is a fixed function of the paper's place
above the shipped papers of its field, which no earlier day can move. Two things bound the place: how much of a topic's
own words the paper has, and whether the profile's subject is found in that field at all. The constants are fitted by
benchmarks/fit_grades.py on the days up to 2025-10-08 of the corpus; how well they hold is in docs/scoring.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from newsletter.scoring.ranking.rank import Ranking
from newsletter.scoring.ranking.tfidf import Vector

LOWEST = 1  # of all grades
Grades = npt.NDArray[np.intp]

# Log-odds of being wanted at each place; in between, and beyond the ends, they go on straight and level.
PLACES = np.array([-1.0, 0.0, 1.0, 2.0, 3.0, 4.0])
_ODDS = np.array([-5.33, -3.35, -1.14, 0.13, 0.91, 2.28])
# The chance from which each relevance is given: 2 from the first on, 7 from the sixth on, 10 from the last on. From 6
# on a digest is best for precision and recall together (docs/scoring.md).
CHANCES = np.array([0.03, 0.06, 0.1, 0.18, 0.28, 0.45, 0.6, 0.8, 0.9])

# The median and this quantile of the shipped papers of the field are place 0 and what a normal curve gives to it.
# The upper tail alone is measured: where it is long, standing out means less.
_TAIL = 0.95
_TAIL_PLACE = 1.645
_ENOUGH_REFERENCE = 80  # shipped papers of the field; with fewer, all papers at hand are the measure

# A paper's place counts no higher than its likeness to one topic's words allows. Hardly a wanted paper of the corpus is
# cut by it, but what stands out by chance where a narrow subject has no paper is.
_BARE_PLACE = 1.0
_PLACE_PER_LIKENESS = 20.0

# Where few papers of a field are like the profile, a place in it means less: by the deviations that this quantile of
# them lies above all of arXiv, nothing up to the first number, all from the second on. Or the paper is like a topic.
_FIELD_QUANTILE = 0.9
_FIELD = (0.9, 1.4)
_OWN_LIKENESS = (0.1, 0.2)


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What a ranking is measured against.

    `first_shipped` is the row from which on the ranked papers are shipped ones of the field. `evidence_mean` and
    `evidence_spread` are those of the profile over shipped papers of all fields.
    """

    first_shipped: int
    evidence_mean: float
    evidence_spread: float


def grade_relevance(ranking: Ranking, yardstick: Yardstick) -> Grades:
    """Grades the relevance of every paper of the ranking."""
    chances = give_chances(measure_places(ranking, yardstick))
    return np.asarray(1 + np.searchsorted(CHANCES, chances, side="right"), dtype=np.intp)


def give_chances(places: Vector) -> Vector:
    """Gives the chance that papers of these places are wanted."""
    return np.asarray(1 / (1 + np.exp(-np.interp(places, PLACES, _ODDS))), dtype=np.float64)


def measure_places(ranking: Ranking, yardstick: Yardstick) -> Vector:
    """Measures how high every paper stands above the shipped papers of its field: 0 in the middle, 1.6 at the top 5 %.

    Bounded by its likeness to the profile's words, and lowered where the field is not the profile's.
    """
    reference = slice(yardstick.first_shipped, None)
    if len(ranking.score) - yardstick.first_shipped < _ENOUGH_REFERENCE:
        reference = slice(None)
    middle, high = np.quantile(ranking.score[reference], [0.5, _TAIL])
    if high - middle < 1e-9:
        return np.full_like(ranking.score, PLACES[0])
    place = (ranking.score - middle) / (high - middle) * _TAIL_PLACE
    place = np.minimum(place, _BARE_PLACE + _PLACE_PER_LIKENESS * ranking.likeness)
    evidence = (ranking.evidence[reference] - yardstick.evidence_mean) / max(yardstick.evidence_spread, 1e-9)
    presence = _ramp(np.quantile(evidence, _FIELD_QUANTILE), *_FIELD)
    return np.asarray(place * np.maximum(presence, _ramp(ranking.likeness, *_OWN_LIKENESS)), dtype=np.float64)


def _ramp(value: Vector | np.float64, low: float, high: float) -> Vector:
    """Rises from 0 at `low` to 1 at `high`."""
    return np.clip((value - low) / (high - low), 0.0, 1.0)
