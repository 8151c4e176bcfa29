"""Sets exponents as such in HTML, where readable text can only write "x^(a+b)". Pure.

Unicode has raised digits and a few letters, which papers/latex uses; what it has not stands behind a caret in the text
part and in Markdown, and raised in the mail's HTML.
"""

from __future__ import annotations

import re
from functools import lru_cache

from markupsafe import Markup, escape

_WITHIN = r"(?:[^()]|\([^()]*\)){1,80}"  # with parentheses of its own, once
_EXPONENT = re.compile(rf"(?<=[\w)\]|])\^(?:\(({_WITHIN})\)|([\w∞*†‡′.+−-]*[\w∞*†‡′]))")


@lru_cache(maxsize=8192)  # of each text it is asked once a rendering
def raise_exponents(text: str) -> Markup:
    """Escapes a readable text, with `<sup>` for each exponent that stands behind a caret. May be called again."""
    if "^" not in text:
        return escape(text)
    pieces, at = Markup(), 0
    for found in _EXPONENT.finditer(text):
        # without a height of its own, so that lines keep their distance
        pieces += escape(text[at : found.start()]) + Markup('<sup style="line-height:0">{}</sup>').format(
            found[1] or found[2]
        )
        at = found.end()
    return pieces + escape(text[at:])
