"""Makes scoring/ranking/title_shares.npz: of the papers that have a word, how many have it in their title.

    python benchmarks/make_title_shares.py ../shared/corpus --until 2025-10-07

Days after `--until` stay out, so that measurements on them stay honest. The file holds hashed stems and no text.
"""

import argparse
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np

from newsletter.scoring.evaluation.corpus import load_days
from newsletter.scoring.ranking.coverage import FormEncoder
from newsletter.scoring.ranking.title_shares import SHIPPED
from newsletter.scoring.ranking.tokenize import WORD
from newsletter.scoring.ranking.word_forms import normalise

MIN_PAPERS = 5  # rarer words get no share
USUAL_SHARE, TRUST = 0.12, 10  # a share starts as that of so many papers


def stems_of(text: str, encoder: FormEncoder) -> set[int]:
    return {encoder.keys(normalise(word))[1] for word in WORD.findall(text.lower())}


def count(texts: Iterable[tuple[str, str]]) -> tuple[Counter[int], Counter[int]]:
    """Counts for each stem the papers that have it in their title, and those that have it at all."""
    encoder = FormEncoder()
    titles, papers = Counter[int](), Counter[int]()
    for title, abstract in texts:
        titles.update(stems_of(title, encoder))
        papers.update(stems_of(f"{title} {abstract}", encoder))
    return titles, papers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--until", type=date.fromisoformat, required=True)
    parser.add_argument("--to", type=Path, default=SHIPPED)
    options = parser.parse_args()
    days = [day for day in load_days(options.corpus) if day.announced_on <= options.until]
    texts = {paper.arxiv_id: (paper.title, paper.abstract) for day in days for paper in day.papers}
    titles, papers = count(texts.values())
    stems = sorted(stem for stem, number in papers.items() if number >= MIN_PAPERS)
    shares = [(titles[stem] + USUAL_SHARE * TRUST) / (papers[stem] + TRUST) for stem in stems]
    np.savez_compressed(
        options.to,
        stems=np.array(stems, dtype=np.uint32),
        shares=np.round(255 * np.minimum(shares, 1.0)).astype(np.uint8),
    )
    print(f"{len(stems)} stems of {len(texts)} papers, {options.to.stat().st_size} bytes")


if __name__ == "__main__":
    main()
