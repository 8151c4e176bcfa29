"""Measures a ranker on labelled announcement days, beside chance and plain BM25.

Turns rankings into average precision, NDCG and recall, with intervals by bootstrap over days. Reading days and labels
is corpus.py's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newsletter.errors import ConfigError
from newsletter.model import Profile, Score, Votes
from newsletter.scoring.evaluation.baselines import Ranker, rank_by_bm25, rank_by_chance
from newsletter.scoring.evaluation.corpus import LabelledDay
from newsletter.scoring.protocols import Scorer
from newsletter.scoring.ranking.tfidf import Vector

SHARES = (0.2, 0.3, 0.5)
NDCG_AT = 20
RESAMPLES = 1000
DRAWS = 4  # of liked papers


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over days, and where 95 of 100 such means would lie if other days had been drawn."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CutOff:
    """What a cut-off at `relevance` selects, all days together; `count_error` is |selected − labelled| / labelled.

    `top_k_error` is the same for the rule "always the same number of papers", with the best such number.
    """

    relevance: int
    selected: float  # a day
    labelled: float  # a day
    precision: float
    recall: float
    count_error: float
    top_k_error: float


@dataclass(frozen=True, slots=True)
class RankerReport:
    """One ranker on one profile."""

    ranker: str
    average_precision: Interval
    ndcg: Interval
    recall: tuple[Interval, ...]  # one for each of SHARES
    cut_offs: tuple[CutOff, ...] = ()


@dataclass(frozen=True, slots=True)
class RankingReport:
    """Several rankers on one profile."""

    profile: str
    categories: tuple[str, ...]  # empty: the labelled papers are the pool
    n_days: int
    pool: float  # papers a day
    relevant: float  # papers a day
    rankers: tuple[RankerReport, ...]


def average_precision(gains: Vector, ranks: Vector) -> float:
    """Gives the mean, over the relevant papers, of the precision down to each; gains above 0 are relevant."""
    relevant = _in_order(gains, ranks) > 0
    hits = np.cumsum(relevant)
    return float((hits[relevant] / (np.flatnonzero(relevant) + 1)).mean()) if relevant.any() else 0.0


def ndcg(gains: Vector, ranks: Vector) -> float:
    """Gives the discounted gain of the first NDCG_AT papers, as a share of the best possible."""
    discounts = 1 / np.log2(np.arange(2, min(NDCG_AT, len(gains)) + 2))
    best = float((np.sort(gains)[::-1][: len(discounts)] * discounts).sum())
    return float((_in_order(gains, ranks)[: len(discounts)] * discounts).sum()) / best if best else 0.0


def recall_at(gains: Vector, ranks: Vector, share: float) -> float:
    """Gives the share of the relevant papers that lie in this share of the ranking."""
    relevant = _in_order(gains, ranks) > 0
    return float(relevant[: int(np.ceil(share * len(gains)))].sum() / max(1, relevant.sum()))


def _in_order(gains: Vector, ranks: Vector) -> Vector:
    return gains[np.argsort(-ranks, kind="stable")]


def bootstrap(values: Sequence[float] | Vector) -> Interval:
    """Gives the mean over days with its 95 % interval; the same values always give the same interval."""
    array = np.array(values, dtype=np.float64)
    draws = np.random.default_rng(0).integers(0, len(array), (RESAMPLES, len(array)))
    low, high = np.quantile(array[draws].mean(axis=1), [0.025, 0.975])
    return Interval(float(array.mean()), float(low), float(high))


def measure(name: str, days: Sequence[LabelledDay], *rankings: Sequence[Vector]) -> RankerReport:
    """Gives one ranker's numbers from its ranks of every day's pool; the mean of several rankings of each day."""
    values = np.mean(
        [[_measure_day(day, ranked) for day, ranked in zip(days, ranks, strict=True)] for ranks in rankings], axis=0
    )
    precision, gain, *recalls = (bootstrap(column) for column in values.T)
    return RankerReport(name, precision, gain, tuple(recalls))


def _measure_day(day: LabelledDay, ranked: Vector) -> list[float]:
    gains = np.array(day.gains)
    recalls = [recall_at(gains, ranked, share) for share in SHARES]
    return [average_precision(gains, ranked), ndcg(gains, ranked), *recalls]


def measure_cut_off(days: Sequence[LabelledDay], relevance: Sequence[Vector], cut_off: int) -> CutOff:
    """Gives how well "relevance ≥ cut_off" selects what was labelled, from each day's graded pool."""
    wanted = [np.array(day.gains) > 0 for day in days]
    chosen = [graded >= cut_off for graded in relevance]
    hits = sum(int((w & c).sum()) for w, c in zip(wanted, chosen, strict=True))
    labelled = np.array([w.sum() for w in wanted], dtype=np.float64)
    selected = np.array([c.sum() for c in chosen], dtype=np.float64)
    return CutOff(
        cut_off,
        float(selected.mean()),
        float(labelled.mean()),
        hits / max(1.0, float(selected.sum())),
        hits / max(1.0, float(labelled.sum())),
        float(np.abs(selected - labelled).sum() / labelled.sum()),
        float(np.abs(np.median(labelled) - labelled).sum() / labelled.sum()),
    )


