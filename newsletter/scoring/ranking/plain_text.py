"""Writes formulas, accents and Greek letters of a text in plain letters, in TeX and outside of it. Pure.

"MoS$_2$" is MoS2, "Schr\\"odinger" Schrödinger, and ΛCDM is two words, as "$\\Lambda$CDM" is. Other TeX stays, as in
the papers of which the shipped counts were made.
"""

from __future__ import annotations

import re
import unicodedata

_INDEX = re.compile(r"(?<!\\)([A-Z][a-z]?)\$?\s?_\{?(\d{1,3})(?![\d,.])\}?(?:\$(?!\\))?")
_ACCENTED = re.compile(
    r"\{?\\(?:(?P<sign>[\"'`^~=.])|(?P<name>[uvHcdbrk])(?=\{))\{?\s?\\?(?P<letter>[A-Za-z])\}{0,2}"
    r"|\{\\(?P<named>[uvHcdbrk])\s(?P<braced>[A-Za-z])\}"
)
_ACCENTS = dict(
    zip(
        "\"'`^~=.uvHcdbrk",
        "\u0308\u0301\u0300\u0302\u0303\u0304\u0307\u0306\u030c\u030b\u0327\u0323\u0331\u030a\u0328",
        strict=True,
    )
)
_NAMES = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau
upsilon phi chi psi omega""".split()
_GREEK = dict(zip("αβγδεζηθικλμνξοπρςστυφχψω", _NAMES, strict=True))
_NAMES_OF = {letter: name for small, name in _GREEK.items() for letter in {small, small.upper()}}
_LETTERS = str.maketrans({letter: f" {name} " for letter, name in _NAMES_OF.items()})
_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SPELLINGS = str.maketrans(_NAMES_OF) | _DIGITS | _RAISED

# A word of a text as it is shown: a Greek letter is one by itself, as it is in plain letters.
SHOWN_WORD = re.compile(rf"[{''.join(_NAMES_OF)}]|[^\W_{''.join(_NAMES_OF)}]+")


def plain(text: str) -> str:
    """Gives the text with formulas, Greek letters and accents in plain letters."""
    text = plain_but_greek(text)
    return text if text.isascii() else text.translate(_LETTERS)


def plain_but_greek(text: str) -> str:
    """Gives the text as `plain`, but with its Greek letters, fit to be shown."""
    if "_" in text:
        text = _INDEX.sub(r"\1\2", text)
    if "\\" in text:
        text = _ACCENTED.sub(_accent, text)
    return text if text.isascii() else text.translate(_DIGITS)


def spell(word: str) -> str:
    """Gives a word in small letters, a Greek letter by its name and raised and lowered digits as digits."""
    return word.lower() if word.isascii() else word.translate(_SPELLINGS).lower()


def without_accents(word: str) -> str:
    """Gives the letters of a word without accents."""
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


def _accent(match: re.Match[str]) -> str:
    mark = match["sign"] or match["name"] or match["named"]
    return unicodedata.normalize("NFC", (match["letter"] or match["braced"]) + _ACCENTS[mark])
