"""Keeps a digest under the size at which mail clients cut it: less is shown of the papers that matter less. Pure.

Gmail shows about 102 kB of an HTML part (104,448 bytes, markup and styles included) and hides the rest behind a link,
the way to leave among it. Sizes are measured after styles were moved into the elements and the page became ASCII.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import lru_cache
from html import escape

HTML_BYTES = 98_000  # 6 kB short of Gmail's cut, for what providers add and rewrite


class Detail(IntEnum):
    """How much of a paper a mail shows. Each level has what the ones below it have."""

    LEFT_OUT = 0
    TITLE = 1  # with number and scores
    REASON = 2  # the comment
    SENTENCE = 3  # the abstract's key sentence, and authors
    LINKS = 4  # topic, PDF and code
    ENTRY = 5  # the links for votes: all that the contents show of a paper
    FULL = 6  # with all else, the abstract among it, below the contents


_STEPS_OF_AN_ENTRY = (Detail.LINKS, Detail.SENTENCE, Detail.REASON, Detail.TITLE)


@lru_cache(maxsize=8192)  # of each paper it is asked several times
def html_bytes(text: str) -> int:
    """The size of this text in the page: escaped, ASCII."""
    return len(escape(text).encode("ascii", "xmlcharrefreplace"))


def fit(
    best_first: Sequence[int],
    full: int,
    measure: Callable[[Sequence[Detail]], int],
    saving: Callable[[int, Detail], int],
    most: int = HTML_BYTES,
) -> list[Detail]:
    """How much to show of each paper so that the page has at most `most` bytes; everything if that fits.

    `best_first` are the papers' places, the best one's first. The best `full` are shown in full and give way when the
    others stand there by their titles alone; papers are left out last. Of each step the last paper is the first to
    take it. `measure` renders and counts; it is asked a few times, the last time for what is returned. `saving` says
    how many bytes of text one paper's step to that level saves. A page too long without any paper stays so.
    """
    best, rest = best_first[:full], best_first[full:]
    levels = [Detail.ENTRY] * len(best_first)
    for place in best:
        levels[place] = Detail.FULL
    size = measure(levels)
    for part, level in (
        *((rest, level) for level in _STEPS_OF_AN_ENTRY),
        *((best, level) for level in (Detail.ENTRY, *_STEPS_OF_AN_ENTRY)),
        (rest, Detail.LEFT_OUT),
        (best, Detail.LEFT_OUT),
    ):
        if size <= most:
            return levels
        if not part:
            continue
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