def evaluate(
    name: str,
    profile: Profile,
    days: Sequence[LabelledDay],
    categories: Sequence[str],
    scorer: Scorer,
    likes: Sequence[Votes],
) -> RankingReport:
    """Measures the scorer, BM25 and chance on these days. Raises ConfigError if there are none.

    With `likes`, several draws of as many liked papers of earlier days, also what the scorer makes of them.
    """
    if not days:
        raise ConfigError(f"{name}: no labelled day has a relevant paper; check --labels, --from and --until")
    scores = [_score(scorer, profile, day) for day in days]
    own = measure("local ranker", days, [np.array([score.rank for score in of_day]) for of_day in scores])
    with_likes = [
        [np.array([score.rank for score in _score(scorer, profile, day, votes)]) for day in days] for votes in likes
    ]
    graded = [np.array([score.relevance for score in of_day], dtype=np.float64) for of_day in scores]
    cut_offs = tuple(measure_cut_off(days, graded, cut_off) for cut_off in (6, 7, 8))
    return RankingReport(
        name,
        tuple(categories),
        len(days),
        float(np.mean([len(day.pool) for day in days])),
        float(np.mean([sum(gain > 0 for gain in day.gains) for day in days])),
        (
            RankerReport(own.ranker, own.average_precision, own.ndcg, own.recall, cut_offs),
            *((measure(f"local ranker, {len(likes[0])} liked", days, *with_likes),) if likes else ()),
            _measure_baseline("BM25", rank_by_bm25, profile, days),
            _measure_baseline("chance", rank_by_chance, profile, days),
        ),
    )


def draw_likes(days: Sequence[LabelledDay], count: int) -> list[Votes]:
    """Draws DRAWS times as many relevant papers of these days, at random but always the same. Raises ConfigError."""
    relevant = [paper for day in days for paper, gain in zip(day.pool, day.gains, strict=True) if gain]
    if len(relevant) < count:
        raise ConfigError(f"the labelled days before have {len(relevant)} relevant papers; ask for fewer likes")
    chosen = (np.random.default_rng(n).choice(len(relevant), count, replace=False) for n in range(DRAWS))
    return [[(relevant[place], 1) for place in places] for places in chosen]


def _score(scorer: Scorer, profile: Profile, day: LabelledDay, votes: Votes = ()) -> list[Score]:
    history = day.history[max(0, len(day.history) - scorer.history_days) :]
    scores = {score.arxiv_id: score for score in scorer.score(profile, day.pool, history, votes=votes).scores}
    return [scores[paper.arxiv_id] for paper in day.pool]


def _measure_baseline(name: str, ranker: Ranker, profile: Profile, days: Sequence[LabelledDay]) -> RankerReport:
    return measure(name, days, [ranker(profile, day.pool, day.history) for day in days])
