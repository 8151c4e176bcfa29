"""Breaks the lines of a plain text by their width on a screen, where Chinese and Japanese take two columns. Pure.

Where a line may end follows Unicode's line breaking (https://www.unicode.org/reports/tr14/) as far as mails need it: at
a blank, and beside a wide character; never before a mark that closes something, nor behind one that opens it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_BLANKS = " \t\n\r\f\v"  # one that must not break is a part of a word
_WORDS = re.compile(rf"([{_BLANKS}]*)([^{_BLANKS}]+)")
_CLOSING = frozenset("!%),.:;?]}»’”…\"'" + "、。〉》」』】〕〗〙〛〟︒︰！％），．：；？］｝～｡｣､･・‥‼⁇⁈⁉")
_NO_BEGINNING = _CLOSING | frozenset(
    "ーゝゞヽヾ々〻ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ"
)
_OPENING = frozenset("([{«‘“\"'" + "〈《「『【〔〖〘〚〝（［｛｢￥＄")


def columns(text: str) -> int:
    """Counts the columns that a text takes in a fixed font."""
    return len(text) if text.isascii() else sum(map(_width, text))


def wrap(text: str, most: int) -> list[str]:
    """Breaks a text into lines of at most `most` columns. Nothing is lost but blanks at the breaks.

    Links stay whole, however long; any other word that is longer than a line is broken within.
    """
    lines, line = list[str](), ""
    for gap, unit in _units(text):
        if line and columns(line) + len(gap) + columns(unit) <= most:
            line += gap + unit
            continue
        lines += [line] if line else []
        *full, line = [unit] if "://" in unit else _cut(unit, most)
        lines += full
    return [*lines, line] if line else lines


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _units(text: str) -> Iterator[tuple[str, str]]:
    """Yields what must stay on one line, each with the blanks before it."""
    held_gap = held = ""
    for gap, piece in _pieces(text):
        is_bound = held and (_is_all(piece, _CLOSING) or _is_all(held.rpartition(" ")[2], _OPENING - _CLOSING))
        if is_bound:  # as in French, where a blank stands before ; and inside of « »
            held += gap + piece
            continue
        if held:
            yield held_gap, held
        held_gap, held = gap, piece
    if held:
        yield held_gap, held


def _is_all(text: str, characters: frozenset[str]) -> bool:
    return bool(text) and characters.issuperset(text)


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yields the words, and of those with wide characters the parts between which a line may end."""
    for gap, word in _WORDS.findall(text.rstrip(_BLANKS)):  # blanks before no word are looked at from each of them
        if word.isascii():
            yield gap, word
            continue
        start = 0
        for place in range(1, len(word)):
            if _may_break(word[place - 1], word[place]):
                yield gap if start == 0 else "", word[start:place]
                start = place
        yield gap if start == 0 else "", word[start:]


def _may_break(before: str, behind: str) -> bool:
    return 2 in (_width(before), _width(behind)) and not _is_bound(before, behind)


def _is_bound(before: str, behind: str) -> bool:
    is_blank = before.isspace() or behind.isspace()
    return is_blank or behind in _NO_BEGINNING or before in _OPENING or _width(behind) == 0


def _cut(unit: str, most: int) -> list[str]:
    """Cuts what is longer than a line, between two characters that are not bound to each other if there are such."""
    parts, start, width = list[str](), 0, 0
    for place, character in enumerate(unit):
        width += _width(character)
        if width > most and place > start:
            end = next((at for at in range(place, start, -1) if not _is_bound(unit[at - 1], unit[at])), place)
            parts.append(unit[start:end].strip())
            start, width = end, columns(unit[end : place + 1])
    return [*parts, unit[start:].strip()]
