"""Knows what abbreviations stand for, as shipped; made by benchmarks/make_abbreviations.py from abstracts.

"RAG" is "retrieval-augmented generation" to a reader, and no word of one is in the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

SHIPPED = Path(__file__).with_name("abbreviations.tsv")
COMMON_SHARE = 0.15  # of the most usual long form's papers: rarer ones of the same abbreviation are somebody's own

Forms = tuple[str, ...]


@cache
def load_abbreviations() -> dict[Forms, tuple[Forms, ...]]:
    """Reads the table once a process: abbreviations to long forms, and back, the most usual first."""
    pairs: list[tuple[Forms, Forms, int]] = []
    for line in SHIPPED.read_text(encoding="utf-8").splitlines():
        short, long, count = line.split("\t")
        pairs.append(((short,), tuple(long.split()), int(count)))
    pairs.sort(key=lambda pair: -pair[2])
    return _group(pairs) | _group((long, short, count) for short, long, count in pairs)


def _group(pairs: Iterable[tuple[Forms, Forms, int]]) -> dict[Forms, tuple[Forms, ...]]:
    groups: dict[Forms, list[Forms]] = {}
    most: dict[Forms, int] = {}
    for one, other, count in pairs:
        if count >= COMMON_SHARE * most.setdefault(one, count):
            groups.setdefault(one, []).append(other)
    return {one: tuple(others) for one, others in groups.items()}
