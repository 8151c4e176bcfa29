"""Makes readable Unicode of the TeX in titles, author names and abstracts.

Reads mathematics where arXiv would set it (dollars, \\( \\), \\[ \\], environments) and text macros everywhere; what
it cannot read without losing letters it leaves as it came. Every step is linear in the text and nesting is bounded,
because papers are foreign data. Symbols come from pylatexenc's table, loaded on first need; the rules are in
docs/latex.md. Escapes nothing; that is for whoever prints.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from string import ascii_lowercase

from newsletter.papers.latex.tables import (
    ACCENTS,
    BLACKBOARD,
    CITES_AS_NOUN,
    DECLARATIONS,
    DELIMITED,
    MATH_ACCENTS,
    MATH_ENVIRONMENTS,
    MATH_STYLES,
    OPERATOR_SPELLING,
    OPERATORS,
    OWN_SYMBOLS,
    PAIRED_DIGITS,
    SILENT,
    SUBSCRIPTS,
    SUPERSCRIPTS,
    TEXT_STYLES,
    UNITS,
    WHOLE_SUBSCRIPTS,
    WHOLE_SUPERSCRIPTS,
)

# --- tokens -------------------------------------------------------------------------------------------

_TEX_SIGNS = ("\\", "$", "{", "}", "~", "`", "^", "_", "--", "''")  # a text without any of these is plain
_STRUCTURE = re.compile(r"\\.|[{}$]", re.S)
_URL = r"(?:https?://|www\.|git(?:hub|lab)\.com/|huggingface\.co/)(?:\\[%#_&~]|[^\s\\{}$<>\"'`]){1,2000}"
_PROSE = re.compile(
    rf"(?P<url>{_URL})"
    r"|(?P<word>\\[A-Za-z]+)|(?P<symbol>\\.?)|(?P<dollar>\$\$?)|(?P<open>\{)|(?P<close>\})"
    r"|(?P<script>[\^_](?=\{))|(?P<dash>-{2,})|(?P<tie>~)|(?P<quote>``|'')"
    r"|(?P<power>\^(?<=[\w)\]}$]\^)(?:[-+−]?\d{1,4}(?:[-+−](?![\w(]))?|[-+−](?![\w(]))(?![\w^]|\.\d))"
    r"|(?P<index>_(?<=[A-Za-z]_)(?<![\w^\\][A-Za-z]_)\d{1,2}(?!\w|\.\w))"
    r"|(?P<apostrophe>`(?:(?<=[A-Za-z]`)(?=[A-Za-z])|(?=\d\d\b)))"
    r"|(?P<single>`(?<![\w`]`)[^\s`'\\${}][^`'\\${}]{0,80}'(?!\w))",
    re.S,
)
# Where _PROSE may match: searching with _PROSE itself takes eleven times as long.
_PROSE_START = re.compile(r"[\\${}~`^_]|--|''|https?:|www\.|git(?:hub|lab)\.com/|huggingface\.co/")
_MATH = re.compile(
    r"(?P<word>\\[A-Za-z]+)|(?P<symbol>\\.?)|(?P<open>\{)|(?P<close>\})|(?P<script>[\^_])|(?P<blank>\s+)"
    r"|(?P<mark>['~&])|(?P<other>[^\\{}^_\s'~&]+)",
    re.S,
)
# Controls (but blanks), soft hyphen, zero-width space, joiner and mark, directions and isolates, annotations, tags.
_UNSEEN = re.compile(
    "[\x06-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_PILED_UP = re.compile("([\u0300-\u036f\u0483-\u0489\u20d0-\u20f0]{3})[\u0300-\u036f\u0483-\u0489\u20d0-\u20f0]+")
_BLANKS = re.compile(r"\s*")
_GREEK_CUT_AFTER_ONE_LETTER = re.compile(r"\\([a-z])\{([a-z]{2,7})\}")
_LETTER_MACRO = re.compile(r"(\\(?:AA|aa|AE|ae|OE|oe|O|o|L|l|DJ|dj|ss|i)) (?=[a-z])")  # "\AA ke"
_LOST_BACKSLASH = re.compile(r"(?<=[A-Za-z])(?:~(?=[nao][a-z])|\^(?=[aeiou][a-z]))")  # "Casta~neda", "M^onica"
_ENVIRONMENT = re.compile(r"\s*\{([A-Za-z]{1,20})\*?\}")
_LOOKS_LIKE_TEX = re.compile(r"[\\^_{]")
_LOOKS_LIKE_PROSE = re.compile(r"(?:[A-Za-z,]{2,} ){3}")
_ATOM = re.compile(r"[+\-−±]?(?:[^\W_]|[.⁺⁻\u0300-\u036f\u20d7])+|.|[(][^()]*[)]|√?[^\W_]+(?:[(][^()]*[)])?")
# What nobody can take a part of for what stands below a root: a number, a letter, a word, parentheses, a root.
_BELOW_ROOT = re.compile(
    "\\d+(?:[.,]\\d+)?|[^\\W\\d_][\u0300-\u036f\u20d7]*[\u2080-\u209c\u1d62-\u1d6a\u2c7c]*|[A-Za-z]{3,}|[(][^()]*[)]|√[^\\W_]"
)
# "GRB~160821B", "Fig.~3", but not "M_BH~10", "Teff~6500"
_NUMBERED = re.compile(
    r"(?:^|[\s(\[])(?!(?:SNR|FWHM|RMS|EW|AUC|AUROC|MAE|RMSE|PSNR)$)(?:\w?[A-Z]+[a-z]*[A-Z]\w*|\d[A-Z]|Table|Tab\.|Task|Run|"
    r"Figs?\.|Figure|Secs?\.|Section|Eqs?\.|Refs?\.|Type|Phase|Part|Class|Cycle|Band|Stage|Theorem|Lemma|Chapter)$"
)
# What needs no parentheses: X^(3q) and F_(2ᵐ) would be something else without.
_ONE = r".[\u0300-\u036f\u20d7]*|[(][^()]*[)]"
_PLAIN = r"[^\W_¹²³⁰-ₜᵃ-ᵿ]+"
_CLEAR_SUPERSCRIPT = re.compile(rf"[+\-−]?[\d.]+|[A-Za-z]{{3,}}|{_ONE}")
_CLEAR_SUBSCRIPT = re.compile(rf"[+\-−±]?{_PLAIN}(?:\.{_PLAIN})*\.?[\u0300-\u036f\u20d7]*|{_ONE}")
_ONE_LETTER = re.compile(r"(?<![A-Za-z])[b-z]\$?$")  # "z~5", "$z$~5"
_TEXT_IN_MATH = re.compile(r"\\(?:text|mbox)[a-z]{0,4}\s?\{[^{}]{0,200}\}")
_BLANK = re.compile(r"\s")
_WORD_OF_TWO = re.compile(r"[A-Za-z]{2}")
_WORD_OF_THREE = re.compile(r"[A-Za-z]{3}")
_RANGE = re.compile(r"(?<=\d)--(?=\d)")
_WANTS_A_NOUN = re.compile(r"\b(?:in|by|of|from|see|with|than|following|to|on)[~\s]+$")  # "as shown in \cite{…}"
_LETTERS = frozenset(ascii_lowercase)
_MACRO = re.compile(r"\\(?:[A-Za-z]+|.)", re.S)
_UNIT = re.compile(r"\\([A-Za-z]+)\s*")

_GAP = "\x00"  # a blank if it ends up between two letters or digits, else nothing
_NOTHING = "\x03"  # a citation was here: no blank is wanted between it and a full stop
_OPEN_FRACTION, _CLOSE_FRACTION = "\x01", "\x02"  # parentheses if something is multiplied with it
_OPEN_FORMULA, _CLOSE_FORMULA = "\x04", "\x05"
_FORMULA = re.compile("\x04([^\x04\x05]*)\x05")
_MARKS = str.maketrans(dict.fromkeys("\x00\x01\x02\x03\x04\x05", " "))
_FRACTION = re.compile("(?P<before>[\\w)\\]] ?)?\x01(?P<body>[^\x01\x02]*)\x02(?=(?P<after>\x00? ?[\\w(√])?)")
_NEEDED_GAP = re.compile(r"(?<=[\w)\]])\x00+(?=[^\W_]|√)")
_UNCERTAINTY = re.compile(r"\^(\+[\d.]+)\x00?_([-−][\d.]+)\x00?|_([-−][\d.]+)\x00?\^(\+[\d.]+)\x00?")
_CITED = re.compile(r"\s{0,9}[(\[]\x03[\x03;,\s]*[)\]]|[~\s]{0,9}\x03(?=\s*[.,;:)])|\x03")
_MAX_DEPTH = 30

# --- the public functions -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Readable:
    """A text to show. `fell_back` says that some of it could not be read and stands there as raw TeX."""

    text: str
    fell_back: bool


def readable(text: str) -> str:
    """A title, abstract or comment as Unicode on one line. Meant to be applied once, to text as arXiv has it.

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
    """The text cut at its formulas. All their `text` together is what `readable` gives."""
    text = _visible(text)
    whole = readable(text)
    uncut = [Part(whole)] if whole else []
    if not _has_tex(text):
        return uncut
    source = _source(text)
    reader = _Reader(source, marks_formulas=True)
    try:
        marked = _finished(reader.prose(0, len(source)))
    except _UnreadableError:
        return uncut
    cut = _FORMULA.split(marked)  # prose, formula, prose, …
    if "".join(cut) != whole or len(cut) != 2 * len(reader.formulas) + 1:
        return uncut
    found = [Part(""), *(Part(shown, *formula) for shown, formula in zip(cut[1::2], reader.formulas, strict=True))]
    mixed = [part for formula, prose in zip(found, cut[::2], strict=True) for part in (formula, Part(prose))]
    return [part for part in mixed if part.text]


