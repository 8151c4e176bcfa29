"""Reads the phrases of a profile: what it asks for, without filler, abbreviations beside their long forms. Pure.

A phrase is a piece of a topic or one liked keyword. Its elements are what a paper can have or lack: a word, or an
abbreviation with all it may stand for. How well papers cover a phrase is measured in coverage.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

from newsletter.model import Profile
from newsletter.scoring.ranking.filler import LEADING_FILLER, is_filler
from newsletter.scoring.ranking.plain_text import SPELT_OTHERWISE, plain, spell_otherwise, without_accents
from newsletter.scoring.ranking.word_forms import normalise, stem_of
from newsletter.scoring.ranking.wordings import NO_WORDINGS, Wordings

Forms = tuple[str, ...]  # normalised words in reading order
Table = Mapping[Forms, Sequence[Forms]]  # an abbreviation to its long forms, and a long form to its abbreviations

_WORD = re.compile(r"[^\W_]+")
_PIECES = re.compile(r"[.;:!?](?:\s|$)|[,()\[\]\n•|·]|\s[-–—]\s|\s/\s|(?<=\w{3})/(?=\w{3})")
_CLAUSES = re.compile(r"\s(?:and|or|und|oder|et|ou|y|o|e|versus|vs\.?)\s|\s?&\s", re.IGNORECASE)

FIXED = re.compile(
    r"\b(?:state[- ]of[- ]the[- ]art|cutting[- ]edge|up[- ]to[- ]date|a lot of|point of view)\b", re.IGNORECASE
)

_ABOUT_ME = re.compile(
    r"\b(?:i am|i['’]m|we are|we['’]re|as) an?(?: [\w-]+){1,3}?"
    r"(?=[,.;:]|\s(?:and|who|i|we|looking|interested|working|in|at)\b|$)",
    re.IGNORECASE,
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
RELATED_TRUST = 0.7  # of another name for a part of what was asked for
ALONE_TRUST = 0.56  # of such a name without the words beside it, in a sentence: "reionization", after the big bang
SENTENCE = 2  # so many telling words beside a name make one
MOST_CHARS = 400  # of a piece that is looked for under other names, or each of them makes a long phrase of a long one
LONGEST = 8  # words of a long form in the table
IRRELEVANT_TRUST = 0.6  # of a phrase in "irrelevant", beside an avoided keyword: prose names much that matters little
CLAUSE_TRUST = 0.9
LONE_TRUST = 0.6  # of one word beside a longer clause: "smaller and faster models" asks for no "faster" alone


def read_phrases(profile: Profile, table: Table, wordings: Wordings = NO_WORDINGS) -> tuple[Phrase, ...]:
    """Reads every phrase of the topics and the liked keywords, and what papers call them by `wordings`, each once."""
    phrases: dict[tuple[Element, ...], Phrase] = {}
    for phrase in chain(_read_all(profile, table), _read_related(profile, table, wordings)):
        known = phrases.get(phrase.elements)
        if known is None or known.trust < phrase.trust:
            phrases[phrase.elements] = phrase
    return tuple(phrases.values())


def read_unwanted(profile: Profile, table: Table) -> tuple[Phrase, ...]:
    """Reads the phrases of the avoided keywords and irrelevant texts, but for those with a part that is wanted."""
    texts = [(keyword, 1.0) for keyword in profile.avoid]
    texts += [(topic.irrelevant, IRRELEVANT_TRUST) for topic in profile.topics]
    phrases = dict.fromkeys(phrase for text, trust in texts for phrase in _read_text(text, -1, trust, table))
    wanted = _spell_wanted(profile, table) if phrases else set()
    written = {phrase: [form for each in phrase.elements for form in each.alternatives[0]] for phrase in phrases}
    return tuple(p for p in phrases if wanted.isdisjoint(_spellings(_shorten(tuple(written[p]), table))))


def find_spared(profile: Profile, table: Table) -> list[str]:
    """Finds what in the unwanted texts is wanted, in whatever spelling: "large language models" beside "LLMs"."""
    parts = [*_parts_of([*profile.avoid, *(topic.irrelevant for topic in profile.topics)], table)]
    wanted = _spell_wanted(profile, table) if parts else set()
    return [" ".join(part.alternatives[0]) for part in parts if not wanted.isdisjoint(_spellings([part]))]


def _spell_wanted(profile: Profile, table: Table) -> set[Forms]:
    texts = [text for topic in profile.topics for text in (topic.name, topic.relevant)]
    return _spellings(_parts_of([*texts, *profile.like], table))


def _parts_of(texts: Iterable[str], table: Table) -> Iterator[Element]:
    """Gives the parts of texts, a long form being one: "low-rank" is no part of "LoRA"."""
    for text in texts:
        for piece in _split(text):
            yield from _shorten(read_forms(piece), table)


def _spellings(parts: Iterable[Element]) -> set[Forms]:
    return {tuple(map(stem_of, forms)) for part in parts for forms in part.alternatives}


def _read_all(profile: Profile, table: Table) -> Iterator[Phrase]:
    for place, topic in enumerate(profile.topics):
        yield from _read_text(topic.relevant or topic.name, place, 1.0, table)
        if topic.relevant and not _says_the_same(topic.name, topic.relevant):
            yield from _read_text(topic.name, place, NAME_TRUST, table)
    for keyword in profile.like:
        yield from _read_text(keyword, -1, 1.0, table)


def _read_related(profile: Profile, table: Table, wordings: Wordings) -> Iterator[Phrase]:
    """Reads what papers call the wide and plain words of the profile."""
    texts = [(topic.relevant or topic.name, place) for place, topic in enumerate(profile.topics)]
    texts += [(keyword, -1) for keyword in profile.like]
    pieces = dict.fromkeys((piece, place) for text, place in texts for piece in _split(text))
    for piece, place in pieces:
        for name, varied in wordings.vary(piece) if len(piece) <= MOST_CHARS else ():
            yield from _read_text(varied, place, RELATED_TRUST, table)
            if len(read_forms(varied)) >= len(read_forms(name)) + SENTENCE:
                yield from _read_text(name, place, ALONE_TRUST, table)


def _says_the_same(name: str, text: str) -> bool:
    return set(read_forms(name)) <= set(read_forms(text))


def _split(text: str) -> list[str]:
    return _PIECES.split(_ABOUT_ME.sub(" , ", text))


def _read_text(text: str, topic: int, trust: float, table: Table) -> Iterator[Phrase]:
    for piece in _split(text):
        yield from _vary(read_forms(piece), topic, trust, table)
        clauses = [forms for forms in map(read_forms, _CLAUSES.split(piece)) if forms]
        if len(clauses) > 1:
            longest = max(map(len, clauses))
            for clause in _complete(clauses):
                own = LONE_TRUST if len(clause) == 1 < longest else CLAUSE_TRUST
                yield from _vary(clause, topic, trust * own, table)


def _complete(clauses: Sequence[Forms]) -> Iterator[Forms]:
    """Gives each clause of an enumeration; "strong and weak lensing" is strong lensing and weak lensing."""
    head = clauses[-1][-1:]
    for clause in clauses:
        yield clause + head if len(clause) == 1 and len(clauses[-1]) > 1 and clause != head else clause


def read_forms(text: str) -> Forms:
    """Gives the telling words of a text, normalised."""
    return tuple(normalise(match.group()) for match in find_telling_words(plain(text)))


def drop_filler(profile: Profile) -> Profile:
    """Gives the profile with "the" for each word that asks for nothing; a text of filler alone stays as it is."""
    topics = (
        replace(topic, name=_keep_telling(topic.name), relevant=_keep_telling(topic.relevant))
        for topic in profile.topics
    )
    return replace(profile, topics=tuple(topics), like=tuple(map(_keep_telling, profile.like)))


def _keep_telling(text: str) -> str:
    kept = {match.start() for match in find_telling_words(_ABOUT_ME.sub(_blank, text))}
    return _WORD.sub(lambda match: match.group() if match.start() in kept else "the", text) if kept else text


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def find_telling_words(text: str) -> Iterator[re.Match[str]]:
    """Finds every word that is no filler where it stands."""
    text = FIXED.sub(_blank, text)
    words = list(_WORD.finditer(text))
    is_telling = False
    for word, after in zip_longest(words, words[1:]):
        follows = is_telling
        is_telling = not (is_filler(word.group()) or (not follows and _leads(word, after)))
        if is_telling:
            yield word


def _leads(word: re.Match[str], after: re.Match[str] | None) -> bool:
    """Tells whether a word only leads to what is meant, as in "questions of ethics"."""
    if word.group().lower() not in LEADING_FILLER:
        return False
    return after is None or is_filler(after.group()) or after.group().lower() in LEADING_FILLER


def _vary(forms: Forms, topic: int, trust: float, table: Table) -> Iterator[Phrase]:
    """Gives the phrase as written, and once more with its long forms as the abbreviations they have."""
    if not forms:
        return
    yield Phrase(tuple(_element(form, table) for form in forms), topic, trust)
    shortened = tuple(_shorten(forms, table))
    if len(shortened) < len(forms):
        yield Phrase(shortened, topic, trust)


def _element(form: str, table: Table) -> Element:
    others = {without_accents(other) for other in spell_otherwise(form)} if len(form) >= SPELT_OTHERWISE else ()
    long_forms = (long for long in table.get((form,), ()) if len(long) > 1)
    return Element(((form,), *((other,) for other in sorted(others)), *long_forms))


def _shorten(forms: Forms, table: Table) -> Iterable[Element]:
    start = 0
    while start < len(forms):
        for end in range(min(len(forms), start + LONGEST), start + 1, -1):
            short = table.get(forms[start:end])
            if short:
                yield Element((forms[start:end], *short))
                start = end
                break
        else:
            yield _element(forms[start], table)
            start += 1
