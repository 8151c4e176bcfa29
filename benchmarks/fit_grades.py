"""Fits the chances behind the grades of relevance on labelled days, and shows how well they hold on later ones.

    python benchmarks/fit_grades.py CORPUS [--until 2025-10-08]

Prints the constants for newsletter/scoring/ranking/calibrate.py, then tables for each profile on the days after those
fitted: of the papers of each grade, how many were wanted; once with chances that no day of this profile has taught (nor
of one whose labels are nearly the same), and once with the shipped ones. Run it after each change of the ranking.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from newsletter.files import resources
from newsletter.model import Profile
from newsletter.scoring.evaluation.corpus import (
    LabelledDay,
    infer_categories,
    label_days,
    load_days,
    load_labels,
)
from newsletter.scoring.evaluation.markdown_profile import parse_profile
from newsletter.scoring.local import LocalScorer
from newsletter.scoring.ranking.calibrate import CHANCES, PLACES, give_chances, measure_places

Vector = npt.NDArray[np.float64]

MEMORIES = (0, 3)  # days before, from which the places are taken in turn
SAME_LABELS = {"ml-architecture-and-systems": "ml-architecture"}
GRID = np.arange(-1.0, 6.0, 0.02)  # places told apart when fitting
ROUNDS = 4000
STEP = 0.3
SHRINK = 0.002  # pulls the steps between neighbouring places together, so that few papers at the top say little
GRADES = ((10, 10), (9, 9), (9, 10), (8, 8), (7, 7), (7, 8), (6, 6), (5, 5), (3, 4), (1, 2))
CUTS = (5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class PlacedDay:
    """The places of one day's pool under one memory, and which papers were wanted."""

    profile: str
    announced_on: date
    memory: int
    places: Vector
    wanted: npt.NDArray[np.bool_]

    @property
    def group(self) -> str:
        return SAME_LABELS.get(self.profile, self.profile)


def place_all(corpus: Path) -> list[PlacedDay]:
    """Ranks every labelled day of every profile of the corpus, with each memory."""
    scorer = LocalScorer(comments=resources.load_texts("prompts/comments.yaml"))
    days = load_days(corpus)
    placed = []
    for file in sorted((corpus / "profiles").glob("*.md")):
        labels = load_labels(corpus / "labels" / f"{file.stem}.jsonl")
        profile = parse_profile(file.read_text(encoding="utf-8"))
        for day in label_days(days, labels, infer_categories(days, labels), first=date.min, last=date.max):
            for memory in MEMORIES:
                placed.append(_place(scorer, profile, file.stem, day, memory))
    return placed


def _place(scorer: LocalScorer, profile: Profile, name: str, day: LabelledDay, memory: int) -> PlacedDay:
    ranked = scorer.rank(profile, day.pool, day.history[-memory:] if memory else ())
    places = measure_places(ranked.ranking, ranked.yardstick)[: len(day.pool)]
    return PlacedDay(name, day.announced_on, memory, places, np.array(day.gains) > 0)


# --- fitting ------------------------------------------------------------------------------------------


def fit(days: list[PlacedDay]) -> Vector:
    """Fits log-odds that never fall from one of PLACES to the next; profiles count alike, one of two alike half."""
    groups = {day.group for day in days}
    table = _hats(GRID)
    weight, hits = np.zeros(len(GRID)), np.zeros(len(GRID))
    for group in groups:
        alike = [day for day in days if day.group == group]
        cells = np.searchsorted(GRID[:-1], np.concatenate([day.places for day in alike]))
        share = 1 / len(cells) / len(groups)
        weight += share * np.bincount(cells, minlength=len(GRID))
        hits += share * np.bincount(cells, np.concatenate([day.wanted for day in alike]), minlength=len(GRID))
    steps = np.concatenate([[-4.0], np.full(len(PLACES) - 1, 1.2)])
    for _ in range(ROUNDS):
        chances = 1 / (1 + np.exp(-table @ np.cumsum(steps)))
        slope = table.T @ (weight * chances - hits)
        pull = np.concatenate([[0.0], SHRINK * (steps[1:] - steps[1:].mean())])
        steps -= STEP * 10 * (np.cumsum(slope[::-1])[::-1] + pull)
        steps[1:] = np.maximum(steps[1:], 0.0)
    return np.cumsum(steps)


def _hats(places: Vector) -> Vector:
    """Gives the share that each of PLACES has in the value at these places, in a straight line between two."""
    return np.array([np.interp(places, PLACES, row) for row in np.eye(len(PLACES))]).T


# --- tables -------------------------------------------------------------------------------------------


def grade(days: list[PlacedDay], odds: Vector | None) -> tuple[Vector, npt.NDArray[np.bool_]]:
    """Grades these days by the fitted log-odds, or by the shipped ones."""
    places = np.concatenate([day.places for day in days])
    chances = give_chances(places) if odds is None else 1 / (1 + np.exp(-np.interp(places, PLACES, odds)))
    return 1 + np.searchsorted(CHANCES, chances, side="right"), np.concatenate([day.wanted for day in days])


def interval(days: list[PlacedDay], odds: Vector | None, low: int, high: int) -> tuple[int, float, float, float]:
    """Gives how many papers have these grades, which share was wanted, and its 95 % interval by bootstrap over days."""
    counts = []
    for day in days:
        grades, wanted = grade([day], odds)
        chosen = (grades >= low) & (grades <= high)
        counts.append((chosen.sum(), (chosen & wanted).sum()))
    table = np.array(counts, dtype=float)
    draws = np.random.default_rng(0).integers(0, len(days), (1000, len(days)))
    sums = table[draws].sum(axis=1)
    shares = sums[:, 1][sums[:, 0] > 0] / sums[:, 0][sums[:, 0] > 0]
    total, hits = table.sum(axis=0)
    lower, upper = np.quantile(shares, [0.025, 0.975]) if len(shares) else (0.0, 0.0)
    return int(total), hits / max(total, 1), float(lower), float(upper)


def show(title: str, days: list[PlacedDay], odds: Vector | None) -> None:
    n_days = len(days)
    print(f"\n{title}: {n_days} days")
    for low, high in GRADES:
        total, share, lower, upper = interval(days, odds, low, high)
        print(f"  {low:2}-{high:<2} {total / n_days:6.1f} a day  {share:.2f} [{lower:.2f}-{upper:.2f}]")
    grades, wanted = grade(days, odds)
    for cut in CUTS:
        chosen = grades >= cut
        precision, recall = wanted[chosen].mean() if chosen.any() else 0.0, chosen[wanted].mean()
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        tens = (grades == 10).sum() / max(chosen.sum(), 1)
        found = f"P {precision:.2f} R {recall:.2f} F1 {f1:.2f}"
        print(f"  >={cut} {chosen.sum() / n_days:5.1f} a day  {found}  tens {tens:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--until", type=date.fromisoformat, default=date(2025, 10, 8))
    arguments = parser.parse_args()
    placed = place_all(arguments.corpus)
    early = [day for day in placed if day.announced_on <= arguments.until]
    late = [day for day in placed if day.announced_on > arguments.until and day.memory == MEMORIES[-1]]
    print("_ODDS =", [round(float(each), 2) for each in fit(early)])
    for profile in sorted({day.profile for day in placed}):
        own = [day for day in late if day.profile == profile]
        taught = fit([day for day in early if day.group != own[0].group])
        show(f"{profile}, taught by others {np.round(taught, 2).tolist()}", own, taught)
        show(f"{profile}, shipped", own, None)


if __name__ == "__main__":
    main()