def readable_name(name: str) -> str:
    """An author's name as Unicode, an affiliation in parentheses included."""
    return readable_report(_LETTER_MACRO.sub(r"\1{}", _LOST_BACKSLASH.sub(r"\\\g<0>", name))).text


def readable_report(text: str) -> Readable:
    """What `readable` gives, and whether any of it had to stay raw."""
    text = _visible(text)
    if not _has_tex(text):
        return Readable(_one_line(text), fell_back=False)
    source = _source(text)
    reader = _Reader(source)
    try:
        result = _finished(reader.prose(0, len(source)))
    except _UnreadableError:
        return Readable(_one_line(text), fell_back=True)
    if _loses_letters(source, reader.silenced, result):
        return Readable(_one_line(text), fell_back=True)
    return Readable(result, reader.fell_back)


def _has_tex(text: str) -> bool:
    return any(sign in text for sign in _TEX_SIGNS)  # six times as fast as one regular expression


def _visible(text: str) -> str:
    """Without what could turn a line around, hide in it or run over its neighbours; ZWJ and ZWNJ belong to scripts."""
    if not text.replace("\n", " ").isprintable():
        text = _UNSEEN.sub("", text)
    return text if text.isascii() else _PILED_UP.sub(r"\1", text)


def _source(text: str) -> str:
    return _GREEK_CUT_AFTER_ONE_LETTER.sub(_mend_greek, text.translate(_MARKS))


