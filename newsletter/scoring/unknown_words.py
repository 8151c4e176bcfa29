"""Finds the words of a profile that no paper uses: mistyped ones, and words of other languages. Loads little.

What papers use is a shipped set of words, made by benchmarks/make_known_words.py from abstracts and a dictionary of
English. It is a Bloom filter: a word that is in it is always found; of others some three in a hundred are, too, and
are not named then. What a mistyped word was meant to be is found by nearest_words.py.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from newsletter.model import Profile, UnknownWords
from newsletter.scoring.nearest_words import find_nearest
from newsletter.scoring.ranking.filler import FOREIGN_FILLER
from newsletter.scoring.ranking.phrases import find_telling_words
from newsletter.scoring.ranking.word_forms import normalise
from newsletter.scoring.ranking.wordings import load_wordings

SHIPPED = Path(__file__).with_name("known_words.bin")
HASHES = 5  # of each word, in a set of seven bits a word
MOST_WORDS = 10
MOST_CHARS = 60

_WORD = re.compile(r"[^\W_]+")
_JOINT = re.compile(r"[\s\-\u2010\u2011]+")
# An English word whose base is known is known; the dictionary has no inflected forms.
_ENDINGS = ("s", "es", "ed", "d", "ing", "ly", "er", "r", "ers", "est", "ness", "ity", "al", "ally", "ic", "ism", "ist")

# Everyday words of other languages: a text with one of them is not English.
_FOREIGN = FOREIGN_FILLER - {"das", "die", "do", "el", "i", "in", "la", "los", "mit", "no", "per", "rund", "via"}


def find_unknown_words(profile: Profile) -> tuple[UnknownWords, ...]:
    """Finds what the topics and liked keywords ask for in words that no paper uses, as the reader wrote it, each once.

    Neighbours are given together ("Grüne Löcher"); at most MOST_WORDS, each of at most MOST_CHARS characters. What was
    meant is given where each of them is a slip of the keys, in a text that is not of another language.
    Names with digits or capitals inside, and abbreviations, are never among them: a new one is born every day. Neither
    is what the ranker reads as English, as it does with usual words of some languages.
    """
    texts = [topic.relevant or topic.name for topic in profile.topics] + list(profile.like)
    found: dict[str, tuple[str, str]] = {}
    for text in texts:
        for words in _find_in(load_wordings().reword(text)):
            found.setdefault(words.casefold(), (words, text))
    chosen = list(found.values())[:MOST_WORDS]
    return tuple(UnknownWords(words[:MOST_CHARS], _correct(words, text)) for words, text in chosen)


def _correct(words: str, text: str) -> str:
    """Gives these words of a text as they were meant.

    "" if one of them is near no usual word, if they are too long to be named, or if the text is of another language.
    """
    written = _WORD.findall(text)
    if len(words) > MOST_CHARS or any(word.lower() in _FOREIGN for word in written):
        return ""
    small = [word for word in written if word.islower()]  # without any, the text is written as titles are
    meant = {
        word: find_nearest(word, is_name=word[0].isupper() and word != written[0] and bool(small))
        for word in _WORD.findall(words)
    }
    return _WORD.sub(lambda match: meant[match.group()], words) if all(meant.values()) else ""


def _find_in(text: str) -> Iterator[str]:
    """Finds each run of unknown words in the text."""
    runs: list[tuple[int, int]] = []
    for word in find_telling_words(text):
        if is_known(word.group()):
            continue
        if runs and _JOINT.fullmatch(text, runs[-1][1], word.start()):
            runs[-1] = (runs[-1][0], word.end())
        else:
            runs.append((word.start(), word.end()))
    for start, end in runs:
        yield " ".join(text[start:end].split())


def is_known(word: str) -> bool:
    """Tells whether papers use this word, in any of its forms, or whether nobody could say."""
    if word[1:] != word[1:].lower() or any(c.isdigit() for c in word):
        return True
    if not word.isascii():  # "Löcher" is no name, though Locher is one
        return _has(load_words(), word.lower())
    form = normalise(word)
    return any(_has(load_words(), base) for base in _find_bases(form))


def _find_bases(form: str) -> Iterator[str]:
    yield form
    for ending in _ENDINGS:
        base = form.removesuffix(ending)
        if base != form and len(base) > 2:
            yield base
            yield f"{base}e"
            if base[-1] == base[-2]:
                yield base[:-1]
            if base[-1] == "i":
                yield f"{base[:-1]}y"


# --- the set ------------------------------------------------------------------------------------------


def build_words(words: Iterable[str], n_bytes: int) -> bytes:
    """Builds the set of these normalised words."""
    bits = bytearray(n_bytes)
    for word in words:
        for place in _places(word, n_bytes):
            bits[place >> 3] |= 1 << (place & 7)
    return bytes(bits)


@cache
def load_words() -> bytes:
    """Reads the set once a process."""
    return SHIPPED.read_bytes()


def _has(bits: bytes, word: str) -> bool:
    return all(bits[place >> 3] >> (place & 7) & 1 for place in _places(word, len(bits)))


def _places(word: str, n_bytes: int) -> Iterator[int]:
    digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=16).digest()
    first, step = int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big") | 1
    return ((first + n * step) % (8 * n_bytes) for n in range(HASHES))
