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

# "$\mathrm{MoS}_2$" is MoS2 as "MoS$_2$" is, and "H$\alpha$" and Hα are H-alpha, as "Halpha" is: a compound.
_INDEX_BEHIND_FONT = re.compile(
    r"(\\(?:mathrm|textrm|text|rm)\{[A-Za-z]*?|\{\\rm\s+[A-Za-z]*?)([A-Z][a-z]?)\}\$?_\{?(\d{1,3})(?![\d,.])\}?"
)
_LINE = re.compile(
    rf"(?<![^\W_])(?<!\\)([A-Z][a-z]?)(?:\}}?\$?\\({'|'.join(dict.fromkeys(_NAMES))})(?![A-Za-z])|([{''.join(_GREEK)}]))"
)
# "LambdaCDM" is Lambda CDM. Names of three letters and fewer begin words: "PiN", "EtaX".
_NAME_IN_FRONT = re.compile(
    rf"\b({'|'.join(n.capitalize() for n in dict.fromkeys(_NAMES) if len(n) > 3)})(?=[A-Z]{{2}})"
)
SPELT_OTHERWISE = 5  # letters from which on a word is sought in other spellings: shorter ones become others
_GERMAN = {"ä": "ae", "ö": "oe", "ü": "ue"}

# A word of a text as it is shown: a Greek letter is one by itself, as it is in plain letters.
SHOWN_WORD = re.compile(rf"[{''.join(_NAMES_OF)}]|[^\W_{''.join(_NAMES_OF)}]+")


def plain(text: str) -> str:
    """Gives the text with formulas, Greek letters and accents in plain letters."""
    text = plain_but_greek(text)
    if "}" in text and "_" in text:
        text = _INDEX_BEHIND_FONT.sub(r"\1\2\3", text)
    if "\\" in text or not text.isascii():
        text = _LINE.sub(lambda match: f"{match[1]}-{match[2] or _GREEK[match[3]]} ", text)
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


def part_names(text: str) -> str:
    """Parts a Greek letter's name from the capitals behind it."""
    return _NAME_IN_FRONT.sub(r"\1 ", text)


def spell_otherwise(word: str) -> set[str]:
    """Gives other spellings of a word in small letters: without accents, and as Germans write umlauts.

    Of an "oe" nobody knows whether it is an "ö", so these are only to be looked for: "schroedinger" is met as
    "schrödinger", and "goes" as itself. Which accents may be missing is not guessed.
    """
    if not word.isascii():
        return {without_accents(word), "".join(_GERMAN.get(c, c) for c in word)} - {word}
    pairs = ((letter, n) for letter, pair in _GERMAN.items() for n in range(len(word)) if word.startswith(pair, n))
    return {f"{word[:n]}{letter}{word[n + 2 :]}" for letter, n in pairs}


def _accent(match: re.Match[str]) -> str:
    mark = match["sign"] or match["name"] or match["named"]
    return unicodedata.normalize("NFC", (match["letter"] or match["braced"]) + _ACCENTS[mark])
