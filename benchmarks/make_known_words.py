"""Makes scoring/known_words.bin: the words that papers use, or that a dictionary of English has.

    python benchmarks/make_known_words.py ../shared/corpus --dictionary web2

The dictionary is FreeBSD's share/dict/web2 (Webster's Second International, 1934, out of copyright), a word a line.
Abstracts' words count from two papers on, so that not every misprint does; a title's always. No ranking looks at
this set, so it may know every day.
"""

import argparse
import re
from collections import Counter
from pathlib import Path

from newsletter.scoring.evaluation.corpus import load_days
from newsletter.scoring.ranking.word_forms import normalise
from newsletter.scoring.unknown_words import SHIPPED, build_words

N_BYTES = 1 << 18  # seven bits a word

_WORD = re.compile(r"[^\W_]+")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--dictionary", type=Path, required=True)
    parser.add_argument("--to", type=Path, default=SHIPPED)
    options = parser.parse_args()
    papers = {paper.arxiv_id: paper for day in load_days(options.corpus) for paper in day.papers}
    in_papers = Counter(form for paper in papers.values() for form in read_all(f"{paper.title} {paper.abstract}"))
    words = {form for form, count in in_papers.items() if count > 1}
    words |= {form for paper in papers.values() for form in read_all(paper.title)}
    n_papers_words = len(words)
    words |= read_all(options.dictionary.read_text(encoding="utf-8"))
    options.to.write_bytes(build_words(sorted(words), N_BYTES))
    print(f"{len(papers)} papers with {n_papers_words} words, {len(words)} in all")


def read_all(text: str) -> set[str]:
    """The words of a text, normalised; those with accents also with them."""
    words = _WORD.findall(text)
    return {normalise(word) for word in words} | {word.lower() for word in words if not word.isascii()}


if __name__ == "__main__":
    main()
