"""Fits the chances behind the grades of profiles of kept papers alone, and shows how well they hold.

    python benchmarks/fit_library_profiles.py CORPUS [--check FOLDER]

Readers are made of what others have judged. Of each profile of benchmarks/newcomers they keep papers that are squarely
on its subject (grade 3) on one of its days, one, four or all of them, by title alone and with abstracts; another day is
graded, and right is what the judges gave 2 or 3. Of the labelled profiles, each of which has many subjects, they keep
one, four or sixteen papers of half of the days up to 2025-10-08; days of the other half are graded by label, and count
half as much together. Prints the constants for scoring/ranking/library_profiles.py, and a table: of the papers of each
grade, how many are right, with chances that no day of this profile has taught. `--check` shows another folder of judged
profiles, by the shipped constants.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
from bench_library_grades import LEARNED_UNTIL, draw_readers, keep

from newsletter.files import resources
from newsletter.model import Paper, Profile
from newsletter.scoring.evaluation.corpus import CorpusDay, infer_categories, label_days, load_days, load_labels
from newsletter.scoring.evaluation.newcomers import RIGHT, SQUARE, JudgedDay, load_judged_days
from newsletter.scoring.local import LocalScorer
from newsletter.scoring.ranking.library_profiles import HIGHEST_PLACE, OFFSET, WEIGHTS, describe_library
from newsletter.scoring.ranking.short_profiles import CHANCES

Vector = npt.NDArray[np.float64]

OWN = Path(__file__).with_name("newcomers")
LABELLED = ("ml-architecture", "near-field-cosmology", "embodied-vision")  # a fourth has nearly the first one's labels
MEMORY = 3
KEPT_OF_LABELLED = (1, 4, 16)
DRAWS = 2
LABELLED_SHARE = 0.5  # of what the judged profiles weigh together
FOLDS = 8  # of profiles
STEPS = 25
GRADES = ((9, 10), (7, 8), (6, 6), (5, 5), (3, 4), (1, 2))


@dataclass(frozen=True, slots=True, eq=False)
class DescribedDay:
    """What speaks for each paper of one reader's day, the constant last, and which papers are right."""

    profile: str
    size: int
    signs: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]


class Describer:
    """Describes days as LocalScorer meets them."""

    def __init__(self) -> None:
        self._scorer = LocalScorer(comments=resources.load_texts("prompts/comments.yaml"))

    def describe(
        self, name: str, profile: Profile, papers: Sequence[Paper], history: Sequence[Sequence[Paper]], right: set[str]
    ) -> DescribedDay:
        ranked = self._scorer.rank(profile, papers, [tuple(day) for day in history[-MEMORY:]])
        fit, ranking = self._scorer.fit_kept_papers(ranked)
        signs = describe_library(fit, np.minimum(ranking.score, HIGHEST_PLACE))[: len(papers)]
        is_right = np.array([paper.arxiv_id in right for paper in papers], dtype=np.bool_)
        return DescribedDay(name, len(profile.papers), np.column_stack([signs, np.ones(len(papers))]), is_right)


def describe_judged(describer: Describer, folder: Path, days: Sequence[CorpusDay]) -> Iterable[DescribedDay]:
    by_name: dict[str, list[JudgedDay]] = {}
    for day in load_judged_days(folder, days):
        by_name.setdefault(day.subscriber.name, []).append(day)
    for name, own in by_name.items():
        for day in own:
            papers = [each.paper for each in day.candidates]
            kept = _squarely_on([other for other in own if other is not day], without={p.arxiv_id for p in papers})
            right = {key for key, grade in day.grades.items() if grade >= RIGHT}
            for size in sorted({min(1, len(kept)), min(4, len(kept)), len(kept)} - {0}):
                order = np.random.default_rng(size).permutation(len(kept))[:size]
                for has_abstracts in (False, True):
                    profile = keep([kept[place] for place in order], has_abstracts=has_abstracts)
                    yield describer.describe(name, profile, papers, day.history, right)


def _squarely_on(days: Sequence[JudgedDay], *, without: set[str]) -> list[Paper]:
    found = ((each.paper, day.grades.get(each.paper.arxiv_id, 0)) for day in days for each in day.candidates)
    return [paper for paper, grade in found if grade >= SQUARE and paper.arxiv_id not in without]


