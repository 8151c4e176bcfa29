"""Makes scoring/ranking/accented_words.txt: the words that papers write with accents, in small letters.

    python benchmarks/make_accented_words.py ../shared/corpus --until 2025-10-08

A word of one paper counts, too: rare names are what readers type. Days after `--until` stay out, so that measurements
on them stay honest.
"""

import argparse
from datetime import date
from pathlib import Path

from newsletter.scoring.evaluation.corpus import load_days
from newsletter.scoring.ranking.accented_words import SHIPPED
from newsletter.scoring.ranking.plain_text import SPELT_OTHERWISE, plain, without_accents
from newsletter.scoring.ranking.tokenize import WORD


def find_accented(text: str) -> set[str]:
    """Finds the words that would be others without their accents."""
    words = {word.lower() for word in WORD.findall(plain(text))}
    return {word for word in words if len(word) >= SPELT_OTHERWISE and without_accents(word) != word}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--until", type=date.fromisoformat, required=True)
    parser.add_argument("--to", type=Path, default=SHIPPED)
    options = parser.parse_args()
    days = [day for day in load_days(options.corpus) if day.announced_on <= options.until]
    papers = {paper.arxiv_id: f"{paper.title} {paper.abstract}" for day in days for paper in day.papers}
    words = sorted(set[str]().union(*map(find_accented, papers.values())))
    options.to.write_text("\n".join(words) + "\n", encoding="utf-8")
    print(f"{len(papers)} papers, {len(words)} words, {options.to.stat().st_size} bytes")


if __name__ == "__main__":
    main()
