"""Keeps a digest under the size at which mail clients cut it: less is shown of the papers that matter less. Pure.

Gmail shows about 102 kB of an HTML part (104,448 bytes, markup and styles included) and hides the rest behind a link,
the way to leave among it. Sizes are measured after styles were moved into the elements and the page became ASCII.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import lru_cache
from html import escape

from newsletter.papers import key_sentence

HTML_BYTES = 100_000  # 4 kB short of Gmail's cut, for what providers add
SHORT_CHARS = 320  # an abstract that has no more is shown whole
BEST = 8  # papers that are shown whole as long as others can give way


class Detail(IntEnum):
    """How much of a paper a mail shows."""

    LEFT_OUT = 0
    BRIEF = 1  # no abstract
    SHORT = 2  # the abstract's key sentence
    FULL = 3


def html_bytes(text: str) -> int:
    """The size of this text in the page: escaped, ASCII."""
    return len(escape(text).encode("ascii", "xmlcharrefreplace"))


@lru_cache(maxsize=2048)  # of each paper it is asked several times
def shorten(title: str, abstract: str) -> str:
    """Gives the sentence that says what the paper does or finds; a short abstract stays whole."""
    return abstract if len(abstract) <= SHORT_CHARS else key_sentence(title, abstract)


def fit(
    best_first: Sequence[int],
    measure: Callable[[Sequence[Detail]], int],
    saving: Callable[[int, Detail], int],
    most: int = HTML_BYTES,
) -> list[Detail]:
    """How much to show of each paper so that the page has at most `most` bytes; everything if that fits.

    `best_first` are the papers' places, the best one's first: the best eight give way last, and of each part the last
    paper first. `measure` renders and counts; it is asked a few times, the last time for what is returned. `saving`
    says how many bytes of text one paper's step to that level saves. A page too long without any paper stays so.
    """
    levels = [Detail.FULL] * len(best_first)
    size = measure(levels)
    for part in filter(None, (best_first[BEST:], best_first[:BEST])):
        for level in (Detail.SHORT, Detail.BRIEF, Detail.LEFT_OUT):
            if size <= most:
                return levels
            below = [level if place in part else before for place, before in enumerate(levels)]
            size_below = measure(below)
            if size_below < most:
                return _between(levels, level, part[::-1], (size, size_below), measure, saving, most)
            levels, size = below, size_below
    return levels


def _between(
    levels: Sequence[Detail],
    level: Detail,
    part: Sequence[int],
    sizes: tuple[int, int],
    measure: Callable[[Sequence[Detail]], int],
    saving: Callable[[int, Detail], int],
    most: int,
) -> list[Detail]:
    """These levels, with as many of `part` as need be (in this order) at a lower one; all of them are enough.

    What a step saves besides text (links, markup) is about the same for each paper.
    """
    fitted, (size, lowest) = list(levels), sizes
    markup = (size - lowest - sum(saving(place, level) for place in part)) / len(part)
    expected: float = size
    for place in part:
        if expected <= most and (expected := measure(fitted)) <= most:
            return fitted
        fitted[place] = level
        expected -= saving(place, level) + markup
    measure(fitted)
    return fitted
