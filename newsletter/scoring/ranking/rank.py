"""Measures how papers fit a profile by words alone: the profile's own words, then the words of what these found.

The first look compares each paper with every topic, the keywords and the unwanted texts. The second (pseudo-relevance
feedback) takes the best-looking papers of all days given as if they were relevant, and compares with their average
wording, once for the whole profile and once for each topic; what the unwanted texts find counts against. At last each
paper is compared with the topics by the meaning of words (word_vectors.py), and its neighbours have their say
(neighbours.py). Measured in docs/scoring.md. Makes no whole numbers and no sentences; see local.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from newsletter.model import LibraryPaper, Profile
from newsletter.scoring.ranking.background import load_background
from newsletter.scoring.ranking.pool import Pool
from newsletter.scoring.ranking.tfidf import Places, TermMatrix, Vector
from newsletter.scoring.ranking.tokenize import Encoder, Keys
from newsletter.scoring.ranking.word_vectors import load_word_vectors

# All chosen on the days up to 2025-10-08 of the corpus, for all its profiles together; see docs/scoring.md.
ABOUT_WEIGHT = 0.3
LIKE_WEIGHT = 0.5
AVOID_WEIGHT = 0.75
IRRELEVANT_WEIGHT = 0.5
PROFILE_SHARE = 0.2  # of all papers: what the feedback of the whole profile learns from
TOPIC_SHARE = 0.1
UNWANTED_SHARE = 0.1
UNWANTED_WEIGHT = 0.4
LATENT_WEIGHT = 1.0
NEIGHBOURS_WEIGHT = 0.5
MEANING_WEIGHT = 0.2
SENTENCE_WEIGHT = 0.5  # of a sentence model, in place of the table's
SHARPNESS = 2.5  # how much more the rarest words of a profile decide than the commoner ones; 1 is plain TF-IDF

# Of kept papers, where they stand for topics; benchmarks/bench_library_age.py, docs/scoring.md
LATELY = 0.25  # of a weight: older titles say what was wanted once; they go on counting as liked, by their weight
FEWEST_TITLES = 30  # fewer say too little

Terms = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class ProfileTerms:
    """A profile as counted terms. `irrelevant` and `avoid` hold no term that is wanted elsewhere."""

    topics: tuple[Terms, ...]
    irrelevant: tuple[Terms, ...]
    like: Terms
    avoid: Terms
    about: Terms
    wanted: Terms  # of all topics and liked keywords; without any, of the titles of the papers kept lately

    def keys(self) -> Keys:
        """Gives every term of the profile."""
        parts = (*self.irrelevant, self.avoid, self.about, self.wanted)
        return np.array(sorted({key for terms in parts for key in terms}), dtype=np.uint32)


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """What is known of each paper. `score` orders them: 0 on average, deviation about 1, over all papers given.

    `evidence` is the likeness to the profile's own words, weighed by how rare they are in arXiv at large (about −0.2
    to 1): unlike `score` it is low for all papers when the profile's subject is not among them. `likeness` is that to
    the best topic, or to the liked keywords, alone (0 to 1). `topics` and `topic_words` have one row for each topic:
    likeness after feedback, and to the topic's own words.
    """

    score: Vector
    evidence: Vector
    likeness: Vector
    topics: npt.NDArray[np.float64]
    topic_words: npt.NDArray[np.float64]
    feedback: npt.NDArray[np.float64]  # a term vector for each topic


def read_terms(profile: Profile, encoder: Encoder, spared: Iterable[str] = ()) -> ProfileTerms:
    """Reads what of the profile's words counts; what of the unwanted is `spared` is wanted in another spelling."""
    topics = tuple(encoder.query([topic.relevant, topic.name]) for topic in profile.topics)
    like = encoder.query(profile.like)
    wanted = _add_up((*topics, like)) or encoder.query(_titles_kept_lately(profile.papers))
    never_avoided = wanted.keys() | encoder.query(spared).keys()
    irrelevant = (encoder.query([topic.irrelevant]) for topic in profile.topics if topic.irrelevant)
    return ProfileTerms(
        topics,
        # "not relevant: existing architectures" must not count against the word the topic itself asks for
        tuple({key: n for key, n in terms.items() if key not in never_avoided} for terms in irrelevant),
        like,
        {key: n for key, n in encoder.query(profile.avoid).items() if key not in never_avoided},
        encoder.query([profile.about]),
        wanted,
    )


def _titles_kept_lately(papers: Sequence[LibraryPaper]) -> list[str]:
    """Gives the titles that stand for topics where there are none: those kept lately, or else the latest few."""
    ordered = sorted(papers, key=lambda paper: -paper.weight)
    return [paper.title for n, paper in enumerate(ordered) if n < FEWEST_TITLES or paper.weight >= LATELY]


def _add_up(parts: Iterable[Terms]) -> Terms:
    total = Counter[int]()
    for terms in parts:
        total.update(terms)
    return total


def rank(pool: Pool, terms: ProfileTerms, likeness: Places | None = None) -> Ranking:
    """Compares every paper of a pool with the profile.

    `likeness`: how near a sentence model finds the first papers (a row each) to each topic; NaN for what it has not
    read. There, and for all papers where it is None, the table of word vectors stands in.
    """
    matrix, latent, meaning = pool.matrix, pool.latent, pool.meaning
    own, own_at_large = matrix.narrow(terms.keys()), pool.at_large.narrow(terms.keys())
    topic_words = _compare_topics(own, terms, SHARPNESS)
    direct = _compare_directly(own, terms, topic_words, SHARPNESS)
    unwanted = _compare_with_unwanted(own, terms)
    feedback, topics, by_words = _give_feedback(matrix.mix, matrix.dot, direct, topic_words, unwanted)
    _, _, by_company = _give_feedback(latent.T.__matmul__, latent.__matmul__, direct, topic_words, unwanted)
    score = standardise(by_words + LATENT_WEIGHT * by_company)
    score += NEIGHBOURS_WEIGHT * standardise(pool.neighbours.average(score))
    by_meaning = _compare_by_meaning(meaning, terms)
    if likeness is None:
        score += MEANING_WEIGHT * by_meaning
    else:
        score += SENTENCE_WEIGHT * _compare_by_sentences(likeness, by_meaning)
    return Ranking(
        standardise(score),
        measure_evidence(own_at_large, terms),
        _measure_likeness(own_at_large, terms),
        *(topics, topic_words, feedback),
    )


