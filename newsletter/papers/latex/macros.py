"""Macros that take arguments, or that have a meaning of their own: \\frac, \\sqrt, \\href, \\begin and others.

Each function takes the reader, the place behind the macro's name and the end of what may be read, and gives the text
and the place behind the arguments. `HANDLERS` has them by name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

from newsletter.papers.latex.spacing import CLOSE_FRACTION, GAP, OPEN_FRACTION, factor, script, settle, tidy_rows
from newsletter.papers.latex.tables import BLACKBOARD, MATH_ENVIRONMENTS, PAIRED_DIGITS, UNITS

if TYPE_CHECKING:
    from newsletter.papers.latex.reader import Reader

_ENVIRONMENT = re.compile(r"\s*\{([A-Za-z]{1,20})\*?\}")
# What nobody can take a part of for what stands below a root: a number, a letter, a word, parentheses, a root.
_BELOW_ROOT = re.compile(
    "\\d+(?:[.,]\\d+)?|[^\\W\\d_][\u0300-\u036f\u20d7]*[\u2080-\u209c\u1d62-\u1d6a\u2c7c]*|[A-Za-z]{3,}|[(][^()]*[)]|√[^\\W_]"
)
_UNIT = re.compile(r"\\([A-Za-z]+)\s*")


def _href(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    url, pos = reader.raw(pos, end)
    url = re.sub(r"\\([%#_&~])", r"\1", url)
    words, pos = reader.argument(pos, end, in_math=False)
    if url.rstrip("/") in words:  # the address is what is shown: once is enough
        reader.silenced.append(url)
        return words, pos
    return f"{words} ({url})" if words.strip() else url, pos


def _plain_url(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    url, pos = reader.raw(pos, end)
    return re.sub(r"\\([%#_&~])", r"\1", url), pos


def _fraction(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    above, pos = reader.argument(pos, end, in_math=True)
    below, pos = reader.argument(pos, end, in_math=True)
    return f"{OPEN_FRACTION}{factor(above)}/{factor(below)}{CLOSE_FRACTION}", pos


def _root(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    degree, pos = reader.optional(pos, end)
    body, pos = reader.argument(pos, end, in_math=True)
    sign = {"": "√", "3": "∛", "4": "∜"}.get(degree) or f"{script('^', degree)}√"
    body = settle(body).strip()
    root = sign + (body if not body or _BELOW_ROOT.fullmatch(body) else f"({body.removesuffix(GAP)})")
    has_script = pos < end and reader.text[pos] in "^'"  # the root's power is not the power's root
    return (f"({root})" if has_script else root) + GAP, pos


def _negated(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    piece, pos = reader.argument(pos, end, in_math=True)
    return unicodedata.normalize("NFC", piece.strip() + "\u0338") if piece.strip() else "", pos


def _choose(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    above, pos = reader.argument(pos, end, in_math=True)
    below, pos = reader.argument(pos, end, in_math=True)
    return f"({above} choose {below})", pos


def _modulo(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    body, pos = reader.argument(pos, end, in_math=True)
    return f" (mod {body})", pos


def _stacked(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    above, pos = reader.argument(pos, end, in_math=True)
    base, pos = reader.argument(pos, end, in_math=True)
    return base + script("^", above), pos


def _labelled_arrow(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    label, pos = reader.argument(pos, end, in_math=True)
    return "→" + script("^", label), pos


def _blackboard(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    body, pos = reader.argument(pos, end, in_math=True)
    return "".join(BLACKBOARD.get(char, char) for char in body), pos


def _superscript(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    body, pos = reader.argument(pos, end, in_math=False)
    return script("^", body), pos


def _subscript(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    body, pos = reader.argument(pos, end, in_math=False)
    return script("_", body), pos


def _coloured(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    pos = reader.raw(reader.optional(pos, end)[1], end, keep=False)[1]
    return reader.argument(pos, end, in_math=in_math)


def _replaced(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    words, pos = reader.argument(pos, end, in_math=in_math)
    return words, reader.raw(pos, end, keep=False)[1]


def _sideset(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    before, pos = reader.argument(pos, end, in_math=True)
    after, pos = reader.argument(pos, end, in_math=True)
    operator, pos = reader.argument(pos, end, in_math=True)
    return before + operator + after, pos


def _footnote(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    words, pos = reader.argument(pos, end, in_math=False)
    return (f" ({words.strip()})" if words.strip() else ""), pos


def _quoted(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    words, pos = reader.argument(pos, end, in_math=False)
    return f"“{words}”", pos


def _isotope(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    mass, pos = reader.optional(pos, end)
    element, pos = reader.argument(pos, end, in_math=True)
    return script("^", mass) + element, pos


def _ion(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    element, pos = reader.argument(pos, end, in_math=False)
    stage, pos = reader.argument(pos, end, in_math=False)
    return f"{element} {PAIRED_DIGITS.get(stage, stage.upper())}", pos


def _number(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    return reader.argument(reader.optional(pos, end)[1], end, in_math=True)


def _quantity(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    number, pos = _number(reader, pos, end, in_math)
    unit, pos = _unit(reader, pos, end, in_math)
    return f"{number} {unit}".rstrip(), pos


def _unit(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    number, pos = reader.optional(pos, end)  # \\unit[5]{m}; of siunitx, where it holds options like per-mode=symbol
    number = f"{number} " if number and "=" not in number else ""
    start = reader.skip_blanks(pos, end)
    if "$" in reader.text[start : reader.partner.get(start, start)]:
        body, pos = reader.argument(pos, end, in_math=False)
        return number + body, pos
    raw, pos = reader.raw(pos, end)
    return number + _UNIT.sub(lambda match: UNITS.get(match[1], match[1]), raw).replace("\\%", "%"), pos


def _code_point(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    raw, stop = reader.raw(pos, end, keep=False)
    digits = re.fullmatch(r"[xX\"]([0-9A-Fa-f]{2,5})", raw.strip())
    char = chr(int(digits[1], 16)) if digits else ""
    return char if char.isprintable() else "", stop


def _begin(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    name = _ENVIRONMENT.match(reader.text, pos, end)
    if not name:
        return "begin", pos
    reader.silenced.append(name[1])
    pos = name.end()
    if name[1] in {"array", "tabular", "alignat"}:
        pos = reader.raw(pos, end, keep=False)[1]
    close = reader.find(f"\\end{{{reader.text[name.start() : name.end()].strip()[1:-1]}}}", pos, end)
    if name[1] not in MATH_ENVIRONMENTS or close < 0:
        return " ", pos
    reader.rows += 1
    body = reader.math(pos, close) if in_math else reader.segment(pos, pos, close, close, environment=name[1])
    reader.rows -= 1
    return f" {body} " if not in_math else tidy_rows(body, name[1]), close


def _end(reader: Reader, pos: int, end: int, in_math: bool) -> tuple[str, int]:
    name = _ENVIRONMENT.match(reader.text, pos, end)
    if not name:
        return "end", pos
    reader.silenced.append(name[1])
    return "" if in_math or name[1].endswith("matrix") else " ", name.end()


Handler = Callable[["Reader", int, int, bool], tuple[str, int]]
HANDLERS: dict[str, Handler] = {
    "begin": _begin,
    "end": _end,
    "href": _href,
    "hyperlink": _replaced,
    "url": _plain_url,
    "path": _plain_url,
    "sqrt": _root,
    "not": _negated,
    "pmod": _modulo,
    "stackrel": _stacked,
    "overset": _stacked,
    "xrightarrow": _labelled_arrow,
    "mathbb": _blackboard,
    "textsuperscript": _superscript,
    "textsubscript": _subscript,
    "textcolor": _coloured,
    "replaced": _replaced,
    "texorpdfstring": _replaced,
    "sideset": _sideset,
    "footnote": _footnote,
    "enquote": _quoted,
    "isotope": _isotope,
    "iso": _isotope,
    "ion": _ion,
    "num": _number,
    "SI": _quantity,
    "qty": _quantity,
    "si": _unit,
    "unit": _unit,
    "unicode": _code_point,
    **dict.fromkeys(("frac", "tfrac", "dfrac", "cfrac", "nicefrac"), _fraction),
    **dict.fromkeys(("binom", "tbinom", "dbinom"), _choose),
}
