"""Measures what a reader is mailed whose whole profile is a few papers that they keep.

    python benchmarks/bench_library_grades.py CORPUS [--choose] [--draws 2] [--days 5]

Readers keep 1 to 32 papers, once by title and once with abstracts, drawn from those labelled relevant on the days up to
2025-10-08 of each labelled profile. Later days are graded as in a morning, with three days of memory. For each number
of papers: how many papers a day reach the default cut-off, and which share of them, of the papers of each grade and of
the five that lead the order, is labelled relevant. A few papers of a broad profile are on some of its topics, so what
the labels call right is not always near them. `--choose` draws from the first half of those days and grades the second:
for choosing constants.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from newsletter.app import build_local_scorer
from newsletter.model import LibraryPaper, Paper, Profile
from newsletter.scoring import Scorer
from newsletter.scoring.evaluation.corpus import LabelledDay, infer_categories, label_days, load_days, load_labels

LEARNED_UNTIL = date(2025, 10, 8)
SIZES = (1, 2, 4, 8, 16, 32)
CUT_OFF = 6  # the default without a model
FIRST = 5  # papers of the order that P@5 looks at
GRADES = ((9, 10), (7, 8), (6, 6), (5, 5))


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who keeps papers of one labelled profile."""

    size: int
    has_abstracts: bool
    profile: Profile


@dataclass(frozen=True, slots=True, eq=False)
class GradedDay:
    """What a reader was given on one day: the grade of each paper, best first, and which are labelled relevant."""

    profile: str
    reader: Reader
    grades: npt.NDArray[np.intp]
    is_right: npt.NDArray[np.bool_]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--choose", action="store_true", help="draw and grade among the early days alone")
    parser.add_argument("--draws", type=int, default=2, help="of papers, for each profile and number of them")
    parser.add_argument("--days", type=int, default=5, help="graded of each profile, as far apart as there are")
    asked = parser.parse_args()
    graded = list(grade_all(asked.corpus, asked.draws, asked.days, choose=asked.choose))
    for name in [*dict.fromkeys(each.profile for each in graded), ""]:
        show(name or "all four", [each for each in graded if name in ("", each.profile)])


def grade_all(corpus: Path, draws: int, most_days: int, *, choose: bool) -> Iterable[GradedDay]:
    """Grades some days for every reader of every labelled profile."""
    scorer, days = build_local_scorer(), load_days(corpus)
    for file in sorted((corpus / "labels").glob("*.jsonl")):
        labels = load_labels(file)
        labelled = label_days(days, labels, infer_categories(days, labels), first=date.min, last=date.max)
        kept_from, measured = split(labelled, choose=choose)
        readers = list(draw_readers(kept_from, SIZES, draws))
        for day in spread(measured, most_days):
            for reader in readers:
                yield grade(scorer, file.stem, reader, day)


def split(days: Sequence[LabelledDay], *, choose: bool) -> tuple[list[LabelledDay], list[LabelledDay]]:
    """Gives the days of which papers are kept, and those that are graded."""
    early = [day for day in days if day.announced_on <= LEARNED_UNTIL]
    if choose:
        return early[: len(early) // 2], early[len(early) // 2 :]
    return early, [day for day in days if day.announced_on >= LEARNED_UNTIL + timedelta(days=1)]


def spread(days: Sequence[LabelledDay], most: int) -> list[LabelledDay]:
    """Chooses at most so many of the days, as far apart as there are."""
    places = np.linspace(0, len(days) - 1, min(most, len(days))).round().astype(int)
    return [days[place] for place in places]


def draw_readers(days: Sequence[LabelledDay], sizes: Sequence[int], draws: int) -> Iterable[Reader]:
    """Draws so many readers of each kind, at random but always the same."""
    gained = [pair for day in days for pair in zip(day.pool, day.gains, strict=True)]
    relevant = list({paper.arxiv_id: paper for paper, gain in gained if gain}.values())
    for size in sizes:
        for seed in range(draws):
            places = np.random.default_rng((size, seed)).choice(len(relevant), min(size, len(relevant)), replace=False)
            for has_abstracts in (False, True):
                yield Reader(size, has_abstracts, keep([relevant[n] for n in places], has_abstracts=has_abstracts))


def keep(papers: Iterable[Paper], *, has_abstracts: bool) -> Profile:
    """Gives a profile that is nothing but these papers."""
    kept = (LibraryPaper("library.bib", one.title, one.abstract if has_abstracts else "") for one in papers)
    return Profile((), papers=tuple(kept))


def grade(scorer: Scorer, name: str, reader: Reader, day: LabelledDay) -> GradedDay:
    history = day.history[max(0, len(day.history) - scorer.history_days) :]
    scores = {score.arxiv_id: score for score in scorer.score(reader.profile, day.pool, history).scores}
    own = [scores[paper.arxiv_id] for paper in day.pool]
    grades = np.array([score.relevance for score in own], dtype=np.intp)
    order = np.lexsort((-np.array([score.rank or 0.0 for score in own]), -grades))  # as a mail has them
    return GradedDay(name, reader, grades[order], (np.array(day.gains) > 0)[order])


def show(title: str, graded: Sequence[GradedDay]) -> None:
    """Prints a row for each number of papers and form."""
    share = np.mean([each.is_right.mean() for each in graded])
    pool = np.mean([len(each.grades) for each in graded])
    heads = "".join(f"{f'{low}-{high}' if low < high else low:>14}" for low, high in GRADES)
    print(f"\n{title}: {pool:.0f} papers a day, {share:.2f} of them relevant")
    print(f"  {'kept':>16} {'a day':>7} {'most':>5} {'silent':>7} {'right':>6} {heads} {'P@5':>6}")
    for has_abstracts in (False, True):
        for size in dict.fromkeys(each.reader.size for each in graded):
            own = [e for e in graded if (e.reader.size, e.reader.has_abstracts) == (size, has_abstracts)]
            print(_row(f"{size} {'abstracts' if has_abstracts else 'titles'}", own), flush=True)


def _row(title: str, graded: Sequence[GradedDay]) -> str:
    mailed = np.array([(each.grades >= CUT_OFF).sum() for each in graded])
    parts = "".join(f"{_count(graded, low, high):>14}" for low, high in GRADES)
    first = float(np.mean([each.is_right[:FIRST].mean() for each in graded]))
    right = _share(graded, CUT_OFF, 10)
    head = f"  {title:>16} {mailed.mean():7.1f} {mailed.max():5d} {(mailed == 0).mean():7.2f}"
    return f"{head} {right:6.2f} {parts} {first:6.2f}"


def _count(graded: Sequence[GradedDay], low: int, high: int) -> str:
    """Gives the share that is right of the papers of these grades, and how many there are a day."""
    n = sum(((each.grades >= low) & (each.grades <= high)).sum() for each in graded) / len(graded)
    return f"{_share(graded, low, high):.2f}, {n:.1f}" if n else "none"


def _share(graded: Sequence[GradedDay], low: int, high: int) -> float:
    grades, is_right = (np.concatenate([getattr(e, name) for e in graded]) for name in ("grades", "is_right"))
    chosen = (grades >= low) & (grades <= high)
    return float(is_right[chosen].mean()) if chosen.any() else 0.0


if __name__ == "__main__":
    main()
