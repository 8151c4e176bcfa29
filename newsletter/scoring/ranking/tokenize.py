"""Turns titles, abstracts and profile texts into terms: stemmed words and pairs of neighbouring words.

A term is a 32-bit number (a stable hash of the stem), so nothing needs a vocabulary and every process gets the same
numbers; that two of some hundred thousand terms share one harms nobody. Knows nothing of papers' worth. Stems are
Porter2's for English, which leaves other languages whole words.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import Stemmer

from newsletter.model import Paper
from newsletter.scoring.ranking.accented_words import load_accented_words
from newsletter.scoring.ranking.filler import FOREIGN_FILLER, STOP_WORDS
from newsletter.scoring.ranking.plain_text import SHOWN_WORD, SPELT_OTHERWISE, plain, spell, spell_otherwise

Keys = npt.NDArray[np.uint32]

MAX_PAPERS = 20_000  # whose words are kept, about 2 kB each

WORD = re.compile(r"[^\W_]+")
# Possessive, and only from the start of a word: otherwise each word is tried again from each of its letters.
COMPOUND = re.compile(r"(?<![^\W_])[^\W_]++(?:[-\u2010\u2011][^\W_]++)++")
HYPHENS = re.compile(r"[-\u2010\u2011]")
_HALF = np.uint64(32)
_PAIR_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: the upper half of the product depends on all bits

# Words by which a profile speaks of papers rather than of their subject; they would match everything or nothing.
_PROFILE_STOP_WORDS = frozenset(
    """approach approaches avoid based certain commenting considering criteria criterion derive deriving discuss
    discussing discussion especially examine examining example examples existing focus focuses focusing friend fulfill
    given goal highly include includes including increased incremental insight insights interested interests
    introduce irrelevant keep keywords known like likes lower measuring merely method methods new novel only paper
    papers particularly present presenting previously propose published purely rated related relevant show shows
    standard straightforward studies study suggesting topic topics use used using weight weighted work works
    au aux avec como con da das de del dem den der des die do dos du ein eine einer el en est et für il im ist la las
    le les lo los mit na nicht no nos oder ou para per por pour que sind su sur un una und une uno von zu zum zur
    """.split()
)


def _says_nothing(word: str) -> bool:
    """Tells whether a word of a profile names no subject; "des" does not, DES is a survey."""
    lower = word.lower()
    return lower in _PROFILE_STOP_WORDS and not (word.isupper() and lower in FOREIGN_FILLER)


class Word(NamedTuple):
    """A word at its place in a text: `text[start:end]`. `key` is 0 for a word that says nothing of the subject."""

    key: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPaper:
    """A paper's words in reading order; 0 stands between words that are not neighbours.

    The first `title_length` entries come from the title.
    """

    keys: Keys
    title_length: int


class _TermKeys(dict[str, int]):
    """The key of each word form, found on first use; 0 for a word that says nothing of the subject."""

    def __init__(self) -> None:
        self._stemmer = Stemmer.Stemmer("english", 0)

    def __missing__(self, word: str) -> int:
        is_informative = word not in STOP_WORDS and len(word) > 1 and not word.isdigit()
        key = self[word] = term_key(self._stemmer.stemWord(word)) if is_informative else 0
        return key


class Encoder:
    """Remembers the term of every word form, and the terms of the papers it has seen last."""

    def __init__(self) -> None:
        self._keys = _TermKeys()
        self._papers: dict[Paper, EncodedPaper] = {}

    def encode_paper(self, paper: Paper) -> EncodedPaper:
        """Encodes the words of a paper, read once, however many profiles it is ranked for."""
        encoded = self._papers.get(paper)
        if encoded is None:
            if len(self._papers) >= MAX_PAPERS:
                self._papers.clear()
            encoded = self._papers[paper] = self.encode(paper.title, paper.abstract)
        return encoded

    def encode(self, title: str, abstract: str) -> EncodedPaper:
        """Encodes the words of a title and an abstract; takes any text."""
        title_keys = self._text_keys(plain(title))
        keys = np.array([*title_keys, 0, *self._text_keys(plain(abstract))], dtype=np.uint32)
        return EncodedPaper(keys, len(title_keys))

    def words(self, text: str) -> list[Word]:
        """Finds every word of the text with its place, for showing it as it was written."""
        return [Word(self._keys[spell(m.group())], m.start(), m.end()) for m in SHOWN_WORD.finditer(text)]

    def key(self, word: str) -> int:
        """Gives the key of one word, 0 if it says nothing of the subject."""
        return self._keys[spell(word)]

    def query(self, texts: Iterable[str]) -> dict[int, int]:
        """Gives how often each term (word or pair) occurs in a profile's texts, without the words of instruction.

        A word counts in its other spellings, too: "Poincare" is Poincaré.
        """
        counts = Counter[int]()
        for text in map(plain, texts):
            words = WORD.findall(text)
            keys = [0 if _says_nothing(word) else self._keys[word.lower()] for word in words]
            keys += self._compound_keys(text.lower())
            counts.update(filter(None, [*keys, *pair_keys(np.array(keys, dtype=np.uint32)).tolist()]))
            others = [other for word in words if len(word) >= SPELT_OTHERWISE for other in _spellings(word.lower())]
            counts.update(filter(None, map(self._keys.__getitem__, others)))
        return counts

    def _text_keys(self, text: str) -> list[int]:
        lowered = text.lower()
        return [self._keys[word] for word in WORD.findall(lowered)] + self._compound_keys(lowered)

    def _compound_keys(self, lowered: str) -> list[int]:
        """Finds compounds: `multi-modal` is also the word `multimodal`; each stands alone, between zeros."""
        keys: list[int] = []
        for compound in COMPOUND.findall(lowered):
            keys += [0, self._keys[HYPHENS.sub("", compound)], 0]
        return keys


def _spellings(word: str) -> Collection[str]:
    """Gives the other spellings of a word in small letters: with accents, as papers write it, and without them."""
    return {*load_accented_words().get(word, ()), *spell_otherwise(word)}


def term_key(stem: str) -> int:
    """Gives the number of a stem; the same in every process and on every machine, never 0."""
    return int.from_bytes(hashlib.blake2b(stem.encode("utf-8", "replace"), digest_size=4).digest(), "big") or 1


def pair_keys(keys: Keys) -> Keys:
    """Gives the key of each pair of neighbours, 0 where one of the two is 0; one entry shorter than `keys`."""
    joined = (keys[:-1].astype(np.uint64) << _HALF) | keys[1:]
    pairs: Keys = ((joined * _PAIR_FACTOR) >> _HALF).astype(np.uint32)
    pairs[(keys[:-1] == 0) | (keys[1:] == 0)] = 0
    return pairs
