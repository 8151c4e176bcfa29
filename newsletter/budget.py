"""Keeps a digest under the size at which mail clients cut it: shortens abstracts, the last paper's first. Pure.

Gmail shows about 102 kB of an HTML part (104,448 bytes, markup and styles included) and hides the rest behind a link,
the way to leave among it. Sizes are measured after styles were moved into the elements and the page became ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

HTML_BYTES = 100_000  # 4 kB short of Gmail's cut, for what providers add
SHORT_CHARS = 320  # two or three sentences of an abstract

_SENTENCE_END = re.compile(r"[.!?。](?=\s+[A-Z0-9“(]|\s*$)")


def html_bytes(text: str) -> int:
    """The size of this text in the page: escaped, ASCII."""
    return len(escape(text).encode("ascii", "xmlcharrefreplace"))


def shorten(text: str, most: int = SHORT_CHARS) -> str:
    """The first sentences, within `most` characters if one ends there, else cut at a word. Ends in an ellipsis."""
    if len(text) <= most:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, most)]
    kept = text[: ends[-1]] if ends and ends[-1] >= most // 3 else text[: most - 1].rsplit(" ", 1)[0]
    return f"{kept.rstrip()} …"


def fit(abstracts: Sequence[str], excess: int) -> list[str]:
    """The abstracts, shortened from the last one on until at least `excess` bytes of the page are saved.

    When shortening all of them is not enough, they are left out, again from the last one on.
    """
    fitted = list(abstracts)
    for replacement in (shorten, lambda _: ""):
        for i in reversed(range(len(fitted))):
            if excess <= 0:
                return fitted
            shorter = replacement(fitted[i])
            saved = html_bytes(fitted[i]) - html_bytes(shorter)
            if saved > 0:
                fitted[i] = shorter
                excess -= saved
    return fitted
