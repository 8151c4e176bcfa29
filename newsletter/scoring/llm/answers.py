"""Reads what a model answered about some papers: by id, never by position, and trusting nothing.

Finds the entries wherever they stand (the object asked for, a bare array, JSON lines, a fenced block, prose around
it, the whole entries of an answer that was cut off), but not in reasoning.py's drafts. What to do about papers that
are missing is model_grader.py's business. ANSWER_SCHEMA is what servers with structured output are asked to enforce.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from newsletter.formatting import cut_at_clause
from newsletter.scoring.llm.loose_json import Shape, find_shape, find_values
from newsletter.scoring.llm.reasoning import find_answer

ASKED_CHARS = 200  # what the prompt asks for
COMMENT_CHARS = 320  # what is shown where a model says more; the longest of the 81 of a published day has 263
MAX_ANSWER_CHARS = 100_000
_MAX_DEPTH = 8
_MAX_REFUSED = 20
_NUMBER = re.compile(r"\s*(?P<value>[+-]?\d{1,6}(?:\.\d{1,6})?)\s*(?:(?:/|out of)\s*10(?:\.0)?)?\s*", re.ASCII)
_OF_ANOTHER = re.compile(r"\s*\d{1,6}(?:\.\d{1,6})?\s*(?:%|(?:/|out of)\s*(?!10(?:\.0)?\s*\Z)\d{1,6})\s*", re.ASCII)
_AROUND_AN_ID = " \t\r\n[]()<>{}\"'`"  # small models copy an id with what they think belongs to it
_PREFACE_CHARS = 200  # "Here is the JSON you asked for:"; more before an answer that was cut off is reasoning
_FEW = 8  # scores of fewer papers do not show a scale of 0 to 5
# TeX commands of which JSON reads the first letter as a line break, tab or the like
_TEX = (
    (re.compile("\b"), r"\\b"),
    (re.compile("\f"), r"\\f"),
    (re.compile(r"\t(?=heta|au\b|ext|imes\b|ilde|o\b|op\b|r\b|an\b)"), r"\\t"),
    (re.compile(r"\r(?=ho\b|ight|angle|m\b|ceil|floor)"), r"\\r"),
    (re.compile(r"\n(?=u\b|abla|eq\b|e\b|i\b|otin)"), r"\\n"),
)
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
class AnswerEntry:
    """One usable entry: whole numbers 1–10, and a comment of one line without control characters, maybe empty."""

    id: str
    relevance: int
    novelty: int
    comment: str


@dataclass(frozen=True, slots=True)
class ParsedAnswer:
    """Each id asked about is in `scored`, `below` or `missing`, once; `refused` says what was not believed.

    `problem`: why nothing of it was believed, if so. `is_other_scale`: because its numbers are of another scale.
    """

    scored: tuple[AnswerEntry, ...]
    below: tuple[str, ...]
    missing: tuple[str, ...]
    refused: tuple[str, ...] = ()
    problem: str = ""
    is_other_scale: bool = False

    def entries(self) -> list[AnswerEntry]:
        """Gives what it says of each paper; of those that are only named as below, zeros."""
        return [*self.scored, *(AnswerEntry(each, relevance=0, novelty=0, comment="") for each in self.below)]


def read_answer(text: str, asked: Sequence[str], floor: int, *, is_cut: bool = False) -> ParsedAnswer:
    """Reads the answer in this text about the papers `asked`. Never raises. `is_cut`: it ended at its length limit.

    Refused are unknown ids, numbers that are none, and every word about an id that is answered twice in different
    ways (the same twice counts once): its paper is missing then. An entry whose relevance is under the floor keeps
    its numbers, without a comment. Nothing is believed of an answer that was cut off in its reasoning, or whose
    numbers are of another scale.
    """
    answer = find_answer(text)
    if answer is None or (is_cut and answer.strip() and not _is_cut_answer(answer)):
        return ParsedAnswer((), (), tuple(dict.fromkeys(asked)), problem="it ended while the model was still reasoning")
    answer = answer[:MAX_ANSWER_CHARS]
    loose = list(_entries(answer, is_loose=True))
    if other := _find_other_scale(loose, asked):
        problem = f"it is on another scale than 1 to 10 ({other})"
        return ParsedAnswer((), (), tuple(dict.fromkeys(asked)), problem=problem, is_other_scale=True)
    strict = _settle(_entries(answer), asked, floor)
    return _settle([*_entries(answer), *loose], asked, floor) if strict.missing else strict


def is_whole_answer(text: str) -> bool:
    """Tells whether this text is an answer and nothing else, as one that a server took for reasoning."""
    answer = find_answer(text)
    return answer is not None and find_shape(answer) is Shape.WHOLE


def _is_cut_answer(answer: str) -> bool:
    """Tells whether an answer was cut off, and not reasoning that nothing marks, with drafts in it.

    An answer begins at once; or it was cut within its JSON, which a sentence may precede.
    """
    begins = re.sub(r"\A\s*(?:```\w*)?\s*", "", answer)[:1]
    return begins in ("{", "[") or find_shape(answer, preface_chars=_PREFACE_CHARS) is not Shape.OTHER


def _settle(entries: Iterable[dict[str, object] | str], asked: Sequence[str], floor: int) -> ParsedAnswer:
    known, refused = dict.fromkeys(asked), _Refusals()
    found: dict[str, AnswerEntry | None] = {}  # None: named as below
    disputed: set[str] = set()
    for entry in entries:
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
    return ParsedAnswer(
        scored=tuple(value for paper_id in known if (value := usable.get(paper_id)) is not None),
        below=tuple(paper_id for paper_id in known if paper_id in usable and usable[paper_id] is None),
        missing=tuple(paper_id for paper_id in known if paper_id not in usable),
        refused=refused.all(),
    )


def plain_line(text: str, max_chars: int | None = None) -> str:
    """One line without control, format and invisible characters; what is longer ends with an ellipsis at a word."""
    line = " ".join("".join(map(_plain, text)).split())
    if max_chars is None or len(line) <= max_chars:
        return line
    cut = line[: max_chars - 1]
    at_word = cut.rsplit(" ", 1)[0]
    return (at_word if len(at_word) > max_chars // 2 else cut).rstrip() + "…"


def _plain(character: str) -> str:
    kind = unicodedata.category(character)
    if kind in {"Cc", "Zl", "Zp"}:
        return " "
    # Direction marks reorder what a reader sees, tag characters hide text, surrogates are no UTF-8
    return "" if kind in {"Cf", "Cs"} and character not in _JOINERS else character


class _Refusals:
    """The first few reasons, each once, bounded."""

    def __init__(self) -> None:
        self._reasons: dict[str, None] = {}

    def add(self, reason: str) -> None:
        if len(self._reasons) < _MAX_REFUSED:
            self._reasons[plain_line(reason, 100)] = None

    def all(self) -> tuple[str, ...]:
        return tuple(self._reasons)


# --- finding entries ----------------------------------------------------------------------------------


def _entries(text: str, *, is_loose: bool = False) -> Iterator[dict[str, object] | str]:
    """Finds every scored entry (an object with an id) and every id named as below (a string), in order.

    `is_loose`: also from what is not quite JSON.
    """
    for found in find_values(text, is_loose=is_loose):
        yield from _walk(found.value, _MAX_DEPTH)


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
    """Finds the ids under "below": strings, or objects that have one."""
    for item in value if isinstance(value, list) else [value]:
        named = item.get("id") if isinstance(item, dict) else item
        if isinstance(named, str):
            yield named.strip(_AROUND_AN_ID)


# --- reading one --------------------------------------------------------------------------------------


def _id_of(entry: Mapping[str, object]) -> str:
    """Reads the id of an entry; a number is none, as 2510.05060 would lose its last digit."""
    value = entry["id"]
    return value.strip(_AROUND_AN_ID) if isinstance(value, str) else ""


def _read_entry(paper_id: str, entry: Mapping[str, object], floor: int) -> AnswerEntry:
    relevance, novelty = _grade(entry, "relevance"), _grade(entry, "novelty")
    comment = entry.get("comment")
    says_something = isinstance(comment, str) and any(map(str.isalpha, comment))
    shown = (
        cut_at_clause(plain_line(_restore_tex(str(comment))), COMMENT_CHARS)
        if says_something and relevance >= floor
        else ""
    )
    return AnswerEntry(paper_id, relevance, novelty, shown)


def _restore_tex(comment: str) -> str:
    """Restores `\\beta` where a model forgot to double its backslash, and JSON made a backspace of it."""
    for pattern, command in _TEX:
        comment = pattern.sub(command, comment)
    return comment


def _grade(entry: Mapping[str, object], name: str) -> int:
    """Reads a whole number 1–10 from 8, 8.0, "8" or "8/10"; 0 counts as 1. Raises ValueError for anything else."""
    value = _number(entry, name)
    if value is None:
        raise ValueError(f"{name} is no number")
    if not _is_on_the_scale(value):
        raise ValueError(f"{name} {_shown(value)} is not within 1 and 10")
    return math.floor(max(value, 1) + 0.5)


def _number(entry: Mapping[str, object], name: str) -> int | float | None:
    value = entry.get(name)
    if isinstance(value, str) and (match := _NUMBER.fullmatch(value)):
        value = float(match["value"])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if -math.inf < value < math.inf else None


def _is_on_the_scale(value: float) -> bool:
    return value == 0 or 1 <= value <= 10


def _shown(value: float) -> str:
    return f"{value:g}" if abs(value) < 10**6 else "of many digits"


# --- another scale ------------------------------------------------------------------------------------


def _find_other_scale(entries: Sequence[dict[str, object] | str], asked: Sequence[str]) -> str:
    """The number by which these scores are seen not to be of 1 to 10 but of 0 to 1, 5 or 100; "" if there is none.

    Then the others mean something else as well: 1 is the best of 0 to 1, and 9 next to nothing of 0 to 100.
    """
    usable = {_id_of(entry): entry for entry in entries if isinstance(entry, dict) and _id_of(entry) in asked}
    by_name = {name: [entry.get(name) for entry in usable.values()] for name in ("relevance", "novelty")}
    numbers = {name: [n for entry in usable.values() if (n := _number(entry, name)) is not None] for name in by_name}
    for name, values in by_name.items():
        if other := _find_off(values, numbers[name]):
            return f"{name} {other}"
    if all(len(found) >= _FEW and _ends_at_five(found) for found in numbers.values()):
        return "no number is above 5"
    return ""


def _find_off(values: Sequence[object], numbers: Sequence[float]) -> str:
    """A value that says its own scale ("4/5", "80%"), or of several numbers that are none of 1 to 10 the first."""
    for value in values:
        if isinstance(value, str) and _OF_ANOTHER.fullmatch(value):
            return value.strip()
    off = [number for number in numbers if not _is_on_the_scale(number)]
    # One may be a slip, but not where no number is above 1
    is_more_than_a_slip = off and (len(off) >= max(2, len(numbers) / 4) or 0 < max(numbers) <= 1)
    return _shown(off[0]) if is_more_than_a_slip else ""


def _ends_at_five(values: Sequence[float]) -> bool:
    """No higher number, and halves, or several times the highest: of most papers shown the novelty is 6 to 8."""
    has_halves = any(value % 1 for value in values)
    return max(values) <= 5 and (has_halves or sum(value == 5 for value in values) >= max(2, len(values) // 5))
