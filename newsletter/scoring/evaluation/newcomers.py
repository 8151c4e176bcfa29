"""Measures what newcomers would be mailed: short profiles on announcement days that somebody has judged by reading.

A folder holds `NAME.yaml`, a list of profiles, beside `NAME-labels.jsonl`: a line for each profile and day, with grades
3 (squarely on the subject), 2 (clearly related), 1 (borderline); papers that are not listed have none. What a mail
holds is decided by whoever calls: the same rules as in the morning.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from newsletter.errors import ConfigError
from newsletter.model import Announcement, Paper, Score, Subscriber
from newsletter.papers import find_announced, find_candidates
from newsletter.scoring.evaluation.baselines import rank_by_bm25
from newsletter.scoring.evaluation.corpus import CorpusDay
from newsletter.scoring.protocols import Scorer
from newsletter.subscribers import parse_profiles

SQUARE = 3  # the grade of a paper squarely on the subject
RIGHT = 2  # the lowest grade of a paper that is right in the mail
FIRST = 5  # papers of an order that P@5 looks at
BASELINE_PAPERS = 10  # BM25 has no cut-off; a mail of its would hold so many

# Gives the papers of a mail in reading order, by a subscriber's cut-offs.
Chooser = Callable[[Subscriber, Sequence[Announcement], Sequence[Score]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class JudgedDay:
    """One profile on one day: the papers announced to it, those of the days before, and the grades by arXiv id."""

    subscriber: Subscriber  # called like the profile
    announced_on: date
    candidates: tuple[Announcement, ...]
    history: tuple[tuple[Paper, ...], ...]
    grades: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Found:
    """What a choice of papers holds; `first_right` counts among the first five of the order it was made from."""

    papers: int
    right: int
    square: int
    first_right: int


@dataclass(frozen=True, slots=True)
class JudgedMail:
    """What one profile was mailed on one day, and what there was to find."""

    profile: str
    announced_on: date
    pool: int
    square: int  # papers of grade 3
    right: int  # papers of grade 2 or 3
    mailed: Found
    baseline: Found

    @property
    def is_silent(self) -> bool:
        """Whether nothing was mailed though a paper is squarely on the subject."""
        return self.square > 0 and self.mailed.papers == 0


@dataclass(frozen=True, slots=True)
class Totals:
    """One way to choose, over all profiles and days. Shares are of the days on which there is something to find.

    `precision` is pooled; days with nothing to find count there, too.
    """

    silent: int
    papers: int
    precision: float
    recall_pooled: float
    recall: float  # of grade 3, mean over days
    precision_at_5: float


@dataclass(frozen=True, slots=True)
class NewcomersReport:
    """Every mail, and what they come to; `days_to_find` have a paper of grade 3."""

    mails: tuple[JudgedMail, ...]
    days_to_find: int
    mailed: Totals
    baseline: Totals


# --- reading ------------------------------------------------------------------------------------------


def load_judged_days(folder: Path, days: Sequence[CorpusDay]) -> list[JudgedDay]:
    """Loads every profile and day of the folder. Raises ConfigError that names the file and the line.

    What a day announced to a profile, and the days before, are chosen as in a morning.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise ConfigError(f"{folder} holds no NAME.yaml with profiles; give the folder that does with --newcomers")
    return [judged for file in files for judged in _load_pair(file, days)]


def _load_pair(file: Path, days: Sequence[CorpusDay]) -> list[JudgedDay]:
    labels = file.with_name(f"{file.stem}-labels.jsonl")
    subscribers = {each.name: each for each in parse_profiles(_read(file), source=str(file))}
    announced = {name: [_find_announced(day, each) for day in days] for name, each in subscribers.items()}
    judged = []
    for number, line in enumerate(_read(labels).decode("utf-8", "replace").splitlines(), 1):
        if line.strip():
            place = f"{labels}, line {number}"
            name, announced_on, grades = _read_line(place, line)
            day = next((n for n, day in enumerate(days) if day.announced_on == announced_on), None)
            if name not in subscribers:
                raise ConfigError(f"{place}: no profile is called {name!r}; add it to {file.name}, or remove the line")
            if day is None:
                raise ConfigError(f"{place}: the corpus has no day {announced_on}; give one that has it with --corpus")
            shown = announced[name]
            candidates = find_candidates(shown[day], subscribers[name].candidate_types)
            history = tuple(tuple(each.paper for each in earlier) for earlier in shown[:day])
            judged.append(JudgedDay(subscribers[name], announced_on, candidates, history, grades))
    return judged


