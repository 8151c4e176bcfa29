"""Ranks papers by a model's gradings of earlier papers under the same profile: logistic regression in plain numpy.

Features are the words of tfidf.py, categories, authors, the place among word companies (lsa.py) and the likeness to
the profile's own words, so that few answers already help; and style (style.py) and what a sentence model made of the
papers, where these foretell better. Gives each paper a score and the chance that the model would pass it. Which papers
are asked about is decided in shortlist.py. Measured in docs/funnel.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from newsletter.model import Paper, Profile
from newsletter.scoring.ranking.background import load_background
from newsletter.scoring.ranking.features import Block, Features, join, keep_shared, solve, widen
from newsletter.scoring.ranking.pool import make_pool
from newsletter.scoring.ranking.rank import rank, read_terms, standardise
from newsletter.scoring.ranking.style import describe_style
from newsletter.scoring.ranking.tfidf import CellIndexes, Places, Vector, count_terms
from newsletter.scoring.ranking.tokenize import Encoder
from newsletter.scoring.ranking.wanted_topics import read_wishes
from newsletter.scoring.ranking.wordings import reword_profile

MIN_OF_EACH = 3  # passed and turned down: with fewer there is nothing to tell apart

# Chosen on all days of the corpus; see docs/funnel.md for what that means for its numbers.
STRONG_FROM = 9
STRONG_WEIGHT = 2.0  # a paper the model found this relevant must not be missed
CATEGORY_WEIGHT = 0.3
AUTHOR_WEIGHT = 0.3
LATENT_WEIGHT = 0.5
STYLE_WEIGHT = 0.15
SENTENCE_WEIGHT = 0.3
CHECKED_SHARE = 1 / 3  # of the examples, the latest: what the earlier ones foretell of them decides what helps
MIN_CHECKED = 10  # passed papers among them, and among the earlier ones; with fewer nothing is decided
TERM_PENALTY = 0.25
DENSE_PENALTY = 0.2
PRIOR_WEIGHT = 0.15
_NEWTON_STEPS = 8
_TOLERANCE = 1e-2


@dataclass(frozen=True, slots=True)
class Example:
    """The relevance of an earlier paper, by the model or a vote; 0 is "does not pass".

    `weight`: how much it says, up to 1. `is_graded`: the model said it, so that the learned ranking is held against it.
    """

    paper: Paper
    relevance: int
    weight: float = 1.0
    is_graded: bool = True


@dataclass(frozen=True, slots=True)
class LearnedScores:
    """One number for each paper, in the order given. `chances` is empty when there was too little to learn from."""

    scores: tuple[float, ...]
    chances: tuple[float, ...]


# Gives what a sentence model made of each paper: a row of length 1, of NaN where it has not read the paper.
FindVectors = Callable[[Sequence[Paper]], Places]


class Learner:
    """Learns anew for each call; profiles share the words of papers it has seen."""

    def __init__(self, find_vectors: FindVectors | None = None) -> None:
        self._find_vectors = find_vectors
        self._encoder = Encoder()

    def rank(
        self, profile: Profile, papers: Sequence[Paper], examples: Sequence[Example], prior: Sequence[float], floor: int
    ) -> LearnedScores:
        """Scores `papers`; `prior` is the local ranker's score of each, `floor` the relevance that passes.

        Examples come oldest first: the latest gradings tell what earlier examples have taught. The same arguments give
        the same numbers.
        """
        local = standardise(np.array(prior, dtype=np.float64))
        relevance = np.array([example.relevance for example in examples], dtype=np.float64)
        passed = (relevance >= floor).astype(np.float64)
        shares = np.array([example.weight for example in examples], dtype=np.float64)
        if min(_count_each(passed, shares)) < MIN_OF_EACH:
            return LearnedScores(tuple(local.tolist()), ())
        every = [*(example.paper for example in examples), *papers]
        answers = _Answers(
            passed,
            shares,
            shares * np.where(relevance >= max(STRONG_FROM, floor), STRONG_WEIGHT, 1.0),
            np.flatnonzero([example.is_graded for example in examples]),
        )
        features = self._describe(profile, every)
        for columns in (STYLE_WEIGHT * describe_style(every), self._describe_meaning(every, len(papers))):
            wider = widen(features, columns)
            if columns.shape[1] and _foretells_better(wider, features, answers):
                features = wider
        model = _fit(features.head(len(examples)), passed, answers.weights)
        logits = features.dot(model)[len(examples) :]
        chances = 1 / (1 + np.exp(-logits))
        return LearnedScores(tuple((standardise(logits) + PRIOR_WEIGHT * local).tolist()), tuple(chances.tolist()))

    def _describe(self, profile: Profile, papers: Sequence[Paper]) -> Features:
        counts = count_terms([self._encoder.encode_paper(paper) for paper in papers])
        pool = make_pool(counts, load_background())
        terms = read_terms(reword_profile(read_wishes(profile)), self._encoder)
        matrix, ranking = pool.matrix, rank(pool, terms)
        dense = [np.ones(len(papers)), ranking.score, standardise(ranking.evidence)]
        return join(
            [
                keep_shared(matrix.rows, matrix.columns, matrix.values, len(matrix.terms)),
                _describe_names([paper.categories for paper in papers], CATEGORY_WEIGHT),
                _describe_names([paper.authors for paper in papers], AUTHOR_WEIGHT),
            ],
            np.column_stack([*dense, LATENT_WEIGHT * pool.latent]),
        )

    def _describe_meaning(self, papers: Sequence[Paper], count: int) -> Vector:
        """Gives what a sentence model made of the papers, 0 on average.

        No columns if it has not read one of the last `count`: half of a day by it and half without would mean nothing.
        """
        rows = self._find_vectors(papers).astype(np.float64) if self._find_vectors else np.zeros((len(papers), 0))
        unread = np.isnan(rows.sum(axis=1))
        if unread[len(papers) - count :].any():
            return rows[:, :0]
        return np.where(unread[:, None], 0.0, SENTENCE_WEIGHT * (rows - rows[~unread].mean(axis=0)))


# --- features -----------------------------------------------------------------------------------------


def _describe_names(names: Sequence[Sequence[str]], weight: float) -> Block:
    """Makes a column for each category or author; many names on one paper count less each."""
    places: dict[str, int] = {}
    pairs = [
        (row, places.setdefault(name, len(places))) for row, each in enumerate(names) for name in dict.fromkeys(each)
    ]
    rows, columns = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    lengths = np.sqrt(np.bincount(rows, minlength=len(names)))
    return keep_shared(rows, columns, weight / lengths[rows], len(places))


# --- fitting ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """What was said of the examples, oldest first: which passed, how much each says, and with the strong ones doubled.

    `graded`: the places of those that the model graded.
    """

    passed: Vector
    shares: Vector
    weights: Vector
    graded: CellIndexes


def _count_each(passed: Vector, shares: Vector) -> tuple[float, float]:
    """Counts what passed and what was turned down, each by how much it says."""
    return float(shares @ passed), float(shares @ (1 - passed))


def _foretells_better(first: Features, second: Features, answers: _Answers) -> bool:
    """Tells whether the first features, fitted to the earlier examples, foretell the latest gradings better.

    Votes are not foretold: they are on papers that ranked high, and papers of a library all liked.
    """
    passed, weights = answers.passed, answers.weights
    latest = answers.graded[round((1 - CHECKED_SHARE) * len(answers.graded)) :]
    if not len(latest):
        return False
    n_earlier = int(latest[0])
    halves = (slice(n_earlier), latest)
    if min(count for half in halves for count in _count_each(passed[half], answers.shares[half])) < MIN_CHECKED:
        return False
    losses = []
    for features in (first, second):
        logits = features.dot(_fit(features.head(n_earlier), passed[:n_earlier], weights[:n_earlier]))[latest]
        losses.append(float(weights[latest] @ np.logaddexp(0.0, np.where(passed[latest] > 0, -logits, logits))))
    return losses[0] < losses[1]


def _fit(features: Features, passed: Vector, weights: Vector) -> Vector:
    """Weights of a logistic regression with ridge penalty: Newton's method, each step by conjugate gradients."""
    n_sparse, n_dense = features.sparse.width, features.dense.shape[1]
    penalty = np.concatenate([np.full(n_sparse, TERM_PENALTY), np.full(n_dense, DENSE_PENALTY)])
    penalty[n_sparse] = 1e-3  # the constant
    model = np.zeros(n_sparse + n_dense)
    share = float(weights @ passed / weights.sum())
    model[n_sparse] = np.log(share / (1 - share))
    for _ in range(_NEWTON_STEPS):
        chances = 1 / (1 + np.exp(-features.dot(model)))
        gradient = features.mix(weights * (chances - passed)) + penalty * model
        step = solve(features, weights * chances * (1 - chances), penalty, -gradient)
        model += step
        if np.abs(step).max() < _TOLERANCE:
            break
    return model
