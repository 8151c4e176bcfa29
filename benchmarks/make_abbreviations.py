"""Makes scoring/ranking/abbreviations.tsv: abbreviations and their long forms, as abstracts introduce them.

    python benchmarks/make_abbreviations.py ../shared/corpus --until 2025-10-08

A long form counts where an abstract or a title writes "long form (ABBR)" and the beginnings of its words spell the
abbreviation (after Schwartz and Hearst 2003, more strictly). A line holds abbreviation, long form and in how many
papers. Days after `--until` stay out, so that measurements on them stay honest.
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from newsletter.scoring.evaluation.corpus import load_days
from newsletter.scoring.ranking.abbreviations import SHIPPED
from newsletter.scoring.ranking.filler import STOP_WORDS
from newsletter.scoring.ranking.word_forms import normalise

MIN_PAPERS = 2
CHARS_BEFORE = 150

_BRACKET = re.compile(r"\(([A-Za-z0-9][\w/&-]{1,9})\)")
_WORD = re.compile(r"[^\W_]+")


def find_pairs(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Finds each abbreviation that the text introduces, with its long form, both normalised."""
    for match in _BRACKET.finditer(text):
        abbreviation = match[1]
        if sum(c.isupper() for c in abbreviation) < 2:
            continue
        before = text[max(0, match.start() - CHARS_BEFORE) : match.start()]
        words = _spell(before, abbreviation.removesuffix("s") if abbreviation[:-1].isupper() else abbreviation)
        long = tuple(normalise(word) for word in words if word not in STOP_WORDS)
        short = "".join(normalise(part) for part in _WORD.findall(abbreviation))
        if len(long) > 1:
            yield short, long


def _spell(before: str, abbreviation: str) -> list[str]:
    """Gives the last words before the bracket whose beginnings spell the abbreviation; none if none do."""
    words = list(_WORD.finditer(before))
    letters = "".join(c for c in abbreviation.lower() if c.isalnum())
    start, end = len(words), len(before)
    while letters and start:
        word = words[start - 1]
        if re.search(r"[.;:,()\[\]]", before[word.end() : end]):
            return []
        text = word.group().lower()
        used = _longest_ending(letters, text)
        if not used and (text not in STOP_WORDS or start == len(words)):
            return []
        letters, start, end = letters[: len(letters) - used], start - 1, word.start()
    return [] if letters else [word.group().lower() for word in words[start:]]


def _longest_ending(letters: str, word: str) -> int:
    """Tells how many of the last letters the word begins with; one is usual, "Lo-Ra" has two."""
    if letters[-1] == "x" and word.startswith("ex"):  # explainable: XAI
        return 1
    return next((n for n in (1, 2, 3) if letters[-n:] == word[:n] and n <= len(letters)), 0)


def count_pairs(texts: Iterable[tuple[str, ...]]) -> Counter[tuple[str, tuple[str, ...]]]:
    """Counts in how many papers, each some texts, a pair stands."""
    counts: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for parts in texts:
        counts.update({pair for part in parts for pair in find_pairs(part)})
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--until", type=date.fromisoformat, required=True)
    parser.add_argument("--to", type=Path, default=SHIPPED)
    options = parser.parse_args()
    days = [day for day in load_days(options.corpus) if day.announced_on <= options.until]
    papers = {paper.arxiv_id: (paper.title, paper.abstract) for day in days for paper in day.papers}
    counts = count_pairs(papers.values())
    lines = [f"{short}\t{' '.join(long)}\t{n}\n" for (short, long), n in sorted(counts.items()) if n >= MIN_PAPERS]
    options.to.write_text("".join(lines), encoding="utf-8")
    print(f"{len(papers)} papers, {len(lines)} pairs, {options.to.stat().st_size} bytes")


if __name__ == "__main__":
    main()
