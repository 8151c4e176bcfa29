"""Finds the phrases that a text and a profile share, whole and as the text writes them.

A "ray" of "X-ray" and a "dark" of "dark energy" are no words met. What hyphens join is one word, and words that
stand side by side in arXiv at large more often than chance has it are one phrase. Picks no topic and writes no
sentence; see explain.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from newsletter.model import Profile, Topic
from newsletter.papers import readable
from newsletter.scoring.ranking.background import Background
from newsletter.scoring.ranking.filler import STOP_WORDS, is_filler
from newsletter.scoring.ranking.phrases import FIXED, Forms, Phrase, Table, read_phrases
from newsletter.scoring.ranking.title_shares import load_title_shares
from newsletter.scoring.ranking.tokenize import HYPHENS, Encoder, Word, pair_keys, term_key
from newsletter.scoring.ranking.word_forms import normalise

MAX_TEXTS = 256  # of papers that are kept as read, some 80 kB each
MAX_SHARES = 50_000  # of words and phrases that are kept, some 10 MB
MAX_WORDS = 4  # of a phrase as it is shown; of a longer one only what is wanted is shown
MAX_CHARS = 48
MOST_TOKENS = 6  # of what is compared: an abstract may consist of one phrase, said again and again
MIN_LIFT = 0.25  # of two neighbours; those of "token prediction" have .29, of "machine translation" 1.3
# Shares of arXiv's papers from which on a word or phrase says nothing: "layer" has .06, "neural network" .065.
COMMON_WORD = 0.03
COMMON_PHRASE = 0.05
LESS_USUAL_WORD = 0.005  # up to here a word alone names a part of a subject: "jailbreak" has .0048, "harmful" .015
RARE_WORD = 0.002  # up to here a word says something even in passing: "magnetar" has .0006, "people" .006

LEAST_TELLING = 0.4  # of a word not named by the reader: "popular" has .1, "compatible" .2, "frames" .8

_WORD = re.compile(r"[^\W_]+")
# What may follow a word in a compound without making another thing of it: LoRA-based, dust-free.
_SUFFIX = re.compile(r"[-\u2010\u2011](?:\w+(?:ed|ing)|aware|free|level|like|only|specific|style|type)", re.IGNORECASE)
_HYPHENS = {"-", "\u2010", "\u2011"}
_BETWEEN_WORDS = re.compile(r"[\s\w/\u2010\u2011-]*")  # of one phrase; not a comma, not a full stop

# What abstracts say about their subject; it is no part of it, nor of a phrase: "reducing FLOPs", "satellites around".
_NO_PART = frozenset(
    """achieve achieved achieves achieving accelerate accelerates accelerating across address addresses addressing along
    allow allows amid among around beyond demonstrate demonstrated demonstrates demonstrating despite diverse employ
    employs enable enabled enables enabling enhance enhanced enhances enhancing exhibit exhibits far find finds focused
    foster fosters fostering hard highlight highlights hinder hindering hinders impressive lead leads leverage
    leverages leveraging mitigate mitigates mitigating numerous outperform outperforming outperforms overlooked
    promising propose proposes provide provides providing reduce reduced reduces reducing remain remains remarkable
    require requires requiring reveal reveals significant suffer suffers suggest suggests throughout toward towards
    various versus yield yields""".split()
)
_ADVERB = re.compile(r"(?!anomaly|assembly|early|family|supply)\w{3,}ly")

Keys = tuple[int, ...]


class Token(NamedTuple):
    """A word, or several that hyphens join: `text[start:end]`, the keys of its parts, and of all in one (or 0)."""

    keys: Keys
    joined: int
    start: int
    end: int


Stretch = tuple[Token, ...]  # tokens that are one phrase


class _Form(NamedTuple):
    """A word in the form that stands for its spellings; a phrase may begin or end with that of a token."""

    form: str
    start: int
    end: int
    begins: bool
    ends: bool


class Text(NamedTuple):
    """A text with its phrases in reading order, and its words: one by one, and each compound as one.

    `subjects` are the words that it is about.
    """

    text: str
    stretches: Sequence[Stretch]
    subjects: set[Keys]
    readings: Sequence[_Reading]


class SharedPhrase(NamedTuple):
    """A phrase as the text writes it, and the share of arXiv's papers that have what of it was asked for."""

    text: str
    share: float


class Part(NamedTuple):
    """A part of a subject, in the forms of its words; with `keys` if only a text that is about it is worth telling."""

    forms: Forms
    keys: Keys


@dataclass(slots=True)
class Wanted:
    """What texts ask for: whole phrases, and what of two words or more is inside of them."""

    whole: set[Keys] = field(default_factory=set)
    parts: set[Keys] = field(default_factory=set)


