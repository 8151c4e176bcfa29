"""Knows what papers call the things that readers write in other words, as shipped in wordings.txt.

Papers say "mechanistic interpretability" where a reader types "mech interp", "black holes" for "schwarze Löcher", and
"jailbreak" where somebody asks for AI safety.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path

from newsletter.model import Profile
from newsletter.scoring.ranking.abbreviations import load_abbreviations
from newsletter.scoring.ranking.plain_text import part_names, plain
from newsletter.scoring.ranking.word_forms import normalise

SHIPPED = Path(__file__).with_name("wordings.txt")

Forms = tuple[str, ...]

_WORD = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"[^.,:;!?()\[\]\n•|·]+")  # no wording reaches over a comma: "diffusion, language models" are two


@dataclass(frozen=True)
class Wordings:
    """What stands for a sequence of normalised words: `same` means what the reader wrote, `related` is near it."""

    same: dict[Forms, tuple[str, ...]]
    related: dict[Forms, tuple[str, ...]]

    @cached_property
    def longest(self) -> int:
        """Gives how many words the longest of the sequences has."""
        return max(map(len, [*self.same, *self.related]), default=0)

    def reword(self, text: str) -> str:
        """Puts the papers' wording in place of each clipped or foreign one; the longest that fits first."""
        text = part_names(text)
        behind, parts = 0, list[str]()
        for start, end, (wording, *_) in _find(text, self.same, self.longest):
            parts += [text[behind:start], wording]
            behind = end
        return "".join([*parts, text[behind:]])

    def vary(self, text: str) -> Iterator[tuple[str, str]]:
        """Gives each name under which a wide or plain wording in the text goes, and the text with that name instead.

        Each once: where a wording stands again, it is left there.
        """
        given: set[str] = set()
        for start, end, names in _find(text, self.related, self.longest):
            for name in names:
                if name not in given:
                    given.add(name)
                    yield name, text[:start] + name + text[end:]


NO_WORDINGS = Wordings({}, {})


def reword_profile(profile: Profile) -> Profile:
    """Gives the profile in the papers' wording, titles of kept papers too.

    Names of topics stay as they are, but where nothing else is wanted.
    """
    wordings = load_wordings()

    def reword(text: str) -> str:
        return wordings.reword(plain(text))

    topics = (
        replace(
            topic,
            name=topic.name if topic.relevant else reword(topic.name),
            relevant=reword(topic.relevant),
            irrelevant=reword(topic.irrelevant),
        )
        for topic in profile.topics
    )
    like, avoid = tuple(map(reword, profile.like)), tuple(map(reword, profile.avoid))
    papers = tuple(replace(paper, title=reword(paper.title)) for paper in profile.papers)
    return replace(profile, topics=tuple(topics), about=reword(profile.about), like=like, avoid=avoid, papers=papers)


@cache
def load_wordings() -> Wordings:
    """Reads the shipped list once a process; abbreviations stand for their long forms there, and these for them."""
    listed = read_wordings(SHIPPED)
    related = dict(_abbreviate(listed.related)) | listed.related
    return replace(listed, related=dict(_turn_round(related)) | related)


def read_wordings(file: Path) -> Wordings:
    """Reads a list, as it is written."""
    same: dict[Forms, tuple[str, ...]] = {}
    related: dict[Forms, tuple[str, ...]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            sign, table = ("=", same) if "=" in line else ("~", related)
            written, _, names = line.partition(sign)
            meant = tuple(name.strip() for name in names.split(","))
            table |= {_read(one): meant for one in written.split("|")}
    return Wordings(same, related)


def _abbreviate(table: Mapping[Forms, tuple[str, ...]]) -> Iterator[tuple[Forms, tuple[str, ...]]]:
    """Gives names to the same words with a part abbreviated, as "offline RL", or written out.

    An abbreviation that is all of a reader's words stays as it is: what it is short for is a subject too wide.
    """
    other = {one: others[0] for one, others in load_abbreviations().items()}
    for forms, names in table.items():
        for first, last in combinations(range(len(forms) + 1), 2):
            short = other.get(forms[first:last])
            if short and last - first < len(forms) and other[short] == forms[first:last]:
                written = forms[:first] + short + forms[last:]
                if new := tuple(name for name in names if _read(name) != written):
                    yield written, new


def _turn_round(table: Mapping[Forms, tuple[str, ...]]) -> Iterator[tuple[Forms, tuple[str, ...]]]:
    """Gives names to "safety of AI", where they stand for "AI safety"."""
    for (*before, last), names in table.items():
        if before:
            yield (last, "of", *before), names


def _read(text: str) -> Forms:
    return tuple(normalise(word) for word in _WORD.findall(text))


def _find(text: str, table: dict[Forms, tuple[str, ...]], longest: int) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Finds what the table knows: first character, the one behind the last, and what stands for it."""
    for piece in _PIECE.finditer(text):
        words = list(_WORD.finditer(text, *piece.span()))
        forms = tuple(normalise(word.group()) for word in words)
        first = 0
        while first < len(words):
            for last in range(min(len(words), first + longest), first, -1):
                if names := table.get(forms[first:last]):
                    yield words[first].start(), words[last - 1].end(), names
                    first = last
                    break
            else:
                first += 1
