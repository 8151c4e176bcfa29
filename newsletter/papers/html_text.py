"""HTML as feeds and libraries have it in titles and abstracts → plain text on one line, without any markup. Pure.

What a browser would not show (scripts, styles, comments) is left out, images too; paragraphs end with a blank. Digits
and signs that are raised or lowered are written so where Unicode has them (10⁻³, CO₂); other letters stay on the line.

The standard library's HTML parser is not used: it raises on some damaged texts, and on others takes the square of their
length.
"""

from __future__ import annotations

import re
from html import unescape

MOST_CHARS = 200_000  # of markup that is read: forty times a long abstract
_NOT_SHOWN = frozenset({"script", "style", "template", "head", "title", "noscript", "iframe", "object", "svg"})
_INLINE = frozenset(
    "a abbr b bdi bdo bold cite code em font i italic kbd mark q s samp sc small span strong tt u var wbr".split()
)
_RAISED = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_RAISABLE = re.compile(r"[0-9+\-−=()n]+")
_LOWERABLE = re.compile(r"[0-9+\-−=()]+")
# A letter follows the "<" of a tag at once: "p < 0.05 and q > 2" has none. JATS writes jats:sup.
_TAG = re.compile(r"<(/?)(?:[a-zA-Z]{1,20}:)?([a-zA-Z][a-zA-Z0-9]{0,20})(?=[\s/>])[^<>]{0,4000}>|<[!?][^<>]{0,4000}>")


def html_to_text(markup: str) -> str:
    """Gives the text of a piece of HTML, white space squeezed; of a plain text the text itself.

    Takes time in proportion to the length; what is beyond MOST_CHARS is left out.
    """
    text = _without_comments(markup[:MOST_CHARS])
    parts: list[str] = []
    hidden, place, at = "", "", 0
    for found in _TAG.finditer(text):
        if not hidden:
            parts.append(_placed(unescape(text[at : found.start()]), place))
        at = found.end()
        is_end, name = found[1] == "/", (found[2] or "").lower()
        if name in _NOT_SHOWN:
            hidden = ("" if hidden == name else hidden) if is_end else hidden or name
        elif name in ("sup", "sub"):
            place = "" if is_end else name
        elif not hidden and name not in _INLINE:
            parts.append(" ")
    parts.append("" if hidden else _placed(unescape(text[at:]), place))
    return " ".join("".join(parts).split())


def _without_comments(text: str) -> str:
    """Leaves out comments; one without an end goes on to the end, as in a browser."""
    parts, at = [], 0
    while (start := text.find("<!--", at)) >= 0:
        parts.append(text[at:start])
        end = text.find("-->", start)
        if end < 0:
            return "".join(parts)
        at = end + 3
    return "".join((*parts, text[at:]))


def _placed(text: str, place: str) -> str:
    if place == "sup" and _RAISABLE.fullmatch(text):
        return text.translate(_RAISED)
    if place == "sub" and _LOWERABLE.fullmatch(text):
        return text.translate(_LOWERED)
    return text
