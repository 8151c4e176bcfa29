"""Reads TeX as arXiv would set it: one walk over a text, prose outside of mathematics and mathematics within.

Mathematics is what stands in dollars, \\( \\), \\[ \\] and environments; text macros count everywhere. Every step is
linear in the text and nesting is bounded, because papers are foreign data. The rules are in docs/latex.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from string import ascii_lowercase

from newsletter.papers.latex.macros import HANDLERS
from newsletter.papers.latex.pairs import brace_pairs, dollar_pairs
from newsletter.papers.latex.spacing import (
    CITATION,
    CLOSE_FORMULA,
    GAP,
    OPEN_FORMULA,
    accent,
    control_symbol,
    script,
    settle,
    tidy_rows,
)
from newsletter.papers.latex.tables import (
    ACCENTS,
    CITES_AS_NOUN,
    DECLARATIONS,
    DELIMITED,
    MATH_ACCENTS,
    MATH_STYLES,
    OPERATOR_SPELLING,
    OPERATORS,
    SILENT,
    TEXT_STYLES,
    symbols,
)

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
_BLANKS = re.compile(r"\s*")
_LOOKS_LIKE_TEX = re.compile(r"[\\^_{]")
_LOOKS_LIKE_PROSE = re.compile(r"(?:[A-Za-z,]{2,} ){3}")
# "GRB~160821B", "Fig.~3", but not "M_BH~10", "Teff~6500"
_NUMBERED = re.compile(
    r"(?:^|[\s(\[])(?!(?:SNR|FWHM|RMS|EW|AUC|AUROC|MAE|RMSE|PSNR)$)(?:\w?[A-Z]+[a-z]*[A-Z]\w*|\d[A-Z]|Table|Tab\.|Task|Run|"
    r"Figs?\.|Figure|Secs?\.|Section|Eqs?\.|Refs?\.|Type|Phase|Part|Class|Cycle|Band|Stage|Theorem|Lemma|Chapter)$"
)
_ONE_LETTER = re.compile(r"(?<![A-Za-z])[b-z]\$?$")  # "z~5", "$z$~5"
_TEXT_IN_MATH = re.compile(r"\\(?:text|mbox)[a-z]{0,4}\s?\{[^{}]{0,200}\}")
_BLANK = re.compile(r"\s")
_WORD_OF_TWO = re.compile(r"[A-Za-z]{2}")
_RANGE = re.compile(r"(?<=\d)--(?=\d)")
_WANTS_A_NOUN = re.compile(r"\b(?:in|by|of|from|see|with|than|following|to|on)[~\s]+$")  # "as shown in \cite{…}"
_LETTERS = frozenset(ascii_lowercase)
_MACRO = re.compile(r"\\(?:[A-Za-z]+|.)", re.S)
_UNCERTAINTY = re.compile(r"\^(\+[\d.]+)\x00?_([-−][\d.]+)\x00?|_([-−][\d.]+)\x00?\^(\+[\d.]+)\x00?")
_MAX_DEPTH = 30


class UnreadableError(Exception):
    """A brace in mathematics without its partner, or groups nested deeper than any paper nests them."""


class Reader:
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
        self.rows = 0  # environments around us in which & and \\ part cells and rows
        self._absent: set[str] = set()  # closers that do not occur any more
        self.partner = brace_pairs(text)
        self._next_dollar, self._outer_dollar = dollar_pairs(text, self.partner)

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
        symbol = symbols().get(name)
        if symbol is None:
            return self._unknown(name, pos, end, in_math=False)
        stop = self.skip_blanks(pos, end)
        if self.text[pos : pos + 2] == "{}":
            return symbol, pos + 2
        before, after = self.text[match.start() - 1 : match.start()], self.text[stop : stop + 1]
        # TeX swallows the blank, and most who write "30 \AA resolution" do not know it: only inside a word.
        inside_word = symbol.isalpha() and after.isalpha() and before.isalpha()
        return symbol, stop if inside_word or not symbol else pos

    def _prose_symbol(self, match: re.Match[str], end: int) -> tuple[str, int]:
        char, pos = match[0][1:], match.end()
        if char in ("(", "["):
            close = self.find("\\)" if char == "(" else "\\]", pos, end)
            if close < 0:
                return match[0], pos
            piece = self.segment(match.start(), pos, close, close + 2)
            return piece if char == "(" else f" {piece} ", close + 2
        if char == "$":
            return self._escaped_dollar(match.start(), pos, end)
        if char in ACCENTS:
            return self._accent(ACCENTS[char], pos, end)
        return control_symbol(char), pos

    def _dollar(self, match: re.Match[str], end: int) -> tuple[str, int]:
        start, width = match.span()[0], len(match[0])
        if width == 2:
            close = self.find("$$", start + 2, end)
            if close > start + 2:
                return f" {self.segment(start, start + 2, close, close + 2)} ", close + 2
            width = 1
        close = self._next_dollar.get(start, end)
        if close >= end or not self._is_math(start, close):
            return "$", start + 1
        outer = self._outer_dollar.get(start, end)
        if close < outer < end and not self._is_balanced(start, close):
            close = outer  # "$\\textbf{6$\\times$}$": the next dollar is inside a group, this one is behind it
        return self.segment(start, start + 1, close, close + 1), close + 1

    def _escaped_dollar(self, start: int, pos: int, end: int) -> tuple[str, int]:
        """Reads `\\$`: an amount, unless the next one is near and what lies between can only be mathematics."""
        close = self.text.find("\\$", pos, min(end, pos + 200))
        body = self.text[pos:close] if close > pos else ""
        is_letter = len(body) == 1 and body.isalpha()
        if not is_letter and (not _LOOKS_LIKE_TEX.search(body) or "$" in body or _LOOKS_LIKE_PROSE.search(body)):
            return "$", pos
        return self.segment(start, pos, close, close + 2), close + 2

    def _is_balanced(self, start: int, close: int) -> bool:
        last = self.text.rfind("{", start, close)
        return last < 0 or self.partner.get(last, close) < close

    def _is_math(self, start: int, close: int) -> bool:
        """Whether it is mathematics: by pandoc's rule, and a laxer one for what can only be TeX ("$ \\alpha $")."""
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

    def segment(self, start: int, pos: int, close: int, end: int, *, environment: str = "") -> str:
        """Reads the mathematics between pos and close; gives start to end as it came if that cannot be read."""
        is_display = bool(environment) or self.text[start : start + 2] in ("$$", "\\[")
        silenced, depth, rows, math_depth = len(self.silenced), self._depth, self.rows, self._math_depth
        while pos < close and self.text[pos].isspace():
            pos += 1
        stop = close
        while stop > pos + 1 and self.text[stop - 1].isspace() and self.text[stop - 2] != "\\":
            stop -= 1
        try:
            piece = self.math(pos, stop)
        except UnreadableError:
            piece = None
        if piece is None or loses_letters(self.text[pos:close], self.silenced[silenced:], piece):
            del self.silenced[silenced:]
            self._depth, self.rows, self._math_depth, self.fell_back = depth, rows, math_depth, True
            return self.text[start:end]
        tex = self.text[pos:stop]
        if environment:
            piece, tex = tidy_rows(piece, environment), f"\\begin{{{environment}}}{tex}\\end{{{environment}}}"
        return self._marked(piece, tex, is_display=is_display)

    def _marked(self, piece: str, tex: str, *, is_display: bool) -> str:
        """Puts marks around a formula, for `parts`; not around one within a formula (\\text{of $x$})."""
        bare = piece.strip()
        if not self._marks_formulas or self._math_depth or not bare:
            return piece
        self.formulas.append((tex, is_display))
        return piece.replace(bare, f"{OPEN_FORMULA}{bare}{CLOSE_FORMULA}")

    def _prose_group(self, match: re.Match[str], end: int) -> tuple[str, int]:
        start = match.start()
        close = self.partner.get(start, end)
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
        """Drops a brace whose partner the author forgot, if it clings to a word; alone among blanks it may be meant."""
        start, pos = match.span()
        before, after = self.text[start - 1 : start], self.text[pos : pos + 1]
        if self._has_escaped_brace or not (before.isalpha() or (before and before in ".?!,)")):
            return "}", pos
        is_inside_a_word = after.isalpha() and not self.text[max(0, start - 2) : start - 1].isspace()  # "M}ulti" is one
        return " " if is_inside_a_word else "", pos

    def _prose_script(self, match: re.Match[str], end: int) -> tuple[str, int]:
        if self.partner.get(match.end(), end) >= end:
            return match[0], match.end()
        body, pos = self.argument(match.end(), end, in_math=True)
        return script(match[0], body), pos

    def _power(self, match: re.Match[str], end: int) -> tuple[str, int]:
        """Reads 10^49, cm^-3, He^+, as authors write without TeX; never 10^7.6 or 2^k, where it would not be clear."""
        return script("^", match[0][1:]), match.end()

    def _index(self, match: re.Match[str], end: int) -> tuple[str, int]:
        return script("_", match[0][1:]), match.end()

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
        """Reads ~: a blank between two words; "~10" and "a ~ b" mean about."""
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
        """Reads mathematics. Blanks of the source stay, except those that only end the name of a macro."""
        out: list[str] = []
        self._enter()
        self._math_depth += 1
        while pos < end and (match := _MATH.match(self.text, pos, end)):
            piece, pos = self._math_token(match, end, out[-1] if out else "")
            if match.lastgroup == "script" and out:
                out[-1] = out[-1].rstrip(GAP)
            if piece:
                out.append(piece)
        self._depth -= 1
        self._math_depth -= 1
        piece = "".join(out)
        if "^+" in piece:  # 1.9 (+0.4/-0.3), as digits with a point have no small form
            piece = _UNCERTAINTY.sub(lambda m: f" ({m[1] or m[4]}/{m[2] or m[3]})", piece)
        return settle(piece)

    def _math_token(self, match: re.Match[str], end: int, before: str) -> tuple[str, int]:
        kind, text, pos = match.lastgroup, match[0], match.end()
        if kind == "word":
            return self._math_word(match, end, before)
        if kind == "open":
            return self.argument(match.start(), end, in_math=True)
        if kind == "close":
            raise UnreadableError
        if kind == "script":
            body, pos = self.argument(pos, end, in_math=True)
            return script(text, body), pos
        if kind == "symbol":
            text = {"\\\\": "; " if self.rows else " ", "\\|": "‖"}.get(text) or control_symbol(text[1:])
        elif kind == "mark":
            text = {"'": "′", "~": " ", "&": " " if self.rows else "&"}[text]
        elif "--" in text:
            text = _RANGE.sub("–", text)
        return " " if kind == "blank" else text, pos

    def _math_word(self, match: re.Match[str], end: int, before: str) -> tuple[str, int]:
        name, pos = match[0][1:], match.end()
        is_degree = name == "deg" and before[-1:].isalpha()  # of a polynomial, not of an angle
        if name in OPERATORS or is_degree:
            return f"{GAP}{OPERATOR_SPELLING.get(name, name)}{GAP}", pos
        if handled := self._macro(name, pos, end, in_math=True):
            return handled
        symbol = symbols().get(name)
        if symbol is None:
            return self._unknown(name, pos, end, in_math=True)
        stop = self.skip_blanks(pos, end)
        after = self.text[stop : stop + 1] if stop < end else ""
        is_sign = unicodedata.category(symbol[-1:] or " ") in {"Sm", "So", "Po"}
        # Before a letter the blank only ends the name; after a sign it is kept if there is one in front of it.
        is_needless = (is_sign or after.isalpha() or after == "\\") and not before.endswith(" ")
        return symbol, stop if is_needless else pos

    # -- macros of both

    def _macro(self, name: str, pos: int, end: int, *, in_math: bool) -> tuple[str, int] | None:
        """Reads a macro that means the same in prose and mathematics; None for any other name."""
        if name in DECLARATIONS:
            pos = self.skip_blanks(pos, end)
            is_null = name in DELIMITED and self.text[pos : pos + 1] == "." and pos < end
            return "", pos + is_null
        if name in TEXT_STYLES:
            return self.argument(self._skip_star(pos, end), end, in_math=False)
        if name in MATH_STYLES:
            piece, pos = self.argument(self._skip_star(pos, end), end, in_math=True)
            return (f"{GAP}{piece}{GAP}" if name.startswith("operator") else piece), pos
        if name in MATH_ACCENTS:
            piece, pos = self.argument(pos, end, in_math=True)
            return accent(piece.strip(), MATH_ACCENTS[name]), pos
        if name in SILENT:
            return self._silent(name, pos, end, in_math=in_math)
        handler = HANDLERS.get(name)
        return handler(self, pos, end, in_math) if handler else None

    def _unknown(self, name: str, pos: int, end: int, *, in_math: bool) -> tuple[str, int]:
        """Reads an author's own macro: most are a name (\\ours) or a style around words (\\revise{…})."""
        if self.text[pos : pos + 2] == "{}" and pos + 1 < end:
            return name, pos + 2
        if self.text[pos : pos + 1] == "{" and self.partner.get(pos, end) < end:
            piece, pos = self.argument(pos, end, in_math=in_math)
            return (name + piece if len(name) == 1 else piece), pos
        return (f"{GAP}{name}{GAP}" if in_math else name), pos

    def _silent(self, name: str, pos: int, end: int, *, in_math: bool) -> tuple[str, int]:
        before = self.text[max(0, pos - len(name) - 14) : pos - len(name) - 1]
        is_needed = name in CITES_AS_NOUN or ("cite" in name and _WANTS_A_NOUN.search(before))
        pos = self.optional(self.optional(self._skip_star(pos, end), end)[1], end)[1]
        pos = self.raw(pos, end, keep=False)[1]
        return "" if in_math else "[…]" if is_needed else CITATION, pos

    # -- arguments

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise UnreadableError

    def argument(self, pos: int, end: int, *, in_math: bool) -> tuple[str, int]:
        """Reads a group, a macro or a single character; gives nothing when the text ends here."""
        pos = self.skip_blanks(pos, end)
        if pos >= end:
            return "", end
        char = self.text[pos]
        if char == "{":
            close = self.partner.get(pos, end)
            if close >= end:
                if in_math:
                    raise UnreadableError
                return "", pos
            return (self.math(pos + 1, close) if in_math else self.prose(pos + 1, close)), close + 1
        if char == "}":
            if in_math:
                raise UnreadableError
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
        stop = self.skip_blanks(pos, end)
        if stop >= end or self.text[stop] in "}$":
            return "", pos
        body, pos = self.argument(pos, end, in_math=False)
        if body and body[0] in "ıȷ":
            body = "ij"["ıȷ".index(body[0])] + body[1:]
        return (unicodedata.normalize("NFC", body[0] + mark) + body[1:] if body[:1].isalpha() else body), pos

    def raw(self, pos: int, end: int, *, keep: bool = True) -> tuple[str, int]:
        """Takes the source of a group, without its braces; nothing if no group begins here."""
        start = self.skip_blanks(pos, end)
        close = self.partner.get(start, end) if start < end else end
        if close >= end:
            return "", pos
        body = self.text[start + 1 : close]
        if not keep:
            self.silenced.append(body)
        return body, close + 1

    def optional(self, pos: int, end: int) -> tuple[str, int]:
        if self.text[pos : pos + 1] != "[" or pos >= end:
            return "", pos
        close = self.text.find("]", pos, min(end, pos + 200))
        if close < 0:
            return "", pos
        self.silenced.append(self.text[pos + 1 : close])
        return self.text[pos + 1 : close], close + 1

    def skip_blanks(self, pos: int, end: int) -> int:
        match = _BLANKS.match(self.text, pos, end)
        return match.end() if match else pos

    def _skip_star(self, pos: int, end: int) -> int:
        return pos + 1 if self.text[pos : pos + 2] == "*{" and pos + 1 < end else pos

    def find(self, closer: str, pos: int, end: int) -> int:
        if closer in self._absent:
            return -1
        found = self.text.find(closer, pos)
        if found < 0:
            self._absent.add(closer)  # or ten thousand openers would each search to the end
        return found if found < end else -1


_Token = Callable[[Reader, "re.Match[str]", int], tuple[str, int]]
_PROSE_TOKENS: dict[str, _Token] = {
    "url": Reader._url,
    "word": Reader._prose_word,
    "symbol": Reader._prose_symbol,
    "dollar": Reader._dollar,
    "open": Reader._prose_group,
    "close": Reader._lone_brace,
    "script": Reader._prose_script,
    "dash": Reader._dash,
    "tie": Reader._tie,
    "quote": Reader._quote,
    "power": Reader._power,
    "index": Reader._index,
    "apostrophe": Reader._apostrophe,
    "single": Reader._single_quotes,
}


def loses_letters(source: str, silenced: Iterable[str], result: str) -> bool:
    """Whether some letter outside the names of macros, and not left out on purpose, is missing in the result."""
    wanted = _MACRO.sub("", source).lower()
    left_out = _MACRO.sub("", "".join(silenced)).lower()
    found = unicodedata.normalize("NFKD", result).lower()
    letters = _LETTERS.intersection(wanted)
    return any(found.count(char) < wanted.count(char) - left_out.count(char) for char in letters)
