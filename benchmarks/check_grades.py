"""Shows that a grade hangs on paper and profile, not on what else is at hand: memory, small pools, other fields.

    python benchmarks/check_grades.py CORPUS [--days 12]

Memory: twelve days in a row are graded with what is known of the days before, from nothing to three days, and without.
Pools: a dozen papers and more of a day, drawn at random, are graded without any day before, and within the whole day.
Other fields: pools of fields that the profile does not ask for. Prints tables for docs/scoring.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from newsletter.files import resources
from newsletter.model import Paper, Profile
from newsletter.scoring.evaluation.corpus import (
    CorpusDay,
    LabelledDay,
    infer_categories,
    label_days,
    load_days,
    load_labels,
)
from newsletter.scoring.evaluation.markdown_profile import parse_profile
from newsletter.scoring.local import LocalScorer

Grades = npt.NDArray[np.intp]

POOLS = (12, 15, 30, 60, 120)
FOREIGN_POOLS = (15, 30, 80)
ASTRONOMY = ("astro-ph",)
FOREIGN = ("math.", "quant-ph", "cond-mat", "hep-")
LEARNING = ("cs.LG", "cs.AI", "cs.CV", "cs.CL", "stat.ML")
PASSES = 6


@dataclass(frozen=True, slots=True)
class Case:
    """A profile of the corpus and its labelled days."""

    name: str
    profile: Profile
    days: Sequence[LabelledDay]


def load_cases(corpus: Path, days: Sequence[CorpusDay]) -> list[Case]:
    cases = []
    for file in sorted((corpus / "profiles").glob("*.md")):
        labels = load_labels(corpus / "labels" / f"{file.stem}.jsonl")
        labelled = label_days(days, labels, infer_categories(days, labels), first=date.min, last=date.max)
        cases.append(Case(file.stem, parse_profile(file.read_text(encoding="utf-8")), labelled))
    return cases


def grade(scorer: LocalScorer, profile: Profile, papers: Sequence[Paper], history: Sequence[Sequence[Paper]]) -> Grades:
    return np.array([score.relevance for score in scorer.score(profile, papers, history).scores])


def rank_correlation(first: Grades, second: Grades) -> float:
    """Gives Spearman's: the correlation of the ranks, those of equal grades shared."""
    ranks = [np.array([(g < x).sum() + (g == x).sum() / 2 for x in g], dtype=float) for g in (first, second)]
    return float(np.corrcoef(*ranks)[0, 1]) if min(rank.std() for rank in ranks) else 1.0


def show_memory(scorer: LocalScorer, case: Case, n_days: int) -> None:
    """Compares each of these days with memory growing from nothing with the same day without any."""
    rows = []
    for place, day in enumerate(case.days[-n_days:]):
        history = day.history[-min(place, 3) :] if place else ()
        without, with_memory = (grade(scorer, case.profile, day.pool, known) for known in ((), history))
        best = np.argsort(-without, kind="stable")[:5]
        sunk = without[best].mean() - with_memory[np.argsort(-with_memory, kind="stable")[:5]].mean()
        rows.append((rank_correlation(without, with_memory), (with_memory - without).mean(), -sunk))
    table = np.array(rows[1:])
    print(
        f"{case.name}: correlation {table[:, 0].mean():.2f}, mean difference {table[:, 1].mean():+.2f}, best five "
        f"{table[:, 2].mean():+.2f} on average, {table[:, 2].min():+.1f} at worst"
    )


def show_pools(scorer: LocalScorer, cases: Sequence[Case]) -> None:
    """Compares random pools without history with the same papers on the full day, for all profiles together."""
    rows: dict[int, list[tuple[float, ...]]] = {size: [] for size in POOLS}
    for case in cases:
        for day in case.days[-3:]:
            whole = grade(scorer, case.profile, day.pool, day.history)
            wanted = np.array(day.gains) > 0
            for size in (size for size in POOLS if size < len(day.pool)):
                chosen = _draw(wanted, size)
                alone = grade(scorer, case.profile, [day.pool[n] for n in chosen], ())
                there = whole[chosen]
                hits = wanted[chosen]
                rows[size].append(
                    (
                        rank_correlation(alone, there),
                        float(np.abs(alone - there).mean()),
                        *((alone >= PASSES).sum(), (there >= PASSES).sum()),
                        *((alone[hits] >= PASSES).sum(), (there[hits] >= PASSES).sum()),
                    )
                )
    for size, measured in rows.items():
        print(size, *(f"{value:.2f}" for value in np.mean(measured, axis=0)))


def _draw(wanted: npt.NDArray[np.bool_], size: int) -> npt.NDArray[np.intp]:
    """Draws so many rows, a tenth to seven tenths of them wanted, as far as there are so many."""
    random = np.random.default_rng(size)
    share = random.uniform(0.1, 0.7)
    good = random.permutation(np.flatnonzero(wanted))[: round(share * size)]
    return np.concatenate([good, random.permutation(np.flatnonzero(~wanted))[: size - len(good)]])


def show_foreign(scorer: LocalScorer, cases: Sequence[Case], days: Sequence[CorpusDay]) -> None:
    """Counts what passes of pools of fields that no part of a profile asks for."""
    passing, sevens = [], []
    for case in cases:
        is_astronomy = case.name.startswith("near")
        own = ASTRONOMY if is_astronomy else LEARNING
        for primaries in ((*LEARNING[:3],) if is_astronomy else ASTRONOMY, *((each,) for each in FOREIGN)):
            for day in days[-9::4]:
                pool = [p for p in day.papers if p.categories[0].startswith(primaries) and not _has(p, own)]
                for size in (size for size in FOREIGN_POOLS if size <= len(pool)):
                    graded = grade(scorer, case.profile, pool[:size], ())
                    passing.append(int((graded >= PASSES).sum()))
                    sevens.append(int((graded > PASSES).sum()))
    print(
        f"{len(passing)} pools; papers from {PASSES} on: {np.bincount(passing)}, above it: {np.bincount(sevens)} pools"
    )


def _has(paper: Paper, prefixes: tuple[str, ...]) -> bool:
    return any(category.startswith(prefixes) for category in paper.categories)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--days", type=int, default=12)
    arguments = parser.parse_args()
    scorer = LocalScorer(comments=resources.load_texts("prompts/comments.yaml"))
    days = load_days(arguments.corpus)
    cases = load_cases(arguments.corpus, days)
    print(f"memory, {arguments.days} days in a row")
    for case in cases:
        show_memory(scorer, case, arguments.days)
    print("\npools: papers, correlation, difference, passing alone and there, of those wanted alone and there")
    show_pools(scorer, cases)
    print("\nother fields")
    show_foreign(scorer, cases, days)


if __name__ == "__main__":
    main()
