"""Finds the papers of pinned authors. Pure; names are compared as people write them, not as TeX spells them.

A pinned name may be written as arXiv prints names (`Ada B. Lovelace`), as libraries do (`Lovelace, Ada`), or as
citations do (`Lovelace A.`): each of these readings counts. An author of a paper has the first one alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from newsletter.papers.latex import readable_name
from newsletter.phrases import Phrase

_GENERATIONS = frozenset({"jr", "sr", "ii", "iii", "iv"})
_DEGREES = frozenset({"phd", "md", "dphil", "esq"})
_TITLES = frozenset({"dr", "prof", "professor", "sir"})
# Written small, they belong to the family name; written large they may (Van Gool) or may not (Nguyen Van Hung).
_PARTICLES = frozenset(
    "van von vom vander der den de del dell della degli dei di da dos das do du la le les lo el al bin ibn ben ter "
    "ten te tot 't zu zum zur af av y e".split()
)
_LEFT_OUT = frozenset({"collaboration", "collaborations", "consortium"})
_GROUPS = _LEFT_OUT | {"team", "group", "initiative", "project"}
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_PLAIN = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŧ": "t"}
)
_UMLAUT = re.compile(r"(?<=[b-df-hj-np-tv-z])([aou])e(?=[b-df-hj-np-tv-z])")  # Mueller, and neither Bauer nor Lee
_NO_PART_OF_A_NAME = re.compile("[\"“”„«»'’‘ʼ`{}*]")  # O’Neill is ONeill
_STUCK_INITIAL = re.compile(r"\.(?=\w)")
_HYPHEN = re.compile("[-\u2010-\u2015]")
_ADDRESS_OR_NUMBER = re.compile(r"@|\d{4}")  # an ORCID; T2K is a collaboration
_SEVERAL = re.compile(r";|\s&\s|\bet\.? al\b|\s(?:and|und|et)\s(?=\S+[ ,])", re.I)

_MOST_WORDS = 20  # the longest name of 85,172 has 10; each word more is one reading more

Spellings = frozenset[str]
Unit = tuple[str, ...]  # the parts of a name at its hyphens, as they are written, in small letters


@dataclass(frozen=True, slots=True)
class _Reading:
    """A name taken apart. `family` has its spellings, accents and blanks left out; `given` may be empty.

    `is_strict`: each letter of "Lovelace AB" stands for a name that must be there.
    """

    given: tuple[Unit, ...]
    family: Spellings
    generation: str = ""
    is_strict: bool = False
    is_group: bool = False


def find_pinned_author(pinned: tuple[str, ...], authors: Iterable[str]) -> str:
    """Finds the first pinned name that is among the authors; "" if none is.

    Among them: with the same family name and the same given name; an initial in the *pinned* name stands for every
    given name. Middle names are passed over, unless both have some and none fits. "Y. LeCun" meets "Yann A. LeCun";
    "Yann LeCun" does not meet "Y. LeCun", who may be somebody else; neither does "Jun Zhu" meet "Jun-Yan Zhu".
    """
    if not pinned:
        return ""
    wanted = _by_family(pinned)
    found = {
        place
        for author in authors
        for theirs in _readings(author)
        for family in theirs.family
        for place, ours in wanted.get(family, ())
        if _meets(ours, theirs)
    }
    return pinned[min(found)] if found else ""


def author_problem(pinned: str) -> str:
    """Says why a text cannot mean exactly one author; "" if it can."""
    name = readable_name(pinned)
    if _group(name.split()):
        return ""
    if _ADDRESS_OR_NUMBER.search(name):
        return Phrase("a name as arXiv prints it, such as Ada Lovelace; no address and no number")
    if _SEVERAL.search(name) or len(_parted(name)[0]) > 2:
        return Phrase("one author in each entry, such as Ada Lovelace or Lovelace, Ada")
    units = [unit for part in _parted(name)[0] for unit in _units(part)]
    if not any(len(part) > 1 or not part.isascii() for unit in units for part in unit):
        return Phrase("an author with the whole family name, such as A. Lovelace")
    return ""


@lru_cache(maxsize=64)
def _by_family(pinned: tuple[str, ...]) -> dict[str, list[tuple[int, _Reading]]]:
    wanted: dict[str, list[tuple[int, _Reading]]] = {}
    for place, name in enumerate(pinned):
        for reading in {*_readings(name), *_other_readings(name)}:
            for family in reading.family:
                wanted.setdefault(family, []).append((place, reading))
    return wanted


# --- two names ----------------------------------------------------------------------------------------


def _meets(pinned: _Reading, author: _Reading) -> bool:
    if pinned.generation and author.generation and pinned.generation != author.generation:
        return False
    if not pinned.given:
        return author.is_group or not author.given or not pinned.is_group
    if pinned.is_strict:
        parts = [part for unit in author.given for part in unit]
        return len(parts) >= len(pinned.given) and all(map(_begins, parts, (unit[0] for unit in pinned.given)))
    return any(
        _is_name(_joined(pinned.given[:ours]), pinned.given[0], author.given[:theirs])
        and _middles_agree(pinned.given[ours:], author.given[theirs:])
        for ours, theirs in ((1, 1), (1, 2), (2, 1))
        if len(pinned.given) >= ours and len(author.given) >= theirs
    )


def _is_name(wanted: Spellings, first: Unit, found: Sequence[Unit]) -> bool:
    """Compares given names: Jean-Baptiste is Jean Baptiste, J. is Jun-Yan, J.-Y. is Jun-Yan and Jun Yan but not Jun."""
    if wanted & _joined(found):
        return True
    parts = [part for unit in found for part in unit]
    if not all(_is_initial(part) for part in first):
        return False
    is_enough = len(found) == 1 if len(first) == 1 else len(parts) == len(first)
    return is_enough and all(map(_begins, parts, first))


def _middles_agree(ours: Sequence[Unit], theirs: Sequence[Unit]) -> bool:
    if not ours or not theirs:
        return True
    return any(_begins(a, b) or _begins(b, a) for unit in ours for a in unit for other in theirs for b in other)


def _begins(part: str, initial: str) -> bool:
    """Whether the one is the other, or begins with it where it is an initial."""
    if _is_initial(initial):
        return any(spelt.startswith(initial) for spelt in _spellings(part))
    return bool(_spellings(part) & _spellings(initial))


def _is_initial(part: str) -> bool:
    return len(part) == 1 and part.isascii()


# --- a name taken apart -------------------------------------------------------------------------------


@lru_cache(maxsize=16_384)  # the names of a day
def _readings(name: str) -> tuple[_Reading, ...]:
    """Reads a name with given names first. Any number of the last words may be the family name: each counts."""
    parts, generation = _parted(readable_name(name))
    words = parts[0].split() if len(parts) == 1 else []
    if len(words) > _MOST_WORDS:
        return ()
    group = _group(words)
    if group:
        return tuple(_Reading((), frozenset({key}), is_group=True) for key in group)
    units = _units(" ".join(words))
    if not units:
        return ()
    begin = _family_begins(words)
    if begin == 0:
        return (_Reading((), _family(units), generation),)
    return tuple(_Reading(tuple(units[:at]), _family(units[at:]), generation) for at in range(1, begin + 1))


def _other_readings(name: str) -> Iterable[_Reading]:
    """Reads names as only people pin them: `Lovelace, Ada`, `Lovelace A.`, `Lovelace AB` and `LOVELACE Ada`."""
    parts, generation = _parted(readable_name(name))
    if len(parts) == 2:
        yield _with_comma(parts[0], parts[1], generation)
    words = parts[0].split() if len(parts) == 1 else []
    at = next((number for number, word in enumerate(words) if _are_initials(word)), 0)
    if at and all(map(_are_initials, words[at:])):
        letters = re.findall(r"[^\W\d_]", " ".join(words[at:]).lower())
        is_strict = "." not in "".join(words[at:]) and len(letters) > 1
        yield _Reading(tuple((letter,) for letter in letters), _family(_units(" ".join(words[:at]))), "", is_strict)
    if len(words) == 2 and len(words[0]) == 2 and _are_initials(words[0]) and not _is_shouted(words[1]):
        yield _Reading(tuple((letter,) for letter in words[0].lower()), _family(_units(words[1])), "", is_strict=True)
    at = next((number for number, word in enumerate(words) if not _is_shouted(word)), 0)
    if at and not any(map(_is_shouted, words[at:])):
        yield _Reading(tuple(_units(" ".join(words[at:]))), _family(_units(" ".join(words[:at]))), generation)


def _with_comma(family: str, given: str, generation: str) -> _Reading:
    """Reads a name with a comma; `Berg, Jan van der` has the particles behind."""
    names = given.split()
    while len(names) > 1 and names[-1].islower() and names[-1] in _PARTICLES:
        family = f"{names.pop()} {family}"
    return _Reading(tuple(_units(" ".join(names))), _family(_units(family)), generation)


def _parted(name: str) -> tuple[list[str], str]:
    """Cuts a name at its commas, without affiliation, titles and degrees; Jr., Sr. or III comes apart."""
    bare = _STUCK_INITIAL.sub(". ", _NO_PART_OF_A_NAME.sub("", unicodedata.normalize("NFC", name.partition("(")[0])))
    parts = [[*part.split()] for part in bare.split(",")]
    generation = ""
    for words in parts:
        least = (2 if len(parts) == 1 else 1) if words is parts[0] else 0
        while len(words) > least and _bare(words[-1]) in _GENERATIONS | _DEGREES:
            last = _bare(words.pop())
            generation = last if last in _GENERATIONS else generation
        while len(words) > 1 and _bare(words[0]) in _TITLES:
            del words[0]
    return [" ".join(words) for words in parts if words] or [""], generation


def _bare(word: str) -> str:
    return word.replace(".", "").casefold()


def _group(words: list[str]) -> tuple[str, ...]:
    """Keys of a group: atlascollaboration and atlas for `The ATLAS Collaboration`, lingteam for `Ling Team`."""
    bare = [_bare(word) for word in _HYPHEN.sub(" ", " ".join(words)).split()]
    if len(bare) < 2 or bare[-1] not in _GROUPS:
        return ()
    bare = bare[1:] if bare[0] == "the" and len(bare) > 2 else bare
    return ("".join(bare), "".join(bare[:-1])) if bare[-1] in _LEFT_OUT else ("".join(bare),)


def _family_begins(words: list[str]) -> int:
    """Finds the family name's first word, small particles included; 0 if there is nothing before it."""
    begin = len(words) - 1
    while begin > 0 and words[begin - 1].islower() and _bare(words[begin - 1]) in _PARTICLES:
        begin -= 1
    return begin


def _are_initials(word: str) -> bool:
    letters = [part for part in re.split(r"[.-]", word) if part]
    is_dotted = all(len(letter) == 1 for letter in letters)
    return bool(letters) and (is_dotted or len(word) <= 3) and word.upper() == word and word.isascii()


def _is_shouted(word: str) -> bool:
    return len(word) > 1 and word.isupper() and "." not in word


def _units(words: str) -> list[Unit]:
    units = (tuple(filter(None, map(_bare, _HYPHEN.split(word)))) for word in words.split())
    return [unit for unit in units if unit]


def _family(units: Iterable[Unit]) -> Spellings:
    spelt = _joined(units)
    return spelt | {_UMLAUT.sub(r"\1", name) for name in spelt}


def _joined(units: Iterable[Unit]) -> Spellings:
    return _spellings("".join(part for unit in units for part in unit))


@lru_cache(maxsize=16_384)
def _spellings(word: str) -> Spellings:
    """Spells a word without accents, as in Muller and in Mueller."""
    return frozenset({_without_accents(word), _without_accents(word.translate(_SPELT))})


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    split = unicodedata.normalize("NFKD", word.translate(_PLAIN))
    return "".join(c for c in split if not unicodedata.combining(c))
