"""How well papers fit a profile, by words alone: the profile's own words first, then the words of what they found.

The first look compares each paper with every topic, the keywords and the unwanted texts. The second (pseudo-relevance
feedback) takes the best-looking papers of all days given as if they were relevant, and compares with their average
wording, once for the whole profile and once for each topic. Measured in docs/scoring.md. Makes no whole numbers and
no sentences; see local.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from newsletter.model import Profile
from newsletter.scorers.text import Encoder
from newsletter.scorers.tfidf import TermMatrix, Vector

# All chosen on the days up to 2025-10-08 of the corpus, for all its profiles together; see docs/scoring.md.
ABOUT_WEIGHT = 0.3
LIKE_WEIGHT = 0.5
AVOID_WEIGHT = 0.75
IRRELEVANT_WEIGHT = 0.5
PROFILE_SHARE = 0.2  # of all papers: what the feedback of the whole profile learns from
TOPIC_SHARE = 0.1

Terms = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class ProfileTerms:
    """A profile as counted terms. `irrelevant` and `avoid` hold no term that is wanted elsewhere."""

    topics: tuple[Terms, ...]
    irrelevant: tuple[Terms, ...]
    like: Terms
    avoid: Terms
    about: Terms
    wanted: Terms  # of all topics and liked keywords


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """What is known of each paper; `score` orders them, and is 0 on average over all papers given.

    `direct` is the likeness to the profile's own words (about −1 to 3), `topics` and `topic_words` have one row
    for each topic: likeness after feedback, and to the topic's own words.
    """

    score: Vector
    direct: Vector
    topics: npt.NDArray[np.float64]
    topic_words: npt.NDArray[np.float64]
    feedback: npt.NDArray[np.float64]  # a term vector for each topic


def read_terms(profile: Profile, encoder: Encoder) -> ProfileTerms:
    """What of the profile's words counts."""
    topics = tuple(encoder.query([topic.relevant, topic.name]) for topic in profile.topics)
    like = encoder.query(profile.like)
    wanted: dict[int, int] = {}
    for terms in (*topics, like):
        for key, times in terms.items():
            wanted[key] = wanted.get(key, 0) + times
    irrelevant = (encoder.query([topic.irrelevant]) for topic in profile.topics if topic.irrelevant)
    return ProfileTerms(
        topics,
        # "not relevant: existing architectures" must not count against the word the topic itself asks for
        tuple({key: n for key, n in terms.items() if key not in wanted} for terms in irrelevant),
        like,
        {key: n for key, n in encoder.query(profile.avoid).items() if key not in wanted},
        encoder.query([profile.about]),
        wanted,
    )


def rank(matrix: TermMatrix, terms: ProfileTerms) -> Ranking:
    """Compare every paper of the matrix with the profile."""
    topic_words = np.array([matrix.dot(matrix.query(topic)) for topic in terms.topics or (terms.wanted,)])
    direct = _compare_directly(matrix, terms, topic_words)
    whole = standardise(matrix.dot(_learn(matrix, direct, PROFILE_SHARE)))
    feedback = np.array([_learn(matrix, standardise(words) + whole, TOPIC_SHARE) for words in topic_words])
    topics = np.array([standardise(matrix.dot(vector)) for vector in feedback])
    score = whole + standardise(topics.max(axis=0))
    return Ranking(score, direct, topics, topic_words, feedback)


def _compare_directly(matrix: TermMatrix, terms: ProfileTerms, topic_words: npt.NDArray[np.float64]) -> Vector:
    score: Vector = topic_words.max(axis=0) + topic_words.mean(axis=0) + matrix.dot(matrix.query(terms.wanted))
    score += LIKE_WEIGHT * matrix.dot(matrix.query(terms.like))
    score += ABOUT_WEIGHT * matrix.dot(matrix.query(terms.about))
    score -= AVOID_WEIGHT * matrix.dot(matrix.query(terms.avoid))
    if terms.irrelevant:
        unwanted = np.array([matrix.dot(matrix.query(topic)) for topic in terms.irrelevant])
        score -= IRRELEVANT_WEIGHT * unwanted.max(axis=0)
    return score


def _learn(matrix: TermMatrix, score: Vector, share: float) -> Vector:
    """The wording of the best `share` of the papers, the better the louder, against the wording of all."""
    weights = np.maximum(score - np.quantile(score, 1 - share), 0.0)
    if not weights.any():
        return np.zeros(len(matrix.terms))
    everyone = np.full(matrix.n_rows, 1 / matrix.n_rows)
    return matrix.mix(weights / weights.sum() - everyone)


def standardise(values: Vector) -> Vector:
    """Mean 0 and deviation 1 over all papers; all zeros where they do not differ."""
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 1e-12 else np.zeros_like(values)