class PhraseFinder:
    """Reads texts as phrases, and finds in them what is wanted."""

    def __init__(self, encoder: Encoder, background: Background, abbreviations: Table) -> None:
        self._encoder = encoder
        self._background = background
        self._abbreviations = abbreviations
        self._share_of = lru_cache(maxsize=MAX_SHARES)(self._count_share)
        self.read_paper = lru_cache(maxsize=MAX_TEXTS)(self._read_paper)  # which readers share

    def read(self, text: str) -> Text:
        """Finds the phrases of a text; words that name no subject are in none."""
        tokens = list(_join_compounds(text, self._encoder))
        telling = [token for token in tokens if _is_telling(text, token)]
        stretches: list[list[Token]] = []
        for token, belongs in zip(telling, [False, *self._are_phrases(text, telling)], strict=False):
            if belongs:
                stretches[-1].append(token)
            else:
                stretches.append([token])
        phrases = [tuple(stretch) for stretch in stretches]
        return Text(text, phrases, _find_subjects(text, telling), _read_words(text, tokens))

    def _read_paper(self, title: str, abstract: str) -> Text:
        """Reads them as they are shown, without TeX: the title is the first line."""
        return self.read(f"{readable(title)}\n{readable(abstract)}")

    def want(self, texts: Iterable[str]) -> Wanted:
        """Reads which phrases these texts ask for."""
        wanted = Wanted()
        for text in map(self.read, map(readable, texts)):
            for stretch in text.stretches:
                wanted.whole.update(_variants(stretch))
                is_common = self._share(stretch) > _limit(stretch)
                for names in () if is_common else self.other_names(text.text[stretch[0].start : stretch[-1].end]):
                    wanted.whole.update(_variants(tuple(_join_compounds(" ".join(names), self._encoder))))
                for start, end in _spans(len(stretch), fewest=2):
                    wanted.parts.update(_variants(stretch[start:end]))
        return wanted

    def read_phrases(self, name: str) -> list[Phrase]:
        """Reads what the name of a topic asks for, where that is several words."""
        phrases = read_phrases(Profile((Topic(name),)), self._abbreviations)
        return [phrase for phrase in phrases if len(phrase.elements) > 1]

    def read_parts(self, names: Iterable[str]) -> list[Part]:
        """Reads what papers call parts of a subject, but for names that say little by themselves.

        Those are usual words, and "out of distribution", of which a text is asked for the one word that remains.
        """
        parts = []
        for name in names:
            forms, tokens = forms_of(name), tuple(_join_compounds(name, self._encoder))
            share = self._share(tokens) if tokens else 1.0
            if len(forms) == len(_WORD.findall(name)) and share <= (
                LESS_USUAL_WORD if len(tokens) == 1 else COMMON_PHRASE
            ):
                parts.append(Part(forms, tokens[0].keys if len(tokens) == 1 and share > RARE_WORD else ()))
        return parts

    def find_parts(self, text: Text, parts: Sequence[Part]) -> list[str]:
        """Finds the parts of a subject that a text names, as it writes them, in the order given."""
        named = (find_written(text, [part.forms]) for part in parts if not part.keys or part.keys in text.subjects)
        return list(filter(None, named))

    def other_names(self, text: str) -> Sequence[Forms]:
        """Gives the long forms of an abbreviation, and the other way round."""
        return self._abbreviations.get(forms_of(text), ())

    def find(self, text: Text, wanted: Wanted) -> list[SharedPhrase]:
        """Finds what is wanted and worth naming, the rarest first and each once.

        A word that stands alone must be rare, or what the text is about: people said in passing are not its subject.
        """
        found: dict[Forms, SharedPhrase] = {}
        for stretch in text.stretches:
            is_passing = len(stretch) == 1 and not stretch[0].joined and stretch[0].keys not in text.subjects
            shares = [(self._share(span), span) for span in _met_spans(stretch, wanted)]
            worth = [(share, span) for share, span in shares if share <= (RARE_WORD if is_passing else _limit(span))]
            if worth:
                share, span = min(worth, key=lambda pair: pair[0])
                shown = _show(text.text, stretch, span)
                found.setdefault(forms_of(shown), SharedPhrase(shown, share))
        return sorted(found.values(), key=lambda phrase: phrase.share)

    def find_words(self, text: Text, gains: Mapping[int, float]) -> list[str]:
        """Finds the phrases around words with a gain, the highest first.

        Takes what the text is about: no common words, none that is new in arXiv, such as the name that the paper gives
        to something, and of those that papers hardly have in titles only rare ones.
        """
        found: dict[Forms, tuple[float, str]] = {}
        for stretch in text.stretches:
            for token in stretch:
                gain = gains.get(token.joined or token.keys[0], 0.0)
                if gain > 0 and token.keys in text.subjects and self._names_subject(token):
                    shown = _show(text.text, stretch, (token,))
                    found.setdefault(forms_of(shown), (gain, shown))
        return [shown for _, shown in sorted(found.values(), key=lambda pair: -pair[0])]

    def stems_of(self, text: str) -> frozenset[int]:
        """Gives the keys of the words of a phrase, by which "prune" and "pruned" say the same."""
        return frozenset(word.key for word in self._encoder.words(text) if word.key)

    def _are_phrases(self, text: str, tokens: Sequence[Token]) -> list[bool]:
        """Tells of each two neighbours whether they belong together."""
        ends = [key for left, right in pairwise(tokens) for key in (left.keys[-1], right.keys[0])]
        keys = np.array(ends, dtype=np.uint32)
        if not len(keys):
            return []
        counts = self._background.count(keys).astype(np.float64)
        pairs = self._background.count(pair_keys(keys)[::2])
        by_chance = np.maximum(counts[::2] * counts[1::2], 1) / self._background.n_papers
        close = [text[left.end : right.start] == " " for left, right in pairwise(tokens)]
        return [near and often for near, often in zip(close, pairs / by_chance >= MIN_LIFT, strict=True)]

    def _names_subject(self, token: Token) -> bool:
        share = self._share((token,))
        if not 0 < share <= COMMON_WORD:
            return False
        return share <= RARE_WORD or bool(token.joined) or _measure_telling(token.keys[0]) >= LEAST_TELLING

    def _share(self, span: Stretch) -> float:
        """Gives the share of arXiv's papers that have this; of several words, their rarest pair."""
        return self._share_of(tuple(key for token in span for key in token.keys))

    def _count_share(self, keys: Keys) -> float:
        terms = np.array(keys, dtype=np.uint32)
        counts = self._background.count(pair_keys(terms) if len(terms) > 1 else terms)
        return float(counts.min()) / self._background.n_papers


