"""Puts back what mail programs and keyboards change in a profile: spaces, quotes, dashes, broken lines, > marks. Pure.

What is surely meant is taken as meant, and only where YAML looks; what the text then says is for profile_yaml.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newsletter.subscribers.schema import FileShape, Keywords, SubscriberEntry, TopicEntry

_FENCES = ("```", "```yaml", "```yml")
_MAX_LEVELS = 9  # of > marks: a profile that went to and fro
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"  # what YAML does not take for a space
_DASHES = "–—•‣▪"
_MARGIN = re.compile(f"[ {_SPACES}]+")
_BEGINNING = re.compile(f" *(?:[-{_DASHES}][ {_SPACES}]+)*")
_TO_PLAIN = [(re.compile(f"[{_SPACES}]"), " "), (re.compile(f"[{_DASHES}]"), "-")]
_KEYS = "|".join(key for shape in (SubscriberEntry, TopicEntry, Keywords, FileShape) for key in shape.model_fields)
_KEY = re.compile(f"({_KEYS})(?:：[ {_SPACES}]*|:(?:[ {_SPACES}]+|$))")  # the colon of CJK keyboards
_FREE_WORDS = ("about", "topics", "relevant", "irrelevant")
_ANY_KEY = re.compile(r"""[^\s:#"'\[\]{}]+:(?: +|$)""")
_BLOCK = re.compile(r"[>|][-+0-9]*(?: +#.*)?")
_STRAY = re.compile(r"[^\s\-#>|?&*!%@`\"'{}\[\]:,]")  # begins a word at the beginning of a line
_OPEN, _CLOSE = "“”„«»‘’‚", "“”«»‘’"
_IN_QUOTES = re.compile(f'[{_OPEN}]([^"\\\\“”„«»]*)[{_CLOSE}]')
_ITEM_IN_QUOTES = re.compile("(?<=[\\[,])( *)[“”„«»]([^“”„«»]*)[“”«»](?= *[,\\]])")


def repair(text: str) -> str:
    """Gives the same lines with plain spaces, quotes and dashes, where mail programs and keyboards put others.

    Only where YAML looks at them: a text below `>` or `|` and what stands in plain quotes stays as it is.
    """
    lines = _without_marks(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    filled = [number for number, line in enumerate(lines) if line.strip()]
    if len(filled) > 1 and lines[filled[-1]].strip() == "```" and lines[filled[0]].strip() in _FENCES:
        lines[filled[0]] = lines[filled[-1]] = ""
    return "\n".join(_repaired_lines(lines))


def without_letter(text: str) -> str:
    """Gives the profile in a mail without what is written around it: prose above it, and a signature below.

    Prose is lines that begin with a word which is no key. Above it ends with a blank line; below it begins behind one,
    where the last key is none of free words, whose own text it could be.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    keys = [(number, found[1]) for number, line in enumerate(lines) if (found := _KEY.match(line))]
    if not keys:
        return text
    above = next((number for number, line in enumerate(lines) if line.strip() and not _is_prose(line)), 0)
    begin = above if above and not lines[above - 1].strip() else 0
    last, key = keys[-1]
    is_below = (
        number
        for number in range(last + 1, len(lines))
        if not lines[number - 1].strip() and _is_prose(lines[number]) and key not in _FREE_WORDS
    )
    return "\n".join(lines[begin : next(is_below, len(lines))])


def _is_prose(line: str) -> bool:
    return bool(_STRAY.match(line)) and not _KEY.match(line) and not _ANY_KEY.match(line)


def _without_marks(lines: list[str]) -> list[str]:
    """Removes the > of a quoted mail, if every line that says something begins with one."""
    for _ in range(_MAX_LEVELS):
        filled = [line for line in lines if line.strip()]
        if not filled or not all(line.startswith(">") for line in filled):
            break
        mark = "> " if all(line.startswith("> ") or line.strip() == ">" for line in filled) else ">"
        lines = [line.removeprefix(mark) if line.strip() not in ("", ">") else "" for line in lines]
    return lines


def _repaired_lines(lines: Iterable[str]) -> Iterator[str]:
    block: int | None = None  # the column of the key whose text stands below it
    inner = 0  # where the text of the line before would go on; 0 if it has none
    for raw in lines:
        margin = _MARGIN.match(raw)
        line = " " * len(margin[0]) + raw[margin.end() :] if margin else raw
        is_rest = bool(inner) and _is_prose(line)
        if is_rest:
            line = " " * inner + line  # the rest of a line that a mail program has broken: YAML takes it for nothing
        indent = len(line) - len(line.lstrip(" "))
        if not line.strip():
            inner = 0
            yield ""
        elif block is not None and indent > block:
            inner = indent
            yield line
        else:
            line, block = _repair_line(line)
            below = inner if is_rest else indent + 2  # not further in with each line: that would make a staircase
            inner = block + 2 if block is not None else below if _goes_on(line) else 0
            yield line


def _goes_on(line: str) -> bool:
    text = line.lstrip(" ")
    return bool(text) and not text.startswith("#") and not text.endswith((":", "-", "]", "}"))


def _repair_line(line: str) -> tuple[str, int | None]:
    """Repairs a line; gives also the column below which a text stands that it announces by > or |."""
    found = _BEGINNING.match(line)
    end = found.end() if found else 0
    beginning, rest = line[:end], line[end:].rstrip()
    for wrong, right in _TO_PLAIN:
        beginning = wrong.sub(right, beginning)
    if known := _KEY.match(rest):
        key, value = f"{known[1]}: ", rest[known.end() :]
    else:
        other = _ANY_KEY.match(rest)
        key, value = (other[0], rest[other.end() :]) if other else ("", rest)
    if _BLOCK.fullmatch(value):
        return beginning + key + value, end if key else max(beginning.rfind("-"), 0)
    if curly := _IN_QUOTES.fullmatch(value):
        value = f'"{curly[1]}"'
    elif value.startswith("[") and not set('"\\') & set(value):
        value = _ITEM_IN_QUOTES.sub(r'\1"\2"', value)
    return (beginning + key + value).rstrip(), None
