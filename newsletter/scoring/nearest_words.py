"""Finds the usual word that a reader who mistyped one meant: "transformers" for "transformres". Loads little.

Usual words are shipped, those that ten of 20,594 papers use or more; benchmarks/make_known_words.py makes the file.
What is no slip of the keys gets no answer: a word of another language is often like an English one, and is none.
"""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from newsletter.scoring.ranking.filler import FOREIGN_FILLER
from newsletter.scoring.ranking.word_forms import normalise
from newsletter.scoring.ranking.wordings import load_wordings

SHIPPED = Path(__file__).with_name("usual_words.txt.gz")
FEWEST_LETTERS = 5  # of either word: one with fewer is near too many
MOST_LETTERS = 30
SHORT = 7  # letters, below which a word is near so many that only the MOST_USUAL are taken
MOST_USUAL = 1500
_COMPARED = 10  # nearest words that are looked at
_ROUNDING = 0.001

# Where words of other languages differ from the English ones: "modelo", "energie", "simulacion".
_ENDING = 3
_FOREIGN = re.compile(
    r"(?:ci(?:on|ones|ao|oes)|[tz]ion[ei]|isch\w{0,2}|lich\w{0,2}|(?:ung|heit|keit)(?:en)?|iques?|eux|euses?|[dt]ad)$"
)


@dataclass(frozen=True, slots=True)
class UsualWords:
    """Words that papers use, by themselves in lower case; `ranks` has the place of each, 0 for the most usual.

    `spellings` has each as papers mostly write it, `by_form` has them by first letter and length.
    """

    ranks: Mapping[str, int]
    spellings: Mapping[str, str]
    by_form: Mapping[tuple[str, int], Sequence[str]]


def find_nearest(word: str, *, is_name: bool = False) -> str:
    """Finds the usual word that this unknown one is a slip of the keys away from, as papers write it; "" if none is.

    A slip is one letter too many, too few or wrong, or two that changed places. `is_name`: the reader wrote it with a
    capital, and only a word that papers write so is taken. Takes as long for every word.
    """
    form = word.lower()
    if not (form.isascii() and form.isalpha() and FEWEST_LETTERS <= len(form) <= MOST_LETTERS):
        return ""
    if not load_foreign_words().isdisjoint((form, normalise(form))) or _FOREIGN.search(form):
        return ""
    usual = load_usual_words()
    alike = [each for each in _find_alike(form) if not is_name or usual.spellings[each][0].isupper()]
    found = get_close_matches(form, alike, n=_COMPARED, cutoff=1 - 1 / len(form) - _ROUNDING)
    near = [each for each in found if _is_slip(form, each)]
    meant = min(near, key=usual.ranks.__getitem__, default="")
    if not meant or _ends_otherwise(form, meant) or (len(form) < SHORT and usual.ranks[meant] >= MOST_USUAL):
        return ""
    return usual.spellings[meant]


def _find_alike(form: str) -> Iterator[str]:
    """Gives the usual words of about this length that have the same first letter, or have it second."""
    by_form = load_usual_words().by_form
    for length in (len(form), len(form) - 1, len(form) + 1):
        yield from by_form.get((form[0], length), ())
    yield from (each for each in by_form.get((form[1], len(form)), ()) if each[:2] == form[1::-1])


def _is_slip(form: str, meant: str) -> bool:
    """Tells whether one letter is more, less or another, or two neighbours changed places."""
    same = _count_same_beginning(form, meant)
    rest, other = form[same:], meant[same:]
    behind = _count_same_beginning(rest[::-1], other[::-1])
    rest, other = rest[: len(rest) - behind], other[: len(other) - behind]
    return max(len(rest), len(other)) <= 1 or (len(rest) == 2 and rest == other[::-1])


def _count_same_beginning(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (letter, instead) in pairs if letter != instead), min(len(one), len(other)))


def _ends_otherwise(form: str, meant: str) -> bool:
    """Tells whether the words differ as those of two languages do: in their last letters, the last one included."""
    ends, other = form.removesuffix("s"), meant.removesuffix("s")
    is_late = _count_same_beginning(ends, other) >= len(ends) - _ENDING
    return is_late and ends[-1] != other[-1] and sorted(form) != sorted(meant)


@cache
def load_usual_words() -> UsualWords:
    """Reads the list once a process; it takes 2 MB."""
    words = gzip.decompress(SHIPPED.read_bytes()).decode("ascii").split()
    by_form = defaultdict[tuple[str, int], list[str]](list)
    for word in words:
        by_form[word[0].lower(), len(word)].append(word.lower())
    lowered = [word.lower() for word in words]
    ranks = {word: rank for rank, word in enumerate(lowered)}
    return UsualWords(ranks, dict(zip(lowered, words, strict=True)), by_form)


@cache
def load_foreign_words() -> frozenset[str]:
    """Gives the words of other languages that the list of wordings has, and their everyday words."""
    listed = (word for forms in load_wordings().same for word in forms)
    return FOREIGN_FILLER.union(word for word in listed if word not in load_usual_words().ranks)
