"""Reads a text as words, compounds and phrases, keeps how it writes them, and finds names in it as it writes them.

What hyphens join is one word, and so is a Greek letter with what it stands at; words that stand side by side in arXiv
at large more often than chance has it are one phrase. Knows no profile; see shared_phrases.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from newsletter.scoring.ranking.background import Background
from newsletter.scoring.ranking.filler import STOP_WORDS, is_filler
from newsletter.scoring.ranking.phrases import FIXED, Forms, Phrase
from newsletter.scoring.ranking.plain_text import SHOWN_WORD, spell
from newsletter.scoring.ranking.tokenize import HYPHENS, Encoder, Word, pair_keys, term_key
from newsletter.scoring.ranking.word_forms import normalise

MAX_WORDS = 4  # of a phrase as it is shown; of a longer one only what is wanted is shown
MAX_CHARS = 48
MIN_LIFT = 0.25  # of two neighbours; those of "token prediction" have .29, of "machine translation" 1.3

# What may follow a word in a compound without making another thing of it: LoRA-based, dust-free.
_SUFFIX = re.compile(r"[-\u2010\u2011](?:\w+(?:ed|ing)|aware|free|level|like|only|specific|style|type)", re.IGNORECASE)
_JOINTS = {"", "-", "\u2010", "\u2011"}
_BETWEEN_WORDS = re.compile(r"[\s\w/\u2010\u2011-]*")  # of one phrase; not a comma, not a full stop

# What abstracts say about their subject; it is no part of it, nor of a phrase: "reducing FLOPs", "satellites around".
_NO_PART = frozenset(
    """achieve achieved achieves achieving accelerate accelerates accelerating across address addresses addressing
    against allow allows along alongside amid among amongst around atop beneath beyond concerning demonstrate
    demonstrated demonstrates demonstrating despite diverse employ employs enable enabled enables enabling enhance
    enhanced enhances enhancing exhibit exhibits far find finds focused foster fosters fostering hard help helped
    helping helps highlight highlights hinder hindering hinders impressive lead leads let lets letting leverage
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


def read_text(text: str, encoder: Encoder, background: Background) -> Text:
    """Finds the phrases of a text; words that name no subject are in none."""
    tokens = list(join_compounds(text, encoder))
    telling = [token for token in tokens if _is_telling(text, token)]
    stretches: list[list[Token]] = []
    for token, belongs in zip(telling, [False, *_are_phrases(text, telling, background)], strict=False):
        if belongs:
            stretches[-1].append(token)
        else:
            stretches.append([token])
    phrases = [tuple(stretch) for stretch in stretches]
    return Text(text, phrases, _find_subjects(text, telling), _read_words(text, tokens))


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
    title = {_form(word) for word in SHOWN_WORD.findall(text.text.partition("\n")[0])}
    return any(all(any(title.issuperset(forms) for forms in e.alternatives) for e in p.elements) for p in phrases)


def forms_of(text: str) -> Forms:
    """Gives the words of a text in the form that stands for their spellings, without those that say nothing."""
    words = [spell(word) for word in SHOWN_WORD.findall(text)]
    return tuple(_form(word) for word in words if word not in STOP_WORDS or len(words) == 1)


def with_fewest_capitals(text: Text, phrase: str) -> str:
    """Gives the phrase as the text writes it with the fewest capitals: "Knowledge Graphs" of a title are no name."""
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


def show_phrase(text: Text, stretch: Stretch, span: Stretch) -> str:
    """Shows the whole phrase as it stands there, unless it is long."""
    whole = text.text[stretch[0].start : stretch[-1].end]
    return whole if _is_short(whole) else text.text[span[0].start : span[-1].end]


def join_compounds(text: str, encoder: Encoder) -> Iterator[Token]:
    """Gives the words of a text in reading order, those that hyphens join as one."""
    words = encoder.words(text)
    start = 0
    while start < len(words):
        end = start + 1
        while end < len(words) and _are_joined(text, words[end - 1], words[end]):
            end += 1
        if end - start == 1:
            yield Token((words[start].key,), 0, words[start].start, words[start].end)
        else:
            yield _make_compound(text, words[start:end], encoder)
        start = end


def _are_joined(text: str, first: Word, second: Word) -> bool:
    """Tells whether two neighbours are one word: a hyphen stands between them, or nothing, beside a Greek letter."""
    return text[first.end : second.start] in _JOINTS


def _make_compound(text: str, parts: Sequence[Word], encoder: Encoder) -> Token:
    start, end = parts[0].start, parts[-1].end
    keys = tuple(word.key or term_key(spell(text[word.start : word.end])) for word in parts)
    return Token(keys, encoder.key(HYPHENS.sub("", text[start:end])), start, end)


def _are_phrases(text: str, tokens: Sequence[Token], background: Background) -> list[bool]:
    """Tells of each two neighbours whether they belong together."""
    ends = [key for left, right in pairwise(tokens) for key in (left.keys[-1], right.keys[0])]
    keys = np.array(ends, dtype=np.uint32)
    if not len(keys):
        return []
    counts = background.count(keys).astype(np.float64)
    pairs = background.count(pair_keys(keys)[::2])
    by_chance = np.maximum(counts[::2] * counts[1::2], 1) / background.n_papers
    close = [text[left.end : right.start] == " " for left, right in pairwise(tokens)]
    return [near and often for near, often in zip(close, pairs / by_chance >= MIN_LIFT, strict=True)]


def count_words(text: str) -> int:
    return len(SHOWN_WORD.findall(text))


@lru_cache(maxsize=50_000)
def _form(word: str) -> str:
    return normalise(spell(word))


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
    for match in SHOWN_WORD.finditer(text, start, end):
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


def _is_telling(text: str, token: Token) -> bool:
    if len(token.keys) > 1:
        return not FIXED.fullmatch(text, token.start, token.end)
    word = text[token.start : token.end]
    is_part = word.lower() not in _NO_PART and not _ADVERB.fullmatch(word.lower())
    return token.keys[0] != 0 and is_part and not is_filler(word)


def _is_short(phrase: str) -> bool:
    return len(phrase.split()) <= MAX_WORDS and len(phrase) <= MAX_CHARS
