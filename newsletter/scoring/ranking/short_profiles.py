"""Grades papers under a short profile: a line, some keywords. By how well they cover its phrases, and by the ranking.

What a day has on average says nothing to somebody who asks for one thing that comes twice a week. The chances were
fitted on profiles and days of their own (docs/scoring.md). Long profiles are graded by calibrate.py; a profile in
between gets something of both.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from newsletter.model import Paper, Profile
from newsletter.scoring.ranking.abbreviations import load_abbreviations
from newsletter.scoring.ranking.background import Background, load_background
from newsletter.scoring.ranking.calibrate import Grades
from newsletter.scoring.ranking.company import measure_company
from newsletter.scoring.ranking.coverage import FormEncoder, PlacedPapers, measure_coverage
from newsletter.scoring.ranking.phrases import Phrase, drop_filler, read_forms, read_phrases, read_unwanted
from newsletter.scoring.ranking.pool import Pool
from newsletter.scoring.ranking.tfidf import TermMatrix, Vector
from newsletter.scoring.ranking.tokenize import Encoder, Keys
from newsletter.scoring.ranking.word_vectors import load_word_vectors
from newsletter.scoring.ranking.wordings import load_wordings

SHORT = 12  # telling words of a profile that is nothing but short
LONG = 24  # and of one that is nothing but long

# Log-odds that somebody with these few words is glad of a paper: of coverage, ranking, meaning and company. Set by
# benchmarks/fit_short_profiles.py.
WEIGHTS = (4.86, 0.6, 0.76, 4.29)
OFFSET = -6.09
# The same where nothing is known of company, as in other fields than arXiv's: of coverage, ranking and meaning.
WEIGHTS_WITHOUT_COMPANY = (5.22, 0.73, 3.06)
OFFSET_WITHOUT_COMPANY = -5.4
# The same on a day of few papers, with company beside the papers of each one's own categories.
WEIGHTS_AMONG_FEW = (4.66, 0.57, 1.57, 4.3)
OFFSET_AMONG_FEW = -5.91
FEW, MANY = 10, 20  # papers: up to the first number those weights hold, from the second on the others
_UNWANTED_WEIGHT = 2.5  # nobody's few words say so in the profiles at hand: enough to sink a paper that passes
PLACE_RANGE = (-3.0, 6.0)
# The highest place that counts on a day of one paper, and how much more for each e times as many: what one of few has
# above shipped papers, its whole category may have. It is the range's end from MANY papers on.
_PLACE_OF_ONE, _PLACE_PER_MORE = 5.0, 0.334
# The best coverage of a day tells whether its subject is there: below the first value a paper's place among the others
# means nothing, from the second on it means all it can.
_PRESENCE = (0.15, 0.4)
LEAST_REACH = 0.7  # coverage is divided by what papers of the field reach at best, but by no less
_COVERED = 0.5  # what many papers cover so well says less of each of them …
_LEAST_RARITY = 0.5  # … but half as much at least: a small day may be all on the subject
# The chance from which each relevance is given: 2 from the first on, 10 from the last on.
CHANCES = np.array([0.05, 0.1, 0.18, 0.3, 0.425, 0.52, 0.65, 0.82, 0.95])


def measure_shortness(profile: Profile) -> float:
    """Measures how far a profile is short: 1 up to SHORT different telling words, 0 from LONG on."""
    texts = [text for topic in profile.topics for text in (topic.name, topic.relevant)]
    words = {form for text in (*texts, *profile.like) for form in read_forms(text)}
    return float(np.clip((LONG - len(words)) / (LONG - SHORT), 0.0, 1.0)) if words else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """How papers fit a short profile by themselves, one number for each, before they are compared with others.

    `coverage` (0–1) is of the phrase that the paper covers best, as a share of what earlier papers of the field reach;
    `meaning` (−1–1) is the likeness to the topic or keyword that it is likest, in the table of word vectors, and
    `company` (−1–1) that to earlier papers on a phrase, None in a field without, and `own_company` the same beside
    those of its own categories; `unwanted` (0–1) is the coverage of the unwanted phrase that it covers best.
    """

    coverage: Vector
    meaning: Vector
    company: Vector | None
    own_company: Vector | None
    unwanted: Vector


class PhraseReader:
    """Looks the phrases of short profiles up in papers; readers share the words of papers it has seen."""

    def __init__(self) -> None:
        self._forms = FormEncoder()

    def fit(
        self,
        profile: Profile,
        papers: Sequence[Paper],
        pool: Pool,
        encoder: Encoder,
        fields: Collection[str],
    ) -> Fit:
        """Measures how these papers, which are of these fields (categories), fit the profile.

        The pool holds these papers first, and then others that show which words are rare among them.
        """
        background, n = load_background(), len(papers)
        plain = drop_filler(profile)
        texts = [[topic.relevant or topic.name] for topic in plain.topics] + [[keyword] for keyword in plain.like]
        places = load_word_vectors().place_texts([encoder.query(text) for text in texts], background)
        meaning = (pool.meaning[:n] @ places.T).max(axis=1).astype(np.float64)
        phrases = read_phrases(profile, load_abbreviations(), load_wordings())
        placed = PlacedPapers([self._forms.place(paper) for paper in papers], self._forms)

        def cover(phrases: Sequence[Phrase]) -> Vector:
            if not phrases:
                return np.zeros(n)
            return measure_coverage(phrases, placed, lambda keys: _look_up_idf(keys, pool.matrix, background)).best()

        categories = [paper.categories for paper in papers]
        company = measure_company(phrases, pool.meaning[:n], categories, fields, lambda form: self._forms.keys(form)[1])
        coverage = np.minimum(cover(phrases) / max(company.reach, LEAST_REACH), 1.0)
        unwanted = cover(read_unwanted(profile, load_abbreviations()))
        return Fit(coverage, meaning, company.likeness, company.own_likeness, unwanted)


def _look_up_idf(keys: Keys, matrix: TermMatrix, background: Background) -> Vector:
    places, known = matrix.find(keys)
    idf: Vector = np.where(background.knows(keys), background.idf(keys), 0.0)
    idf[known] = matrix.idf[places[known]]
    return idf


def weigh_chances(fit: Fit, score: Vector) -> Vector:
    """Gives the log-odds of each fitted paper; `score` is the ranking's, of these papers first."""
    return _weigh(fit, clip_places(score[: len(fit.coverage)]))


