"""Explains why a YAML parser stopped, in words for people who write prose between colons and dashes.

A parser names the place where it gave up, which is often a line below the mistake, and knows nothing of keyboards and
word processors that write other colons, blanks and quotes. Reads lines and marks only; yaml_nodes.py does the parsing.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import yaml

from newsletter.phrases import Phrase, join

# What a parser says (libyaml and PyYAML word it differently behind these) → what to do about it.
_INDENT = Phrase("a line that is not indented like its neighbours; check the spaces")
_HINTS = (
    ("mapping values are not allowed", Phrase('a colon that begins no value; put text that holds ": " into quotes')),
    ("quoted scalar", Phrase('a quoted text that is not closed, or a "\\" in it; check the quotes')),
    (
        "while parsing a flow",
        Phrase("a [list] or {{mapping}} that is not closed or lacks a comma; check the brackets"),
    ),
    ("cannot start any token", Phrase("a character that begins no value; put the text into quotes")),
    ("<document start>", Phrase("a second value beside the first one; check the spaces and dashes before it")),
    ("could not find expected ':'", Phrase("a key without colon, or lines that are not indented enough; check both")),
    ("did not find expected", _INDENT),
    ("expected <block end>", _INDENT),
)
# Where the parser stopped at a sign that means something in YAML; in the first of these at the context's mark.
_BEGINS_AT_CONTEXT = ("while scanning an alias", "while scanning an anchor", "while scanning a tag", "a block scalar")
_BEGINS_AT_PROBLEM = (
    *("cannot start any token", "entries are not allowed", "mapping keys are not allowed", "node content"),
)
_WENT_ON = ("did not find expected key", "expected <block end>", "did not find expected '-' indicator")
_UNCLOSED = ("quoted scalar", "while parsing a flow")
_SIGNS = "*&[]{}|>\"'%@!-?:,`"

_DASHES = r"[ \t]*(?:- +)*"
_BEFORE_A_VALUE = re.compile(rf"{_DASHES}(?:[^\s:#]+: +)?")
_BEFORE_A_COLON = re.compile(rf"{_DASHES}[\w.-]+")
_ENTRY = r"\s*(?:- +)*"
_KEY = r'(?P<key>"?[\w.-]+"?)'
_STUCK = (
    re.compile(rf"{_ENTRY}(?P<sign>[–—－−•])"),
    re.compile(rf"{_ENTRY}(?P<sign>-)(?P<behind>[^ \t-])"),
    re.compile(rf"{_ENTRY}{_KEY}\s*(?P<sign>[：﹕︓])"),
    re.compile(rf"{_ENTRY}{_KEY}(?P<sign>:)(?P<behind>[^ \t/])"),
)
_STUCK_WITHIN = re.compile(r"[{,] *(?P<key>[a-z_]+)(?P<sign>:)(?P<behind>[\[{\w\"'])")
_WHOLE_KEY = re.compile(rf"{_DASHES}[^\s:#]+:( |$)")
_COMMENT = re.compile(r"\S\s+(#.*)")
_TEXT_KEYS = re.compile(rf"{_DASHES}(?:about|name|relevant|irrelevant): *([\[{{])")

_PLAIN_MARKS = dict(zip("“”„«»‘’‚–—•、，", '"""""\'\'\'---,,', strict=True))


@dataclass(frozen=True, slots=True)
class Stop:
    """Where and why a parser stopped. Lines and columns count from 0."""

    message: str
    line: int
    column: int
    context_line: int
    context_column: int

    def is_about(self, *words: str) -> bool:
        return any(word in self.message for word in words)


def stop_of(error: yaml.MarkedYAMLError) -> Stop:
    mark = error.problem_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    context = error.context_mark
    at = (context.line, context.column) if context else (line, column)
    return Stop(f"{error.context or ''}: {error.problem or ''}", line, column, *at)


def explain(lines: list[str], stop: Stop) -> tuple[int, str]:
    """Finds the line to blame, from 0, and says what is wrong there and what to do."""
    for guess in (_without_blank, _odd_margin, _begins_with_a_sign):
        if found := guess(lines, stop):
            return found
    at = stop.context_line if stop.is_about(*_UNCLOSED, "could not find expected ':'") else stop.line
    not_yaml = Phrase("something that is not YAML; check the quotes")
    hint = next((hint for words, hint in _HINTS if words in stop.message), not_yaml)
    more = (_in_quotes(_line(lines, at)), _comment_near(lines, at, stop), odd_mark(_line(lines, at)))
    return at, join(Phrase("there is {what}", what=hint), *more)


def missing_blank(text: str) -> str:
    """Returns `; …` for a line that only lacks a plain dash or colon with a blank behind it to be an entry or a key."""
    hint = _missing_blank(text)
    return join("; ", hint) if hint else ""


def _missing_blank(text: str) -> str:
    match = next(filter(None, (pattern.match(text) for pattern in _STUCK)), None) or _STUCK_WITHIN.search(text)
    if not match:
        return ""
    groups = match.groupdict()
    sign, behind = groups["sign"], groups.get("behind") or ""
    key = (groups.get("key") or "").strip('"')
    if not sign.isascii():
        place = Phrase('the colon after "{key}"', key=key) if key else Phrase("the dash")
        return Phrase("{place} is {sign}: write a plain one, and a blank after it", place=place, sign=_named(sign))
    place = Phrase('"{key}:"', key=key) if key else Phrase("the dash")
    if behind.isspace() or not behind.isprintable():
        return Phrase("after {place} stands {sign}: write a plain blank", place=place, sign=_named(behind))
    return Phrase("a blank is missing after {place}", place=place)


