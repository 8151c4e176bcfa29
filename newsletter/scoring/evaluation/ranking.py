"""Measures a ranker on announcement days that somebody has labelled, beside chance and plain BM25.

Reads days (`days/DATE.jsonl.gz`), profiles (Markdown) and labels (`NAME.jsonl`, a line a day), and turns rankings into
average precision, NDCG and recall with intervals by bootstrap over days. Labels are used for measuring only: a ranker
sees a profile, the papers of the day, and unlabelled days before it.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from newsletter.errors import ConfigError
from newsletter.model import Paper, Profile, Score, Votes
from newsletter.scoring import Scorer
from newsletter.scoring.ranking.tokenize import Encoder

Vector = npt.NDArray[np.float64]
Ranker = Callable[[Profile, Sequence[Paper], Sequence[Sequence[Paper]]], Vector]

RELEVANT_FROM = 7  # a label of this relevance or more is what a ranker should find
SHARES = (0.2, 0.3, 0.5)
NDCG_AT = 20
RESAMPLES = 1000
DRAWS = 4  # of liked papers
HISTORY_DAYS = 7  # unlabelled days handed to the ranker, which may use fewer
_ALL_BUT_FEW = 0.99  # of the labelled papers: with fewer cross-lists than this leaves, none were looked at
_COMMON_CATEGORY = 0.2  # of the labelled papers: a category with more of them is one the labels were drawn from


@dataclass(frozen=True, slots=True)
class CorpusDay:
    """The papers of one announcement day; `fresh` are the ids that were not submitted long before."""

    announced_on: date
    papers: tuple[Paper, ...]
    fresh: frozenset[str]


@dataclass(frozen=True, slots=True)
class Labels:
    """Relevance by arXiv id, for each labelled day."""

    days: Mapping[date, Mapping[str, float]]

    @property
    def are_complete(self) -> bool:
        """Whether papers that were turned down are labelled too, which shows in most labels being low."""
        values = [relevance for day in self.days.values() for relevance in day.values()]
        return sum(relevance < RELEVANT_FROM for relevance in values) > len(values) / 2


@dataclass(frozen=True, slots=True)
class LabelledDay:
    """A day as the ranker meets it, and what it should find: `gains` are label − 6, or 0."""

    announced_on: date
    pool: tuple[Paper, ...]
    history: tuple[tuple[Paper, ...], ...]
    gains: tuple[float, ...]


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
class Measured:
    """One ranker on one profile."""

    ranker: str
    average_precision: Interval
    ndcg: Interval
    recall: tuple[Interval, ...]  # one for each of SHARES
    cut_offs: tuple[CutOff, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Report:
    profile: str
    categories: tuple[str, ...]  # empty: the labelled papers are the pool
    n_days: int
    pool: float  # papers a day
    relevant: float  # papers a day
    rankers: tuple[Measured, ...]


# --- reading ------------------------------------------------------------------------------------------


def load_days(corpus: Path) -> tuple[CorpusDay, ...]:
    """Every day of the corpus, oldest first. Raises ConfigError that names the file and the line."""
    files = sorted((corpus / "days").glob("*.jsonl.gz"))
    if not files:
        raise ConfigError(f"{corpus / 'days'} holds no DATE.jsonl.gz; give the corpus's folder with --corpus")
    return tuple(_load_day(file) for file in files)


def _load_day(file: Path) -> CorpusDay:
    try:
        announced_on = date.fromisoformat(file.name.removesuffix(".jsonl.gz"))
        lines = gzip.decompress(file.read_bytes()).decode().splitlines()
    except (OSError, EOFError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read as a day ({error}); its name is DATE.jsonl.gz") from error
    records = [_parse_line(file, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    papers = tuple(_read_paper(file, record) for record in records)
    fresh = frozenset(str(record["id"]) for record in records if record.get("listed") != "old")
    return CorpusDay(announced_on, papers, fresh)


def _parse_line(file: Path, number: int, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise ConfigError(f"{file}, line {number}: no JSON ({error}); every line is one JSON object") from error
    if not isinstance(record, dict):
        raise ConfigError(f"{file}, line {number}: not an object; every line is one JSON object")
    return record


def _read_paper(file: Path, record: Mapping[str, Any]) -> Paper:
    try:
        authors, categories = tuple(map(str, record["authors"])), tuple(map(str, record["categories"]))
        return Paper(str(record["id"]), 1, str(record["title"]), authors, str(record["abstract"]), categories)
    except (KeyError, TypeError) as error:
        remedy = "a paper needs id, title, authors, abstract and categories"
        raise ConfigError(f"{file}, paper {record.get('id', '?')}: {error}; {remedy}") from error


def load_labels(file: Path) -> Labels:
    """The labels of one profile. Raises ConfigError that names the file and the line."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read ({error}); give the labels with --labels") from error
    days: dict[date, dict[str, float]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        record = _parse_line(file, number, line)
        try:
            labels = {str(label["id"]): float(label["relevance"]) for label in record["labels"]}
            days[date.fromisoformat(record["date"])] = labels
        except (KeyError, TypeError, ValueError) as error:
            remedy = "a line needs date and labels, each label id and relevance"
            raise ConfigError(f"{file}, line {number}: {error!r}; {remedy}") from error
    return Labels(days)


# --- days as the ranker meets them --------------------------------------------------------------------


def infer_categories(days: Sequence[CorpusDay], labels: Labels) -> tuple[str, ...]:
    """The categories the labels were drawn from; none if the labels are complete and so are the pool themselves.

    Fewest categories first: the commonest category of the labelled papers, then the commonest among those without
    it, until nearly all have one.
    """
    if labels.are_complete:
        return ()
    labelled = {key for day in labels.days.values() for key in day}
    rest = [set(paper.categories) for day in days for paper in day.papers if paper.arxiv_id in labelled]
    total, chosen = len(rest), list[str]()
    while len(rest) > 0.01 * total:
        counts = Counter(category for categories in rest for category in categories)
        best = min(counts, key=lambda category: (-counts[category], category))
        if chosen and counts[best] < _COMMON_CATEGORY * 0.1 * total:
            break
        chosen.append(best)
        rest = [categories for categories in rest if best not in categories]
    return tuple(chosen)


def label_days(
    days: Sequence[CorpusDay], labels: Labels, categories: Sequence[str], *, first: date, last: date
) -> list[LabelledDay]:
    """The labelled days from `first` to `last`, each with its pool and the unlabelled days before it.

    The pool is every fresh paper of the categories, but for cross-lists if the labels have none: they were not looked
    at, and nobody turned them down. Without categories, it is every labelled paper of the day.
    """
    labelled = []
    with_cross = _have_cross_lists(days, labels, categories)
    for place, day in enumerate(days):
        known = labels.days.get(day.announced_on)
        if known is None or not first <= day.announced_on <= last:
            continue
        before = days[max(0, place - HISTORY_DAYS) : place]
        pool = _choose_pool(day, known, categories, with_cross)
        gains = tuple(max(0.0, known.get(paper.arxiv_id, 0.0) - RELEVANT_FROM + 1) for paper in pool)
        if any(gains):
            labelled.append(LabelledDay(day.announced_on, pool, tuple(_fresh(earlier) for earlier in before), gains))
    return labelled


def _choose_pool(
    day: CorpusDay, labels: Mapping[str, float], categories: Sequence[str], with_cross: bool
) -> tuple[Paper, ...]:
    if not categories:
        return tuple(paper for paper in day.papers if paper.arxiv_id in labels)
    wanted = set(categories)
    return tuple(
        paper
        for paper in _fresh(day)
        if not wanted.isdisjoint(paper.categories if with_cross else paper.categories[:1])
    )


def _have_cross_lists(days: Sequence[CorpusDay], labels: Labels, categories: Sequence[str]) -> bool:
    labelled = {key for day in labels.days.values() for key in day}
    primaries = [
        paper.categories[0]
        for day in days
        for paper in day.papers
        if paper.arxiv_id in labelled and not set(categories).isdisjoint(paper.categories)
    ]
    return sum(primary in categories for primary in primaries) < _ALL_BUT_FEW * len(primaries)


def _fresh(day: CorpusDay) -> tuple[Paper, ...]:
    return tuple(paper for paper in day.papers if paper.arxiv_id in day.fresh)


# --- rankers to compare with --------------------------------------------------------------------------


def rank_by_chance(profile: Profile, papers: Sequence[Paper], history: Sequence[Sequence[Paper]]) -> Vector:
    """An order that is random and always the same for the same papers."""
    seed = sum(map(ord, "".join(paper.arxiv_id for paper in papers)))
    return np.random.default_rng(seed).permutation(len(papers)).astype(np.float64)


def rank_by_bm25(profile: Profile, papers: Sequence[Paper], history: Sequence[Sequence[Paper]]) -> Vector:
    """Plain Okapi BM25 (k1 = 1.2, b = 0.75) of stemmed words on the wanted part of the profile."""
    encoder = Encoder()
    words = [encoder.words(f"{paper.title} {paper.abstract}") for paper in papers]
    counts = [Counter(word.key for word in each if word.key) for each in words]
    wanted = " ".join([f"{topic.name} {topic.relevant}" for topic in profile.topics] + list(profile.like))
    query = {word.key for word in encoder.words(wanted) if word.key}
    frequency = Counter(key for each in counts for key in each if key in query)
    lengths = np.array([sum(each.values()) for each in counts], dtype=np.float64)
    dampers = 1.2 * (0.25 + 0.75 * lengths / max(lengths.mean(), 1.0))
    idf = {key: np.log(1 + (len(papers) - n + 0.5) / (n + 0.5)) for key, n in frequency.items()}
    return np.array(
        [
            sum(idf[key] * each[key] * 2.2 / (each[key] + damper) for key in sorted(query & each.keys()))
            for each, damper in zip(counts, dampers, strict=True)
        ],
        dtype=np.float64,
    )


# --- measuring ----------------------------------------------------------------------------------------


def average_precision(gains: Vector, ranks: Vector) -> float:
    """Mean, over the relevant papers, of the precision down to each; gains above 0 are relevant."""
    relevant = _in_order(gains, ranks) > 0
    hits = np.cumsum(relevant)
    return float((hits[relevant] / (np.flatnonzero(relevant) + 1)).mean()) if relevant.any() else 0.0


def ndcg(gains: Vector, ranks: Vector, depth: int = NDCG_AT) -> float:
    """Discounted gain of the first `depth` papers, as a share of the best possible."""
    discounts = 1 / np.log2(np.arange(2, min(depth, len(gains)) + 2))
    best = float((np.sort(gains)[::-1][: len(discounts)] * discounts).sum())
    return float((_in_order(gains, ranks)[: len(discounts)] * discounts).sum()) / best if best else 0.0


def recall_at(gains: Vector, ranks: Vector, share: float) -> float:
    """The share of the relevant papers that lie in this share of the ranking."""
    relevant = _in_order(gains, ranks) > 0
    return float(relevant[: int(np.ceil(share * len(gains)))].sum() / max(1, relevant.sum()))


def _in_order(gains: Vector, ranks: Vector) -> Vector:
    return gains[np.argsort(-ranks, kind="stable")]


def bootstrap(values: Sequence[float] | Vector) -> Interval:
    """The mean over days with its 95 % interval; the same values always give the same interval."""
    array = np.array(values, dtype=np.float64)
    draws = np.random.default_rng(0).integers(0, len(array), (RESAMPLES, len(array)))
    low, high = np.quantile(array[draws].mean(axis=1), [0.025, 0.975])
    return Interval(float(array.mean()), float(low), float(high))


def measure(name: str, days: Sequence[LabelledDay], *rankings: Sequence[Vector]) -> Measured:
    """One ranker's numbers from its ranks of every day's pool; the mean of several rankings of each day."""
    values = np.mean(
        [[_measure_day(day, ranked) for day, ranked in zip(days, ranks, strict=True)] for ranks in rankings], axis=0
    )
    precision, gain, *recalls = (bootstrap(column) for column in values.T)
    return Measured(name, precision, gain, tuple(recalls))


def _measure_day(day: LabelledDay, ranked: Vector) -> list[float]:
    gains = np.array(day.gains)
    recalls = [recall_at(gains, ranked, share) for share in SHARES]
    return [average_precision(gains, ranked), ndcg(gains, ranked), *recalls]


def measure_cut_off(days: Sequence[LabelledDay], relevance: Sequence[Vector], cut_off: int) -> CutOff:
    """How well "relevance ≥ cut_off" selects what was labelled, from each day's graded pool."""
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
    progress: Callable[[date], None] = lambda announced_on: None,
    likes: Sequence[Votes] = (),
) -> Report:
    """Measure the scorer, BM25 and chance on these days. Raises ConfigError if there are none.

    With `likes`, several draws of as many liked papers of earlier days, also what the scorer makes of them.
    """
    if not days:
        raise ConfigError(f"{name}: no labelled day has a relevant paper; check --labels, --from and --until")
    reports = []
    for day in days:
        reports.append(_score(scorer, profile, day))
        progress(day.announced_on)
    own = measure("local ranker", days, [np.array([score.rank for score in report]) for report in reports])
    liking = [
        [np.array([score.rank for score in _score(scorer, profile, day, votes)]) for day in days] for votes in likes
    ]
    graded = [np.array([score.relevance for score in report], dtype=np.float64) for report in reports]
    cut_offs = tuple(measure_cut_off(days, graded, cut_off) for cut_off in (6, 7, 8))
    return Report(
        name,
        tuple(categories),
        len(days),
        float(np.mean([len(day.pool) for day in days])),
        float(np.mean([sum(gain > 0 for gain in day.gains) for day in days])),
        (
            Measured(own.ranker, own.average_precision, own.ndcg, own.recall, cut_offs),
            *((measure(f"local ranker, {len(likes[0])} liked", days, *liking),) if likes else ()),
            _measure_other("BM25", rank_by_bm25, profile, days),
            _measure_other("chance", rank_by_chance, profile, days),
        ),
    )


def draw_likes(days: Sequence[LabelledDay], count: int, draws: int = DRAWS) -> list[Votes]:
    """Several times as many relevant papers of these days, at random but always the same. Raises ConfigError."""
    relevant = [paper for day in days for paper, gain in zip(day.pool, day.gains, strict=True) if gain]
    if len(relevant) < count:
        raise ConfigError(f"the labelled days before have {len(relevant)} relevant papers; ask for fewer likes")
    chosen = (np.random.default_rng(n).choice(len(relevant), count, replace=False) for n in range(draws))
    return [[(relevant[place], 1) for place in places] for places in chosen]


def _score(scorer: Scorer, profile: Profile, day: LabelledDay, votes: Votes = ()) -> list[Score]:
    scores = {score.arxiv_id: score for score in scorer.score(profile, day.pool, day.history, votes=votes).scores}
    return [scores[paper.arxiv_id] for paper in day.pool]


def _measure_other(name: str, ranker: Ranker, profile: Profile, days: Iterable[LabelledDay]) -> Measured:
    kept = list(days)
    return measure(name, kept, [ranker(profile, day.pool, day.history) for day in kept])
