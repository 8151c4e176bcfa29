"""Reads the phrases of a profile: what it asks for, without filler, abbreviations beside their long forms. Pure.

A phrase is a piece of a topic or one liked keyword. Its elements are what a paper can have or lack: a word, or an
abbreviation with all it may stand for. How well papers cover a phrase is measured in coverage.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from newsletter.model import Profile
from newsletter.scoring.ranking.tokenize import STOP_WORDS
from newsletter.scoring.ranking.word_forms import normalise

Forms = tuple[str, ...]  # normalised words in reading order
Table = Mapping[Forms, Sequence[Forms]]  # an abbreviation to its long forms, and a long form to its abbreviations

_WORD = re.compile(r"[^\W_]+")
_PIECES = re.compile(r"[.;:!?](?:\s|$)|[,()\[\]\n•|·]|\s[-–—]\s|\s/\s|(?<=\w{3})/(?=\w{3})")
_CLAUSES = re.compile(r"\s(?:and|or|und|oder|et|ou|y|o|e|versus|vs\.?)\s|\s?&\s", re.IGNORECASE)

_FIXED = re.compile(
    r"\b(?:state[- ]of[- ]the[- ]art|cutting[- ]edge|up[- ]to[- ]date|a lot of|point of view)\b", re.IGNORECASE
)

_ABOUT_ME = re.compile(
    r"\b(?:i am|i['’]m|we are|we['’]re|as) an?(?: [\w-]+){1,3}?"
    r"(?=[,.;:]|\s(?:and|who|i|we|looking|interested|working|in|at)\b|$)",
    re.IGNORECASE,
)

# By which a reader speaks of papers and of themselves, in a line or two; they are no subject.
FILLER = frozenset(
    """advance advances advancement advancements also anything approaches articles aspect aspects based better certain
    cool curious currently develop developing developments different especially etc everything exciting follow
    explore exploring generally get getting go going great happening hear hello hi ideas important improve
    improved improvement improvements improving include including innovations innovative insights interest
    interested interesting interests keen know latest like likes love mainly make makes making many me mostly
    need new newest news novel papers particular particularly please possible really truly actually preferably
    preprints progress publications recent recently regarding related relevant research researcher researchers
    researching results scientific see seeing seek seeking stuff studies studying subjects techniques theme
    themes thing things topics trends understand updates use used useful uses using various want wanting watch
    wish work working works would""".split()
)
# Filler where they stand before "of", "in" or other filler, and belong to the subject otherwise: question answering.
_LEADING_FILLER = frozenset(
    """application applications approach area areas article best build building deal edge fan field fields find finding
    findings focus focused focusing following general hot how idea innovation insight introduction issue issues
    keep keyword keywords learn literature look looking lookout lot method methods modern newsletter overview
    paper point problem problems publication question questions read reading result review reviews science
    search searching show state study subject summary survey surveys talk technique topic trend understanding
    update way ways""".split()
)
_FILLER_ELSEWHERE = frozenset(
    """alles anderen artikel arbeiten aus bei beim das dass dem den der des die ein eine einem einen einer eines
    entwicklungen ergebnisse forschung für fur ich im in interessiere mein mich mir mit neue neuen neuer neues
    neueste neuesten nicht oder rund themen thema über uber um und vom von wie zu zum zur au aux avec ces dans
    du en est et la le les leur nouveaux nouvelles ou par pour qui recherche sujet sur tout tous une un al como
    con de del el es investigacion las lo los mas nuevas nuevos para por que se sobre su todo una da dei della
    delle di do dos e gli i il na no nuove nuovi o os per pesquisa ricerca tutto uma""".split()
)


@dataclass(frozen=True, slots=True)
class Element:
    """What a paper has or lacks: one of these sequences of words. The first is as the reader wrote it."""

    alternatives: tuple[Forms, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Elements in reading order. `topic` is the place of the topic it is of, −1 for a liked keyword.

    `trust` (0–1) is how surely the phrase alone is what was asked for.
    """

    elements: tuple[Element, ...]
    topic: int
    trust: float = 1.0


NAME_TRUST = 0.8
CLAUSE_TRUST = 0.9


def read_phrases(profile: Profile, table: Table) -> tuple[Phrase, ...]:
    """Reads every phrase of the topics and the liked keywords, each once."""
    phrases: dict[tuple[Element, ...], Phrase] = {}
    for phrase in _read_all(profile, table):
        known = phrases.get(phrase.elements)
        if known is None or known.trust < phrase.trust:
            phrases[phrase.elements] = phrase
    return tuple(phrases.values())


def _read_all(profile: Profile, table: Table) -> Iterator[Phrase]:
    for place, topic in enumerate(profile.topics):
        yield from _read_text(topic.relevant or topic.name, place, 1.0, table)
        if topic.relevant and not _says_the_same(topic.name, topic.relevant):
            yield from _read_text(topic.name, place, NAME_TRUST, table)
    for keyword in profile.like:
        yield from _read_text(keyword, -1, 1.0, table)


def _says_the_same(name: str, text: str) -> bool:
    return set(read_forms(name)) <= set(read_forms(text))


def _read_text(text: str, topic: int, trust: float, table: Table) -> Iterator[Phrase]:
    for piece in _PIECES.split(_ABOUT_ME.sub(" , ", text)):
        yield from _vary(read_forms(piece), topic, trust, table)
        clauses = [forms for forms in map(read_forms, _CLAUSES.split(piece)) if forms]
        if len(clauses) > 1:
            for clause in _complete(clauses):
                yield from _vary(clause, topic, trust * CLAUSE_TRUST, table)


def _complete(clauses: Sequence[Forms]) -> Iterator[Forms]:
    """Gives each clause of an enumeration; "strong and weak lensing" is strong lensing and weak lensing."""
    head = clauses[-1][-1:]
    for clause in clauses:
        yield clause + head if len(clause) == 1 and len(clauses[-1]) > 1 and clause != head else clause


def read_forms(text: str) -> Forms:
    """Gives the telling words of a text, normalised."""
    words = [word.lower() for word in _WORD.findall(_FIXED.sub(" ", text))]
    kept: list[str] = []
    follows = False  # a telling word
    for place, word in enumerate(words):
        after = words[place + 1] if place + 1 < len(words) else ""
        leads = word in _LEADING_FILLER and not follows and (is_filler(after) or after in _LEADING_FILLER)
        follows = not (is_filler(word) or leads)
        if follows:
            kept.append(normalise(word))
    return tuple(kept)


def is_filler(word: str) -> bool:
    """Tells whether a lower-case word names no subject, wherever it stands."""
    return word in STOP_WORDS or word in FILLER or word in _FILLER_ELSEWHERE or len(word) < 2 or word.isdigit()


def _vary(forms: Forms, topic: int, trust: float, table: Table) -> Iterator[Phrase]:
    """Gives the phrase as written, and once more with its long forms as the abbreviations they have."""
    if not forms:
        return
    yield Phrase(tuple(_element(form, table) for form in forms), topic, trust)
    shortened = tuple(_shorten(forms, table))
    if len(shortened) < len(forms):
        yield Phrase(shortened, topic, trust)


def _element(form: str, table: Table) -> Element:
    return Element(((form,), *(long for long in table.get((form,), ()) if len(long) > 1)))


def _shorten(forms: Forms, table: Table) -> Iterable[Element]:
    start = 0
    while start < len(forms):
        for end in range(len(forms), start + 1, -1):
            short = table.get(forms[start:end])
            if short:
                yield Element((forms[start:end], *short))
                start = end
                break
        else:
            yield _element(forms[start], table)
            start += 1