def _find_announced(day: CorpusDay, subscriber: Subscriber) -> tuple[Announcement, ...]:
    return find_announced([day.announcement_day()], subscriber.categories)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror}); NAME.yaml needs NAME-labels.jsonl") from error


def _read_line(place: str, line: str) -> tuple[str, date, dict[str, int]]:
    try:
        record = json.loads(line)
        grades = {str(label["id"]): int(label["grade"]) for label in record["labels"]}
        return str(record["profile"]), date.fromisoformat(record["date"]), grades
    except (KeyError, TypeError, ValueError) as error:
        remedy = "a line is a JSON object with profile, date and labels, each label id and grade"
        raise ConfigError(f"{place}: {error!r}; {remedy}") from error


# --- measuring ----------------------------------------------------------------------------------------


def measure_newcomers(days: Sequence[JudgedDay], scorer: Scorer, choose: Chooser) -> NewcomersReport:
    """Measures what `choose` mails of the scorer's scores, with as many days before as the scorer wants."""
    mails = tuple(_measure(day, scorer, choose) for day in days)
    return NewcomersReport(
        mails,
        sum(mail.square > 0 for mail in mails),
        _add_up(mails, [mail.mailed for mail in mails]),
        _add_up(mails, [mail.baseline for mail in mails]),
    )


def _measure(day: JudgedDay, scorer: Scorer, choose: Chooser) -> JudgedMail:
    history = day.history[max(0, len(day.history) - scorer.history_days) :]
    subscriber, pool = day.subscriber, [each.paper for each in day.candidates]
    scores = scorer.score(subscriber.profile, pool, history, floor=subscriber.min_relevance).scores
    mailed = choose(subscriber, day.candidates, scores)
    order = choose(replace(subscriber, min_relevance=1, min_novelty=1, max_papers=len(pool)), day.candidates, scores)
    words = rank_by_bm25(subscriber.profile, pool, history)
    by_words = [pool[row].arxiv_id for row in np.argsort(-words, kind="stable") if words[row] > 0]
    grades = [day.grades.get(paper.arxiv_id, 0) for paper in pool]
    return JudgedMail(
        subscriber.name,
        day.announced_on,
        len(pool),
        sum(grade >= SQUARE for grade in grades),
        sum(grade >= RIGHT for grade in grades),
        _count(day.grades, mailed, order),
        _count(day.grades, by_words[:BASELINE_PAPERS], by_words),
    )


def _count(grades: Mapping[str, int], chosen: Sequence[str], order: Sequence[str]) -> Found:
    found = [grades.get(key, 0) for key in chosen]
    first = [grades.get(key, 0) for key in order[:FIRST]]
    return Found(len(found), _right(found), sum(grade >= SQUARE for grade in found), _right(first))


def _right(grades: Sequence[int]) -> int:
    return sum(grade >= RIGHT for grade in grades)


def _add_up(mails: Sequence[JudgedMail], found: Sequence[Found]) -> Totals:
    square = [(each.square, mail.square) for mail, each in zip(mails, found, strict=True) if mail.square]
    first = [each.first_right / FIRST for mail, each in zip(mails, found, strict=True) if mail.right]
    papers = sum(each.papers for each in found)
    return Totals(
        sum(mail.square > 0 and each.papers == 0 for mail, each in zip(mails, found, strict=True)),
        papers,
        sum(each.right for each in found) / max(1, papers),
        sum(own for own, _ in square) / max(1, sum(all_ for _, all_ in square)),
        float(np.mean([own / all_ for own, all_ in square])) if square else 0.0,
        float(np.mean(first)) if first else 0.0,
    )
