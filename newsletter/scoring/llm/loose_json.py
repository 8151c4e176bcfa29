"""Finds JSON values in a text, also as models write them: not quite JSON.

Read beside JSON are lone backslashes (TeX), line breaks and quotes within texts, commas too many, comments, single
quotes and bare keys. Only signs around the values are mended: no value is completed, and what is cut off is no value.
A key that an object has twice, with different values, has none. What values mean: see answers.py. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

_MAX_STARTS = 500  # places where a value is looked for; with the next it bounds the time a hostile text takes
_MAX_MENDED_CHARS = 250_000
_MAX_DEPTH = 40
_FENCE = re.compile(r"\s*(?:```|~~~)?\s*(?:json\w*)?\s*", re.IGNORECASE)
_BETWEEN = " \t\r\n,;`~\ufeff"

# A quote ends a text only where JSON goes on behind it: a model forgets to escape those within.
_GOES_ON = r"""(?=\s*(?:[:}\]]|,\s*(?:["'“{}\[\]\d+-]|//|/\*|[A-Za-z_]\w*\s*:|\Z)|//|/\*|\Z))"""
_TOKEN = re.compile(
    r"(?P<skipped>\s+|//[^\n]*|/\*.*?\*/)"
    rf'|"(?P<double>(?:\\.|[^"\\]|"(?!{_GOES_ON}))*+)"'
    rf"|'(?P<single>(?:\\.|[^'\\]|'(?!{_GOES_ON}))*+)'"
    rf"|“(?P<curly>(?:\\.|[^”\\]|”(?!{_GOES_ON}))*+)”"
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<sign>[{}\[\]:,])",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:(?P<plain>u[0-9a-fA-F]{4}|[\"\\/bfnrt])|(?P<quote>['”])|)")
_WORDS = {"true": "true", "false": "false", "null": "null", "True": "true", "False": "false", "None": "null"}


class Shape(Enum):
    """What a text is as a whole."""

    WHOLE = "JSON and nothing else"
    CUT = "JSON whose end is missing"
    OTHER = "something else"


class _Damaged(ValueError):
    """No value begins here; `end` is how far it was looked for."""

    def __init__(self, end: int) -> None:
        super().__init__("no JSON")
        self.end = end


class _CutOff(_Damaged):
    """The text ends within the value."""


@dataclass(frozen=True, slots=True)
class Located:
    """A value, and where it stands: text[start:end]."""

    value: object
    start: int
    end: int


def find_values(text: str, *, is_loose: bool) -> Iterator[Located]:
    """Finds the outermost objects and arrays in this text, whatever stands around them; strict JSON unless `is_loose`.

    Where one is damaged or cut off, those within it are found that are whole.
    """
    at = mended = 0
    for _ in range(_MAX_STARTS):
        start = _next_start(text, at)
        if start < 0:
            return
        try:
            found = _decode(text, start, is_loose=is_loose and mended < _MAX_MENDED_CHARS)
        except _Damaged as error:
            mended += error.end - start
            at = start + 1
        else:
            mended += found.end - start
            at = found.end
            yield found


def find_shape(text: str, *, preface_chars: int = 0) -> Shape:
    """Whether this is JSON (one value or several, maybe fenced), with at most so many other characters before it."""
    at = _next_start(text, 0)
    if at < 0 or len(_FENCE.sub("", text[:at])) > preface_chars:
        return Shape.OTHER
    while at < len(text) and text[at] in "{[":
        try:
            at = _decode(text, at, is_loose=True).end
        except _CutOff:
            return Shape.CUT
        except _Damaged:
            return Shape.OTHER
        at = len(text) - len(text[at:].lstrip(_BETWEEN))
    return Shape.WHOLE if at >= len(text) else Shape.OTHER


def _next_start(text: str, at: int) -> int:
    return min((place for place in (text.find("{", at), text.find("[", at)) if place >= 0), default=-1)


def _decode(text: str, start: int, *, is_loose: bool) -> Located:
    """Decodes the value that begins here. Raises _Damaged, and _CutOff only where `is_loose`."""
    try:
        value, end = _DECODER.raw_decode(text, start)
        return Located(value, start, end)
    except (ValueError, RecursionError) as error:
        if not is_loose:
            raise _Damaged(start) from error
    mended, end = _mend(text, start)
    try:
        return Located(_DECODER.decode(mended), start, end)
    except (ValueError, RecursionError) as error:
        raise _Damaged(end) from error


def _unambiguous(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Builds an object; a key that stands twice with different values has none."""
    found = dict(pairs)
    if len(found) < len(pairs):
        first: dict[str, object] = {}
        for key, value in pairs:
            if first.setdefault(key, value) != value:
                found[key] = None
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_unambiguous)


# --- mending ------------------------------------------------------------------------------------------


def _mend(text: str, start: int) -> tuple[str, int]:
    """Gives the value that begins here as JSON, and where it ends. It need not be valid yet."""
    pieces, depth, at = list[str](), 0, start
    while match := _TOKEN.match(text, at):
        at = match.end()
        if match.lastgroup == "skipped":
            continue
        sign = match["sign"]
        if sign in ("}", "]") and pieces and pieces[-1] == ",":
            pieces.pop()
        pieces.append(_mend_token(match, text))
        depth += (sign in ("{", "[")) - (sign in ("}", "]"))
        if depth == 0:
            return "".join(pieces), at
        if depth > _MAX_DEPTH:
            raise _Damaged(at)
    if at >= len(text) or text[at] in "\"'“":  # a quote that nothing closes
        raise _CutOff(len(text))
    raise _Damaged(at)


def _mend_token(match: re.Match[str], text: str) -> str:
    if match.lastgroup == "word":
        word = match["word"]
        is_key = text[match.end() :][:20].lstrip().startswith(":")
        return json.dumps(word) if is_key else _WORDS.get(word, word)
    if match.lastgroup in ("double", "single", "curly"):
        return _mend_text(match[match.lastgroup])
    return match[0]


def _mend_text(inner: str) -> str:
    """Builds a JSON text from what stands between its quotes: a backslash that escapes nothing is one (TeX)."""
    pieces, at = ['"'], 0
    for match in _ESCAPE.finditer(inner):
        pieces.append(json.dumps(inner[at : match.start()])[1:-1])
        pieces.append(f"\\{match['plain']}" if match["plain"] else match["quote"] or "\\\\")
        at = match.end()
    return "".join([*pieces, json.dumps(inner[at:])[1:-1], '"'])
