"""Cuts a text with TeX into prose and formulas, and gives each formula as MathML besides its readable form.

reader.py says what a formula is and reads it; math-core translates; here its answer is taken apart and written anew
from a fixed list of elements and attributes, because the TeX is a stranger's and the result goes unescaped into a page.
A formula that is too long, too deep, unknown to math-core, or short of a letter afterwards stays readable text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from newsletter.papers.latex import Part, parts
from newsletter.papers.latex.tables import OWN_SYMBOLS

if TYPE_CHECKING:
    from math_core import LatexToMathML

MAX_TEX_CHARS = 600  # the longest formula of 20,594 abstracts has 317
MAX_MATHML_CHARS = 20_000
NARROW_CHARS = 16  # as many letters W have room in a comment on a screen of 320 pixels
# math-core 0.9.0 recurses, and overflows a thread's stack of 512 kB somewhere between 160 and 320 levels; each opening
# parenthesis without a partner doubles its time, and what it takes for a partner is not easily told from outside.
MAX_DEPTH = 40
MAX_OPENERS = 12  # 25 of 11,033 formulas of those abstracts have more
MAX_OWN_MACROS = 8

_SWITCH_AS_ARGUMENT = re.compile(r"([_^])\s*\\(rm|bf|it|cal|sf|tt)\b\s*\{([^{}]*)\}")
_EMPTY_SWITCH = re.compile(r"([_^])\s*\\(?:rm|bf|it|sf|tt)\b\s*(?=[A-Za-z\d])")
_TEXT = re.compile(r"\\(text|mbox|textit|textbf|textrm|texttt|textsc|textsf|textnormal)\s*\{([^{}]*)\}")
_BARE_IN_WORDS = re.compile(r"(?<!\\)([_&#^])")
_TEXT_CHANGE = {"textit": "mathit", "textbf": "mathbf", "texttt": "mathtt", "textsf": "mathsf"}
_BARE_PERCENT = re.compile(r"(?<!\\)((?:\\\\)*)%")
_ANGLE = re.compile(r"(\\(?:left|right|middle|[bB]igg?[lrm]?))\s*([<>])")
_NO_MEANING = re.compile(r"\\(?:label|hspace|vspace|color|phantom|hphantom|vphantom|tag|cite\w*)\*?\s*\{[^{}]*\}")
_STARLESS = re.compile(r"\\(begin|end)\{(align|gather|multline|alignat|equation)\}")
_OTHER_ENVIRONMENT = re.compile(r"\\(begin|end)\{(?:equation|math|displaymath)\*?\}")
_UNKNOWN_COMMAND = re.compile(r'Unknown command "\\(.+?)"')
_HTML_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\w+);)\w{1,30};")
_DEFINITION = re.compile(r"\\(?:[egx]?def|let|(?:re)?newcommand|providecommand|DeclareMathOperator)(?![A-Za-z])")
_LINK_OR_PROSE = re.compile(r"\\(?:href|url|path)(?![A-Za-z])|\\text[a-z]*\s*\{[^{}]{50}")
_TOKEN = re.compile(r"\\(?P<word>[A-Za-z]+)|\\.|(?P<char>\S)", re.S)
_GROUP_BEGINS = frozenset({"{", "left", "begin"})
_GROUP_ENDS = frozenset({"}", "right", "end"})
_SCRIPTS = frozenset({"^", "_", "'"})
_OPENS = frozenset({"(", "[", "\\{", "ulcorner", "llcorner", "mathopen"})
_TAKES_DELIMITER = frozenset({"left", "right", "middle", "big", "Big", "bigg", "Bigg"})  # its partner is certain
_NEVER_OPENS = frozenset(
    "l lambda le leq leqslant leqq lesssim less lessapprox lessgtr ldots ldotp ll lll log ln lg lim limits "
    "liminf limsup left leftarrow leftrightarrow lnot land lor label lhd lozenge ltimes leadsto longrightarrow "
    "longleftrightarrow longmapsto longleftarrow lsim lcm".split()
)
_ENVIRONMENT_NAME = re.compile(r"\\(?:begin|end)\s*\{[A-Za-z*]*\}(?:\{[lcr|@{}]*\}|\[[tbc]\])?")
_MACRO = re.compile(r"\\(?:[A-Za-z]+|.)", re.S)
_LENGTH = r"-?\d{1,3}(?:\.\d{1,12})?(?:em|ex|px|rem|%)?"

_SPELLED_OTHERWISE = {
    "mbox": r"\text{#1}", "pmb": r"\boldsymbol{#1}", "substack": r"\begin{matrix}#1\end{matrix}",
    "mathbbm": r"\mathbb{#1}", "mathds": r"\mathbb{#1}", "Bar": r"\bar{#1}", "Hat": r"\hat{#1}",
    "Tilde": r"\tilde{#1}", "Vec": r"\vec{#1}", "nicefrac": r"\frac{#1}{#2}", "xspace": "",
    "ensuremath": "#1", "mathnormal": "#1", "textsuperscript": "^{#1}", "textsubscript": "_{#1}",
}  # fmt: skip
_BOOLEAN, _SIZE = "true|false", _LENGTH
# What may be in the answer. Attributes outside of it are left out; an element outside of it makes the formula text.
_ELEMENTS: dict[str, dict[str, str]] = {
    "math": {"display": "block"},
    "mi": {"mathvariant": "normal"},
    "mn": {},
    "mtext": {},
    "ms": {},
    "mo": {
        **dict.fromkeys(("stretchy", "symmetric", "largeop", "movablelimits", "fence", "separator"), _BOOLEAN),
        **dict.fromkeys(("lspace", "rspace", "minsize", "maxsize"), _SIZE),
        "form": "prefix|infix|postfix",
    },
    "mspace": dict.fromkeys(("width", "height", "depth"), _SIZE),
    "mpadded": dict.fromkeys(("width", "height", "depth", "lspace", "voffset"), _SIZE),
    "mrow": {"displaystyle": _BOOLEAN, "scriptlevel": "[0-3]"},
    "mstyle": {"displaystyle": _BOOLEAN, "scriptlevel": "[0-3]"},
    "mfrac": {"linethickness": _SIZE, "displaystyle": _BOOLEAN},
    "mover": {"accent": _BOOLEAN},
    "munder": {"accentunder": _BOOLEAN},
    "munderover": {"accent": _BOOLEAN, "accentunder": _BOOLEAN},
    "mtable": {"displaystyle": _BOOLEAN},
    "mtd": {"columnspan": r"\d", "rowspan": r"\d"},
    **{name: {} for name in ("msub", "msup", "msubsup", "mmultiscripts", "mprescripts", "msqrt", "mroot", "mtr")},
}
_ROOTS = frozenset({"msqrt", "mroot"})  # math-core's; they are written as signs
_SCRIPTED = frozenset({"msub", "msup", "msubsup"})
_DIGITS, _RAISED = "0123456789n", "⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ"
_ONLY_WORDS = frozenset({"b", "i", "code", "span"})  # HTML that math-core puts around words in <mtext>


@dataclass(frozen=True, slots=True)
class TypesetPart:
    """Prose, or a formula: `mathml` goes into a page as it is, `text` is escaped by whoever prints it."""

    text: str
    mathml: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether a phone may have to scroll this formula, since no browser breaks one."""
        return bool(self.mathml) and len(self.text) > NARROW_CHARS