def _finished(prose: str) -> str:
    text = _settled(prose)
    return _one_line(_CITED.sub("", text) if _NOTHING in text else text)


# --- reading ------------------------------------------------------------------------------------------


class _UnreadableError(Exception):
    """A brace in mathematics without its partner, or groups nested deeper than any paper nests them."""


class _Reader:
    """Walks once over a text. All positions are indexes into `text`; every method gives (piece, next position)."""

    def __init__(self, text: str, *, marks_formulas: bool = False) -> None:
        self.text = text
        self.formulas: list[tuple[str, bool]] = []  # TeX, and whether it was displayed; in the order they are met
        self._marks_formulas = marks_formulas
        self.fell_back = False
        self.silenced: list[str] = []  # what was left out on purpose (keys of \cite, colours)
        self._has_escaped_brace = "\\{" in text  # then a lone } may be its end
        self._has_tex = "\\" in text or "$" in text
        self._depth = 0
        self._math_depth = 0
        self._rows = 0  # environments around us in which & and \\ part cells and rows
        self._absent: set[str] = set()  # closers that do not occur any more
        self._partner = _brace_pairs(text)
        self._next_dollar, self._outer_dollar = _dollar_pairs(text, self._partner)

    # -- prose

    def prose(self, pos: int, end: int) -> str:
        out: list[str] = []
        self._enter()
        while start := _PROSE_START.search(self.text, pos, end):
            match = _PROSE.match(self.text, start.start(), end)
            out.append(self.text[pos : start.start()])
            if match:
                piece, pos = _PROSE_TOKENS[str(match.lastgroup)](self, match, end)
                out.append(piece)
            else:
                pos = start.end()
                out.append(start[0])
        self._depth -= 1
        return "".join([*out, self.text[pos:end]])

    def _url(self, match: re.Match[str], end: int) -> tuple[str, int]:
        return re.sub(r"\\(.)", r"\1", match[0]), match.end()

    def _prose_word(self, match: re.Match[str], end: int) -> tuple[str, int]:
        name, pos = match[0][1:], match.end()
        if name in ACCENTS and self.text[pos : pos + 1] in ("{", " ", "\\") and pos < end:
            return self._accent(ACCENTS[name], pos, end)
        if handled := self._macro(name, pos, end, in_math=False):
            return handled
        symbol = _symbols().get(name)
        if symbol is None:
            return self._unknown(name, pos, end, in_math=False)
        stop = self._skip_blanks(pos, end)
        if self.text[pos : pos + 2] == "{}":
            return symbol, pos + 2
        before, after = self.text[match.start() - 1 : match.start()], self.text[stop : stop + 1]
        # TeX swallows the blank, and most who write "30 \AA resolution" do not know it: only inside a word.
        inside_word = symbol.isalpha() and after.isalpha() and before.isalpha()
        return symbol, stop if inside_word or not symbol else pos

    def _prose_symbol(self, match: re.Match[str], end: int) -> tuple[str, int]:
        char, pos = match[0][1:], match.end()
        if char in ("(", "["):
            close = self._find("\\)" if char == "(" else "\\]", pos, end)
            if close < 0:
                return match[0], pos
            piece = self._segment(match.start(), pos, close, close + 2)
            return piece if char == "(" else f" {piece} ", close + 2
        if char == "$":
            return self._escaped_dollar(match.start(), pos, end)
        if char in ACCENTS:
            return self._accent(ACCENTS[char], pos, end)
        return _control_symbol(char), pos

    def _dollar(self, match: re.Match[str], end: int) -> tuple[str, int]:
        start, width = match.span()[0], len(match[0])
        if width == 2:
            close = self._find("$$", start + 2, end)
            if close > start + 2:
                return f" {self._segment(start, start + 2, close, close + 2)} ", close + 2
            width = 1
        close = self._next_dollar.get(start, end)
        if close >= end or not self._is_math(start, close):
            return "$", start + 1
        outer = self._outer_dollar.get(start, end)
        if close < outer < end and not self._is_balanced(start, close):
            close = outer  # "$\\textbf{6$\\times$}$": the next dollar is inside a group, this one is behind it
        return self._segment(start, start + 1, close, close + 1), close + 1

    def _escaped_dollar(self, start: int, pos: int, end: int) -> tuple[str, int]:
        """An amount, unless the next one is near and what lies between can only be mathematics."""
        close = self.text.find("\\$", pos, min(end, pos + 200))
        body = self.text[pos:close] if close > pos else ""
        is_letter = len(body) == 1 and body.isalpha()
        if not is_letter and (not _LOOKS_LIKE_TEX.search(body) or "$" in body or _LOOKS_LIKE_PROSE.search(body)):
            return "$", pos
        return self._segment(start, pos, close, close + 2), close + 2

    def _is_balanced(self, start: int, close: int) -> bool:
        last = self.text.rfind("{", start, close)
        return last < 0 or self._partner.get(last, close) < close

    def _is_math(self, start: int, close: int) -> bool:
        """pandoc's rule, and a laxer one for content that can only be TeX: "$ \\alpha $", "$\\sim$3"."""
        body = self.text[start + 1 : close]
        tight = body.strip()
        if not tight:
            return False
        is_amount_behind = self.text[close + 1 : close + 2].isdigit()
        looks_like_tex = bool(_LOOKS_LIKE_TEX.search(body))
        if len(body) == len(tight) and not is_amount_behind:
            return looks_like_tex or not _LOOKS_LIKE_PROSE.search(body)
        if looks_like_tex:
            return not _LOOKS_LIKE_PROSE.search(_TEXT_IN_MATH.sub("", body))
        if is_amount_behind:  # "$z$0MGS", "$<$5", but never "$5$10" or "$40/$50"
            return len(body) == len(tight) <= 12 and not tight[0].isdigit() and not _BLANK.search(tight)
        return not _WORD_OF_TWO.search(tight)

    def _segment(self, start: int, pos: int, close: int, end: int, *, environment: str = "") -> str:
        """The mathematics between pos and close, or start to end as it came when it cannot be read."""
        is_display = bool(environment) or self.text[start : start + 2] in ("$$", "\\[")
        silenced, depth, rows, math_depth = len(self.silenced), self._depth, self._rows, self._math_depth
        while pos < close and self.text[pos].isspace():
            pos += 1
        stop = close
        while stop > pos + 1 and self.text[stop - 1].isspace() and self.text[stop - 2] != "\\":
            stop -= 1
        try:
            piece = self.math(pos, stop)
        except _UnreadableError:
            piece = None
        if piece is None or _loses_letters(self.text[pos:close], self.silenced[silenced:], piece):
            del self.silenced[silenced:]
            self._depth, self._rows, self._math_depth, self.fell_back = depth, rows, math_depth, True
            return self.text[start:end]
        tex = self.text[pos:stop]
        if environment:
            piece, tex = _tidy_rows(piece, environment), f"\\begin{{{environment}}}{tex}\\end{{{environment}}}"
        return self._marked(piece, tex, is_display=is_display)

    def _marked(self, piece: str, tex: str, *, is_display: bool) -> str:
        """The formula between marks for `parts`; not the one within a formula (\\text{of $x$})."""
        bare = piece.strip()
        if not self._marks_formulas or self._math_depth or not bare:
            return piece
        self.formulas.append((tex, is_display))
        return piece.replace(bare, f"{_OPEN_FORMULA}{bare}{_CLOSE_FORMULA}")

    def _prose_group(self, match: re.Match[str], end: int) -> tuple[str, int]:
        start = match.start()
        close = self._partner.get(start, end)
        if close >= end:
            before, after = self.text[start - 1 : start], self.text[start + 1 : start + 2]
            begins_a_word = after.isalpha() and (not before or before.isspace() or before == "(")
            return "" if begins_a_word else "{", start + 1
        inner = self.prose(start + 1, close)
        body = self.text[start + 1 : close]
        is_list = "," in body.rstrip()[:-1] and "\\" not in body
        is_set = is_list and self.text[start - 1 : start] in ("", " ", "(", "=", "\n")
        if is_set:
            return f"{{{inner}}}", close + 1
        # "{ \em x}" and "{ i.e.}" stand for a change of font: the blank belongs to nothing
        return (inner.lstrip() if self.text[start - 1 : start] == " " else inner), close + 1

    def _lone_brace(self, match: re.Match[str], end: int) -> tuple[str, int]:
        """One whose partner the author forgot, if it clings to a word; alone among blanks it may be meant."""
        start, pos = match.span()
        before, after = self.text[start - 1 : start], self.text[pos : pos + 1]
        if self._has_escaped_brace or not (before.isalpha() or (before and before in ".?!,)")):
            return "}", pos
        is_inside_a_word = after.isalpha() and not self.text[max(0, start - 2) : start - 1].isspace()  # "M}ulti" is one
        return " " if is_inside_a_word else "", pos

    def _prose_script(self, match: re.Match[str], end: int) -> tuple[str, int]:
        if self._partner.get(match.end(), end) >= end:
            return match[0], match.end()
        body, pos = self._argument(match.end(), end, in_math=True)
        return _scripted(match[0], body), pos

    def _power(self, match: re.Match[str], end: int) -> tuple[str, int]:
        """10^49, cm^-3, He^+, as authors write without TeX; never 10^7.6 or 2^k, where it would not be clear."""
        return _scripted("^", match[0][1:]), match.end()

    def _index(self, match: re.Match[str], end: int) -> tuple[str, int]:
        return _scripted("_", match[0][1:]), match.end()

    def _apostrophe(self, match: re.Match[str], end: int) -> tuple[str, int]:
        return "’", match.end()

    def _dash(self, match: re.Match[str], end: int) -> tuple[str, int]:
        before, after = self.text[match.start() - 1 : match.start()], self.text[match.end() : match.end() + 1]
        if before and before in "'\"" and not self.text[max(0, match.start() - 2) : match.start() - 1].isspace():
            before = "x"  # the quotes end here
        is_option = (not before or before.isspace() or before in "([`'\"") and not (after.isspace() or after.isdigit())
        if len(match[0]) > 3 or (is_option and len(match[0]) == 2):  # "--verbose", "-----"
            return match[0], match.end()
        return "–" if len(match[0]) == 2 else "—", match.end()

    def _tie(self, match: re.Match[str], end: int) -> tuple[str, int]:
        """A blank between two words; "~10" and "a ~ b" mean about."""
        before, after = self.text[match.start() - 1 : match.start()], self.text[match.end() : match.end() + 1]
        is_loose = not before or before.isspace() or before in "(<>=[/–-" or not after or after.isspace()
        word = self.text[max(0, match.start() - 3) : match.start()]
        is_about = (after.isdigit() or after in "-.") and (not self._has_tex or bool(_ONE_LETTER.search(word)))
        if is_about and _NUMBERED.search(self.text[max(0, match.start() - 24) : match.start()]):
            is_about = False
        return "~" if is_loose or is_about else " ", match.end()

    def _quote(self, match: re.Match[str], end: int) -> tuple[str, int]:
        if match[0] == "``":
            return "“", match.end()
        before = self.text[match.start() - 1 : match.start()]
        if before.isdigit() and "``" not in self.text:  # seconds of arc
            return "''", match.end()
        return "“" if not before or before.isspace() or before == "(" else "”", match.end()

    def _single_quotes(self, match: re.Match[str], end: int) -> tuple[str, int]:
        return f"‘{match[0][1:-1]}’", match.end()

    # -- mathematics

    def math(self, pos: int, end: int) -> str:
        """Pieces keep the blanks of the source, except those that only end the name of a macro."""
        out: list[str] = []
        self._enter()
        self._math_depth += 1
        while pos < end and (match := _MATH.match(self.text, pos, end)):
            piece, pos = self._math_token(match, end, out[-1] if out else "")
            if match.lastgroup == "script" and out:
                out[-1] = out[-1].rstrip(_GAP)
            if piece:
                out.append(piece)
        self._depth -= 1
        self._math_depth -= 1
        piece = "".join(out)
        if "^+" in piece:  # 1.9 (+0.4/-0.3), as digits with a point have no small form
            piece = _UNCERTAINTY.sub(lambda m: f" ({m[1] or m[4]}/{m[2] or m[3]})", piece)
        return _settled(piece)

    def _math_token(self, match: re.Match[str], end: int, before: str) -> tuple[str, int]:
        kind, text, pos = match.lastgroup, match[0], match.end()
        if kind == "word":
            return self._math_word(match, end, before)
        if kind == "open":
            return self._argument(match.start(), end, in_math=True)
        if kind == "close":
            raise _UnreadableError
        if kind == "script":
            body, pos = self._argument(pos, end, in_math=True)
            return _scripted(text, body), pos
        if kind == "symbol":
            text = {"\\\\": "; " if self._rows else " ", "\\|": "‖"}.get(text) or _control_symbol(text[1:])
        elif kind == "mark":
            text = {"'": "′", "~": " ", "&": " " if self._rows else "&"}[text]
        elif "--" in text:
            text = _RANGE.sub("–", text)
        return " " if kind == "blank" else text, pos

    def _math_word(self, match: re.Match[str], end: int, before: str) -> tuple[str, int]:
        name, pos = match[0][1:], match.end()
        is_degree = name == "deg" and before[-1:].isalpha()  # of a polynomial, not of an angle
        if name in OPERATORS or is_degree:
            return f"{_GAP}{OPERATOR_SPELLING.get(name, name)}{_GAP}", pos
        if handled := self._macro(name, pos, end, in_math=True):
            return handled
        symbol = _symbols().get(name)
        if symbol is None:
            return self._unknown(name, pos, end, in_math=True)
        stop = self._skip_blanks(pos, end)
        after = self.text[stop : stop + 1] if stop < end else ""
        is_sign = unicodedata.category(symbol[-1:] or " ") in {"Sm", "So", "Po"}
        # Before a letter the blank only ends the name; after a sign it is kept if there is one in front of it.
        is_needless = (is_sign or after.isalpha() or after == "\\") and not before.endswith(" ")
        return symbol, stop if is_needless else pos

    # -- macros of both

    def _macro(self, name: str, pos: int, end: int, *, in_math: bool) -> tuple[str, int] | None:
        """None if the name is not one with a meaning of its own."""
        if name in DECLARATIONS:
            pos = self._skip_blanks(pos, end)
            is_null = name in DELIMITED and self.text[pos : pos + 1] == "." and pos < end
            return "", pos + is_null
        if name in TEXT_STYLES:
            return self._argument(self._skip_star(pos, end), end, in_math=False)
        if name in MATH_STYLES:
            piece, pos = self._argument(self._skip_star(pos, end), end, in_math=True)
            return (f"{_GAP}{piece}{_GAP}" if name.startswith("operator") else piece), pos
        if name in MATH_ACCENTS:
            piece, pos = self._argument(pos, end, in_math=True)
            return _accented(piece.strip(), MATH_ACCENTS[name]), pos
        if name in SILENT:
            return self._silent(name, pos, end, in_math=in_math)
        handler = _HANDLERS.get(name)
        return handler(self, pos, end, in_math) if handler else None

    def _unknown(self, name: str, pos: int, end: int, *, in_math: bool) -> tuple[str, int]:
        """An author's own macro: most are a name (\\ours) or a style around words (\\revise{…})."""
        if self.text[pos : pos + 2] == "{}" and pos + 1 < end:
            return name, pos + 2
        if self.text[pos : pos + 1] == "{" and self._partner.get(pos, end) < end:
            piece, pos = self._argument(pos, end, in_math=in_math)
            return (name + piece if len(name) == 1 else piece), pos
        return (f"{_GAP}{name}{_GAP}" if in_math else name), pos

    def _silent(self, name: str, pos: int, end: int, *, in_math: bool) -> tuple[str, int]:
        before = self.text[max(0, pos - len(name) - 14) : pos - len(name) - 1]
        is_needed = name in CITES_AS_NOUN or ("cite" in name and _WANTS_A_NOUN.search(before))
        pos = self._optional(self._optional(self._skip_star(pos, end), end)[1], end)[1]
        pos = self._raw(pos, end, keep=False)[1]
        return "" if in_math else "[…]" if is_needed else _NOTHING, pos

    def _href(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        url, pos = self._raw(pos, end)
        url = re.sub(r"\\([%#_&~])", r"\1", url)
        words, pos = self._argument(pos, end, in_math=False)
        if url.rstrip("/") in words:  # the address is what is shown: once is enough
            self.silenced.append(url)
            return words, pos
        return f"{words} ({url})" if words.strip() else url, pos

    def _plain_url(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        url, pos = self._raw(pos, end)
        return re.sub(r"\\([%#_&~])", r"\1", url), pos

    def _fraction(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        above, pos = self._argument(pos, end, in_math=True)
        below, pos = self._argument(pos, end, in_math=True)
        return f"{_OPEN_FRACTION}{_factor(above)}/{_factor(below)}{_CLOSE_FRACTION}", pos

    def _root(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        degree, pos = self._optional(pos, end)
        body, pos = self._argument(pos, end, in_math=True)
        sign = {"": "√", "3": "∛", "4": "∜"}.get(degree) or f"{_scripted('^', degree)}√"
        body = _settled(body).strip()
        root = sign + (body if not body or _BELOW_ROOT.fullmatch(body) else f"({body.removesuffix(_GAP)})")
        has_script = pos < end and self.text[pos] in "^'"  # the root's power is not the power's root
        return (f"({root})" if has_script else root) + _GAP, pos

    def _negated(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        piece, pos = self._argument(pos, end, in_math=True)
        return unicodedata.normalize("NFC", piece.strip() + "\u0338") if piece.strip() else "", pos

    def _choose(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        above, pos = self._argument(pos, end, in_math=True)
        below, pos = self._argument(pos, end, in_math=True)
        return f"({above} choose {below})", pos

    def _modulo(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        body, pos = self._argument(pos, end, in_math=True)
        return f" (mod {body})", pos

    def _stacked(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        above, pos = self._argument(pos, end, in_math=True)
        base, pos = self._argument(pos, end, in_math=True)
        return base + _scripted("^", above), pos

    def _labelled_arrow(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        label, pos = self._argument(pos, end, in_math=True)
        return "→" + _scripted("^", label), pos

    def _blackboard(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        body, pos = self._argument(pos, end, in_math=True)
        return "".join(BLACKBOARD.get(char, char) for char in body), pos

    def _superscript(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        body, pos = self._argument(pos, end, in_math=False)
        return _scripted("^", body), pos

    def _subscript(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        body, pos = self._argument(pos, end, in_math=False)
        return _scripted("_", body), pos

    def _coloured(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        pos = self._raw(self._optional(pos, end)[1], end, keep=False)[1]
        return self._argument(pos, end, in_math=in_math)

    def _replaced(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        words, pos = self._argument(pos, end, in_math=in_math)
        return words, self._raw(pos, end, keep=False)[1]

    def _sideset(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        before, pos = self._argument(pos, end, in_math=True)
        after, pos = self._argument(pos, end, in_math=True)
        operator, pos = self._argument(pos, end, in_math=True)
        return before + operator + after, pos

    def _footnote(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        words, pos = self._argument(pos, end, in_math=False)
        return (f" ({words.strip()})" if words.strip() else ""), pos

    def _quoted(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        words, pos = self._argument(pos, end, in_math=False)
        return f"“{words}”", pos

    def _isotope(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        mass, pos = self._optional(pos, end)
        element, pos = self._argument(pos, end, in_math=True)
        return _scripted("^", mass) + element, pos

    def _ion(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        element, pos = self._argument(pos, end, in_math=False)
        stage, pos = self._argument(pos, end, in_math=False)
        return f"{element} {PAIRED_DIGITS.get(stage, stage.upper())}", pos

    def _number(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        return self._argument(self._optional(pos, end)[1], end, in_math=True)

    def _quantity(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        number, pos = self._number(pos, end, in_math)
        unit, pos = self._unit(pos, end, in_math)
        return f"{number} {unit}".rstrip(), pos

    def _unit(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        number, pos = self._optional(pos, end)  # \\unit[5]{m}; of siunitx, where it holds options like per-mode=symbol
        number = f"{number} " if number and "=" not in number else ""
        start = self._skip_blanks(pos, end)
        if "$" in self.text[start : self._partner.get(start, start)]:
            body, pos = self._argument(pos, end, in_math=False)
            return number + body, pos
        raw, pos = self._raw(pos, end)
        return number + _UNIT.sub(lambda match: UNITS.get(match[1], match[1]), raw).replace("\\%", "%"), pos

    def _code_point(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        raw, stop = self._raw(pos, end, keep=False)
        digits = re.fullmatch(r"[xX\"]([0-9A-Fa-f]{2,5})", raw.strip())
        char = chr(int(digits[1], 16)) if digits else ""
        return char if char.isprintable() else "", stop

    def _begin(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        name = _ENVIRONMENT.match(self.text, pos, end)
        if not name:
            return "begin", pos
        self.silenced.append(name[1])
        pos = name.end()
        if name[1] in {"array", "tabular", "alignat"}:
            pos = self._raw(pos, end, keep=False)[1]
        close = self._find(f"\\end{{{self.text[name.start() : name.end()].strip()[1:-1]}}}", pos, end)
        if name[1] not in MATH_ENVIRONMENTS or close < 0:
            return " ", pos
        self._rows += 1
        body = self.math(pos, close) if in_math else self._segment(pos, pos, close, close, environment=name[1])
        self._rows -= 1
        return f" {body} " if not in_math else _tidy_rows(body, name[1]), close

    def _end(self, pos: int, end: int, in_math: bool) -> tuple[str, int]:
        name = _ENVIRONMENT.match(self.text, pos, end)
        if not name:
            return "end", pos
        self.silenced.append(name[1])
        return "" if in_math or name[1].endswith("matrix") else " ", name.end()

    # -- arguments

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _UnreadableError

    def _argument(self, pos: int, end: int, *, in_math: bool) -> tuple[str, int]:
        """A group, a macro or a single character, rendered; nothing when the text ends here."""
        pos = self._skip_blanks(pos, end)
        if pos >= end:
            return "", end
        char = self.text[pos]
        if char == "{":
            close = self._partner.get(pos, end)
            if close >= end:
                if in_math:
                    raise _UnreadableError
                return "", pos
            return (self.math(pos + 1, close) if in_math else self.prose(pos + 1, close)), close + 1
        if char == "}":
            if in_math:
                raise _UnreadableError
            return "", pos
        if char == "\\" and (match := _MATH.match(self.text, pos, end)):
            self._enter()
            piece = self._math_token(match, end, " ") if in_math else self._macro_in_prose(pos, end)
            self._depth -= 1
            return piece
        return char, pos + 1

    def _macro_in_prose(self, pos: int, end: int) -> tuple[str, int]:
        match = _PROSE.match(self.text, pos, end)
        return _PROSE_TOKENS[str(match.lastgroup)](self, match, end) if match else ("", pos)

    def _accent(self, mark: str, pos: int, end: int) -> tuple[str, int]:
        stop = self._skip_blanks(pos, end)
        if stop >= end or self.text[stop] in "}$":
            return "", pos
        body, pos = self._argument(pos, end, in_math=False)
        if body and body[0] in "ıȷ":
            body = "ij"["ıȷ".index(body[0])] + body[1:]
        return (unicodedata.normalize("NFC", body[0] + mark) + body[1:] if body[:1].isalpha() else body), pos

    def _raw(self, pos: int, end: int, *, keep: bool = True) -> tuple[str, int]:
        """The source of a group, without its braces; nothing if no group begins here."""
        start = self._skip_blanks(pos, end)
        close = self._partner.get(start, end) if start < end else end
        if close >= end:
            return "", pos
        body = self.text[start + 1 : close]
        if not keep:
            self.silenced.append(body)
        return body, close + 1

    def _optional(self, pos: int, end: int) -> tuple[str, int]:
        if self.text[pos : pos + 1] != "[" or pos >= end:
            return "", pos
        close = self.text.find("]", pos, min(end, pos + 200))
        if close < 0:
            return "", pos
        self.silenced.append(self.text[pos + 1 : close])
        return self.text[pos + 1 : close], close + 1

    def _skip_blanks(self, pos: int, end: int) -> int:
        match = _BLANKS.match(self.text, pos, end)
        return match.end() if match else pos

    def _skip_star(self, pos: int, end: int) -> int:
        return pos + 1 if self.text[pos : pos + 2] == "*{" and pos + 1 < end else pos

    def _find(self, closer: str, pos: int, end: int) -> int:
        if closer in self._absent:
            return -1
        found = self.text.find(closer, pos)
        if found < 0:
            self._absent.add(closer)  # or ten thousand openers would each search to the end
        return found if found < end else -1


_Token = Callable[[_Reader, "re.Match[str]", int], tuple[str, int]]
_PROSE_TOKENS: dict[str, _Token] = {
    "url": _Reader._url,
    "word": _Reader._prose_word,
    "symbol": _Reader._prose_symbol,
    "dollar": _Reader._dollar,
    "open": _Reader._prose_group,
    "close": _Reader._lone_brace,
    "script": _Reader._prose_script,
    "dash": _Reader._dash,
    "tie": _Reader._tie,
    "quote": _Reader._quote,
    "power": _Reader._power,
    "index": _Reader._index,
    "apostrophe": _Reader._apostrophe,
    "single": _Reader._single_quotes,
}
_Handler = Callable[[_Reader, int, int, bool], tuple[str, int]]
_HANDLERS: dict[str, _Handler] = {
    "begin": _Reader._begin,
    "end": _Reader._end,
    "href": _Reader._href,
    "hyperlink": _Reader._replaced,
    "url": _Reader._plain_url,
    "path": _Reader._plain_url,
    "sqrt": _Reader._root,
    "not": _Reader._negated,
    "pmod": _Reader._modulo,
    "stackrel": _Reader._stacked,
    "overset": _Reader._stacked,
    "xrightarrow": _Reader._labelled_arrow,
    "mathbb": _Reader._blackboard,
    "textsuperscript": _Reader._superscript,
    "textsubscript": _Reader._subscript,
    "textcolor": _Reader._coloured,
    "replaced": _Reader._replaced,
    "texorpdfstring": _Reader._replaced,
    "sideset": _Reader._sideset,
    "footnote": _Reader._footnote,
    "enquote": _Reader._quoted,
    "isotope": _Reader._isotope,
    "iso": _Reader._isotope,
    "ion": _Reader._ion,
    "num": _Reader._number,
    "SI": _Reader._quantity,
    "qty": _Reader._quantity,
    "si": _Reader._unit,
    "unit": _Reader._unit,
    "unicode": _Reader._code_point,
    **dict.fromkeys(("frac", "tfrac", "dfrac", "cfrac", "nicefrac"), _Reader._fraction),
    **dict.fromkeys(("binom", "tbinom", "dbinom"), _Reader._choose),
}

# --- helpers ------------------------------------------------------------------------------------------


@cache
def _symbols() -> dict[str, str]:
    """Macro name → Unicode. Loaded late: --help and a quiet morning have no use for the table."""
    from pylatexenc.latex2text import get_default_latex_context_db  # noqa: PLC0415

    known: dict[str, str] = {}
    categories = ["latex-base", "latex-approximations", "advanced-symbols"]
    for spec in get_default_latex_context_db().iter_macro_specs(categories):
        if isinstance(spec.simplify_repl, str) and "%" not in spec.simplify_repl:
            known.setdefault(spec.macroname, spec.simplify_repl)
    return known | OWN_SYMBOLS


def _brace_pairs(text: str) -> dict[int, int]:
    """Position of each opening brace that has a partner, and of the partner; escaped ones do not count."""
    partner: dict[int, int] = {}
    open_at: list[int] = []
    for match in _STRUCTURE.finditer(text):
        if match[0] == "{":
            open_at.append(match.start())
        elif match[0] == "}" and open_at:
            partner[open_at.pop()] = match.start()
    return partner


def _dollar_pairs(text: str, partner: dict[int, int]) -> tuple[dict[int, int], dict[int, int]]:
    """For each dollar the next one, and the next one that stands in the same group of braces."""
    following: dict[int, int] = {}
    beside: dict[int, int] = {}
    closers = set(partner.values())
    last, last_in_group = -1, [-1]
    for match in _STRUCTURE.finditer(text):
        pos = match.start()
        if match[0] == "$":
            following[last] = beside[last_in_group[-1]] = pos
            last = last_in_group[-1] = pos
        elif pos in partner:
            last_in_group.append(-1)
        elif pos in closers:
            last_in_group.pop()
    return following, beside


def _scripted(sign: str, body: str) -> str:
    """Unicode super- or subscript if there is one for all of it, else x_max and x^(a,b)."""
    body = body.replace(_GAP, "").strip()
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
        return f"{sign}{body}{_GAP}"
    return f"{sign}({body})"


def _accented(body: str, mark: str) -> str:
    """The mark above each character of a short base; a longer one goes without, as no font could show it."""
    if not 0 < len(body) <= 3 or not all(char.isalnum() for char in body) or (len(body) > 1 and mark != "\u0305"):
        return body
    return "".join(unicodedata.normalize("NFC", char + mark) for char in body)


def _tidy_rows(body: str, environment: str) -> str:
    body = body.replace(" ;", ";").strip(" ;")
    return f"[{body}]" if environment.endswith("matrix") else f" {body} "


def _factor(body: str) -> str:
    body = _settled(body).strip()
    return body if not body or _ATOM.fullmatch(body) else f"({body})"


def _control_symbol(char: str) -> str:
    """What backslash and one character stand for; a backslash at the very end is itself."""
    if char in ("!", "/", "-", "@"):
        return ""
    if char in (",", ";", ":", ">", "\\") or char.isspace():
        return " "
    return char or "\\"


def _settled(text: str) -> str:
    """Decides about gaps and the parentheses of fractions, now that their neighbours are known."""

    def fraction(match: re.Match[str]) -> str:
        before = match["before"] or ""
        body = f"({match['body']})" if before or match["after"] else match["body"]
        return before + body

    if _OPEN_FRACTION in text:
        text = _FRACTION.sub(fraction, text)
    return _NEEDED_GAP.sub(" ", text).replace(_GAP, "") if _GAP in text else text


def _mend_greek(match: re.Match[str]) -> str:
    """Some submission forms make \\b{eta} of \\beta."""
    name = match[1] + match[2]
    return f"\\{name}{{}}" if len(_symbols().get(name, "")) == 1 else match[0]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _loses_letters(source: str, silenced: Iterable[str], result: str) -> bool:
    """Whether some letter outside the names of macros, and not left out on purpose, is missing in the result."""
    wanted = _MACRO.sub("", source).lower()
    left_out = _MACRO.sub("", "".join(silenced)).lower()
    found = unicodedata.normalize("NFKD", result).lower()
    letters = _LETTERS.intersection(wanted)
    return any(found.count(char) < wanted.count(char) - left_out.count(char) for char in letters)
