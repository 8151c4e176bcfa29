"""Reads announcement days that somebody has labelled, and cuts out what a ranker should meet on each of them.

Days are `days/DATE.jsonl.gz`, labels `NAME.jsonl`, a line a day. Labels are used for measuring only: a ranker sees a
profile, the papers of the day, and unlabelled days before it, by the same functions that choose them in a morning.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from newsletter.errors import ConfigError
from newsletter.model import Announcement, AnnouncementDay, AnnounceType, Paper
from newsletter.papers import find_announced, find_candidates

RELEVANT_FROM = 7  # a label of this relevance or more is what a ranker should find
_ALL_BUT_FEW = 0.99  # of the labelled papers: with fewer cross-lists than this leaves, none were looked at
_COMMON_CATEGORY = 0.2  # of the labelled papers: a category with more of them is one the labels were drawn from


@dataclass(frozen=True, slots=True)
class CorpusDay:
    """The papers of one announcement day; `fresh` are the ids that were not submitted long before."""

    announced_on: date
    papers: tuple[Paper, ...]
    fresh: frozenset[str]

    def announcement_day(self) -> AnnouncementDay:
        """Gives the fresh papers as a day of arXiv: each shown as new by the feeds of all its categories."""
        shown = (
            Announcement(paper, AnnounceType.NEW, paper.categories)
            for paper in self.papers
            if paper.arxiv_id in self.fresh
        )
        return AnnouncementDay(self.announced_on, tuple(shown), ())


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
    """A day as the ranker meets it, and what it should find: `gains` are label − 6, or 0.

    `history` are all days before it, oldest first, each with the papers of the profile's own categories.
    """

    announced_on: date
    pool: tuple[Paper, ...]
    history: tuple[tuple[Paper, ...], ...]
    gains: tuple[float, ...]


# --- reading ------------------------------------------------------------------------------------------


def load_days(corpus: Path) -> tuple[CorpusDay, ...]:
    """Loads every day of the corpus, oldest first. Raises ConfigError that names the file and the line."""
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
    """Loads the labels of one profile. Raises ConfigError that names the file and the line."""
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
    """Finds the categories the labels were drawn from; none if the labels are complete and so the pool themselves."""
    return () if labels.are_complete else _drawn_from(days, labels)


def _drawn_from(days: Sequence[CorpusDay], labels: Labels) -> tuple[str, ...]:
    """Fewest first: the commonest category of the labelled papers, then the commonest among those without it, until
    nearly all have one."""
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
    """Cuts out the labelled days from `first` to `last`, each with its pool and the unlabelled days before it.

    The pool is every fresh paper of the categories, but for cross-lists if the labels have none: they were not looked
    at, and nobody turned them down. Without categories, it is every labelled paper of the day.
    """
    own = tuple(categories) or _drawn_from(days, labels)
    kinds = set(AnnounceType) if _have_cross_lists(days, labels, categories) else {AnnounceType.NEW}
    announced = [find_announced([day.announcement_day()], own) for day in days]
    labelled, history = [], list[tuple[Paper, ...]]()
    for day, shown in zip(days, announced, strict=True):
        known = labels.days.get(day.announced_on)
        if known is not None and first <= day.announced_on <= last:
            pool = (
                tuple(candidate.paper for candidate in find_candidates(shown, kinds))
                if categories
                else tuple(paper for paper in day.papers if paper.arxiv_id in known)
            )
            gains = tuple(max(0.0, known.get(paper.arxiv_id, 0.0) - RELEVANT_FROM + 1) for paper in pool)
            if any(gains):
                labelled.append(LabelledDay(day.announced_on, pool, tuple(history), gains))
        history.append(tuple(each.paper for each in shown))
    return labelled


def _have_cross_lists(days: Sequence[CorpusDay], labels: Labels, categories: Sequence[str]) -> bool:
    labelled = {key for day in labels.days.values() for key in day}
    primaries = [
        paper.categories[0]
        for day in days
        for paper in day.papers
        if paper.arxiv_id in labelled and not set(categories).isdisjoint(paper.categories)
    ]
    return sum(primary in categories for primary in primaries) < _ALL_BUT_FEW * len(primaries)
