"""Scripts, accents, fractions and the blanks between pieces of mathematics, once their neighbours are known.

While it reads, reader.py puts marks (control characters, which no text has any more) where only the whole line shows
whether a blank or parentheses are wanted; `settle` replaces them.
"""

from __future__ import annotations

import re
import unicodedata

from newsletter.papers.latex.tables import SUBSCRIPTS, SUPERSCRIPTS, WHOLE_SUBSCRIPTS, WHOLE_SUPERSCRIPTS

GAP = "\x00"  # a blank if it ends up between two letters or digits, else nothing
CITATION = "\x03"  # a citation was here: no blank is wanted between it and a full stop
OPEN_FRACTION, CLOSE_FRACTION = "\x01", "\x02"  # parentheses if something is multiplied with it
OPEN_FORMULA, CLOSE_FORMULA = "\x04", "\x05"
MARKS = str.maketrans(dict.fromkeys("\x00\x01\x02\x03\x04\x05", " "))

_ATOM = re.compile(r"[+\-−±]?(?:[^\W_]|[.⁺⁻\u0300-\u036f\u20d7])+|.|[(][^()]*[)]|√?[^\W_]+(?:[(][^()]*[)])?")
# What needs no parentheses: X^(3q) and F_(2ᵐ) would be something else without.
_ONE = r".[\u0300-\u036f\u20d7]*|[(][^()]*[)]"
_PLAIN = r"[^\W_¹²³⁰-ₜᵃ-ᵿ]+"
_CLEAR_SUPERSCRIPT = re.compile(rf"[+\-−]?[\d.]+|[A-Za-z]{{3,}}|{_ONE}")
_CLEAR_SUBSCRIPT = re.compile(rf"[+\-−±]?{_PLAIN}(?:\.{_PLAIN})*\.?[\u0300-\u036f\u20d7]*|{_ONE}")
_WORD_OF_THREE = re.compile(r"[A-Za-z]{3}")
_FRACTION = re.compile("(?P<before>[\\w)\\]] ?)?\x01(?P<body>[^\x01\x02]*)\x02(?=(?P<after>\x00? ?[\\w(√])?)")
_NEEDED_GAP = re.compile(r"(?<=[\w)\]])\x00+(?=[^\W_]|√)")


def settle(text: str) -> str:
    """Decides about gaps and the parentheses of fractions, now that their neighbours are known."""

    def fraction(match: re.Match[str]) -> str:
        before = match["before"] or ""
        body = f"({match['body']})" if before or match["after"] else match["body"]
        return before + body

    if OPEN_FRACTION in text:
        text = _FRACTION.sub(fraction, text)
    return _NEEDED_GAP.sub(" ", text).replace(GAP, "") if GAP in text else text


def script(sign: str, body: str) -> str:
    """Writes a Unicode super- or subscript if there is one for all of it, else x_max and x^(a,b)."""
    body = body.replace(GAP, "").strip()
    if not body:
        return ""
    if sign == "^" and body in WHOLE_SUPERSCRIPTS:
        return WHOLE_SUPERSCRIPTS[body]
    if sign == "_" and body in WHOLE_SUBSCRIPTS:
        return body
    table = SUPERSCRIPTS if sign == "^" else SUBSCRIPTS
    tight = body.replace(" ", "")
    if all(char in table for char in tight) and not _WORD_OF_THREE.search(tight):
        return "".join(table[char] for char in tight)
    is_clear = _CLEAR_SUPERSCRIPT if sign == "^" else _CLEAR_SUBSCRIPT
    if is_clear.fullmatch(body):
        return f"{sign}{body}{GAP}"
    return f"{sign}({body})"


def accent(body: str, mark: str) -> str:
    """Puts the mark above each character of a short base; a longer one goes without, as no font could show it."""
    if not 0 < len(body) <= 3 or not all(char.isalnum() for char in body) or (len(body) > 1 and mark != "\u0305"):
        return body
    return "".join(unicodedata.normalize("NFC", char + mark) for char in body)


def factor(body: str) -> str:
    body = settle(body).strip()
    return body if not body or _ATOM.fullmatch(body) else f"({body})"


def tidy_rows(body: str, environment: str) -> str:
    body = body.replace(" ;", ";").strip(" ;")
    return f"[{body}]" if environment.endswith("matrix") else f" {body} "


def control_symbol(char: str) -> str:
    """Reads backslash and one character; a backslash at the very end is itself."""
    if char in ("!", "/", "-", "@"):
        return ""
    if char in (",", ";", ":", ">", "\\") or char.isspace():
        return " "
    return char or "\\"


def one_line(text: str) -> str:
    return " ".join(text.split())
