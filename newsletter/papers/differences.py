"""Compares two versions of a paper: the title, and the sentences of the abstract, word by word. Pure.

A sentence that was moved, or is only spelled or spaced otherwise, is no difference. What readers ask first comes first:
the sentences in which a number is another one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache

from newsletter.model import Paper
from newsletter.papers.latex import readable
from newsletter.papers.sentences import split_sentences

_ALIKE = 0.5  # the share of their words that makes two sentences one that was reworded
_AROUND = 4  # words that stay on either side of what changed
_MOST_SENTENCES = 40  # of each version that are looked at for reworded ones; arXiv's abstracts have at most thirty
_MOST_WORDS = 400  # of a sentence that is compared word by word; whole abstracts have fewer
# Those inside of numbers stay. A row of them is looked at from its first one alone: from each takes the row's square.
_POINTS = re.compile(r"""(?<![.,;:!?…"'“”‘’()\[\]])[.,;:!?…"'“”‘’()\[\]]++(?=\s|$)|(?<!\S)["'“”‘’(\[]+""")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*%?")


class Mark(StrEnum):
    """What became of a run of words."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words of which the same became."""

    text: str
    mark: Mark

    @property
    def is_added(self) -> bool:
        return self.mark is Mark.ADDED

    @property
    def is_removed(self) -> bool:
        return self.mark is Mark.REMOVED


Change = tuple[Piece, ...]  # of one sentence; of one that is new or gone, a single piece


@dataclass(frozen=True, slots=True)
class Difference:
    """The changes from one version to the next. `title` is empty where it stayed; both are for readers, without TeX."""

    title: Change
    changes: tuple[Change, ...]  # of the abstract, other numbers first, else as they stand in it

    @property
    def is_empty(self) -> bool:
        return not (self.title or self.changes)


@lru_cache(maxsize=512)  # a morning's readers share its papers
def find_difference(before: Paper, after: Paper) -> Difference:
    """Compares title and abstract as readers see them."""
    titles = readable(before.title), readable(after.title)
    sentences = [split_sentences(readable(paper.abstract)) for paper in (before, after)]
    changes = sorted(_changes(*sentences), key=lambda change: not _has_other_numbers(change))
    return Difference(() if _bare(titles[0]) == _bare(titles[1]) else compare_words(*titles), tuple(changes))


def compare_words(before: str, after: str) -> Change:
    """Gives the words of both in their order, of what changed at one place the old ones first.

    Without the added words they are the first text, without the removed ones the second, but for white space.
    """
    old, new = before.split(), after.split()
    if max(len(old), len(new)) > _MOST_WORDS:
        return Piece(" ".join(old), Mark.REMOVED), Piece(" ".join(new), Mark.ADDED)
    pieces: list[Piece] = []
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece(" ".join(old[old_from:old_to]), Mark.KEPT))
            continue
        pieces += [Piece(" ".join(old[old_from:old_to]), Mark.REMOVED)] if old_to > old_from else []
        pieces += [Piece(" ".join(new[new_from:new_to]), Mark.ADDED)] if new_to > new_from else []
    return tuple(pieces)


def shorten(change: Change, most_chars: int) -> Change:
    """Leaves out words far from what changed, and cuts what is longer than `most_chars` in all then."""
    if len(change) > 1:
        places = enumerate(change)
        change = tuple(_around(piece, place > 0, place < len(change) - 1) for place, piece in places)
    shown: list[Piece] = []
    left = most_chars
    for piece in change:
        if left < 1:  # what is shown fills it, and has to say itself that more comes
            last = shown.pop()
            return (*shown, Piece(f"{last.text[:-1]}…", last.mark))
        if len(piece.text) > left:
            cut = piece.text[: max(0, left - 1)].rpartition(" ")[0] or piece.text[: max(0, left - 1)]
            return (*shown, Piece(f"{cut}…", piece.mark))
        shown.append(piece)
        left -= len(piece.text) + 1
    return tuple(shown)


def words_of(change: Change, *, without: Mark) -> str:
    """Gives one side of a change as text: the new one without what was removed, the old one without what was added."""
    return " ".join(piece.text for piece in change if piece.mark is not without)


def _around(piece: Piece, has_before: bool, has_after: bool) -> Piece:
    """Keeps of a run of words that stayed those next to what changed."""
    words = piece.text.split(" ")
    if piece.mark is not Mark.KEPT:
        return piece
    head = words[:_AROUND] if has_before else []
    tail = words[-_AROUND:] if has_after else []
    if len(words) <= len(head) + len(tail) + 2:
        return piece
    return Piece(" ".join([*head, "…", *tail]), Mark.KEPT)


def _changes(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    """Compares sentences, those that stand in both left out wherever they stand."""
    old_bare, new_bare = Counter(map(_bare, before)), Counter(map(_bare, after))
    old = _without(before, new_bare)
    new = _without(after, old_bare)
    partner = _partners(old, new)
    for place, sentence in enumerate(new):
        if place in partner:
            yield compare_words(old[partner[place]], sentence)
        else:
            yield (Piece(sentence, Mark.ADDED),)
    reworded = set(partner.values())
    for place, sentence in enumerate(old):
        if place not in reworded:
            yield (Piece(sentence, Mark.REMOVED),)


def _without(sentences: Sequence[str], others: Counter[str]) -> list[str]:
    """Leaves out each sentence as often as the other version has it, too."""
    left = Counter(others)
    kept = []
    for sentence in sentences:
        bare = _bare(sentence)
        if left[bare]:
            left[bare] -= 1
        else:
            kept.append(sentence)
    return kept


def _partners(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Finds for each new sentence the old one that it rewords, if any: the pairs that are most alike first."""
    old_words = [_bare(one).split()[:_MOST_WORDS] for one in old[:_MOST_SENTENCES]]
    new_words = [_bare(one).split()[:_MOST_WORDS] for one in new[:_MOST_SENTENCES]]
    pairs = []
    for j, there in enumerate(new_words):
        matcher = SequenceMatcher(None, b=there, autojunk=False)
        for i, here in enumerate(old_words):
            matcher.set_seq1(here)
            if matcher.quick_ratio() >= _ALIKE and (ratio := matcher.ratio()) >= _ALIKE:
                pairs.append((-ratio, j, i))
    partner: dict[int, int] = {}
    for _, j, i in sorted(pairs):
        if j not in partner and i not in partner.values():
            partner[j] = i
    return partner


def _has_other_numbers(change: Change) -> bool:
    """Tells whether a reworded sentence has other numbers than before."""
    removed, added = (
        Counter(number for piece in change if piece.mark is mark for number in _NUMBER.findall(piece.text))
        for mark in (Mark.REMOVED, Mark.ADDED)
    )
    return len(change) > 1 and removed != added


def _bare(sentence: str) -> str:
    """Gives the words alone, without case, spacing and the points of a sentence."""
    return " ".join(_POINTS.sub(" ", sentence).casefold().split())
