"""Writes the comment: which words of a paper meet which topic, as the paper spells them.

A comment names only what was compared: words. It picks the topic, finds the words and fills the sentences of
`comments.py`; how much the words weigh comes from `rank.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from newsletter.formatting import cut_at_clause
from newsletter.model import Paper, Profile
from newsletter.scoring.ranking.comments import Sentences
from newsletter.scoring.ranking.rank import ProfileTerms, Ranking, standardise
from newsletter.scoring.ranking.tfidf import TermMatrix
from newsletter.scoring.ranking.tokenize import Encoder, Word, pair_keys

MAX_COMMENT_CHARS = 200
MAX_TOPIC_CHARS = 60
MAX_WORDS = 5
MAX_WORD_CHARS = 40
WEAK_BELOW = 6  # relevance from which "matches" is said without reserve
WORDS_FROM = 4  # below, words shared are chance
MIN_WEIGHT = 0.5  # of the weight of the rarest word: below that a word explains nothing

Phrase = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Match:
    """A stretch of the paper's text and the wanted words in it."""

    text: str
    keys: Phrase


class Explainer:
    """Comments on the papers of one matrix under one profile."""

    def __init__(
        self,
        profile: Profile,
        terms: ProfileTerms,
        encoder: Encoder,
        matrix: TermMatrix,
        ranking: Ranking,
        sentences: Sentences,
    ) -> None:
        self._names = [topic.name for topic in profile.topics]
        self._terms = terms
        self._encoder = encoder
        self._matrix = matrix
        self._ranking = ranking
        self._sentences = sentences
        self._like = [_phrase(encoder, keyword) for keyword in profile.like]
        self._avoid = [_phrase(encoder, keyword) for keyword in profile.avoid]
        direct = np.array([standardise(row) for row in ranking.topic_words])
        self._best = (ranking.topics + direct).argmax(axis=0)

    def topic(self, row: int) -> str:
        """Gives the topic this paper meets best; empty when it meets none at all."""
        best = int(self._best[row])
        met = self._ranking.topics[best, row] > 0 or self._ranking.topic_words[best, row] > 0
        return self._names[best] if self._names and met else ""

    def comment(self, row: int, paper: Paper, relevance: int) -> str:
        """Writes at most MAX_COMMENT_CHARS characters. Words are looked for only where somebody may read of them."""
        if relevance < WORDS_FROM:
            return self._sentences.nothing
        text = f"{paper.title}\n{paper.abstract}"
        words = self._encoder.words(text)
        parts = [self._main_part(row, text, words, relevance)]
        avoided = _find_phrases(text, words, self._avoid)
        if avoided:
            parts.append(self._sentences.lowered.format(words=", ".join(avoided[:MAX_WORDS])))
        return cut_at_clause(" ".join(" ".join(parts).split()), MAX_COMMENT_CHARS)

    def _main_part(self, row: int, text: str, words: Sequence[Word], relevance: int) -> str:
        topic = _shorten(self.topic(row), MAX_TOPIC_CHARS)
        liked = _find_phrases(text, words, self._like)
        found = self._find_words(text, words, self._terms.topics[int(self._best[row])]) if topic else []
        if found:
            sentence = self._sentences.match if relevance >= WEAK_BELOW else self._sentences.weak
            return sentence.format(topic=topic, words=_join(liked + found))
        if liked:
            return self._sentences.liked.format(words=_join(liked))
        similar = self._find_words(text, words, self._feedback_keys(row))
        if similar and topic:
            return self._sentences.similar.format(topic=topic, words=_join(similar))
        if similar:
            return self._sentences.similar_only.format(words=_join(similar))
        return self._sentences.nothing

    def _feedback_keys(self, row: int) -> set[int]:
        """Finds the terms of this paper that made it resemble the papers of its topic most."""
        cells = np.flatnonzero(self._matrix.rows == row)
        columns = self._matrix.columns[cells]
        gains = self._matrix.values[cells] * self._ranking.feedback[int(self._best[row])][columns]
        strongest = np.argsort(-gains, kind="stable")[:MAX_WORDS]
        return {int(key) for key in self._matrix.terms[columns[strongest[gains[strongest] > 0]]]}

    def _find_words(self, text: str, words: Sequence[Word], wanted: Collection[int]) -> list[str]:
        """Finds the rare words of the text that are among the wanted terms, the rarest first."""
        matches = list(_find_matches(text, words, wanted))
        weights = self._weigh([match.keys for match in matches])
        ranked = sorted(zip(weights, matches, strict=True), key=lambda pair: -pair[0])
        shown: dict[Phrase, str] = {}
        for weight, match in ranked:
            if weight < MIN_WEIGHT * ranked[0][0]:
                break
            if not any(set(match.keys) <= set(keys) for keys in shown):
                shown[match.keys] = match.text
        return list(shown.values())[:MAX_WORDS]

    def _weigh(self, phrases: Sequence[Phrase]) -> list[float]:
        """Gives how rare the rarest word of each phrase is."""
        flat = np.array([key for phrase in phrases for key in phrase], dtype=np.uint32)
        places, known = self._matrix.find(flat)
        idf = np.where(known, self._matrix.idf[places] if len(self._matrix.idf) else 0.0, 0.0)
        ends = np.cumsum([len(phrase) for phrase in phrases])
        return [float(idf[end - len(p) : end].max()) for p, end in zip(phrases, ends, strict=True)]


