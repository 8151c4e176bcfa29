"""Learns from a reader's votes which of the ranked papers they would like, and moves the ranking that way.

A linear model of words, primary categories and latent dimensions tells liked papers from all others, disliked ones the
most, and from it and the ranking by the profile a second one learns what the best papers of both have in common. So a
vote says something of papers that share no word with the voted one, and the profile keeps its say. The more votes, the
more the model decides. Measured in docs/scoring.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from newsletter.model import Paper, Votes
from newsletter.scoring.ranking.calibrate import Grades
from newsletter.scoring.ranking.features import Features, keep_shared, solve
from newsletter.scoring.ranking.pool import Pool
from newsletter.scoring.ranking.rank import Ranking, standardise
from newsletter.scoring.ranking.tfidf import Vector, count_terms
from newsletter.scoring.ranking.tokenize import EncodedPaper
from newsletter.scoring.ranking.word_vectors import load_word_vectors

# Chosen on the days up to 2025-10-08 of the corpus, for all its profiles together; see docs/scoring.md.
FULL_SHARE_VOTES = 10  # from so many votes on, the model alone orders; fewer leave the profile's ranking a share
FULL_SHARE_PAPERS = 1000  # ranked; among fewer the model has too few examples of what is not wanted
FULL_WEIGHT_LIKES = 20  # so many likes weigh as much as all papers ranked; fewer weigh less
LIKES_IN_CHOICE = 0.7  # what the first model weighs against the profile, in choosing what the second one learns from
CHOSEN_SHARE = 0.1  # of all papers: the best by both
CHOSEN_WEIGHT = 6.0  # of the best together, against 1 for all papers as examples of what is not wanted
DISLIKED_WEIGHT = 20.0  # of one disliked paper, against 1 for one nobody voted on
DISLIKED_TARGET = -3.0  # below −1, what is said of papers nobody voted on: dislikes alone must tell something, too
LATENT_WEIGHT = 0.5
MEANING_WEIGHT = 0.5
CATEGORY_WEIGHT = 0.2
PENALTY = 0.04
_FREE_PENALTY = 1e-4  # of the constant
# How far votes may move a grade: one step from the first vote on, two and three from so many.
_VOTES_FOR_STEPS = (1, 5, 20)


@dataclass(frozen=True, slots=True, eq=False)
class VotedPaper:
    """A paper's words, its primary category ("" if unknown), and up to 1 for "more like this", −1 for "less"."""

    words: EncodedPaper
    category: str
    value: float


def sort_votes(votes: Votes) -> list[tuple[Paper, float]]:
    """Sorts by arXiv id: sums of the same numbers in another order differ in their last digits."""
    return sorted(votes, key=lambda vote: vote[0].arxiv_id)


def apply_votes(
    ranking: Ranking,
    pool: Pool,
    categories: Sequence[str],
    votes: Sequence[VotedPaper],
) -> Ranking:
    """Gives the ranking with the reader's votes on some papers in it.

    The pool holds the papers ranked, and `categories` the primary category of the first of them: the recent ones, from
    which alone is learned.
    """
    values, n_recent = np.array([vote.value for vote in votes], dtype=np.float64), len(categories)
    model = _VoteModel(_describe(pool, categories, votes), values, n_recent)
    moved = LIKES_IN_CHOICE * _trust(values) * model.learn(np.zeros(n_recent))
    learned = model.learn(CHOSEN_WEIGHT * _choose((ranking.score + moved)[:n_recent]))
    share = min(1.0, (len(votes) / FULL_SHARE_VOTES) ** 0.5)
    by_profile = ranking.score + (1 - share) * moved  # so that a single like counts among few papers too
    share *= min(1.0, n_recent / FULL_SHARE_PAPERS)
    return replace(ranking, score=standardise((1 - share) * by_profile + share * learned))


def clip_grades(voted: Grades, grades: Grades, n_votes: int) -> Grades:
    """Gives the grades with votes, not further from those without than so many votes may move them."""
    steps = int(np.searchsorted(_VOTES_FOR_STEPS, n_votes, side="right"))
    return np.clip(voted, grades - steps, grades + steps)


class _VoteModel:
    """Ridge regression on the recent papers, as examples of what is not wanted, and on those voted on.

    `features` has the ranked papers, of which the first `n_recent` are the recent ones, and then those voted on.
    """

    def __init__(self, features: Features, values: Vector, n_recent: int) -> None:
        self._features = features
        self._targets = np.where(values > 0, 1.0, DISLIKED_TARGET)
        self._n_ranked = len(features.dense) - len(values)
        self._n_recent = n_recent
        liked = float(np.maximum(values, 0.0).sum()) or 1.0
        self._weights = np.where(values > 0, _trust(values) * values / liked, DISLIKED_WEIGHT / n_recent)
        self._penalty = np.full(features.sparse.width + features.dense.shape[1], PENALTY)
        self._penalty[features.sparse.width] = _FREE_PENALTY

    def learn(self, wanted: Vector) -> Vector:
        """Gives how well each ranked paper fits the votes; `wanted` weighs recent papers as examples of what is."""
        unwanted, others = 1 / self._n_recent, np.zeros(self._n_ranked - self._n_recent)
        weights = np.concatenate([wanted + unwanted, others, self._weights])
        targets = np.concatenate([(wanted - unwanted) / (wanted + unwanted), others, self._targets])
        model = solve(self._features, weights, self._penalty, self._features.mix(weights * targets))
        return standardise(self._features.dot(model)[: self._n_ranked])


def _describe(pool: Pool, categories: Sequence[str], votes: Sequence[VotedPaper]) -> Features:
    """Gives the words, places and categories of the ranked papers and, behind them, of those voted on."""
    matrix, counts = pool.matrix, count_terms([vote.words for vote in votes])
    voted = matrix.fold_in(counts)
    words = keep_shared(
        np.concatenate([matrix.rows, voted.rows + matrix.n_rows]),
        np.concatenate([matrix.columns, voted.columns]),
        np.concatenate([matrix.values, voted.values]),
        len(matrix.terms),
    )
    unknown = [""] * (matrix.n_rows - len(categories))
    fields = _describe_categories([*categories, *unknown, *(vote.category for vote in votes)], matrix.n_rows)
    latent = np.vstack([pool.latent, pool.space.place(voted)])
    meaning = np.vstack([pool.meaning, load_word_vectors().place_papers(pool.at_large.fold_in(counts))])
    constant = np.ones((len(latent), 1))
    dense = np.hstack([constant, LATENT_WEIGHT * latent, MEANING_WEIGHT * meaning, CATEGORY_WEIGHT * fields])
    return Features(words, dense)


def _describe_categories(categories: Sequence[str], n_ranked: int) -> npt.NDArray[np.float64]:
    """Makes a column for each category, 0 on average over the ranked papers."""
    names, places = np.unique(np.array(categories), return_inverse=True)
    columns = np.eye(len(names))[places][:, names != ""]
    return np.asarray(columns - columns[:n_ranked].mean(axis=0), dtype=np.float64)


def _trust(values: Vector) -> float:
    """Gives how much these votes' likes weigh together, against 1 for all papers ranked."""
    return float(min(1.0, (np.maximum(values, 0.0).sum() / FULL_WEIGHT_LIKES) ** 0.5))


def _choose(score: Vector) -> Vector:
    """Weights of the best papers, the better the more; their sum is 1, or 0 where none stands out."""
    weights = np.maximum(score - np.quantile(score, 1 - CHOSEN_SHARE), 0.0)
    total = float(weights.sum())
    return np.asarray(weights / total if total > 1e-12 else weights, dtype=np.float64)
