"""Makes one form of the ways a word is written: plural, British and American, letters with accents.

Finer than stems: "token" and "tokenizer", "reinforcement" and "reinforced" stay apart here. Pure.
"""

from __future__ import annotations

import re
from functools import lru_cache

import Stemmer

from newsletter.scoring.ranking.filler import FOREIGN_FILLER, STOP_WORDS
from newsletter.scoring.ranking.plain_text import without_accents

_ENDINGS = (
    (re.compile(r"(?<=\w{3})is(?=(?:e|es|ed|er|ers|ing|ation|ations|able)$)"), "iz"),  # optimise, optimisation
    (re.compile(r"(?<=\w{2})ys(?=(?:e|ed|er|ers|ing)$)"), "yz"),  # analyse
    (re.compile(r"(?<=\w{2})our(?=(?:s|ed|ing|al|less|ful|able|ite|hood)?$)"), "or"),  # colour, behavioural
    (re.compile(r"(?<=[aeiou])ll(?=(?:ed|ing|er|ers)$)"), "l"),  # modelling, labelled
    (re.compile(r"(?<=[nbtc])re(?=$)"), "er"),  # centre, fibre; plurals are singular by now
    (re.compile(r"ogue(?=s?$)"), "og"),  # catalogue
)
# Words that end like a British spelling or a plural, and are none.
_AS_THEY_ARE = frozenset(
    """analysis bias basis chaos corpus lens mass gas gps kubernetes physics mathematics dynamics robotics ethics
    genetics mechanics economics statistics semantics kinematics optics electronics photonics acoustics graphics
    logistics linguistics diagnostics thermodynamics bioinformatics analytics heuristics series species means
    news hypothesis synthesis noise precise raise rise arise exercise expertise enterprise promise surprise
    disguise wise otherwise likewise premise comprise concise advise devise revise supervise supervised
    unsupervised supervising improvise praise cruise paradise franchise rolling polling pulling pulled filling
    filled calling called falling killing killed selling telling telled drilling drilled controller core genre
    acre more before where there here hour hours four your tour tours pour sour flour contour contours glamour
    velour detour""".split()
)

_FUNCTION_WORDS = STOP_WORDS | FOREIGN_FILLER


def normalise(word: str) -> str:
    """Gives the form of a word that stands for all its spellings, in lower case; repeating it changes nothing."""
    form = without_accents(word.lower())
    if form in _AS_THEY_ARE or len(form) < 3:
        return form
    form = _singular(form)
    if form in _AS_THEY_ARE:
        return form
    for ending, american in _ENDINGS:
        form = ending.sub(american, form)
    return form


@lru_cache(maxsize=4096)
def stem_of(form: str) -> str:
    """Gives Porter2's stem of a normalised word, which is the same for "clusters" and "clustering"."""
    return str(Stemmer.Stemmer("english", 0).stemWord(form))


def _singular(form: str) -> str:
    if form in _AS_THEY_ARE or not form.endswith("s") or form.endswith(("ss", "us", "is", "ics")):
        return form
    if form.endswith("ies") and len(form) > 4:
        return form[:-3] + "y"
    if form.endswith(("sses", "shes", "ches", "xes", "zes")) and len(form) > 4:
        return form[:-2]
    single = form[:-1]
    is_name = len(form) == 3 and single in _FUNCTION_WORDS  # DOS is no more than one "do", nor DES than one "de"
    return form if is_name else single
