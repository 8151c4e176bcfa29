"""Folds a header's value into lines: whatever it holds, RFC 2047 and RFC 5322 give back the very same text. Pure.

Python's own folding loses blanks between encoded words, makes empty ones, and words over 75 characters (python/cpython
issues 92081 and 144156, seen with 3.11). Here lines have at most 76 characters (RFC 2047 §2), the first one is never
empty, and what looks like an encoded word and is none is encoded. Which headers are written this way says message.py.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable, Sequence
from email.headerregistry import Address

_LINE = 76  # RFC 2047 §2, for every line of a header that has an encoded word
_WORD = 75  # RFC 2047 §2: an encoded word with all its delimiters
_AROUND = len("=?utf-8?q??=")
_LEAST_ROOM = _AROUND + 12  # for the longest character, whose four octets are =XX each
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")  # RFC 2047 §5 (3)
_PLAIN_WORD = re.compile(r"(?!.*=\?)[!-~]{1,75}")
_ATOMS = re.compile(r"(?!.*=\?)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")  # RFC 5322 §3.2.3
_QUOTABLE = re.compile(r"(?!.*=\?)[!-~]+(?: [!-~]+)*")
_MOST_QUOTED = 60


def fold_text(name: str, text: str) -> list[str]:
    """The lines of a header with free text, without line ends, such as a Subject. Raises ValueError for CR or LF."""
    _require_one_line(text)
    lines = _Lines(name)
    before, special, after = _parted(text, lines.room)
    for word in before:
        lines.put(word)
    lines.put_encoded(special)
    for word in after:
        lines.put(word)
    return lines.all()


def fold_addresses(name: str, addresses: Sequence[Address]) -> list[str]:
    """The lines of a header with mailboxes, such as From. Raises ValueError for CR or LF in a name."""
    lines = _Lines(name)
    for number, address in enumerate(addresses, 1):
        comma = "," if number < len(addresses) else ""
        if not (shown := address.display_name):
            lines.put(f"{address.addr_spec}{comma}")
            continue
        _require_one_line(shown)
        if _ATOMS.fullmatch(shown) and max(map(len, shown.split())) < lines.room:
            for atom in shown.split():
                lines.put(atom)
        elif _QUOTABLE.fullmatch(shown) and len(shown) <= _MOST_QUOTED:
            lines.put('"' + re.sub(r'(["\\])', r"\\\1", shown) + '"')
        else:
            lines.put_encoded(shown)
        lines.put(f"<{address.addr_spec}>{comma}")
    return lines.all()


class _Lines:
    """The lines of a header so far. Tokens stand one blank apart; a line is broken before one that does not fit."""

    def __init__(self, name: str) -> None:
        self._done: list[str] = []
        self._line = f"{name}:"
        self._is_begun = False

    @property
    def room(self) -> int:
        return _LINE - len(self._line) - 1

    def put(self, token: str) -> None:
        if len(token) > self.room and self._is_begun:
            self._done.append(self._line)
            self._line = ""
        self._line += f" {token}"
        self._is_begun = True

    def put_encoded(self, text: str) -> None:
        """As encoded words, between which a reader leaves out the blank (RFC 2047 §6.2)."""
        encode = min((_q, _b), key=lambda way: len(way(text)))
        while text:
            room = self.room if self.room >= _LEAST_ROOM else _WORD
            count = _fitting(text, encode, min(room, _WORD))
            self.put(encode(text[:count]))
            text = text[count:]

    def all(self) -> list[str]:
        return [*self._done, self._line if self._is_begun else f"{self._line} "]


def _parted(text: str, first_room: int) -> tuple[list[str], str, list[str]]:
    """Plain words, then all that has to be encoded with the words between, then plain words again."""
    words = text.split(" ")
    odd = [
        number
        for number, word in enumerate(words)
        if not _PLAIN_WORD.fullmatch(word) or (number == 0 and len(word) > first_room)
    ]
    if not odd:
        return words, "", []
    start, end = odd[0], odd[-1] + 1
    if not words[start]:  # the blank before or behind an empty word is to be encoded as well
        start = max(start - 1, 0)
    if not words[end - 1]:
        end = min(end + 1, len(words))
    return words[:start], " ".join(words[start:end]), words[end:]


def _fitting(text: str, encode: Callable[[str], str], width: int) -> int:
    """How many characters make an encoded word of that width: one at least, and no mark without its letter."""
    count = 1
    while count < len(text) and len(encode(text[: count + 1])) <= width:
        count += 1
    whole = count
    while whole > 1 and whole < len(text) and unicodedata.combining(text[whole]):
        whole -= 1
    return whole if not (whole < len(text) and unicodedata.combining(text[whole])) else count


def _q(text: str) -> str:
    octets = text.encode("utf-8", "replace")
    return "=?utf-8?q?" + "".join(chr(o) if o in _SAFE else "_" if o == 0x20 else f"={o:02X}" for o in octets) + "?="


def _b(text: str) -> str:
    return f"=?utf-8?b?{base64.b64encode(text.encode('utf-8', 'replace')).decode('ascii')}?="


def _require_one_line(text: str) -> None:
    if "\r" in text or "\n" in text:
        raise ValueError("a header may not contain linefeed or carriage return")