def find_written(text: Text, names: Sequence[Forms]) -> str:
    """Finds the first of these names of one thing that stands there whole, in whatever number or spelling.

    Gives the text's own writing, together with the phrase it is a part of; "" if none stands there.
    """
    for name in names:
        for reading in text.readings:
            if span := reading.find(text.text, name):
                return _widen(text, *span)
    return ""


def has_in_title(text: Text, phrases: Iterable[Phrase]) -> bool:
    """Tells whether the first line has every word of one of these phrases: "LLM Agent Safety" is about LLM safety."""
    title = {_form(word.lower()) for word in _WORD.findall(text.text.partition("\n")[0])}
    return any(all(any(title.issuperset(forms) for forms in e.alternatives) for e in p.elements) for p in phrases)


def forms_of(text: str) -> Forms:
    """Gives the words of a text in the form that stands for their spellings, without those that say nothing."""
    words = [word.lower() for word in _WORD.findall(text)]
    return tuple(_form(word) for word in words if word not in STOP_WORDS or len(words) == 1)


_form = lru_cache(maxsize=50_000)(normalise)


class _Reading:
    """The telling words of a text in reading order, to look phrases up in."""

    def __init__(self, words: Sequence[_Form]) -> None:
        self._words = words
        self._places: dict[str, list[int]] = {}
        for place, word in enumerate(words):
            if word.begins:
                self._places.setdefault(word.form, []).append(place)

    def find(self, text: str, phrase: Forms) -> tuple[int, int] | None:
        """Finds where the phrase stands first: alone, or as the beginning of a compound that means no other thing."""
        for place in self._places.get(phrase[0], ()):
            span = self._words[place : place + len(phrase)]
            if tuple(each.form for each in span) != phrase:
                continue
            start, end = span[0].start, span[-1].end
            suffix = None if span[-1].ends else _SUFFIX.match(text, end)
            is_whole = span[-1].ends or (suffix is not None and not text[suffix.end() : suffix.end() + 1].isalnum())
            if is_whole and _BETWEEN_WORDS.fullmatch(text, start, end):
                return start, suffix.end() if suffix else end
        return None


def _read_words(text: str, tokens: Sequence[Token]) -> list[_Reading]:
    """Reads the telling words of a text, and once more with each compound as one word, if it has any."""
    parted: list[_Form] = []
    joined: list[_Form] = []
    for keys, _, start, end in tokens:
        if len(keys) > 1:
            parted += _parts_of(text, start, end)
        form = _form(text[start:end] if len(keys) == 1 else HYPHENS.sub("", text[start:end]))
        if form not in STOP_WORDS:
            word = _Form(form, start, end, True, True)
            joined.append(word)
            if len(keys) == 1:
                parted.append(word)
    return [_Reading(parted)] if parted == joined else [_Reading(parted), _Reading(joined)]