def typeset(text: str) -> list[TypesetPart]:
    """Cuts a title, abstract or comment into pieces; all their texts together are `readable(text)`.

    Never raises; takes time in proportion to the text.
    """
    return [TypesetPart(part.text, mathml_or_reason(part)[0] if part.tex else "") for part in parts(text)]


@lru_cache(maxsize=4_096)
def mathml_or_reason(part: Part) -> tuple[str, str]:
    """Returns a formula as MathML, or nothing and why not."""
    if len(part.tex) > MAX_TEX_CHARS:
        return "", "too long"
    tex = _prepared(part.tex)
    if not _is_tame(tex):
        return "", "too deep, or too many parentheses"
    if _DEFINITION.search(tex):
        return "", "defines macros"
    if _LINK_OR_PROSE.search(tex):
        return "", "link or prose"  # a browser would not break the line within it
    answer, reason = _translated(tex, is_display=part.is_display)
    if not answer:
        return "", reason
    try:
        tree = ET.fromstring(_HTML_ENTITY.sub(_resolved, answer))  # noqa: S314 (math-core writes no doctype, so there is nothing to expand)
        written = _written(tree, alttext=part.text)
    except (ET.ParseError, _NotAllowedError) as error:
        return "", f"markup: {error}"
    if len(written) > MAX_MATHML_CHARS:
        return "", "too long"
    if not _characters(_words_of(part.tex)) <= _characters("".join(tree.itertext())):
        return "", "letters lost"
    return written, ""