def clip_places(score: Vector) -> Vector:
    """Bounds the ranking's scores of a day's papers, of which there is at least one, by what can count."""
    low, high = PLACE_RANGE
    return np.clip(score, low, min(high, _PLACE_OF_ONE + _PLACE_PER_MORE * np.log(len(score))))


def order_papers(fit: Fit, score: Vector) -> Vector:
    """Gives what orders the papers: as the log-odds, but that a score beyond all range still counts."""
    return _weigh(fit, score)


def _weigh(fit: Fit, score: Vector) -> Vector:
    if fit.company is None:
        wanted = describe_fit(fit, score) @ np.array(WEIGHTS_WITHOUT_COMPANY) + OFFSET_WITHOUT_COMPANY
    else:
        fewness = float(np.clip((MANY - len(fit.coverage)) / (MANY - FEW), 0.0, 1.0))
        wanted = (1 - fewness) * (describe_fit(fit, score) @ np.array(WEIGHTS) + OFFSET)
        among_few = replace(fit, company=fit.own_company)
        wanted += fewness * (describe_fit(among_few, score) @ np.array(WEIGHTS_AMONG_FEW) + OFFSET_AMONG_FEW)
    return np.asarray(wanted - _UNWANTED_WEIGHT * fit.unwanted, dtype=np.float64)


def describe_fit(fit: Fit, score: Vector) -> npt.NDArray[np.float64]:
    """Gives what speaks for each paper (row): coverage, ranking, meaning and, if it is known, company."""
    n, (low, high) = len(fit.coverage), _PRESENCE
    presence = np.clip((fit.coverage.max(initial=0.0) - low) / (high - low), 0.0, 1.0)
    rarity = max(_LEAST_RARITY, 1.0 - float((fit.coverage > _COVERED).mean())) if n else 1.0
    company = () if fit.company is None else (fit.company,)
    return np.column_stack([rarity * fit.coverage, presence * score[:n], fit.meaning, *company])


def grade_chances(odds: Vector) -> Grades:
    """Grades the relevance of every paper by these log-odds."""
    return 1 + np.searchsorted(CHANCES, 1 / (1 + np.exp(-odds)), side="right")