def describe_labelled(describer: Describer, corpus: Path, days: Sequence[CorpusDay]) -> Iterable[DescribedDay]:
    for name in LABELLED:
        labels = load_labels(corpus / "labels" / f"{name}.jsonl")
        early = label_days(days, labels, infer_categories(days, labels), first=date.min, last=LEARNED_UNTIL)
        halves = early[: len(early) // 2], early[len(early) // 2 :]
        for kept_from, graded in (halves, halves[::-1]):
            readers = list(draw_readers(kept_from, KEPT_OF_LABELLED, DRAWS))
            for day in graded[::2]:
                right = {paper.arxiv_id for paper, gain in zip(day.pool, day.gains, strict=True) if gain}
                for reader in readers:
                    yield describer.describe(name, reader.profile, day.pool, day.history, right)


def fit_weights(days: Sequence[DescribedDay]) -> Vector:
    """Gives the weights of a logistic regression, the constant last, by Newton's method."""
    signs, right = np.concatenate([day.signs for day in days]), np.concatenate([day.right for day in days])
    each = np.concatenate([np.full(len(day.right), share) for day, share in zip(days, weigh(days), strict=True)])
    shrink = np.diag([1.0] * (signs.shape[1] - 1) + [0.0])
    weights = np.zeros(signs.shape[1])
    for _ in range(STEPS):
        chances = 1 / (1 + np.exp(-signs @ weights))
        slope = signs.T @ (each * (chances - right)) + shrink @ weights
        curve = (signs * (each * chances * (1 - chances))[:, None]).T @ signs + shrink
        weights -= np.linalg.solve(curve, slope)
    return weights


def weigh(days: Sequence[DescribedDay]) -> list[float]:
    """Weighs the papers of each day: the labelled profiles alike, and together by their share."""
    totals = {name: sum(len(day.right) for day in days if day.profile == name) for name in LABELLED}
    judged = sum(len(day.right) for day in days if day.profile not in LABELLED)
    return [
        LABELLED_SHARE * judged / len(LABELLED) / totals[day.profile] if day.profile in LABELLED else 1.0
        for day in days
    ]


def leave_out(days: Sequence[DescribedDay]) -> list[Vector]:
    """Gives each day's log-odds by weights that its profile has not taught."""
    fold_of = {name: place % FOLDS for place, name in enumerate(sorted({day.profile for day in days}))}
    fitted = [fit_weights([day for day in days if fold_of[day.profile] != fold]) for fold in range(FOLDS)]
    return [day.signs @ fitted[fold_of[day.profile]] for day in days]


def show(title: str, days: Sequence[DescribedDay], odds: Sequence[Vector]) -> None:
    """Prints how many papers of each grade are right, and how many a day there are."""
    print(f"\n{title}")
    for low, high in ((1, 1), (2, 5), (6, 99), (1, 99)):
        own = [(day, each) for day, each in zip(days, odds, strict=True) if low <= day.size <= high]
        if not own:
            continue
        right = np.concatenate([day.right for day, _ in own])
        grades = 1 + np.searchsorted(CHANCES, 1 / (1 + np.exp(-np.concatenate([each for _, each in own]))), "right")
        parts = [f"{a}-{b}: {_share(right, (grades >= a) & (grades <= b), len(own))}" for a, b in GRADES]
        print(f"  {low:2}-{high:<2} kept  from 6: {_share(right, grades >= 6, len(own))}  {'  '.join(parts)}")


def _share(right: npt.NDArray[np.bool_], chosen: npt.NDArray[np.bool_], n_days: int) -> str:
    return f"{right[chosen].mean():.2f}, {chosen.sum() / n_days:.1f}" if chosen.any() else "none"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("corpus", type=Path)
    options.add_argument("--check", type=Path, help="another folder of judged profiles; nothing is fitted")
    chosen = options.parse_args()
    describer, days = Describer(), load_days(chosen.corpus)
    if chosen.check:
        others = list(describe_judged(describer, chosen.check, days))
        show(str(chosen.check), others, [day.signs @ np.array([*WEIGHTS, OFFSET]) for day in others])
        return
    every = [*describe_judged(describer, OWN, days), *describe_labelled(describer, chosen.corpus, days)]
    *weights, offset = (round(float(each), 2) for each in fit_weights(every))
    print(f"WEIGHTS = {tuple(weights)}\nOFFSET = {offset}")
    odds = leave_out(every)
    for title, is_labelled in (("judged by reading, each left out in turn", False), ("by label, each left out", True)):
        own = [place for place, day in enumerate(every) if (day.profile in LABELLED) is is_labelled]
        show(title, [every[place] for place in own], [odds[place] for place in own])


if __name__ == "__main__":
    main()