# --- before math-core ---------------------------------------------------------------------------------


def _prepared(tex: str) -> str:
    """Rewrites the formula in macros that math-core knows, with the meaning that reader.py gives it."""
    tex = _NO_MEANING.sub("", tex)
    tex = _BARE_PERCENT.sub(r"\1\\%", tex)  # arXiv's abstracts have no comments
    tex = _ANGLE.sub(lambda match: match[1] + (r"\langle " if match[2] == "<" else r"\rangle "), tex)
    tex = _STARLESS.sub(r"\\\1{\2*}", tex)  # without numbers
    tex = _OTHER_ENVIRONMENT.sub("", tex)
    tex = tex.replace("{eqnarray}", "{align*}").replace("{eqnarray*}", "{align*}").replace("{split}", "{aligned}")
    tex = _SWITCH_AS_ARGUMENT.sub(r"\1{\\\2 \3}", tex)
    tex = _EMPTY_SWITCH.sub(r"\1", tex)
    return _TEXT.sub(_prepared_words, tex)


def _prepared_words(match: re.Match[str]) -> str:
    """Rewrites words within a formula, in which math-core reads no mathematics and no bare _."""
    style, words = match[1], match[2]
    if "$" not in words:
        words = _BARE_IN_WORDS.sub(_escaped, words)
        return f"\\{style}{{{words}}}"
    pieces = words.split("$")
    change = _TEXT_CHANGE.get(style, "mathrm")
    return "".join(
        f"\\{change}{{{piece}}}" if number % 2 else (f"\\{style}{{{piece}}}" if piece else "")
        for number, piece in enumerate(pieces)
    )


def _escaped(match: re.Match[str]) -> str:
    return r"\text{\textasciicircum}" if match[1] == "^" else "\\" + match[1]


def _is_tame(tex: str) -> bool:
    """Whether math-core reads it in little time and stack: see the limits above."""
    levels = [0]  # what each group around us adds to the depth
    run = 0  # macros and scripts in a row, each of which may be the argument of the one before
    openers = 0
    before = ""
    for match in _TOKEN.finditer(tex):
        token = match["word"] or match[0]
        openers += before not in _TAKES_DELIMITER and _opens(token)
        before = token
        if token in _GROUP_BEGINS:
            levels.append(levels[-1] + run + 1)
            run = 0
        elif token in _GROUP_ENDS:
            levels = levels[:-1] or [0]
            run = 0
        else:
            run = run + 1 if token in _SCRIPTS or len(token) > 1 else 0
        if levels[-1] + run > MAX_DEPTH or openers > MAX_OPENERS:
            return False
    return True


def _opens(token: str) -> bool:
    """Whether math-core takes this for an opening delimiter; it knows more macros like \\langle than we do."""
    is_named = token in _OPENS or (token.startswith("l") and token not in _NEVER_OPENS)
    return is_named or unicodedata.category(token[-1]) in {"Ps", "Pi"}


def _translated(tex: str, *, is_display: bool) -> tuple[str, str]:
    """Asks math-core, which names one unknown macro at a time; those become what reader.py makes of them."""
    from math_core import LatexError  # noqa: PLC0415

    for _ in range(MAX_OWN_MACROS):
        try:
            return _converter().convert_with_local_state(tex, displaystyle=is_display), ""
        except LatexError as error:
            unknown = _UNKNOWN_COMMAND.search(str(error))
            if not unknown:
                return "", str(error).partition(": ")[2]
            spelled = _own_macro(tex, unknown[1])
            if spelled == tex or len(spelled) > 2 * MAX_TEX_CHARS:
                return "", f"unknown \\{unknown[1]}"
            tex = spelled
    return "", "too many unknown macros"


@cache
def _converter() -> LatexToMathML:
    from math_core import LatexToMathML  # noqa: PLC0415

    return LatexToMathML(macros=_SPELLED_OTHERWISE, allow_unreliable_rendering=True, fancy_error=False)


def _own_macro(tex: str, name: str) -> str:
    symbol = OWN_SYMBOLS.get(name)

    def replaced(match: re.Match[str]) -> str:
        if symbol is not None:
            return f"{{{symbol}}}" if len(symbol) == 1 else f"\\text{{{symbol}}}"
        has_words = match[1] == "{" and len(name) > 1  # \revise{better} shows the words, \ours its name
        return match[1] if has_words else f"\\mathrm{{{name}}}{match[1]}"

    if not name.isalpha():
        return tex
    return re.sub(rf"\\{name}(?![A-Za-z])\s*(?:\{{\s*\}})?(\{{?)", replaced, tex)


