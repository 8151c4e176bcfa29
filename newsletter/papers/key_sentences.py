"""Chooses the one sentence of an abstract that says what the paper does or finds. Pure; asks no model.

Each sentence gets points: for authors or results that a verb of contribution follows, and for what it shares with the
title; against what only points back ("It also …"), praise, links and plans. The most points win, of equals the earlier
sentence. benchmarks/bench_key_sentence.py measures it; the points were set on one half of its abstracts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from newsletter.formatting import cut_at_clause
from newsletter.papers.sentences import split_sentences

MAX_CHARS = 300  # nine of ten sentences that are chosen have at most 254

_READ = 4_000  # characters of a title or abstract; arXiv has at most 1,920

_WORD = re.compile(r"[^\W_]+|[;:]")
_WITHIN = 10  # words between a subject and its verb


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
    " describe provide"
) | set("build builds built".split())
_FINDS = _forms(
    "show demonstrate reveal derive report measure conclude suggest identify discover uncover observe detect obtain"
    " determine achieve confirm indicate argue quantify prove constrain highlight characterize characterise"
) | set("find finds found shown proven".split())
_LOOKS = _forms(
    "study investigate explore examine analyze analyse consider review evaluate compare assess survey revisit discuss"
    " model simulate use utilize employ test address tackle exploit leverage conduct perform compute calculate extend"
    " generalize improve solve implement validate estimate focus train translate define"
) | set("apply applies applied".split())
_AIMS = _forms("aim") | set("goal seek seeks".split())
_DOING = frozenset(  # "we close the gap by characterizing …"
    "proposing introducing presenting developing constructing designing building establishing characterizing showing"
    " demonstrating revealing finding uncovering identifying obtaining achieving proving deriving providing".split()
)
# Points for what a verb says. Findings have fewer than offers.
_OFFERED, _FOUND, _DONE_BY, _LOOKED, _AIMED, _PASSIVE = 3.75, 3.1, 2.4, 1.6, 1.5, 1.2
_VERBS = dict.fromkeys(_OFFERS, _OFFERED) | dict.fromkeys(_FINDS, _FOUND)
_WEAK_VERBS = dict.fromkeys(_LOOKS, _LOOKED) | dict.fromkeys(_AIMS, _AIMED)
_ASKED = 0.5  # for a finding where the title asks or looks
_NEW = 0.5  # for a word of _MADE
_TITLE = 4.0  # for all words of the title
_MORE, _REPEATS = 5, 1.0  # words that a sentence has to add to the title
_FARTHER, _FIRST, _LAST = 0.15, 0.3, 1.0  # against each place further down, and against the ends

_AUTHORS = frozenset("we us our here herein authors".split())
_WORKS = frozenset(
    "paper work study article letter note thesis report survey review research manuscript chapter dissertation tutorial"
    " project".split()
)
_POINTERS = frozenset("this the present our current".split())
_RESULTS = frozenset(
    "results result experiments experiment findings analysis analyses simulations evaluations evaluation observations"
    " calculations measurements ablations tests evidence experimentally numerically empirically theoretically".split()
)
_EARLIER = frozenset("recent previous prior earlier existing past".split())
_BE = frozenset("is are was were been be".split())
_STOP = frozenset(
    "a an the of for and or in on to with by from via at as is are be using use toward towards under through into over"
    " its their our that this how what why when can do does study approach based new beyond between".split()
)

_BACK = re.compile(
    r"(?:This|These|It|They|Such|Its|Their|That|Those|Both|He|She)\b"
    r"(?!\s(?:present\s|current\s)?(?:paper|work|study|article|letter|note|thesis|report|survey|review|research"
    r"|manuscript|chapter|dissertation|tutorial|project)\b)"
)
_FURTHER = re.compile(
    r"(?:However|Moreover|Furthermore|In addition|Additionally|Specifically|Finally|Notably|Besides|Also|Then|Next"
    r"|Second|Third|Secondly|Lastly|Meanwhile|For (?:example|instance)|Concretely|In particular|Consequently"
    r"|As a (?:result|consequence)|Therefore|Thus|Hence|Accordingly|In contrast|Conversely|Yet|But|Subsequently"
    r"|Similarly|Likewise|Nevertheless|Nonetheless|On the other hand|Together|Under such"
    r"|In this (?:way|case|context|setting))\b"
    r"|[^.]{0,60}\b(?:we|it) (?:also|further|then|additionally|finally)\b"
)
_IN_THIS_WORK = re.compile(r"[Tt]his (?:paper|work|study|letter|article)\b|Here\b")
_OTHERS = re.compile(  # what was there before
    r"(?:Recent|Previous|Prior|Earlier|Existing|Traditional|Conventional|Current|Many|Most|Several|Numerous)(?:ly)?\b"
    r"|[^.]{0,40}\b(?:recent|previous|prior|earlier) (?:\w+ )?(?:works?|stud(?:y|ies)|results?|experiments|evidence)\b"
)
_LINK = re.compile(
    r"https?:|github|\b(?:available|released|accessible|open-sourced?) (?:at|on|from|via|under|online|upon)\b"
)
_MADE = frozenset(
    "novel new first framework method approach benchmark dataset model algorithm system theory called named termed"
    " dubbed namely".split()
)
_PRAISE = re.compile(
    r"\b(?:pav(?:es?|ing) the way|steps? towards?|la(?:ys?|id) the (?:foundation|groundwork)|insights? (?:in)?to"
    r"|potential (?:of|for|to)|promising|highlights? the|future (?:work|research|stud\w+|direction)|implications"
    r"|guidance|could|considerations|the effectiveness|valuable|supports? the)\b"
)
_CASE = re.compile(r"(?:For (?:the|an?|each)|In (?:the|an?|case)|On [A-Z0-9]|When|Under|At|With (?:the|a)) ")
_NAME = re.compile(r"\b(?:[A-Z]+[a-z]*[A-Z][\w-]*|[A-Z]\w*-[A-Z]\w*)\b")  # as authors name what they made
_ASKS = re.compile(
    r"\?|\b(?:Evaluat|Assess|Understand|Investigat|Stud(?:y|ies)|Analy[sz]|Effect|Impact|Influence|How|Why|Do|Are|Is|Can"
    r"|Evidence|Role|Compar|Explor|Probing|Reveal|Uncover|Revisit|Rethink)",
    re.IGNORECASE,
)
_THAT = re.compile(
    r"\b(?:show|find|found|prov|demonstrat|reveal|suggest|indicat|conclud|argu|observ|confirm|establish|identif|uncover)"
    r"\w*(?: \w+ly)? (?:that|how)\b"
)
_CLAUSE_SIGN = re.compile(r"[;,:]|\s+[—–]\s")
_CLAUSE_WORD = re.compile(r" (?:which|that|while|whereas|where|when|because|since|but|and|so|by|using|based|without) ")
_PHRASE_WORD = re.compile(r" (?:in|on|at|for|with|from|to|under|over|through|across|between|of|as|via) ")
_MARKS = (
    (_IN_THIS_WORK.search, 0.5),
    (_NAME.search, 0.4),
    (_CASE.match, -0.8),
    (_OTHERS.match, -1.5),
    (_BACK.match, -1.5),
    (_FURTHER.match, -1.0),
    (_LINK.search, -1.5),
    (_PRAISE.search, -0.8),
)


def key_sentence(title: str, abstract: str) -> str:
    """Gives the sentence to show beside the title: as it stands in the abstract, at most MAX_CHARS characters of it.

    Both are readable texts (`readable`); of a longer abstract than arXiv takes the beginning is read.
    A longer sentence is cut at a clause and ends in "…". Empty only for an empty abstract.
    """
    return _cut(_choose(title[:_READ], split_sentences(abstract[:_READ])))


def _cut(sentence: str) -> str:
    """Cuts a long sentence at a clause; where no sign ends one, before a word that begins a clause or a phrase."""
    shown = cut_at_clause(sentence, MAX_CHARS)
    kept = shown.removesuffix("…")
    if kept == sentence or _CLAUSE_SIGN.match(sentence, len(kept)):
        return shown
    for joints in (_CLAUSE_WORD, _PHRASE_WORD):
        places = [match.start() for match in joints.finditer(sentence, MAX_CHARS // 2, MAX_CHARS)]
        outside = [place for place in places if sentence.count("(", 0, place) <= sentence.count(")", 0, place)]
        if outside:
            return f"{sentence[: outside[-1]].rstrip(',;: ')}…"
    return shown


def _choose(title: str, sentences: Sequence[str]) -> str:
    """Gives the sentence with the most points, of equals the first; empty if there is none."""
    if not sentences:
        return ""
    named = frozenset(_stems(_WORD.findall(title.lower())))
    finding = _ASKED if _ASKS.search(title) else 0.0
    points = [_points(text, named, finding) - _FARTHER * place for place, text in enumerate(sentences)]
    if len(sentences) > 1:
        points[0] -= _FIRST
        points[-1] -= _LAST
    return sentences[points.index(max(points))]


def _points(sentence: str, named: frozenset[str], finding: float) -> float:
    """`finding` is for one that says that something is so."""
    words = _WORD.findall(sentence.lower())
    action = _action(words)
    marks = sum(points for finds, points in _MARKS if finds(sentence))
    if not _MADE.isdisjoint(words):
        marks += _NEW
    if finding and action >= _FOUND and _THAT.search(sentence):
        marks += finding
    return action + _likeness(words, named) + marks


def _action(words: Sequence[str]) -> float:
    """Points for a verb of contribution behind a subject that means the authors, the paper or its results."""
    best = 0.0
    for place, word in enumerate(words):
        following = words[place + 1 : place + 1 + _WITHIN]
        if word in _AUTHORS or (word in _WORKS and not _POINTERS.isdisjoint(words[max(0, place - 2) : place])):
            best = max(best, _verb(following))
        elif word == "i":  # or a numeral: the verb has to follow at once
            best = max(best, _verb(following[:2]))
        elif word in _RESULTS and _EARLIER.isdisjoint(words[max(0, place - 2) : place]):
            best = max(best, _finding(following))
        elif word in _BE and _verb(following[:2]):
            best = max(best, _PASSIVE)
    return best


def _verb(words: Sequence[str]) -> float:
    """Points for what the verbs of this clause say, the first that says something; 0 for none.

    Behind a verb of looking, a form in -ed is no verb: "we use established names".
    """
    points = 0.0
    for word in _clause(words):
        if word in _VERBS and not (points and word.endswith("ed")):
            return _AIMED if points == _AIMED else _VERBS[word]
        if word in _DOING:
            return _DONE_BY
        points = points or _WEAK_VERBS.get(word, 0.0)
    return points


def _finding(words: Sequence[str]) -> float:
    return _FOUND if any(word in _FINDS for word in _clause(words)) else 0.0


def _clause(words: Iterable[str]) -> Iterator[str]:
    return takewhile(lambda word: word not in ";:", words)


def _likeness(words: Sequence[str], named: frozenset[str]) -> float:
    """Points for the share of the title's words that stand in the sentence, a little less in a long one.

    Fewer for one that says hardly more than the title.
    """
    own = set(_stems(words))
    if not named or not own:
        return 0.0
    shared = len(named & own)
    length = min(1.0, math.sqrt(2.5 * len(named) / len(own)))
    repeats = _REPEATS if len(own) - shared < _MORE else 0.0
    return _TITLE * shared / len(named) * math.sqrt(length) - repeats


def _stems(words: Iterable[str]) -> Iterable[str]:
    return (
        word[:6] if len(word) > 6 else word.removesuffix("s") for word in words if len(word) > 1 and word not in _STOP
    )
