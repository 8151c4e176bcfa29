"""Makes newsletter/scorers/background.npz: in how many of a corpus's papers each word and pair of words occurs.

    python benchmarks/make_background.py ../shared/corpus --until 2025-10-08

The scorer uses it to know which words are telling anywhere, not only among today's papers. It holds counts of hashed
terms and no text. Days after `--until` stay out, so that measurements on them stay honest.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import numpy as np

from newsletter.evaluate import load_days
from newsletter.scorers.background import SHIPPED, save_background
from newsletter.scorers.text import Encoder
from newsletter.scorers.tfidf import count_terms

MIN_PAPERS = 4  # rarer terms are left out and count as occurring in one paper


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--until", type=date.fromisoformat, required=True)
    options = parser.parse_args()
    encoder = Encoder()
    days = [day for day in load_days(options.corpus) if day.announced_on <= options.until]
    papers = [encoder.encode(paper.title, paper.abstract) for day in days for paper in day.papers]
    counts = count_terms(papers)
    frequency = np.bincount(counts.columns, minlength=len(counts.terms))
    kept = frequency >= MIN_PAPERS
    save_background(SHIPPED, counts.terms[kept], frequency[kept], len(papers))
    print(f"{len(papers)} papers, {kept.sum()} terms, {SHIPPED.stat().st_size} bytes")


if __name__ == "__main__":
    main()
