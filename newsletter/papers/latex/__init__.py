"""Makes readable Unicode of the TeX in titles, author names and abstracts.

reader.py reads it; what it cannot read without losing letters stays as it came. Symbols come from pylatexenc's table,
loaded on first need. Escapes nothing; that is for whoever prints. mathml.py gives formulas as MathML besides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsletter.papers.latex.reader import Reader, UnreadableError, loses_letters
from newsletter.papers.latex.spacing import CITATION, MARKS, one_line, settle
from newsletter.papers.latex.tables import symbols

_TEX_SIGNS = ("\\", "$", "{", "}", "~", "`", "^", "_", "--", "''")  # a text without any of these is plain
# Controls (but blanks), soft hyphen, zero-width space, joiner and mark, directions and isolates, annotations, tags.
_UNSEEN = re.compile(
    "[\x06-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_PILED_UP = re.compile("([\u0300-\u036f\u0483-\u0489\u20d0-\u20f0]{3})[\u0300-\u036f\u0483-\u0489\u20d0-\u20f0]+")
_GREEK_CUT_AFTER_ONE_LETTER = re.compile(r"\\([a-z])\{([a-z]{2,7})\}")
_LETTER_MACRO = re.compile(r"(\\(?:AA|aa|AE|ae|OE|oe|O|o|L|l|DJ|dj|ss|i)) (?=[a-z])")  # "\AA ke"
_LOST_BACKSLASH = re.compile(r"(?<=[A-Za-z])(?:~(?=[nao][a-z])|\^(?=[aeiou][a-z]))")  # "Casta~neda", "M^onica"
_FORMULA = re.compile("\x04([^\x04\x05]*)\x05")
_CITED = re.compile(r"\s{0,9}[(\[]\x03[\x03;,\s]*[)\]]|[~\s]{0,9}\x03(?=\s*[.,;:)])|\x03")


@dataclass(frozen=True, slots=True)
class Readable:
    """A text to show. `fell_back` says that some of it could not be read and stands there as raw TeX."""

    text: str
    fell_back: bool


def readable(text: str) -> str:
    """Turns a title, abstract or comment into Unicode on one line. Apply it once, to text as arXiv has it.

    Never raises; takes time in proportion to the text.
    """
    return readable_report(text).text


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text: prose, or one formula with the TeX it was read from and how an author set it."""

    text: str
    tex: str = ""
    is_display: bool = False


def parts(text: str) -> list[Part]:
    """Cuts a text at its formulas. All their `text` together is what `readable` gives."""
    text = _visible(text)
    whole = readable(text)
    uncut = [Part(whole)] if whole else []
    if not _has_tex(text):
        return uncut
    source = _source(text)
    reader = Reader(source, marks_formulas=True)
    try:
        marked = _finished(reader.prose(0, len(source)))
    except UnreadableError:
        return uncut
    cut = _FORMULA.split(marked)  # prose, formula, prose, …
    if "".join(cut) != whole or len(cut) != 2 * len(reader.formulas) + 1:
        return uncut
    found = [Part(""), *(Part(shown, *formula) for shown, formula in zip(cut[1::2], reader.formulas, strict=True))]
    mixed = [part for formula, prose in zip(found, cut[::2], strict=True) for part in (formula, Part(prose))]
    return [part for part in mixed if part.text]


def readable_name(name: str) -> str:
    """Turns an author's name into Unicode, an affiliation in parentheses included."""
    return readable_report(_LETTER_MACRO.sub(r"\1{}", _LOST_BACKSLASH.sub(r"\\\g<0>", name))).text


def readable_report(text: str) -> Readable:
    """Does what `readable` does, and reports whether any of the text had to stay raw."""
    text = _visible(text)
    if not _has_tex(text):
        return Readable(one_line(text), fell_back=False)
    source = _source(text)
    reader = Reader(source)
    try:
        result = _finished(reader.prose(0, len(source)))
    except UnreadableError:
        return Readable(one_line(text), fell_back=True)
    if loses_letters(source, reader.silenced, result):
        return Readable(one_line(text), fell_back=True)
    return Readable(result, reader.fell_back)


def _has_tex(text: str) -> bool:
    return any(sign in text for sign in _TEX_SIGNS)  # six times as fast as one regular expression


def _visible(text: str) -> str:
    """Removes what could turn a line around, hide in it or run over its neighbours; ZWJ and ZWNJ belong to scripts."""
    if not text.replace("\n", " ").isprintable():
        text = _UNSEEN.sub("", text)
    return text if text.isascii() else _PILED_UP.sub(r"\1", text)


def _source(text: str) -> str:
    return _GREEK_CUT_AFTER_ONE_LETTER.sub(_mend_greek, text.translate(MARKS))


def _finished(prose: str) -> str:
    text = settle(prose)
    return one_line(_CITED.sub("", text) if CITATION in text else text)


def _mend_greek(match: re.Match[str]) -> str:
    """Mends \\b{eta}, which some submission forms make of \\beta."""
    name = match[1] + match[2]
    return f"\\{name}{{}}" if len(symbols().get(name, "")) == 1 else match[0]