def odd_mark(text: str) -> str:
    """Returns `; …` for the first sign that only looks like one of YAML's, or cannot be seen; "" if there is none."""
    for sign in text:
        plain = plain_mark(sign)
        if plain is None or plain == sign:
            continue
        named = _named(sign)
        if plain.strip():
            return Phrase("; there is {sign} in it: write {plain}", sign=named, plain=repr(plain))
        if plain:
            return Phrase("; there is {sign} in it: write a plain blank", sign=named)
        return Phrase("; there is {sign} in it: remove it", sign=named)
    return ""


def plain_mark(sign: str) -> str | None:
    """Translates a full-width, curly or invisible sign; None for an ordinary one, such as a letter."""
    if sign.isascii():
        return None
    if sign in _PLAIN_MARKS:
        return _PLAIN_MARKS[sign]
    if unicodedata.category(sign) == "Cf":
        return ""
    if sign.isspace():
        return " "
    plain = unicodedata.normalize("NFKC", sign)
    return plain if plain.isascii() and "FULLWIDTH" in unicodedata.name(sign, "") else None


def _named(sign: str) -> Phrase:
    name = unicodedata.name(sign, "invisible sign").lower()
    code = f"U+{ord(sign):04X}"
    if name[0] in "aeio":
        return Phrase("an {name} ({code})", name=name, code=code)
    return Phrase("a {name} ({code})", name=name, code=code)


# --- what may be wrong --------------------------------------------------------------------------------


def _without_blank(lines: list[str], stop: Stop) -> tuple[int, str] | None:
    """Finds a key without a blank: `email:reader@example.org` is a text, so the parser stops at the next colon."""
    if stop.is_about("could not find expected ':'", "while parsing a flow mapping", "unexpected ':'"):
        suspects = [stop.context_line]
    elif stop.is_about("mapping values") and _BEFORE_A_COLON.fullmatch(_line(lines, stop.line)[: stop.column]):
        suspects = list(range(stop.line - 1, -1, -1))
    else:
        return None
    for at in suspects:
        if hint := _missing_blank(_line(lines, at)):
            return at, Phrase("in line {line} {hint}", line=str(at + 1), hint=hint)  # the parser stopped in a later one
        if _WHOLE_KEY.match(_line(lines, at)):
            break
    return None


def _odd_margin(lines: list[str], stop: Stop) -> tuple[int, str] | None:
    for at in (stop.line, stop.line - 1, stop.context_line):
        margin = re.match(r"[\s\u200b-\u200f\ufeff]*", _line(lines, at))
        odd = next((c for c in margin[0] if c not in " \t\r"), "") if margin else ""
        if odd:
            return at, Phrase("there is {sign} before the text; write plain blanks", sign=_named(odd))
    return None


def _begins_with_a_sign(lines: list[str], stop: Stop) -> tuple[int, str] | None:
    at = stop.context_line if stop.is_about(*_BEGINS_AT_CONTEXT) else stop.line
    line = _line(lines, at)
    column = _column_of_value(line, stop)
    sign = line[column : column + 1] if column is not None else ""
    if not sign or sign not in _SIGNS:
        return None
    if sign == ">" and not line[:column].strip():
        return at, Phrase("there is a > as mail programs put before what they quote; remove it")
    value = Phrase("there is a value that begins with {sign}", sign=sign)
    return at, join(value, _means(sign), _quotes(line[column:]))


def _column_of_value(line: str, stop: Stop) -> int | None:
    """Finds where the value begins that the parser stumbled over; None if it was no value's first sign."""
    match = _BEFORE_A_VALUE.match(line)
    begins = match.end() if match else 0
    if stop.is_about(*_WENT_ON):
        return begins if line[begins : begins + 1] in tuple("[{\"'") and begins <= stop.column else None
    if stop.is_about("mapping values"):
        return begins if begins == stop.column > 0 else None
    if stop.is_about(*_BEGINS_AT_CONTEXT):
        return stop.context_column
    return stop.column if stop.is_about(*_BEGINS_AT_PROBLEM) else None


def _means(sign: str) -> str:
    if sign in "[{\"'":
        return Phrase(" and goes on behind its end")
    if sign == "-":
        return Phrase(", but lists begin on a line of their own")
    return Phrase(", which means something else in YAML")


def _quotes(text: str) -> str:
    """Chooses the quotes that are not in the text."""
    if '"' in text and "'" not in text:
        return Phrase("; put the whole text into single quotes (')")
    return Phrase("; put the whole text into quotes")


def _in_quotes(line: str) -> str:
    found = _TEXT_KEYS.match(line)
    return Phrase("; or put a text that begins with {sign} into quotes", sign=found[1]) if found else ""


def _comment_near(lines: list[str], at: int, stop: Stop) -> str:
    """Finds a text that ended at ` #`, in the line to blame or before the line where nothing fitted any more."""
    for number in sorted({at, max(at - 1, 0), stop.context_line}, reverse=True):
        if number >= at - 1 and _COMMENT.search(_line(lines, number)):
            return Phrase(
                '; or put the text into quotes in which line {line} has " #", which begins a comment',
                line=str(number + 1),
            )
    return ""


def _line(lines: list[str], at: int) -> str:
    return lines[at] if 0 <= at < len(lines) else ""