# --- after math-core ----------------------------------------------------------------------------------


def _resolved(match: re.Match[str]) -> str:
    """Resolves an HTML entity that XML does not know, such as math-core's &af;."""
    return html.escape(html.unescape(match[0]))


class _NotAllowedError(Exception):
    """An element that is not on the list; its name."""


def _written(element: ET.Element, *, alttext: str = "") -> str:
    """Writes the tree as text, of nothing but listed names, checked values and escaped words."""
    allowed = _ELEMENTS.get(element.tag)
    if allowed is None:
        raise _NotAllowedError(element.tag)
    if element.tag in _ROOTS:
        return _root(element)
    named = {name: value for name, value in element.attrib.items() if re.fullmatch(allowed.get(name, "(?!)"), value)}
    if element.tag == "math":
        named["alttext"] = alttext
    attributes = "".join(f' {name}="{html.escape(value)}"' for name, value in named.items())
    if element.tag == "mtext":
        inner = html.escape("".join(_words(element)), quote=False)
    else:
        inner = html.escape(element.text or "", quote=False) + "".join(_written(child) for child in element)
        if element.tag in _SCRIPTED and element[0].tag in _ROOTS:
            root = _written(element[0])
            inner = _in_parentheses(root) + inner.removeprefix(root)  # the root's power, not the power's root
    if any((child.tail or "").strip() for child in element) and element.tag != "mtext":
        raise _NotAllowedError(f"text in {element.tag}")
    return f"<{element.tag}{attributes}>{inner}</{element.tag}>"


def _root(element: ET.Element) -> str:
    """A root as signs: √N, √(N + 1), ³√x. Of what stands within <msqrt>, Chromium 145 draws the sign only if the
    page's font has it, and a reader then sees O(N) for O(√N); an operator's sign comes from any font.
    """
    below = [element[0]] if element.tag == "mroot" else list(element)
    inner = "".join(map(_written, below))
    sign, index = "√", ""
    if element.tag == "mroot":
        degree = "".join(element[1].itertext())
        if set(degree) <= set(_DIGITS):
            sign = degree.translate(str.maketrans(_DIGITS, _RAISED)) + sign
        else:
            index = f"<msup><mrow></mrow>{_written(element[1])}</msup>"
    sign = f'<mo form="prefix" stretchy="false" lspace="0em" rspace="0em">{sign}</mo>'
    return f"<mrow>{index}{sign}{inner if _is_one(below) else _in_parentheses(inner)}</mrow>"


def _is_one(elements: Sequence[ET.Element]) -> bool:
    """Whether nobody could take a part of it for what stands below a root."""
    drawn = [each for each in elements if each.tag != "mspace"]
    if len(drawn) != 1:
        return not drawn
    (each,) = drawn
    if each.tag in {"mrow", "mstyle"}:
        return _is_one(list(each)) or _is_in_parentheses("".join(each.itertext()))
    return each.tag in {"mi", "mn", "mtext", *_ROOTS} or (each.tag == "msub" and _is_one(each[:1]))


def _is_in_parentheses(text: str) -> bool:
    return text[:1] == "(" and text[-1:] == ")" and not {"(", ")"} & set(text[1:-1])


def _in_parentheses(inner: str) -> str:
    """Puts parentheses around it; they grow with it if it is high, in fonts that can do that."""
    stretchy = "" if re.search("<m(?:frac|table|under|over)", inner) else ' stretchy="false"'
    return f"<mrow><mo{stretchy}>(</mo>{inner}<mo{stretchy}>)</mo></mrow>"


def _words(element: ET.Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag not in _ONLY_WORDS:
            raise _NotAllowedError(child.tag)
        yield from _words(child)
        yield child.tail or ""


def _words_of(tex: str) -> str:
    """The TeX without what is no letter of the formula: names of macros and environments, keys, lengths."""
    return _MACRO.sub("", _ENVIRONMENT_NAME.sub("", _NO_MEANING.sub("", tex)))


def _characters(text: str) -> Counter[str]:
    plain = unicodedata.normalize("NFKD", text)
    return Counter(char for char in plain if char.isascii() and char.isalnum())
