"""Makes scoring/ranking/background.npz: in how many of a corpus's papers each word occurs, and a sample of papers.

    python benchmarks/make_background.py ../shared/corpus --until 2025-10-08 --sample-until 2025-10-06

The scorer uses it to know which words are telling anywhere, not only among today's papers, and to have somebody to
compare few papers with. It holds counts of hashed terms and no text.
Days after `--until` stay out, so that measurements on them stay honest.
"""

import argparse
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from newsletter.model import Paper
from newsletter.scoring.evaluation.corpus import load_days
from newsletter.scoring.ranking.background import SHIPPED
from newsletter.scoring.ranking.tfidf import TermCounts, count_terms
from newsletter.scoring.ranking.tokenize import Encoder

MIN_PAPERS = 4  # rarer terms are left out and count as occurring in one paper


def choose_sample(papers: list[Paper], eligible: int, per_category: int) -> list[int]:
    """Rows of a random sample of the first papers: as many for every category that has so many papers."""
    first = [paper.categories[0] for paper in papers[:eligible]]
    large = {category for category, count in Counter(first).items() if count >= per_category}
    counts: Counter[str] = Counter()
    chosen = []
    for row in np.random.default_rng(0).permutation(eligible).tolist():
        if first[row] in large and counts[first[row]] < per_category:
            counts.update(papers[row].categories)
            chosen.append(row)
    return chosen


def save_background(
    file: Path, counts: TermCounts, *, fewest: int, sample: Sequence[int], categories: Sequence[Collection[str]]
) -> None:
    """Saves the terms of at least `fewest` papers, and the papers of the rows `sample` with their categories."""
    frequency = np.bincount(counts.columns, minlength=len(counts.terms))
    is_common = frequency >= fewest
    place = np.cumsum(is_common) - 1
    order = np.lexsort((counts.columns, counts.rows))
    starts = np.searchsorted(counts.rows[order], [*range(counts.n_rows + 1)])
    cells_of = [order[starts[row] : starts[row + 1]] for row in sample]
    parts = [counts.columns[cells] for cells in cells_of]
    cells = np.concatenate([own[is_common[part]] for own, part in zip(cells_of, parts, strict=True)])
    names = sorted({name for row in sample for name in categories[row]})
    members = np.array([[name in categories[row] for name in names] for row in sample])
    rare = [[(~is_common[p] & ~counts.is_pair[p]).sum(), (~is_common[p] & counts.is_pair[p]).sum()] for p in parts]
    np.savez_compressed(
        file,
        terms=counts.terms[is_common],
        frequency=np.minimum(frequency[is_common], np.iinfo(np.uint16).max).astype(np.uint16),
        is_pair=np.packbits(counts.is_pair[is_common]),
        n_papers=np.int64(counts.n_rows),
        columns=place[counts.columns[cells]].astype(np.uint16),
        times=np.minimum(np.round(np.exp(counts.tf[cells] - 1)), 255).astype(np.uint8),
        lengths=np.array([is_common[p].sum() for p in parts], dtype=np.uint16),
        rare=np.minimum(rare, 255).astype(np.uint8),
        categories=np.array(names),
        members=np.packbits(members, axis=1),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--until", type=date.fromisoformat, required=True)
    parser.add_argument("--sample-until", type=date.fromisoformat, required=True, help="last day of the sample papers")
    parser.add_argument("--per-category", type=int, default=75, help="sample papers")
    parser.add_argument("--to", type=Path, default=SHIPPED)
    options = parser.parse_args()
    encoder = Encoder()
    days = [day for day in load_days(options.corpus) if day.announced_on <= options.until]
    papers = [paper for day in days for paper in day.papers]
    eligible = sum(len(day.papers) for day in days if day.announced_on <= options.sample_until)
    counts = count_terms([encoder.encode(paper.title, paper.abstract) for paper in papers])
    sample = choose_sample(papers, eligible, options.per_category)
    categories = [paper.categories for paper in papers]
    save_background(options.to, counts, fewest=MIN_PAPERS, sample=sample, categories=categories)
    print(f"{len(papers)} papers, {len(sample)} of them as a sample, {options.to.stat().st_size} bytes")


if __name__ == "__main__":
    main()
