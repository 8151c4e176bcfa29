"""Grades papers under a short profile: a line, some keywords. By how well they cover its phrases, and by the ranking.

What a day has on average says nothing to somebody who asks for one thing that comes twice a week. The chances were
fitted on profiles and days of their own (docs/scoring.md). Long profiles are graded by calibrate.py; a profile in
between gets something of both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newsletter.model import Paper, Profile
from newsletter.scoring.ranking.abbreviations import load_abbreviations
from newsletter.scoring.ranking.background import Background
from newsletter.scoring.ranking.calibrate import Grades
from newsletter.scoring.ranking.coverage import FormEncoder, PlacedPapers, measure_coverage
from newsletter.scoring.ranking.phrases import read_forms, read_phrases
from newsletter.scoring.ranking.rank import Ranking
from newsletter.scoring.ranking.tfidf import TermMatrix, Vector
from newsletter.scoring.ranking.tokenize import Keys

SHORT = 12  # telling words of a profile that is nothing but short
LONG = 24  # and of one that is nothing but long

# Log-odds that somebody with these few words is glad of a paper.
_COVERAGE_WEIGHT = 2.8
_PLACE_WEIGHT = 0.92
_EVIDENCE_WEIGHT = 1.4
_OFFSET = -3.6
_PLACE_RANGE = (-1.0, 6.0)
# The chance from which each relevance is given: 2 from the first on, 10 from the last on.
_CHANCES = np.array([0.04, 0.08, 0.14, 0.24, 0.35, 0.5, 0.65, 0.82, 0.93])


def measure_shortness(profile: Profile) -> float:
    """Measures how far a profile is short: 1 up to SHORT different telling words, 0 from LONG on."""
    texts = [text for topic in profile.topics for text in (topic.name, topic.relevant)]
    words = {form for text in (*texts, *profile.like) for form in read_forms(text)}
    return float(np.clip((LONG - len(words)) / (LONG - SHORT), 0.0, 1.0)) if words else 0.0


class PhraseReader:
    """Looks the phrases of short profiles up in papers; readers share the words of papers it has seen."""

    def __init__(self) -> None:
        self._encoder = FormEncoder()

    def cover(self, profile: Profile, papers: Sequence[Paper], matrix: TermMatrix, background: Background) -> Vector:
        """Gives how well each paper covers the phrase that it covers best, from 0 to 1.

        `matrix` holds these papers, and others that show which words are rare among them.
        """
        phrases = read_phrases(profile, load_abbreviations())
        if not phrases:
            return np.zeros(len(papers))
        placed = PlacedPapers([self._encoder.place(paper) for paper in papers], self._encoder)
        return measure_coverage(phrases, placed, lambda keys: _look_up_idf(keys, matrix, background)).best()


def _look_up_idf(keys: Keys, matrix: TermMatrix, background: Background) -> Vector:
    places, known = matrix.find(keys)
    at_large = np.where(background.knows(keys), background.idf(keys), 0.0)
    return np.where(known, matrix.idf[places], at_large)


def weigh_chances(coverage: Vector, ranking: Ranking) -> Vector:
    """Gives the log-odds of each covered paper; the ranking's first papers are these."""
    n = len(coverage)
    place = np.clip(ranking.score[:n], *_PLACE_RANGE)
    return _COVERAGE_WEIGHT * coverage + _PLACE_WEIGHT * place + _EVIDENCE_WEIGHT * ranking.evidence[:n] + _OFFSET


def grade_chances(odds: Vector) -> Grades:
    """Grades the relevance of every paper by these log-odds."""
    return 1 + np.searchsorted(_CHANCES, 1 / (1 + np.exp(-odds)), side="right")