def measure_evidence(at_large: TermMatrix, terms: ProfileTerms) -> Vector:
    """Measures how like each paper is to the profile's own words, weighed by what is rare in arXiv at large."""
    own = at_large.narrow(terms.keys())
    return _compare_directly(own, terms, _compare_topics(own, terms, 1.0), 1.0)


def _measure_likeness(at_large: TermMatrix, terms: ProfileTerms) -> Vector:
    liked = LIKE_WEIGHT * at_large.dot(at_large.query(terms.like))
    return np.asarray(np.maximum(_compare_topics(at_large, terms, 1.0).max(axis=0), liked), dtype=np.float64)


def _compare_by_sentences(likeness: Places, by_meaning: Vector) -> Vector:
    """Compares by a sentence model; what it has not read by the table, so that both spread alike."""
    read = np.flatnonzero(~np.isnan(likeness).any(axis=1))
    compared = by_meaning.copy()
    if len(read):
        compared[read] = _sum_up(likeness[read])
    return compared


def _compare_by_meaning(meaning: Places, terms: ProfileTerms) -> Vector:
    """Compares each paper's place in the table of word vectors with those of the topics."""
    topics = load_word_vectors().place_texts(terms.topics or (terms.wanted,), load_background())
    return _sum_up(meaning @ topics.T)


def _sum_up(likeness: Places) -> Vector:
    """Makes one number of a paper's likeness to each topic, 0 on average."""
    exact = likeness.astype(np.float64)
    return standardise(exact.max(axis=1) + exact.mean(axis=1))


def find_met(matrix: TermMatrix, terms: ProfileTerms) -> npt.NDArray[np.bool_]:
    """Finds the papers that share a word with what the profile wants, however common the word is.

    Where it says nothing in words (papers alone that its reader keeps), all of them.
    """
    if not terms.wanted:
        return np.ones(matrix.n_rows, dtype=np.bool_)
    met = np.zeros(matrix.n_rows, dtype=np.bool_)
    met[matrix.narrow(np.array(sorted(terms.wanted), dtype=np.uint32)).rows] = True
    return met


def _give_feedback(
    mix: Callable[[Vector], Vector],
    dot: Callable[[Vector], Vector],
    direct: Vector,
    topic_words: npt.NDArray[np.float64],
    unwanted: Vector,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], Vector]:
    """Learns from the best of each comparison and compares again; `mix` and `dot` are those of some space of papers.

    Returns what was learned of each topic, how well each paper fits it, and how well each fits the profile.
    """
    whole = standardise(dot(mix(_choose(direct, PROFILE_SHARE))))
    feedback = np.array([mix(_choose(standardise(words) + whole, TOPIC_SHARE)) for words in topic_words])
    topics = np.array([standardise(dot(vector)) for vector in feedback])
    against = standardise(dot(mix(_choose(unwanted, UNWANTED_SHARE))))
    score = standardise(whole + standardise(topics.max(axis=0))) - UNWANTED_WEIGHT * against
    return feedback, topics, standardise(score)


def _choose(score: Vector, share: float) -> Vector:
    """Weights of the papers to learn from: the best `share`, the better the more, against the average of all."""
    best = float(score.max())
    if best - float(score.min()) < 1e-12:
        return np.zeros_like(score)
    weights = np.maximum(score - np.quantile(score, 1 - share), 0.0)
    if not weights.any():  # more papers share the best score than are to be chosen
        weights = (score == best).astype(np.float64)
    return np.asarray(weights / weights.sum() - 1 / len(weights), dtype=np.float64)


def _compare_topics(matrix: TermMatrix, terms: ProfileTerms, sharpness: float) -> npt.NDArray[np.float64]:
    return np.array([matrix.dot(matrix.query(topic, sharpness)) for topic in terms.topics or (terms.wanted,)])


def _compare_with_unwanted(matrix: TermMatrix, terms: ProfileTerms) -> Vector:
    texts = (terms.avoid, _add_up(terms.irrelevant))
    avoided, unwanted = (matrix.dot(matrix.query(each, SHARPNESS)) for each in texts)
    return standardise(avoided) + standardise(unwanted)


def _compare_directly(
    matrix: TermMatrix, terms: ProfileTerms, topic_words: npt.NDArray[np.float64], sharpness: float
) -> Vector:
    def compare(wanted: Terms) -> Vector:
        return matrix.dot(matrix.query(wanted, sharpness))

    score: Vector = topic_words.max(axis=0) + topic_words.mean(axis=0) + compare(terms.wanted)
    score += LIKE_WEIGHT * compare(terms.like)
    score += ABOUT_WEIGHT * compare(terms.about)
    score -= AVOID_WEIGHT * compare(terms.avoid)
    if terms.irrelevant:
        unwanted = np.array([compare(topic) for topic in terms.irrelevant])
        score -= IRRELEVANT_WEIGHT * unwanted.max(axis=0)
    return score


def standardise(values: Vector) -> Vector:
    """Scales to mean 0 and deviation 1 over all papers; all zeros where they do not differ."""
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 1e-12 else np.zeros_like(values)
