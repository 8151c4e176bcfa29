"""Fits the chances behind the grades of short profiles on judged days, and shows how well they hold on others.

    python benchmarks/fit_short_profiles.py CORPUS [--check FOLDER] [--without-company | --among-few]

Fits on benchmarks/newcomers (see its README), prints the constants for scoring/ranking/short_profiles.py, and then a
table: of the papers of each grade, how many are right (grade 2 or 3 of the judges), once with chances that no day of
this profile has taught, once with all. `--check` shows another folder of the same form, which teaches nothing. The
shipped company.npz holds one of some twenty judged days. Run it after each change of the ranking.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from newsletter.files import resources
from newsletter.scoring.evaluation.corpus import load_days
from newsletter.scoring.evaluation.newcomers import RIGHT, JudgedDay, load_judged_days
from newsletter.scoring.local import LocalScorer
from newsletter.scoring.ranking.short_profiles import CHANCES, PLACE_RANGE, PhraseReader, describe_fit
from newsletter.scoring.ranking.tokenize import Encoder

Vector = npt.NDArray[np.float64]

OWN = Path(__file__).with_name("newcomers")
MEMORY = 3  # days before: a new memory is filled with those before its first morning
FOLDS = 10  # of profiles
SHRINK = 1.0  # pulls the weights towards 0, not the constant
STEPS = 30
GRADES = ((9, 10), (7, 8), (6, 6), (5, 5), (3, 4), (1, 2))
CUTS = (5, 6, 7)


class Company(Enum):
    """What earlier papers are seen beside, as the end of the constants' names."""

    FIELD = ""
    OWN = "_AMONG_FEW"  # the papers of each one's own categories
    NONE = "_WITHOUT_COMPANY"


@dataclass(frozen=True, slots=True)
class DescribedDay:
    """What speaks for each paper of one profile's day, the constant last, and which papers are right."""

    profile: str
    signs: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]


def describe_all(folder: Path, corpus: Path, company: Company) -> list[DescribedDay]:
    """Describes every judged day; with company, those of which it is known."""
    scorer = LocalScorer(comments=resources.load_texts("prompts/comments.yaml"))
    phrases, encoder = PhraseReader(), Encoder()
    days = load_judged_days(folder, load_days(corpus))
    described = [describe(day, scorer, phrases, encoder, company) for day in days]
    return [day for day in described if day is not None]


def describe(
    day: JudgedDay, scorer: LocalScorer, phrases: PhraseReader, encoder: Encoder, company: Company
) -> DescribedDay | None:
    papers = [each.paper for each in day.candidates]
    ranked = scorer.rank(day.subscriber.profile, papers, day.history[-MEMORY:])
    fit = phrases.fit(ranked.profile, papers, ranked.known.pool, encoder, ranked.known.fields)
    if company is not Company.NONE and fit.company is None:
        return None
    fit = replace(fit, company={Company.NONE: None, Company.OWN: fit.own_company, Company.FIELD: fit.company}[company])
    score = np.clip(ranked.ranking.score, *PLACE_RANGE)
    signs = np.column_stack([describe_fit(fit, score), np.ones(len(papers))])
    right = np.array([day.grades.get(paper.arxiv_id, 0) >= RIGHT for paper in papers], dtype=np.bool_)
    return DescribedDay(day.subscriber.name, signs, right)


def fit_weights(days: list[DescribedDay]) -> Vector:
    """Gives the weights of a logistic regression, the constant last, by Newton's method."""
    signs, right = np.concatenate([day.signs for day in days]), np.concatenate([day.right for day in days])
    shrink = np.diag([SHRINK] * (signs.shape[1] - 1) + [0.0])
    weights = np.zeros(signs.shape[1])
    for _ in range(STEPS):
        chances = 1 / (1 + np.exp(-signs @ weights))
        slope = signs.T @ (chances - right) + shrink @ weights
        curve = (signs * (chances * (1 - chances))[:, None]).T @ signs + shrink
        weights -= np.linalg.solve(curve, slope)
    return weights


def leave_out(days: list[DescribedDay]) -> list[Vector]:
    """Gives each day's log-odds by weights that its profile has not taught."""
    names = sorted({day.profile for day in days})
    fold_of = {name: place % FOLDS for place, name in enumerate(names)}
    fitted = [fit_weights([day for day in days if fold_of[day.profile] != fold]) for fold in range(FOLDS)]
    return [day.signs @ fitted[fold_of[day.profile]] for day in days]


def show(title: str, days: list[DescribedDay], odds: list[Vector]) -> None:
    """Prints how many papers of each grade are right, and what each cut-off selects."""
    right, every = np.concatenate([day.right for day in days]), np.concatenate(odds)
    grades = 1 + np.searchsorted(CHANCES, 1 / (1 + np.exp(-every)), side="right")
    print(f"\n{title}")
    for low, high in GRADES:
        own = (grades >= low) & (grades <= high)
        share = f"{right[own].mean():.2f}" if own.any() else "–"
        print(f"  graded {low}–{high}: {own.sum():5d} papers, {share} right")
    for cut in CUTS:
        own = grades >= cut
        print(f"  from {cut}: precision {right[own].mean():.2f}, recall {right[own].sum() / right.sum():.2f}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("corpus", type=Path)
    options.add_argument("--check", type=Path, help="another folder of judged profiles")
    options.add_argument("--without-company", action="store_true", help="as in fields where it is not known")
    options.add_argument("--among-few", action="store_true", help="beside the papers of each one's own categories")
    chosen = options.parse_args()
    company = Company.NONE if chosen.without_company else Company.OWN if chosen.among_few else Company.FIELD
    days = describe_all(OWN, chosen.corpus, company)
    *weights, offset = (round(float(each), 2) for each in fit_weights(days))
    print(f"WEIGHTS{company.value} = {tuple(weights)}\nOFFSET{company.value} = {offset}")
    show("profiles left out in turn", days, leave_out(days))
    show("all together", days, [day.signs @ np.array([*weights, offset]) for day in days])
    if chosen.check:
        others = describe_all(chosen.check, chosen.corpus, company)
        show(str(chosen.check), others, [day.signs @ np.array([*weights, offset]) for day in others])


if __name__ == "__main__":
    main()
