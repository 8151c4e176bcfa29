"""Writes what looks the same in every language, such as prices, and cuts long texts. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from newsletter.model import Digest

NOT_KNOWN = "n/a"

_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"
# Rows of signs and blanks are looked at from their first one alone: from each takes the square of their length.
_SENTENCE_END = re.compile(r"(?<![.!?])[.!?]++[\"”’»)\]]*+(?=\s+[^\sa-z])|[。！？]+[」』”）]*")
_LAST_WORD = re.compile(r"\s+\S*$")
_CLAUSE_END = re.compile(r"[;,:](?=\s)|(?<!\s)\s++[—–](?=\s)|[；，、：]")
_ABBREVIATIONS = "e.g i.e cf vs al etc fig figs eq eqs sec approx resp dr prof no z.B d.h".replace(".", r"\.")
_BEHIND = 40  # characters behind the last place for an end that tell whether one is there
_NO_SENTENCE_END = re.compile(rf"\b(?:{_ABBREVIATIONS.replace(' ', '|')}|\w)\.$", re.I)


def is_met(digest: Digest) -> bool:
    """Whether something that the profile wants was found in one of the nearest papers; true where there are none."""
    nearest = [entry for entry in digest.entries if entry.is_nearest]
    return any(entry.score.is_met for entry in nearest) or not nearest


NearestKind = Literal["nearest", "authors", "unread", "none"]


def nearest_kind(digest: Digest) -> NearestKind:
    """Says what the nearest papers of a digest are.

    "nearest" have something that the profile wants, "none" have nothing of it. No paper can be near where the reader
    wants authors alone ("authors"), or papers like those they keep, of which nothing is known yet ("unread").
    """
    profile, pinned = digest.subscriber.profile, digest.subscriber.pinned_authors
    if is_met(digest):
        return "nearest"
    if pinned and not (profile.topics or profile.like):
        return "authors"
    return "none" if profile.has_wishes else "unread"


_OTHERS = "Others from {whose} categories"
_NEAREST_GROUPS: dict[NearestKind, str] = {
    "nearest": "Nearest, though below {whose} cut-offs",
    "authors": _OTHERS,
    "unread": _OTHERS,
    "none": "Without a word of {whose} profile",
}
_NEAREST_HEADINGS: dict[NearestKind, str] = {
    "nearest": "Nothing matched {whose} profile closely today. The nearest:",
    "authors": "None of {whose} authors has a paper today. Some from {whose} categories:",
    "unread": "Nothing is known yet of {whose} kept papers. Some from {whose} categories:",
    "none": "No paper shares a word with {whose} profile today. Some from {whose} categories:",
}


def nearest_heading(digest: Digest, *, whose: str) -> str:
    """Writes what stands over the nearest papers, empty without any; `whose` the profile is: "your" or "the".

    Where nothing passed it is a sentence at the head of the digest. What shares nothing with the profile is not called
    near.
    """
    if not digest.counts.nearest:
        return ""
    texts = _NEAREST_GROUPS if digest.counts.passed else _NEAREST_HEADINGS
    return texts[nearest_kind(digest)].format(whose=whose)


def true_false(value: bool) -> str:
    """Writes a boolean as YAML does."""
    return "true" if value else "false"


def isolate(text: str) -> str:
    """Marks off a text that is written from right to left, so that what stands beside it keeps its place.

    Without that, a number or a sign behind a Hebrew or Arabic name is drawn before it (Unicode's annex 9, §2.4: FSI and
    PDI). Any other text stays as it is.
    """
    return f"{_ISOLATE}{text}{_END_OF_ISOLATE}" if _is_right_to_left(text) else text


def _is_right_to_left(text: str) -> bool:
    return not text.isascii() and any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)


def cut_at_clause(text: str, most: int) -> str:
    """Cuts to `most` characters: behind a sentence if one ends in time, else behind a clause or word, and adds …"""
    if len(text) <= most:
        return text
    if sentence := max(_ends(_SENTENCE_END, text, most), default=0):
        return text[:sentence]
    clause = max(_ends(_CLAUSE_END, text, most - 1), default=0)
    beginning = text[:clause].rstrip(" ;,:—–；，、：") if clause else text[: most - 1]
    if not clause and not text[most - 1].isspace() and len(word := _LAST_WORD.sub("", beginning)) > most // 2:
        beginning = word
    return beginning.rstrip() + "…"


def _ends(pattern: re.Pattern[str], text: str, most: int) -> Iterator[int]:
    """Finds where something ends that is worth reading: not after a few words, and not within parentheses."""
    for match in pattern.finditer(text[: most + _BEHIND], most // 2):
        if match.end() > most:
            return
        beginning = text[: match.end()]
        if beginning.count("(") <= beginning.count(")") and not _NO_SENTENCE_END.search(beginning):
            yield match.end()


def dollars(cost: Decimal | None) -> str:
    """As people read it: `$0.17573`, or n/a."""
    return NOT_KNOWN if cost is None else f"${cost:,.5f}"
