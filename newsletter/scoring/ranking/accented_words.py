"""Knows the words that papers write with accents, as shipped; made by benchmarks/make_accented_words.py from papers.

Readers often leave accents out: "Poincare" is Poincaré, and "Moessbauer" Mössbauer.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from newsletter.scoring.ranking.plain_text import spell_otherwise

SHIPPED = Path(__file__).with_name("accented_words.txt")


@cache
def load_accented_words() -> dict[str, tuple[str, ...]]:
    """Reads the list once a process: what people write in place of such words, in small letters, to these words."""
    found: dict[str, tuple[str, ...]] = {}
    for word in SHIPPED.read_text(encoding="utf-8").split():
        for spelling in spell_otherwise(word):
            found[spelling] = (*found.get(spelling, ()), word)
    return found
