"""How digests say dates, names, kinds and prices, in the mail as on the web. Pure; English like the templates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from newsletter.model import AnnounceType, Digest

NOT_KNOWN = "n/a"
NO_TOPIC = "Other papers"  # of a digest by topic: those that meet none by name
KIND_LABELS = {
    AnnounceType.NEW: "new",
    AnnounceType.CROSS: "cross-list",
    AnnounceType.REPLACE: "updated",
    AnnounceType.REPLACE_CROSS: "updated cross-list",
}

_SENTENCE_END = re.compile(r"[.!?]+[\"”’»)\]]*(?=\s+[^\sa-z])|[。！？]+[」』”）]*")
_LAST_WORD = re.compile(r"\s+\S*$")
_CLAUSE_END = re.compile(r"[;,:](?=\s)|\s+[—–](?=\s)|[；，、：]")
_ABBREVIATIONS = "e.g i.e cf vs al etc fig figs eq eqs sec approx resp dr prof no z.B d.h".replace(".", r"\.")
_NO_SENTENCE_END = re.compile(rf"\b(?:{_ABBREVIATIONS.replace(' ', '|')}|\w)\.$", re.I)


def long_date(on: date) -> str:
    """Writes "Tuesday, 7 October 2025", whatever the locale of the machine."""
    return f"{on:%A}, {short_date(on)}"


def short_date(on: date) -> str:
    return f"{on.day} {on:%B %Y}"


def weekday_date(on: date) -> str:
    """Writes "Tue, 7 Oct", for one of a few days."""
    return f"{on:%a}, {on.day} {on:%b}"


def date_range(announced_on: Sequence[date]) -> str:
    """Writes "7 October 2025", or the first and the last of several days."""
    if len(announced_on) > 1:
        return f"{short_date(announced_on[0])} to {short_date(announced_on[-1])}"
    return short_date(announced_on[0]) if announced_on else "no day"


def kind_label(announce_type: AnnounceType, version: int) -> str:
    """Names the kind of an announcement, with the paper's version where that is the news."""
    label = KIND_LABELS[announce_type]
    is_replacement = announce_type in (AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS)
    return f"{label}, v{version}" if is_replacement else label


def cut_offs(digest: Digest) -> str:
    """Says what a paper had to reach; novelty only as far as a model judged it."""
    subscriber, judged = digest.subscriber, digest.judged
    reached = f"relevance ≥ {subscriber.min_relevance}"
    if judged or not digest.is_by_words:
        reached += f" and novelty ≥ {subscriber.min_novelty}"
        reached += " where a model judged it" if judged < len(digest.entries) else ""
    filled = f", filled up to {subscriber.at_least} with the nearest" if subscriber.at_least else ""
    return f"{reached}, at most {subscriber.max_papers} papers{filled}"


def is_met(digest: Digest) -> bool:
    """Whether something that the profile wants was found in one of the nearest papers; true where there are none."""
    nearest = [entry for entry in digest.entries if entry.is_nearest]
    return any(entry.score.is_met for entry in nearest) or not nearest


def nearest_heading(digest: Digest, *, whose: str) -> str:
    """Writes what stands over the nearest papers, empty without any; `whose` the profile is: "your" or "the".

    Where nothing passed it is a sentence at the head of the digest. What shares nothing with the profile is not called
    near.
    """
    if not digest.counts.nearest:
        return ""
    if digest.counts.passed:
        return f"Nearest, though below {whose} cut-offs" if is_met(digest) else f"Without a word of {whose} profile"
    if is_met(digest):
        return f"Nothing matched {whose} profile closely today. The nearest:"
    return f"No paper shares a word with {whose} profile today. Some from {whose} categories:"


def join_names(names: Sequence[str], most: int) -> str:
    """Joins names by commas; of more than `most` the first ones, and how many more."""
    rest = len(names) - most
    return ", ".join(names) if rest <= 0 else f"{', '.join(names[:most])} and {rest} more"


def lang_attribute(language: str) -> str:
    """The value of `lang` for comments in this language; "" if it is that of the page around them."""
    return "" if language == "en" else language


def true_false(value: bool) -> str:
    """Writes a boolean as YAML does."""
    return "true" if value else "false"


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
    for match in pattern.finditer(text, most // 2):
        if match.end() > most:
            return
        beginning = text[: match.end()]
        if beginning.count("(") <= beginning.count(")") and not _NO_SENTENCE_END.search(beginning):
            yield match.end()


def dollars(cost: Decimal | None, *, places: int = 5) -> str:
    """As people read it: `$0.17573`, or n/a."""
    return NOT_KNOWN if cost is None else f"${cost:,.{places}f}"
