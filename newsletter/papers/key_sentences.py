"""Chooses the one sentence of an abstract that says what the paper does or finds. Pure; asks no model.

Each sentence gets points: for what it says the authors did (contributions.py), for standing behind the first that does,
for what it shares with the title and adds to it, and for figures; against what only points back ("It also …"), what was
known or lacking, praise and plans. The most points win, of equals the earlier sentence.
benchmarks/fit_key_sentence.py sets the points, benchmarks/bench_key_sentence.py measures.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from functools import lru_cache
from itertools import accumulate

from newsletter.formatting import cut_at_clause
from newsletter.papers.contributions import Contribution, contribution
from newsletter.papers.sentences import split_sentences

MAX_CHARS = 300  # nine of ten sentences that are chosen have at most 254

_READ = 4_000  # characters of a title or abstract; arXiv has at most 1,920

# What a sentence is, and what that is worth. benchmarks/fit_key_sentence.py prints this table.
POINTS: dict[str, float] = {
    "first done": 1.572,
    "like the title": 1.437,
    "behind what was done": 1.379,
    "adds to the title": 1.006,
    "OFFERED": 0.684,
    "here": 0.663,
    "coined": 0.604,
    "FOUND": 0.603,
    "shared words": 0.59,
    "says that": 0.585,
    "begins with our": 0.552,
    "says we": 0.552,
    "MAIN": 0.547,
    "RESULTS": 0.538,
    "significant": 0.497,
    "long": 0.475,
    "PAPER": 0.474,
    "OUR_RESULTS": 0.429,
    "the first": 0.406,
    "a figure": 0.405,
    "closes a gap": 0.395,
    "a difference": 0.182,
    "something made": 0.172,
    "OURS": 0.165,
    "TURNED_OUT": 0.159,
    "DONE_BY": 0.154,
    "ACTED": -0.049,
    "goes on": -0.114,
    "a step": -0.251,
    "found before": -0.255,
    "a case": -0.3,
    "praise": -0.31,
    "worth": -0.312,
    "repeats the title": -0.318,
    "what is not": -0.365,
    "last": -0.37,
    "LOOKED": -0.371,
    "what has been": -0.405,
    "adds": -0.435,
    "points back": -0.438,
    "found, of something coined": -0.464,
    "short": -0.891,
}

_WORD = re.compile(r"[^\W_]+|[;:]")
_ADDS = 15  # words of its own that say enough
_REPEATS = 5  # words of its own, so few that it repeats the title
_STOP = frozenset(
    "a an the of for and or in on to with by from via at as is are be using use toward towards under through into over"
    " its their our that this how what why when can do does study approach based new beyond between".split()
)
_MADE = frozenset(
    "novel new first framework method approach benchmark dataset model algorithm system theory called named termed"
    " dubbed namely".split()
)
_FINDINGS = frozenset({Contribution.FOUND, Contribution.RESULTS, Contribution.TURNED_OUT})
_NAME = re.compile(r"\b(?:[A-Z]+[a-z]*[A-Z][\w-]*|[A-Z]\w*-[A-Z]\w*)\b")  # as authors name what they made
_TESTS: dict[str, Callable[[str], object]] = {  # said here: mypy takes a minute to find what these have in common
    "points back": re.compile(
        r"(?:This|These|It|They|Such|Its|Their|That|Those|Both|He|She)\b"
        r"(?!\s(?:present\s|current\s)?(?:paper|work|study|article|letter|note|thesis|report|survey|review|research"
        r"|manuscript|chapter|dissertation|tutorial|project)\b)"
    ).match,
    "goes on": re.compile(
        r"(?:However|Moreover|Furthermore|In addition|Additionally|Specifically|Finally|Notably|Besides|Also|Then|Next"
        r"|Second|Third|Secondly|Lastly|Meanwhile|For (?:example|instance)|Concretely|In particular|Consequently"
        r"|As a (?:result|consequence)|Therefore|Thus|Hence|Accordingly|In contrast|Conversely|Yet|But|Subsequently"
        r"|Similarly|Likewise|Nevertheless|Nonetheless|On the other hand|Together|Under such"
        r"|In this (?:way|case|context|setting))\b"
        r"|[^.]{0,60}\b(?:we|it) (?:also|further|then|additionally|finally)\b"
    ).match,
    "adds": re.compile(r"\b(?:also|further|then|additionally|finally)\b", re.IGNORECASE).search,
    "here": re.compile(r"[Tt]his (?:paper|work|study|letter|article)\b|\bHere(?:in\b|,| (?:we|I|it)\b)").search,
    "praise": re.compile(
        r"\b(?:pav(?:es?|ing) the way|steps? towards?|la(?:ys?|id) the (?:foundation|groundwork)|insights? (?:in)?to"
        r"|potential (?:of|for|to)|promising|highlights? the|future (?:work|research|stud\w+|direction)|implications"
        r"|guidance|could|considerations|the effectiveness|valuable|supports? the)\b"
    ).search,
    "says we": re.compile(r"\b(?:[Ww]e|I)\b").search,
    "begins with our": re.compile(r"Our\b").match,
    "significant": re.compile(r"\bsignifican\w+\b").search,
    "the first": re.compile(r"\bthe first\b").search,
    "what is not": re.compile(r"\b(?:not|no|cannot|fails?|neither|without)\b").search,
    "what has been": re.compile(r"\b(?:has|have|had)\b").search,
    "worth": re.compile(
        r"\b(?:establish(?:es)? [^.]{3,60} as|position|highlight|underscore|emphasi[sz]e"
        r"|provid\w+ (?:an?|new|important|valuable)|offer\w*|opens?|may help|can serve)\b"
    ).search,
    "a case": re.compile(
        r"(?:For (?:the|an?|each)|In (?:the|an?|case)|On [A-Z0-9]|When|Under|At|With (?:the|a)) "
    ).match,
    "closes a gap": re.compile(
        r"To (?:address|overcome|tackle|this|bridge|fill|solve|achieve|mitigate|resolve)\b"
    ).match,
    "a step": re.compile(
        r"To (?!address|overcome|tackle|bridge|fill|solve|resolve)|For \w+,|First|Second|Building|By |Using"
    ).match,
    "a figure": re.compile(r"[≈∼~±<>≲≳=]|\d\s?%|\b\d+(?:\.\d+)?\s?(?:x|times|K|ms|dex|GeV|TeV|σ|kpc|Gyr|dB)\b").search,
    "a difference": re.compile(
        r"\b(?:increas\w+|decreas\w+|enhanc\w+|suppress\w+|lead(?:s|ing)? to|yield\w*|higher|lower|larger|smaller"
        r"|better|faster|fewer|stronger|weaker|consistent with|depends?|outperform\w*|improv\w+|reduc\w+|dominat\w+"
        r"|exhibits?|correlat\w+)\b"
    ).search,
    "says that": re.compile(
        r"\b(?:show|find|found|prov|demonstrat|reveal|suggest|indicat|conclud|argu|observ|confirm|establish|identif"
        r"|uncover)\w*(?: \w+ly)? (?:that|how)\b"
    ).search,
}
_DANGLING = re.compile(r"(?:[\s,;:]+(?:and/or|and|or|but|then|e\.g\.|i\.e\.))+$")  # joins what was cut off
_CLAUSE_SIGN = re.compile(r"[;,:]|\s+[—–]\s")
_CLAUSE_WORD = re.compile(r" (?:which|that|while|whereas|where|when|because|since|but|and|so|by|using|based|without) ")
_PHRASE_WORD = re.compile(r" (?:in|on|at|for|with|from|to|under|over|through|across|between|of|as|via) ")


@lru_cache(maxsize=256)  # a day's page and its Markdown show the same papers
def key_sentence(title: str, abstract: str) -> str:
    """Gives the sentence to show beside the title: as it stands in the abstract, at most MAX_CHARS characters of it.

    Both are readable texts (`readable`); of a longer abstract than arXiv takes the beginning is read.
    A longer sentence is cut at a clause and ends in "…". Empty only for an empty abstract.
    """
    sentences = split_sentences(abstract[:_READ])
    if not sentences:
        return ""
    points = [
        sum(POINTS[name] * value for name, value in features.items() if name in POINTS)
        for features in describe(title[:_READ], sentences)
    ]
    return shorten(sentences[points.index(max(points))])


def shorten(sentence: str) -> str:
    """Cuts a long sentence at a clause; where no sign ends one, before a word that begins a clause or a phrase."""
    shown = cut_at_clause(sentence, MAX_CHARS)
    if shown == sentence:
        return shown
    return f"{_DANGLING.sub('', _at_joint(sentence, shown.removesuffix('…')))}…"


def _at_joint(sentence: str, kept: str) -> str:
    """What is kept of the sentence, or less of it where no sign ends a clause there."""
    if _CLAUSE_SIGN.match(sentence, len(kept)):
        return kept
    for joints in (_CLAUSE_WORD, _PHRASE_WORD):
        places = [match.start() for match in joints.finditer(sentence, MAX_CHARS // 2, MAX_CHARS)]
        outside = [place for place in places if sentence.count("(", 0, place) <= sentence.count(")", 0, place)]
        if outside:
            return sentence[: outside[-1]].rstrip(",;: ")
    return kept


def describe(title: str, sentences: Sequence[str]) -> list[dict[str, float]]:
    """Gives for each sentence of an abstract what it is: a name of POINTS or not yet of it, and how much, up to 1.

    Names that are missing count 0.
    """
    named = _stems(title)
    stems = [_stems(sentence) for sentence in sentences]
    spread = Counter(stem for own in stems for stem in own)
    said = [contribution(sentence) for sentence in sentences]
    found = list(accumulate((done in _FINDINGS for done in said), initial=0))
    coined = _coined(title)
    described = []
    for place, sentence in enumerate(sentences):
        features = {name: 1.0 for name, finds in _TESTS.items() if finds(sentence)}
        features |= _likeness(stems[place], named) | _size(sentence)
        features["last"] = float(0 < place == len(sentences) - 1)
        features["found before"] = min(found[place], 2) / 2
        features["behind what was done"] = float(any(said[:place]))
        features["shared words"] = _shared(stems[place], spread, len(sentences))
        if done := said[place]:
            features[done.name] = 1.0
            features["first done"] = float(not any(said[:place]))
        if not _MADE.isdisjoint(_WORD.findall(sentence.lower())):
            features["something made"] = 1.0
        if coined:
            features["coined"] = float(coined in sentence.lower())
            features["found, of something coined"] = float(done in _FINDINGS)
        described.append(features)
    return described


def _coined(title: str) -> str:
    """The name that a title gives what it presents: "waffle" of "WAFFLE: A Wearable Approach"; empty for none."""
    head, colon, _ = title.partition(":")
    words = head.split()
    return words[0].lower() if colon and words and (len(words) == 1 or (len(words) == 2 and _NAME.search(head))) else ""


def _size(sentence: str) -> dict[str, float]:
    return {
        "short": min(1.0, max(0.0, (110 - len(sentence)) / 80)),
        "long": min(1.0, max(0.0, (len(sentence) - 250) / 200)),
    }


def _likeness(own: Set[str], named: Set[str]) -> dict[str, float]:
    """The share of the title's words that stand in the sentence, a little less in a long one, and what it adds."""
    if not named or not own:
        return {}
    shared = len(named & own)
    length = min(1.0, math.sqrt(2.5 * len(named) / len(own)))
    added = len(own) - shared
    return {
        "like the title": shared / len(named) * math.sqrt(length),
        "adds to the title": min(1.0, added / _ADDS),
        "repeats the title": float(added < _REPEATS),
    }


def _shared(own: Set[str], spread: Counter[str], count: int) -> float:
    """How many of the other sentences have a word of this one, on average, by three."""
    return 3 * sum(spread[stem] - 1 for stem in own) / max(1, len(own)) / max(1, count - 1)


def _stems(text: str) -> Set[str]:
    words: Iterable[str] = _WORD.findall(text.lower())
    return {
        word[:6] if len(word) > 6 else word.removesuffix("s") for word in words if len(word) > 1 and word not in _STOP
    }
