"""Reads what a model answered about some papers: by id, never by position, and trusting nothing.

Finds the entries wherever they stand (the object asked for, a bare array, JSON lines, a fenced block, prose around
it, the whole entries of an answer that was cut off). What to do about papers that are missing is `judge.py`'s
business. ANSWER_SCHEMA is what servers with structured output are asked to enforce.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from newsletter.wording import cut_at_clause

ASKED_CHARS = 200  # what the prompt asks for
COMMENT_CHARS = 320  # what is shown where a model says more; the longest of the 81 of a published day has 263
MAX_ANSWER_CHARS = 100_000
_MAX_STARTS = 500  # places where a value is looked for; bounds the time a hostile answer takes
_MAX_DEPTH = 8
_MAX_REFUSED = 20
_NUMBER = re.compile(r"\s*(?P<value>[+-]?\d{1,6}(?:\.\d{1,6})?)\s*(?:(?:/|out of)\s*10(?:\.0)?)?\s*", re.ASCII)
_AROUND_AN_ID = " \t\r\n[]()<>{}\"'`"  # small models copy an id with what they think belongs to it
_THOUGHT = "</think>"  # some servers put a model's reasoning, with drafts of the answer, before it
_JOINERS = {"\u200c", "\u200d"}  # Persian, Hindi and others cannot be spelled without them

# It names no ids: the provider keeps it, and the prompt's beginning, for the next call only if both stay the same.
ANSWER_SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {
        "scored": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "relevance": {"type": "integer", "enum": list(range(1, 11))},
                    "novelty": {"type": "integer", "enum": list(range(1, 11))},
                    "comment": {"type": "string"},
                },
                "required": ["id", "relevance", "novelty", "comment"],
                "additionalProperties": False,
            },
        },
        "below": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["scored", "below"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Scored:
    """One usable entry: whole numbers 1–10, and a comment of one line without control characters, maybe empty."""

    id: str
    relevance: int
    novelty: int
    comment: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Each id asked about is in `scored`, `below` or `missing`, once; `refused` tells what was not believed."""

    scored: tuple[Scored, ...]
    below: tuple[str, ...]
    missing: tuple[str, ...]
    refused: tuple[str, ...] = ()


def read_answer(text: str, asked: Sequence[str], floor: int) -> Answer:
    """The answer in this text about the papers `asked`. Never raises.

    Refused are unknown ids, numbers that are none, and every word about an id that is answered twice in different
    ways (the same twice counts once): its paper is missing then. An entry whose relevance is under the floor keeps
    its numbers, without a comment.
    """
    known, refused = dict.fromkeys(asked), _Refusals()
    found: dict[str, Scored | None] = {}  # None: named as below
    disputed: set[str] = set()
    for entry in _entries(text.rpartition(_THOUGHT)[2][:MAX_ANSWER_CHARS]):
        paper_id = entry if isinstance(entry, str) else _id_of(entry)
        if paper_id not in known:
            refused.add(f"unknown id {paper_id!r}")
            continue
        try:
            value = None if isinstance(entry, str) else _read_entry(paper_id, entry, floor)
        except ValueError as error:
            refused.add(f"{paper_id}: {error}")
            continue
        if found.setdefault(paper_id, value) != value:
            disputed.add(paper_id)
            refused.add(f"{paper_id}: answered twice, differently")
    usable = {paper_id: value for paper_id, value in found.items() if paper_id not in disputed}
    return Answer(
        scored=tuple(value for paper_id in known if (value := usable.get(paper_id)) is not None),
        below=tuple(paper_id for paper_id in known if paper_id in usable and usable[paper_id] is None),
        missing=tuple(paper_id for paper_id in known if paper_id not in usable),
        refused=refused.all(),
    )


def plain_line(text: str, max_chars: int | None = None) -> str:
    """One line without control, format and invisible characters; what is longer is cut at a sentence or a clause."""
    line = " ".join("".join(map(_plain, text)).split())
    return line if max_chars is None else cut_at_clause(line, max_chars)


def _plain(character: str) -> str:
    kind = unicodedata.category(character)
    if kind in {"Cc", "Zl", "Zp"}:
        return " "
    # Direction marks reorder what a reader sees, tag characters hide text, surrogates are no UTF-8
    return "" if kind in {"Cf", "Cs"} and character not in _JOINERS else character


class _Refusals:
    """The first few reasons, bounded."""

    def __init__(self) -> None:
        self._reasons: list[str] = []

    def add(self, reason: str) -> None:
        if len(self._reasons) < _MAX_REFUSED:
            self._reasons.append(plain_line(reason, 100))

    def all(self) -> tuple[str, ...]:
        return tuple(self._reasons)


# --- finding entries ----------------------------------------------------------------------------------


def _entries(text: str) -> Iterator[dict[str, object] | str]:
    """Every scored entry (an object with an id) and every id named as below (a string), in order."""
    for value in _values(text):
        yield from _walk(value, _MAX_DEPTH)


def _values(text: str) -> Iterator[object]:
    """The outermost JSON objects and arrays in this text, whatever stands around them."""
    decoder, at = json.JSONDecoder(), 0
    for _ in range(_MAX_STARTS):
        start = min((place for place in (text.find("{", at), text.find("[", at)) if place >= 0), default=-1)
        if start < 0:
            return
        try:
            value, at = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            at = start + 1  # cut off or no JSON: what is inside may still be whole
        else:
            yield value


def _walk(value: object, depth: int) -> Iterator[dict[str, object] | str]:
    if depth == 0:
        return
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, depth - 1)
    elif isinstance(value, dict):
        entry = {str(key).lower(): item for key, item in value.items()}
        if "id" in entry:
            yield entry
            return
        for key, item in entry.items():
            yield from _named(item) if key == "below" else _walk(item, depth - 1)


def _named(value: object) -> Iterator[str]:
    """The ids under "below": strings, or objects that have one."""
    for item in value if isinstance(value, list) else [value]:
        named = item.get("id") if isinstance(item, dict) else item
        if isinstance(named, str):
            yield named.strip(_AROUND_AN_ID)


# --- reading one --------------------------------------------------------------------------------------


def _id_of(entry: Mapping[str, object]) -> str:
    """A number is no id: 2510.05060 would lose its last digit."""
    value = entry["id"]
    return value.strip(_AROUND_AN_ID) if isinstance(value, str) else ""


def _read_entry(paper_id: str, entry: Mapping[str, object], floor: int) -> Scored:
    relevance, novelty = _grade(entry, "relevance"), _grade(entry, "novelty")
    comment = entry.get("comment")
    says_something = isinstance(comment, str) and any(map(str.isalpha, comment))
    shown = plain_line(str(comment), COMMENT_CHARS) if says_something and relevance >= floor else ""
    return Scored(paper_id, relevance, novelty, shown)


def _grade(entry: Mapping[str, object], name: str) -> int:
    """A whole number 1–10 from 8, 8.0, "8" or "8/10". Raises ValueError for anything that is no number."""
    value = entry.get(name)
    if isinstance(value, str) and (match := _NUMBER.fullmatch(value)):
        value = float(match["value"])
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is no number")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} is not finite")
    return math.floor(min(max(value, 1), 10) + 0.5)
