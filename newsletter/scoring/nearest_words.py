"""Finds the usual word that a reader who mistyped one meant: "transformers" for "transformres". Loads little.

Usual words are shipped, those that ten of 20,594 papers use or more; benchmarks/make_known_words.py makes the file.
What is no slip of the keys gets no answer: a word of another language is often like an English one, and is none.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import ascii_lowercase

from newsletter.scoring.ranking.filler import FOREIGN_FILLER
from newsletter.scoring.ranking.word_forms import normalise
from newsletter.scoring.ranking.wordings import load_wordings

SHIPPED = Path(__file__).with_name("usual_words.txt.gz")
FEWEST_LETTERS = 5  # of either word: one with fewer is near too many
MOST_LETTERS = 30
SHORT = 7  # letters, below which a word is near so many that only the MOST_USUAL are taken
MOST_USUAL = 1500

# Where words of other languages differ from the English ones: "modelo", "energie", "simulacion".
_ENDING = 3
_FOREIGN = re.compile(
    r"(?:ci(?:on|ones|ao|oes)|[tz]ion[ei]|isch\w{0,2}|lich\w{0,2}|(?:ung|heit|keit)(?:en)?|iques?|eux|euses?|[dt]ad)$"
)


@dataclass(frozen=True, slots=True)
class UsualWords:
    """Words that papers use, by themselves in lower case; `ranks` has the place of each, 0 for the most usual.

    `spellings` has each as papers mostly write it.
    """

    ranks: Mapping[str, int]
    spellings: Mapping[str, str]


def find_nearest(word: str, *, is_name: bool = False) -> str:
    """Finds the usual word that this unknown one is a slip of the keys away from, as papers write it; "" if none is.

    A slip is one letter too many, too few or wrong, or two that changed places. `is_name`: the reader wrote it with a
    capital, and only a word that papers write so is taken. Takes less than 1 ms.
    """
    form = word.lower()
    if not (form.isascii() and form.isalpha() and FEWEST_LETTERS <= len(form) <= MOST_LETTERS):
        return ""
    if not load_foreign_words().isdisjoint((form, normalise(form))) or _FOREIGN.search(form):
        return ""
    usual = load_usual_words()
    near = [each for each in _undo_slips(form) if each in usual.ranks]
    if is_name:
        near = [each for each in near if usual.spellings[each][0].isupper()]
    meant = min(near, key=usual.ranks.__getitem__, default="")
    if not meant or _ends_otherwise(form, meant) or (len(form) < SHORT and usual.ranks[meant] >= MOST_USUAL):
        return ""
    return usual.spellings[meant]


def _undo_slips(form: str) -> Iterator[str]:
    """Gives all words from which a slip makes this one; the first letter is right, or the second in its place."""
    for at in range(1, len(form) + 1):
        before, behind = form[:at], form[at:]
        yield before + behind[1:]
        yield from (before + letter + rest for letter in ascii_lowercase for rest in (behind, behind[1:]))
    yield from (form[:at] + form[at + 1] + form[at] + form[at + 2 :] for at in range(len(form) - 1))


def _ends_otherwise(form: str, meant: str) -> bool:
    """Tells whether the words differ as those of two languages do: in their last letters, the last one included."""
    ends, other = form.removesuffix("s"), meant.removesuffix("s")
    stem = len(ends) - _ENDING
    return ends[:stem] == other[:stem] and ends[-1] != other[-1] and sorted(form) != sorted(meant)


@cache
def load_usual_words() -> UsualWords:
    """Reads the list once a process; it takes 2 MB."""
    words = gzip.decompress(SHIPPED.read_bytes()).decode("ascii").split()
    lowered = [word.lower() for word in words]
    ranks = {word: rank for rank, word in enumerate(lowered)}
    return UsualWords(ranks, dict(zip(lowered, words, strict=True)))


@cache
def load_foreign_words() -> frozenset[str]:
    """Gives the words of other languages that the list of wordings has, and their everyday words."""
    listed = (word for forms in load_wordings().same for word in forms)
    return FOREIGN_FILLER.union(word for word in listed if word not in load_usual_words().ranks)
