"""Applies a reader's votes to a ranking by words: papers like the liked ones move up, like the disliked ones down.

Each voted paper is a query of its own words among the papers to be ranked, so that it need not be one of them. Grades
move by one at most: votes shift what lies at the edge of a cut-off, and can neither hide what the profile clearly asks
for nor bring in what it does not ask for at all. Measured in docs/scoring.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from newsletter.model import Paper, Votes
from newsletter.scoring.ranking.calibrate import Grades
from newsletter.scoring.ranking.rank import Ranking, standardise
from newsletter.scoring.ranking.tfidf import TITLE_WEIGHT, TermMatrix, Vector
from newsletter.scoring.ranking.tokenize import EncodedPaper, pair_keys

# Chosen on the days up to 2025-10-08 of the corpus, for all its profiles together; see docs/scoring.md.
LIKED_WEIGHT = 0.5
DISLIKED_WEIGHT = 0.2
FULL_WEIGHT_VOTES = 20  # so many votes of a kind have all the weight there is; fewer have less
NEAREST_SHARE = 0.05  # of all papers: those nearest to the voted ones, whose latent neighbours count as well
MOST_STEPS = 1  # of relevance


def sort_votes(votes: Votes) -> list[tuple[Paper, int]]:
    """Sorts by arXiv id: sums of the same numbers in another order differ in their last digits."""
    return sorted(votes, key=lambda vote: vote[0].arxiv_id)


def apply_votes(ranking: Ranking, matrix: TermMatrix, votes: Sequence[tuple[EncodedPaper, int]]) -> Ranking:
    """Gives the ranking with the reader's votes on some papers in it; `matrix` holds the papers ranked."""
    score = ranking.score.copy()
    for sign, weight in ((1, LIKED_WEIGHT), (-1, -DISLIKED_WEIGHT)):
        chosen = [paper for paper, value in votes if value == sign]
        if chosen:
            trust = min(1.0, (len(chosen) / FULL_WEIGHT_VOTES) ** 0.5)
            score += weight * trust * _compare(matrix, ranking.latent, chosen)
    return replace(ranking, score=standardise(score))


def clip_grades(voted: Grades, grades: Grades) -> Grades:
    """Gives the grades with votes, at most MOST_STEPS away from those without."""
    return np.clip(voted, grades - MOST_STEPS, grades + MOST_STEPS)


def _compare(matrix: TermMatrix, latent: Vector, chosen: Sequence[EncodedPaper]) -> Vector:
    """How similar each ranked paper is to these: by words, and by the latent place of those that are most similar."""
    by_words = standardise(matrix.dot(_average(matrix, chosen)))
    weights = np.maximum(by_words - np.quantile(by_words, 1 - NEAREST_SHARE), 0.0)
    if not weights.any():
        return by_words
    centre = latent.T @ (weights / weights.sum() - 1 / len(weights))
    return standardise(by_words + standardise(latent @ centre))


def _average(matrix: TermMatrix, papers: Sequence[EncodedPaper]) -> Vector:
    """Gives the average wording of these papers, as far as the ranked papers share it."""
    return np.asarray(np.mean([matrix.query(_count(paper)) for paper in papers], axis=0), dtype=np.float64)


def _count(paper: EncodedPaper) -> Counter[int]:
    """Gives how often each word and pair occurs, those of the title more often."""
    title = paper.keys[: paper.title_length]
    parts = [paper.keys, *[title] * (TITLE_WEIGHT - 1)]
    keys = [key for part in parts for key in (*part.tolist(), *pair_keys(part).tolist())]
    return Counter(key for key in keys if key)
