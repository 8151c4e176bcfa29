"""Grades papers under a profile of nothing but papers that its reader keeps: by the ranking, and the nearest of them.

What a day has on average says nothing here: a few kept papers are on less than a field has in a day, and where they are
on several subjects no paper is like them all. The chances were fitted on readers made of judged days (docs/scoring.md).
Profiles with topics or liked words are graded by short_profiles.py and calibrate.py, and their papers move that grade.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from newsletter.model import Profile
from newsletter.scoring.ranking.calibrate import Grades
from newsletter.scoring.ranking.feedback import VotedPaper
from newsletter.scoring.ranking.pool import Pool
from newsletter.scoring.ranking.rank import Ranking
from newsletter.scoring.ranking.short_profiles import grade_chances
from newsletter.scoring.ranking.tfidf import Vector, count_terms
from newsletter.scoring.ranking.word_vectors import load_word_vectors

# Log-odds that somebody who keeps these papers is glad of another: of its place in the ranking, the same for each
# doubling of the papers kept, its nearness, and each doubling alone. Set by benchmarks/fit_library_profiles.py.
WEIGHTS = (0.75, 0.16, 1.96, -0.2)
OFFSET = -3.39
HIGHEST_PLACE = 6.0  # more says nothing more: a day may have one paper with a rare word of the library
MOST_PAPERS = 32  # beyond, more papers were not measured


def is_library_alone(profile: Profile) -> bool:
    """Tells whether papers that the reader keeps are all that the profile asks for."""
    return bool(profile.papers) and not profile.topics and not profile.like


@dataclass(frozen=True, slots=True, eq=False)
class LibraryFit:
    """How ranked papers fit kept ones, by themselves.

    `nearness` (−1 to 1) is the likeness of each to the kept paper that it is nearest to, in the table of word vectors,
    the less the less that one weighs. `doublings` (0 to 5) says how many papers are kept, each by its weight, as the
    logarithm to the base 2.
    """

    nearness: Vector
    doublings: float


def fit_library(kept: Sequence[VotedPaper], pool: Pool) -> LibraryFit:
    """Measures how the pool's papers fit the kept ones, of which there is at least one, each with its weight."""
    places = load_word_vectors().place_papers(pool.at_large.fold_in(count_terms([paper.words for paper in kept])))
    weights = np.array([paper.value for paper in kept], dtype=np.float64)
    doublings = float(np.log2(np.clip(weights.sum(), 1.0, MOST_PAPERS)))
    return LibraryFit(((pool.meaning @ places.T) * weights).max(axis=1), doublings)


class LibraryGrader:
    """Grades and orders ranked papers by how they fit; `ranking.score` has the kept papers in it."""

    def __init__(self, fit: LibraryFit) -> None:
        self._fit = fit

    def grade(self, ranking: Ranking) -> Grades:
        """Gives the relevance of each paper, from 1 to 10."""
        return grade_chances(self._weigh(np.minimum(ranking.score, HIGHEST_PLACE)))

    def order(self, ranking: Ranking) -> Vector:
        """Gives numbers that order the papers, higher first; a score beyond the highest place still counts."""
        return self._weigh(ranking.score)

    def _weigh(self, score: Vector) -> Vector:
        return np.asarray(describe_library(self._fit, score) @ np.array(WEIGHTS) + OFFSET, dtype=np.float64)


def describe_library(fit: LibraryFit, score: Vector) -> npt.NDArray[np.float64]:
    """Gives what speaks for each paper (row), in the order of WEIGHTS."""
    return np.column_stack([score, fit.doublings * score, fit.nearness, np.full_like(score, fit.doublings)])
