"""Cuts the text of an abstract into its sentences. Pure; alters nothing but the white space between them.

The text is readable already (latex/), so that a formula in it is a few letters and signs.
"""

from __future__ import annotations

import re

_END = re.compile(r"(?<![.!?…])[.!?…]++[\"”’'»)\]]*+(?=\s)")  # from its first sign: from each takes a row's square
# Where a blank is missing: "of the model.We propose". A lower-case word before, a word that opens sentences behind.
_STARTERS = (
    "We|The|This|These|Our|In|It|Its|Here|However|To|For|By|On|As|At|An|A|If|When|While|With|From|Using|Based|Experiments"
    "|Results|Moreover|Furthermore|Finally|Additionally|Specifically|Then|Such|Both|Each|All|Although|Extensive|Code"
    "|Unlike|Despite|Existing|Recent|Through|Since|Under|There|They|Thus|Therefore|Hence|Second|First|Third|One|Two|Firstly|Secondly|Thirdly|Next|Also|Overall|Notably|But|And|Yet"
)
_TOUCHING = re.compile(rf"(?<=[a-z)]{{3}})[.!?](?=(?:{_STARTERS})\s)")
_STARTS = re.compile(rf"\s+[\"“‘'(\[]*(?:{_STARTERS})\b")
# Behind these a sentence goes on, whatever follows.
_GOES_ON = re.compile(
    r"\b(?:(?i:e\.\s?g|i\.\s?e|cf|vs|viz|approx|resp|incl|w\.r\.t|a\.k\.a|s\.t|i\.i\.d|figs?|eqs?|eqns?|refs?|secs?|pp)"
    r"|ca|Dr|Prof|Mr|Mrs|Ms|St|Mt|Dept|Univ)\.$"  # "300 ms." is an end
)
# Behind these it goes on unless a word follows that opens sentences: initials ("J. Doe", "U.S. Navy"), "et al.".
_MAY_END = re.compile(
    r"(?:\b(?:al|etc|[Ii]nc|[Ll]td|[Cc]orp|[Cc]o|[JjSs]r|[Pp]h\.\s?[Dd])|(?:^|[\s(\[“])(?:[A-Z]\.[\s-]?)*[A-Z])"
    r"\.[)\]”’'\"]*$"
)
_NAME = re.compile(r"[a-z]{1,12}-?[A-Z]")  # that begins small: "fMRI data …", "polyT5 reads …"
_UNIT = re.compile(r"\d\s?[A-Z]\.[)\]”’'\"]*$")  # "at 300 K."
_NUMBERED = re.compile(r"\b(?:nos?|nr|p|v|vol|art|sect|ch|chap|tab|thm|lem|prop|def|cor)\.$", re.I)  # "no. 5"
_INSIDE = 400  # characters within which a parenthesis has to close for its sentences to stay together
_BACK = 12  # characters before an end that tell an abbreviation


def split_sentences(text: str) -> tuple[str, ...]:
    """Gives the sentences of a readable text (latex/), in order; none for an empty text.

    Without white space they are the text without white space; each stands in the text as it is. A sentence within
    parentheses is a part of the one around it.
    """
    ends = sorted(match.end() for pattern in (_END, _TOUCHING) for match in pattern.finditer(text))
    sentences, start = [], 0
    for end in ends:
        if _is_end(text, start, end):
            sentences.append(text[start:end].strip())
            start = end
    rest = text[start:].strip()
    return (*sentences, rest) if rest else tuple(sentences)


def _is_end(text: str, start: int, end: int) -> bool:
    following = text[end : end + 40].lstrip()
    if not following or (following[0].islower() and not _NAME.match(following)) or following[0] in ",;:)]}–—-=<>≤≥":
        return False
    before = text[max(start, end - _BACK) : end]
    if _GOES_ON.search(before) or (following[0].isdigit() and _NUMBERED.search(before)):
        return False
    if _MAY_END.search(before) and not _UNIT.search(before) and text[end].isspace() and not _STARTS.match(text, end):
        return False
    return not _is_inside(text, start, end)


def _is_inside(text: str, start: int, end: int) -> bool:
    """Tells whether a parenthesis is open there that closes soon. An interval such as (0, 1] closes, too."""
    opened, closed = (text.count(a, start, end) + text.count(b, start, end) for a, b in ("([", ")]"))
    if opened <= closed:
        return False
    depth = 1
    for sign in text[end : end + _INSIDE]:
        depth += (sign in "([") - (sign in ")]")
        if depth == 0:
            return True
    return False