def _parts_of(text: str, start: int, end: int) -> Iterator[_Form]:
    """Gives the telling words of the compound that stands there."""
    for match in _WORD.finditer(text, start, end):
        form = _form(match.group())
        if form not in STOP_WORDS:
            yield _Form(form, match.start(), match.end(), match.start() == start, match.end() == end)


def _find_subjects(text: str, tokens: Sequence[Token]) -> set[Keys]:
    """Finds the words that the text is about, being in its first line or said twice."""
    title_end = len(text.partition("\n")[0])
    times = Counter(token.keys for token in tokens)
    return {token.keys for token in tokens if token.end <= title_end or times[token.keys] > 1}


def _widen(text: Text, start: int, end: int) -> str:
    for stretch in text.stretches:
        if stretch[0].start <= start and end <= stretch[-1].end:
            whole = text.text[stretch[0].start : stretch[-1].end]
            return whole if _is_short(whole) else text.text[start:end]
    return " ".join(text.text[start:end].split())


def _join_compounds(text: str, encoder: Encoder) -> Iterator[Token]:
    words = encoder.words(text)
    start = 0
    while start < len(words):
        end = start + 1
        while (
            end < len(words) and words[end].start - words[end - 1].end == 1 and text[words[end].start - 1] in _HYPHENS
        ):
            end += 1
        if end - start == 1:
            yield Token((words[start].key,), 0, words[start].start, words[start].end)
        else:
            yield _make_compound(text, words[start:end], encoder)
        start = end


def _make_compound(text: str, parts: Sequence[Word], encoder: Encoder) -> Token:
    start, end = parts[0].start, parts[-1].end
    keys = tuple(word.key or term_key(text[word.start : word.end].lower()) for word in parts)
    return Token(keys, encoder.words(HYPHENS.sub("", text[start:end]))[0].key, start, end)


def _is_telling(text: str, token: Token) -> bool:
    if len(token.keys) > 1:
        return not FIXED.fullmatch(text, token.start, token.end)
    word = text[token.start : token.end].lower()
    return token.keys[0] != 0 and not (is_filler(word) or word in _NO_PART or _ADVERB.fullmatch(word))


def _spans(length: int, *, fewest: int = 1) -> Iterator[tuple[int, int]]:
    for start in range(length):
        for end in range(start + fewest, min(start + MOST_TOKENS, length) + 1):
            yield start, end


def _variants(span: Stretch) -> Iterator[Keys]:
    """Gives the keys, and once more with each compound as one word."""
    yield tuple(key for token in span for key in token.keys)
    if any(token.joined for token in span):
        yield tuple(key for token in span for key in ((token.joined,) if token.joined else token.keys))


def _met_spans(stretch: Stretch, wanted: Wanted) -> Iterator[Stretch]:
    """Gives what is a whole phrase of the profile, or a part of one that is all that the text says."""
    if len(stretch) == 1 and not stretch[0].joined:  # most of them
        if stretch[0].keys in wanted.whole:
            yield stretch
        return
    for start, end in _spans(len(stretch)):
        span = stretch[start:end]
        for keys in _variants(span):
            if keys in wanted.whole or (span == stretch and keys in wanted.parts):
                yield span
                break


def _limit(span: Stretch) -> float:
    return COMMON_WORD if len(span) == 1 and not span[0].joined else COMMON_PHRASE


def _show(text: str, stretch: Stretch, span: Stretch) -> str:
    """Shows the whole phrase as it stands there, unless it is long."""
    whole = text[stretch[0].start : stretch[-1].end]
    return whole if _is_short(whole) else text[span[0].start : span[-1].end]


def write_small(text: Text, phrase: str) -> str:
    """Gives the phrase with as few capitals as it stands there anywhere: "Knowledge Graphs" of a title are no name."""
    whole, small = text.text, phrase.lower()
    lowered = whole.lower()
    if small == phrase or len(lowered) != len(whole):  # a letter that is two in lower case moves all places behind it
        return phrase
    written, start = [phrase], lowered.find(small)
    while start >= 0:
        end = start + len(small)
        if not (lowered[start - 1 : start].isalnum() or lowered[end : end + 1].isalnum()):
            written.append(whole[start:end])
        start = lowered.find(small, end)
    return min(written, key=lambda words: sum(map(str.isupper, words)))


@lru_cache(maxsize=50_000)
def _measure_telling(key: int) -> float:
    return float(load_title_shares().measure(np.array([key], dtype=np.uint32))[0])


def _is_short(phrase: str) -> bool:
    return len(phrase.split()) <= MAX_WORDS and len(phrase) <= MAX_CHARS
