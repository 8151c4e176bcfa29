"""Tells what a sentence says its authors did: offered, found or looked at something. By its words; asks no model.

A subject has to stand before the verb: authors ("we"), their paper ("this work"), their results ("experiments show")
or nobody ("it is shown that"). A question says nothing of the kind. key_sentences.py gives the points.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto
from itertools import pairwise


class Contribution(Enum):
    """What a sentence says its authors did, the most telling first: of two in one sentence the first here counts."""

    FOUND = auto()  # "we find that"
    OFFERED = auto()  # "we propose"
    RESULTS = auto()  # "experiments show"
    PAPER = auto()  # "this work introduces"
    MAIN = auto()  # "our main contribution is"
    TURNED_OUT = auto()  # "it is shown that"
    DONE_BY = auto()  # "we close the gap by deriving"
    OURS = auto()  # "our approach reads"
    LOOKED = auto()  # "we study", "we present an analysis of"
    OUR_RESULTS = auto()  # "our results point to"
    ACTED = auto()  # "we" and any other verb


def _forms(verbs: str) -> frozenset[str]:
    """Every form of these verbs but the one in -ing, which has no subject."""
    forms = set()
    for verb in verbs.split():
        stem = verb.removesuffix("e")
        past = f"{verb[:-1]}ied" if verb.endswith("fy") or verb.endswith("dy") else f"{stem}ed"
        third = f"{verb[:-1]}ies" if past.endswith("ied") else f"{verb}es" if verb.endswith("ss") else f"{verb}s"
        forms |= {verb, third, past}
    return frozenset(forms)


_OFFERS = _forms(
    "propose introduce present develop design devise formulate establish construct create release offer contribute"
    " describe provide outline advocate advance generalize unify classify compile catalogue catalog enable invent"
    " define express formalize formalise generalise curate reformulate fabricate realize assemble"
) | set("build builds built give gives gave given".split())
_FINDS = _forms(
    "show demonstrate reveal derive report measure conclude suggest identify discover uncover observe detect obtain"
    " determine achieve confirm indicate argue quantify prove constrain highlight characterize characterise recover"
    " infer resolve verify forecast predict exhibit imply illustrate document estimate clarify deduce elucidate unveil"
    " settle reproduce conjecture explain extract"
) | set("find finds found shown proven see seen".split())
_LOOKS = _forms(
    "study investigate explore examine analyze analyse consider review evaluate compare assess survey revisit discuss"
    " model simulate use utilize employ test address tackle exploit leverage conduct perform compute calculate extend"
    " improve solve implement validate focus train translate collect combine target reconsider probe search select"
    " generate adopt take benchmark adapt fit integrate incorporate trace map interpret calibrate reconstruct initiate"
    " connect reduce"
) | set("apply applies applied took".split())
_AIMS = _forms("aim") | set(
    "goal seek seeks hope plan ask asks believe expect assume call refer term denote recall note".split()
)
_DOING = frozenset(
    "proposing introducing presenting developing constructing designing building establishing characterizing showing"
    " demonstrating revealing finding uncovering identifying obtaining achieving proving deriving providing".split()
)

_WORKS = frozenset(
    "paper work study article letter note notes thesis report survey review manuscript chapter dissertation tutorial"
    " talk lecture lectures proceeding proceedings".split()
)
_POINTERS = frozenset("this the present our current".split())
_RESULTS = frozenset(
    "results result experiments experiment findings analysis analyses simulations evaluations evaluation observations"
    " calculations measurements ablations tests evidence experimentally numerically empirically theoretically".split()
)
_METHODS = frozenset(
    "approach method framework model algorithm architecture system pipeline protocol scheme technique design network"
    " solution formulation strategy methods models code library tool".split()
)
_MAIN = frozenset("contribution contributions conclusion conclusions finding aim goal".split())
_GIVES = _forms("present provide report offer") | set("give gives gave perform performed conduct conducted".split())
_STUDIES = frozenset(
    "study analysis investigation overview review examination evaluation assessment survey exploration summary"
    " comparison observation observations measurements evidence perspective".split()
)
_EARLIER = frozenset("recent previous prior earlier existing past".split())
_RELATIVES = frozenset("which whom where whose".split())
_THIS_IS = ("this", "is")  # "this is a short survey of"
_IS_ABOUT = frozenset("a an the concerned devoted dedicated about".split())  # "this paper is concerned with"
_BE = frozenset("is are was were been be".split())
_BETWEEN = frozenset(  # may stand between "we" and the verb, as may words in -ly
    "also then first further furthermore here thus therefore hence now next finally instead both only not have has had"
    " will can could may be been last again even jointly to".split()
)

_TOKEN = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*|[;:,]")
_NEAR = 10  # words between a subject and its verb
_STUDY_NEAR = 5  # words between "we present" and "analysis"
_REACH = 30  # words from one verb to another that "and" joins: "we study … and prove"


def contribution(sentence: str) -> Contribution | None:
    """Tells what a sentence says its authors did, or None."""
    words = [] if sentence.endswith("?") else _TOKEN.findall(sentence.lower())
    said = [done for place in range(len(words)) if (done := _at(words, place))]
    return min(said, key=lambda done: done.value, default=None)


def _at(words: Sequence[str], place: int) -> Contribution | None:
    """What is said of the subject at this place; None if there is none."""
    word, following = words[place], words[place + 1 : place + 1 + _REACH + _NEAR]
    before = words[max(0, place - 2) : place]
    if word == "we" and not _RELATIVES.isdisjoint(before[-1:]):
        return None  # "equations, which we construct": said beside the point
    # "I" may be a numeral
    if word in ("we", "authors") or (word == "i" and following and _strength(following[0])):
        return _of_authors(following)
    if word == "our":
        return _of_ours(_clause(following, ";:,"))
    if word in _WORKS and _THIS_IS in pairwise(words[max(0, place - _STUDY_NEAR) : place]):
        return Contribution.PAPER
    if word in _WORKS and not _POINTERS.isdisjoint(before):
        return _of_paper(_clause(following, ";:"))
    if word in _RESULTS and _EARLIER.isdisjoint(before) and "our" not in words[max(0, place - 4) : place]:
        clause = _clause(following, ";:")
        return Contribution.RESULTS if _AIMS.isdisjoint(clause) and not _FINDS.isdisjoint(clause) else None
    return _of_thing(following) if word in _BE else None


def _clause(words: Sequence[str], ends: str) -> Sequence[str]:
    near = words[: _NEAR + 1]
    return near[: next((place for place, word in enumerate(near) if word in ends), len(near))]


def _strength(verb: str) -> int:
    """3 for finding, 2 for offering, 1 for looking; 0 for no verb that is known."""
    return 3 if verb in _FINDS else 2 if verb in _OFFERS else 1 if verb in _LOOKS else 0


def _skip(words: Sequence[str], place: int, more: frozenset[str] = frozenset()) -> int:
    while place < len(words) and (words[place] in _BETWEEN or words[place] in more or words[place].endswith("ly")):
        place += 1
    return place


def _of_authors(words: Sequence[str]) -> Contribution | None:
    """By the verb behind "we", or a stronger one that "and" or a comma joins to it."""
    start = _skip(words, 0)
    if start >= len(words) or words[start] in ";:" or words[start] in _AIMS:
        return None
    is_study = words[start] in _GIVES and not _STUDIES.isdisjoint(words[start + 1 : start + 1 + _STUDY_NEAR])
    strength = 1 if is_study else _strength(words[start])
    for place in range(start + 1, min(start + _REACH, len(words) - 1)):
        if words[place] in ";:":
            break
        if words[place] in _DOING and strength < 2:
            return Contribution.DONE_BY
        if words[place] in ("and", ","):
            joined = words[min(_skip(words, place + 1, frozenset({"and"})), len(words) - 1)]
            if _joins(words[start], joined):
                strength = max(strength, _strength(joined))
    return (Contribution.ACTED, Contribution.LOOKED, Contribution.OFFERED, Contribution.FOUND)[strength]


def _joins(verb: str, other: str) -> bool:
    """Tells whether the other verb can have the same subject: in "we use known and measured names" it has not."""
    return _strength(other) > 1 and not other.endswith("s") and (not other.endswith("ed") or verb.endswith("ed"))


def _of_ours(clause: Sequence[str]) -> Contribution | None:
    if not _MAIN.isdisjoint(clause):
        return Contribution.MAIN
    for place, word in enumerate(clause):
        said = clause[place + 1 :]
        if word in _RESULTS and said:
            return Contribution.OUR_RESULTS if _FINDS.isdisjoint(said) else Contribution.RESULTS
    return Contribution.OURS if not _METHODS.isdisjoint(clause[:-1]) else None


def _of_paper(clause: Sequence[str]) -> Contribution | None:
    """Behind another verb a form in -ed without "is" is none: "this paper uses established names"."""
    if clause[:1] == ["is"] and not _IS_ABOUT.isdisjoint(clause[1:2]):
        return Contribution.PAPER
    has_verb = False
    for before, word in pairwise(("", *clause)):
        if word in _AIMS:
            return None
        if _strength(word) > 1 and not (has_verb and word.endswith("ed") and before not in _BE):
            return Contribution.PAPER
        if word in _DOING:
            return Contribution.DONE_BY
        has_verb = has_verb or _strength(word) > 0
    return None


def _of_thing(words: Sequence[str]) -> Contribution | None:
    """By the participle behind "is"."""
    place = _skip(words, 0)
    verb, behind = (*words[place : place + 2], "", "")[:2]
    return Contribution.TURNED_OUT if verb in _FINDS and behind == "that" else None
