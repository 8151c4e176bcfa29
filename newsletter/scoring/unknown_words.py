"""Finds the words of a profile that no paper uses: mistyped ones, and words of other languages. Loads little.

What papers use is a shipped set of words, made by benchmarks/make_known_words.py from abstracts and a dictionary of
English. It is a Bloom filter: a word that is in it is always found; of others some three in a hundred are, too, and
are not named then. What a mistyped word was meant to be is found by nearest_words.py; scorers that compare words read
it so, by `read_as_meant`, and what they read otherwise is what readers are told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from newsletter.model import Paper, Profile, UnknownWords
from newsletter.scoring.nearest_words import find_nearest
from newsletter.scoring.ranking.filler import FOREIGN_FILLER
from newsletter.scoring.ranking.phrases import find_telling_words
from newsletter.scoring.ranking.plain_text import plain_but_greek
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
    """Finds what a profile says in words that no paper uses, as the reader wrote it, each once.

    Neighbours are given together ("Grüne Löcher"); at most MOST_WORDS, each of at most MOST_CHARS characters. What was
    meant is given where each of them is a slip of the keys, in a text that is not of another language. All that topics
    and liked keywords ask for is looked at; of names beside a text, and of what is unwanted, only such slips are given.
    Names with digits or capitals inside, and abbreviations, are never among them: a new one is born every day. Neither
    is what the ranker reads as English, as it does with usual words of some languages.
    """
    wanted = _find_all([*(topic.relevant or topic.name for topic in profile.topics), *profile.like])
    names = [topic.name for topic in profile.topics if topic.relevant]
    unwanted = [*(topic.irrelevant for topic in profile.topics), *profile.avoid]
    others = _find_all([*names, *unwanted], except_for=wanted)
    found = [UnknownWords(words[:MOST_CHARS], _correct(words, text)) for words, text in wanted.values()]
    found += [UnknownWords(words, meant) for words, text in others.values() if (meant := _correct(words, text))]
    return tuple(found[:MOST_WORDS])


def read_as_meant(profile: Profile, papers: Sequence[Paper]) -> Profile:
    """Gives the profile with what was meant in place of what is mistyped, in all that is wanted and unwanted.

    A word that one of these papers uses stays: a name may be newer than the shipped words. So do the titles of kept
    papers, which are other people's, and what readers say of themselves. Without slips it is the same profile.
    """
    slips = {words.written.casefold(): words.nearest for words in find_unknown_words(profile) if words.nearest}
    used = _find_used({word for words in slips for word in _WORD.findall(words)}, papers) if slips else set[str]()
    meant = {words: nearest for words, nearest in slips.items() if used.isdisjoint(_WORD.findall(words))}
    if not meant:
        return profile

    def correct(text: str) -> str:
        read, behind, parts = _read(text), 0, list[str]()
        for start, end in _find_in(read):
            if nearest := meant.get(_name(read[start:end]).casefold()):
                parts += [read[behind:start], nearest]
                behind = end
        return "".join([*parts, read[behind:]]) if parts else text

    topics = tuple(
        replace(topic, name=correct(topic.name), relevant=correct(topic.relevant), irrelevant=correct(topic.irrelevant))
        for topic in profile.topics
    )
    like, avoid = tuple(map(correct, profile.like)), tuple(map(correct, profile.avoid))
    return replace(profile, topics=topics, like=like, avoid=avoid)


def _find_used(words: Iterable[str], papers: Sequence[Paper]) -> set[str]:
    """Finds those of these words, in small letters, that one of the papers has, alone or as a plural."""
    texts = [f"{paper.title} {paper.abstract}".lower() for paper in papers]
    found = {word: [text for text in texts if word in text] for word in words}
    return {word for word, among in found.items() if re.search(rf"\b{word}s?\b", " ".join(among))}


def _find_all(texts: Iterable[str], except_for: Collection[str] = ()) -> dict[str, tuple[str, str]]:
    """Finds the first MOST_WORDS runs of unknown words in texts, each once, with the text that it stands in first."""
    found: dict[str, tuple[str, str]] = {}
    for text in filter(None, texts):
        read = _read(text)
        for start, end in _find_in(read):
            words = _name(read[start:end])
            if len(found) < MOST_WORDS and words.casefold() not in except_for:
                found.setdefault(words.casefold(), (words, text))
    return found


def _read(text: str) -> str:
    """Gives the text as the ranker reads it, but with its Greek letters."""
    return load_wordings().reword(plain_but_greek(text))


def _name(words: str) -> str:
    return " ".join(words.split())


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


def _find_in(text: str) -> list[tuple[int, int]]:
    """Finds where each run of unknown words begins and ends."""
    runs: list[tuple[int, int]] = []
    for word in find_telling_words(text):
        if is_known(word.group()):
            continue
        if runs and _JOINT.fullmatch(text, runs[-1][1], word.start()):
            runs[-1] = (runs[-1][0], word.end())
        else:
            runs.append((word.start(), word.end()))
    return runs


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