def _find_matches(text: str, words: Sequence[Word], wanted: Collection[int]) -> Iterable[_Match]:
    """Finds each wanted word, together with its neighbours where the pair is wanted too."""
    start = 0
    while start < len(words):
        end = start + 1
        if words[start].key in wanted:
            while (
                end < len(words) and words[end].key in wanted and _are_joined(text, words[end - 1], words[end], wanted)
            ):
                end += 1
            keys = tuple(word.key for word in words[start:end])
            yield _Match(_shorten(text[words[start].start : words[end - 1].end], MAX_WORD_CHARS), keys)
        start = end


def _are_joined(text: str, left: Word, right: Word, wanted: Collection[int]) -> bool:
    pair = int(pair_keys(np.array([left.key, right.key], dtype=np.uint32))[0])
    return pair in wanted and text[left.end : right.start] in {" ", "-", "/"}


def _phrase(encoder: Encoder, keyword: str) -> Phrase:
    return tuple(word.key for word in encoder.words(keyword) if word.key)


def _find_phrases(text: str, words: Sequence[Word], phrases: Sequence[Phrase]) -> list[str]:
    """Finds, of each phrase that occurs whole, the first occurrence as written."""
    words = [word for word in words if word.key]
    keys = [word.key for word in words]
    present = set(keys)
    found: dict[str, str] = {}
    for phrase in phrases:
        if not phrase or not present.issuperset(phrase):
            continue
        for start in range(len(keys) - len(phrase) + 1):
            if tuple(keys[start : start + len(phrase)]) == phrase:
                shown = text[words[start].start : words[start + len(phrase) - 1].end]
                found.setdefault(shown.lower(), _shorten(" ".join(shown.split()), MAX_WORD_CHARS))
                break
    return list(found.values())


def _join(words: Sequence[str]) -> str:
    """Joins a list without repetition, short enough for a comment."""
    chosen: list[str] = []
    for word in words:
        if not any(word.lower() in earlier.lower() for earlier in chosen):
            chosen.append(word)
    chosen = chosen[:MAX_WORDS]
    while len(chosen) > 1 and sum(map(len, chosen)) > 90:
        chosen.pop()
    return ", ".join(chosen)


def _shorten(text: str, max_chars: int) -> str:
    return text if len(text) <= max_chars else text[: max_chars - 1].rstrip() + "…"
