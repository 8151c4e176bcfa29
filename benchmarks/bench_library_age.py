"""Measures what it does to a ranking that papers added lately to a library weigh more than old ones.

    python benchmarks/bench_library_age.py CORPUS [--days 6]

Two readers without topics, each with a library of 90 papers made of one profile's relevant papers on the days up to
2025-10-08, with made-up dates: one whose interest has moved (60 papers of another profile, one to three years old, then
30 of this one within four months), and one whose interest is the same for three years. For each half-life: the mean
average precision on later days, by the labels of this profile.
"""

from __future__ import annotations

import argparse
import math
import random
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from newsletter.app import build_local_scorer
from newsletter.model import LibraryPaper, Paper, Profile
from newsletter.scoring.evaluation.corpus import (
    RELEVANT_FROM,
    CorpusDay,
    LabelledDay,
    infer_categories,
    label_days,
    load_days,
    load_labels,
)
from newsletter.scoring.evaluation.ranking import average_precision

NOW, BEFORE = "ml-architecture", "embodied-vision"
LEARNED_UNTIL = date(2025, 10, 8)
HALF_LIVES = (math.inf, 730.0, 365.0, 180.0, 90.0, 30.0)  # days
SEED = 7

Aged = tuple[float, Paper]  # days before the latest, and the paper


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--days", type=int, default=6, help="measured, of those after 2025-10-08")
    asked = parser.parse_args()
    days = load_days(asked.corpus)
    labels = load_labels(asked.corpus / "labels" / f"{NOW}.jsonl")
    first = LEARNED_UNTIL + timedelta(days=1)
    later = label_days(days, labels, infer_categories(days, labels), first=first, last=date.max)[: asked.days]
    draw = random.Random(SEED)
    mine, others = (_relevant(asked.corpus, days, name) for name in (NOW, BEFORE))
    draw.shuffle(mine)
    draw.shuffle(others)
    moved = [
        *((draw.uniform(365, 1095), one) for one in others[:60]),
        *((draw.uniform(0, 120), one) for one in mine[:30]),
    ]
    steady = [(draw.uniform(0, 1095), one) for one in mine[:90]]
    print(f"{len(later)} days; mean average precision\n{'half-life':>10}  {'moved':>6}  {'steady':>6}")
    for half_life in HALF_LIVES:
        found = [_measure(library, half_life, later) for library in (moved, steady)]
        print(f"{half_life:>8.0f} d  {found[0]:6.3f}  {found[1]:6.3f}", flush=True)


def _relevant(corpus: Path, days: tuple[CorpusDay, ...], name: str) -> list[Paper]:
    """Lists the papers that a profile's labels call relevant on the days that may be learned from."""
    labels = load_labels(corpus / "labels" / f"{name}.jsonl")
    return [
        paper
        for day in days
        if day.announced_on <= LEARNED_UNTIL
        for paper in day.papers
        if labels.days.get(day.announced_on, {}).get(paper.arxiv_id, 0) >= RELEVANT_FROM
    ]


def _measure(library: list[Aged], half_life: float, days: list[LabelledDay]) -> float:
    papers = tuple(
        LibraryPaper("zotero:users/1", paper.title, paper.abstract, max(0.01, 0.5 ** (age / half_life)))
        for age, paper in sorted(library, key=lambda aged: -aged[0])
    )
    scorer, precisions = build_local_scorer(), []
    for day in days:
        scores = scorer.score(Profile((), papers=papers), day.pool, day.history[-3:]).scores
        ranks = np.array([score.rank or 0.0 for score in scores])
        precisions.append(average_precision(np.array(day.gains), ranks))
    return float(np.mean(precisions))


if __name__ == "__main__":
    main()
