"""Makes scoring/ranking/company.npz: the most telling stems and the categories of earlier papers.

    python benchmarks/make_company.py ../shared/corpus --until 2025-10-07

What company a phrase keeps is learned from it. It holds hashed stems and no text. Days after `--until` stay out, so
that measurements on them stay honest: a paper must not lend its own company to itself.
"""

import argparse
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np

from newsletter.model import Paper
from newsletter.scoring.evaluation.corpus import load_days
from newsletter.scoring.ranking.background import load_background
from newsletter.scoring.ranking.company import SHIPPED
from newsletter.scoring.ranking.tfidf import count_terms
from newsletter.scoring.ranking.tokenize import Encoder

MIN_PAPERS = 10  # of a category that is named


def choose_stems(papers: Sequence[Paper], most: int) -> list[list[int]]:
    """The keys of each paper's most telling stems, at most so many, the weightiest first; always one at least."""
    encoder, background = Encoder(), load_background()
    counts = count_terms([encoder.encode(paper.title, paper.abstract) for paper in papers])
    matrix = counts.weigh(background.idf(counts.terms))
    kept = np.flatnonzero((~counts.is_pair & background.knows(counts.terms))[matrix.columns])
    kept = kept[np.lexsort((-matrix.values[kept], matrix.rows[kept]))]
    bounds = np.searchsorted(matrix.rows[kept], np.arange(len(papers) + 1))
    terms = matrix.terms[matrix.columns[kept]]
    return [terms[first:last][:most].tolist() for first, last in pairwise(bounds)]


def save(file: Path, stems: Sequence[Sequence[int]], categories: Sequence[Sequence[str]]) -> None:
    """Saves papers that have a stem."""
    rows = [row for row, own in enumerate(stems) if own]
    terms = np.unique(np.array([stem for row in rows for stem in stems[row]], dtype=np.uint32))
    names, counts = np.unique([name for row in rows for name in categories[row]], return_counts=True)
    names = names[counts >= MIN_PAPERS]
    members = np.array([np.isin(names, categories[row]) for row in rows])
    columns = [np.sort(np.searchsorted(terms, np.array(stems[row], dtype=np.uint32))) for row in rows]
    np.savez_compressed(
        file,
        terms=terms,
        columns=np.concatenate(columns).astype(np.uint16),
        lengths=np.array([len(own) for own in columns], dtype=np.uint8),
        categories=names,
        members=np.packbits(members, axis=1),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--until", type=date.fromisoformat, required=True)
    parser.add_argument("--stems", type=int, default=40, help="of each paper")
    parser.add_argument("--to", type=Path, default=SHIPPED)
    options = parser.parse_args()
    days = [day for day in load_days(options.corpus) if day.announced_on <= options.until]
    papers = list(
        {paper.arxiv_id: paper for day in days for paper in day.papers if paper.arxiv_id in day.fresh}.values()
    )
    save(options.to, choose_stems(papers, options.stems), [paper.categories for paper in papers])
    print(f"{len(papers)} papers, {options.to.stat().st_size} bytes")


if __name__ == "__main__":
    main()
