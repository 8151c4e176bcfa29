"""Makes scoring/known_words.bin, the words that papers use or a dictionary has, and scoring/usual_words.txt.gz.

    python benchmarks/make_known_words.py ../shared/corpus --dictionary web2

The dictionary is FreeBSD's share/dict/web2 (Webster's Second International, 1934, out of copyright), a word a line.
Abstracts' words count from two papers on, so that not every misprint does; a title's always. The usual words are those
of at least USUAL papers, in the commonest spelling. No ranking looks at either file, so they may know every day.
"""

import argparse
import gzip
import re
from collections import Counter
from pathlib import Path

from newsletter.scoring.evaluation.corpus import load_days
from newsletter.scoring.nearest_words import FEWEST_LETTERS
from newsletter.scoring.nearest_words import SHIPPED as USUAL_WORDS
from newsletter.scoring.ranking.word_forms import normalise
from newsletter.scoring.unknown_words import SHIPPED, build_words

N_BYTES = 1 << 18  # seven bits a word
USUAL = 10  # papers
FEWEST_SMALL = 0.2  # of these, where a word is no name: titles write many with a capital

_WORD = re.compile(r"[^\W_]+")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--dictionary", type=Path, required=True)
    parser.add_argument("--to", type=Path, default=SHIPPED)
    parser.add_argument("--usual-to", type=Path, default=USUAL_WORDS)
    options = parser.parse_args()
    papers = {paper.arxiv_id: paper for day in load_days(options.corpus) for paper in day.papers}
    in_papers = Counter(form for paper in papers.values() for form in read_all(f"{paper.title} {paper.abstract}"))
    words = {form for form, count in in_papers.items() if count > 1}
    words |= {form for paper in papers.values() for form in read_all(paper.title)}
    n_papers_words = len(words)
    words |= read_all(options.dictionary.read_text(encoding="utf-8"))
    options.to.write_bytes(build_words(sorted(words), N_BYTES))
    usual = find_usual([f"{paper.title} {paper.abstract}" for paper in papers.values()])
    options.usual_to.write_bytes(gzip.compress("\n".join(usual).encode(), mtime=0))
    print(f"{len(usual)} usual words")
    print(f"{len(papers)} papers with {n_papers_words} words, {len(words)} in all")


def read_all(text: str) -> set[str]:
    """The words of a text, normalised; those with accents also with them."""
    words = _WORD.findall(text)
    return {normalise(word) for word in words} | {word.lower() for word in words if not word.isascii()}


def find_usual(texts: list[str]) -> list[str]:
    """The plain words of so many of these texts, the most usual first; with a capital those mostly written so."""
    counts = Counter(word for text in texts for word in {*filter(is_plain, _WORD.findall(text))})
    in_any = Counter({word.lower(): 0 for word in counts})
    for word, count in counts.items():
        in_any[word.lower()] += count
    usual = sorted((word for word in in_any if in_any[word] >= USUAL), key=lambda word: (-in_any[word], word))
    return [word if counts[word] >= FEWEST_SMALL * in_any[word] else word.capitalize() for word in usual]


def is_plain(word: str) -> bool:
    return len(word) >= FEWEST_LETTERS and word.isascii() and word.isalpha() and word[1:].islower()


if __name__ == "__main__":
    main()
