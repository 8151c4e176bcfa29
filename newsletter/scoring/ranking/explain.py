"""Writes the comment: one quiet line, the topic a paper meets and the rarest of the reader's words that it has.

A comment names only what was compared: words. It picks the topic, chooses the words and fills the sentences of
`prompts/comments.yaml`; which words are shared is found by `shared_phrases.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from newsletter.formatting import cut_at_clause
from newsletter.model import WORDS_FROM, Paper, Profile, Topic
from newsletter.papers import readable
from newsletter.scoring.ranking.phrases import Forms, Phrase
from newsletter.scoring.ranking.plain_text import plain_but_greek
from newsletter.scoring.ranking.pool import Pool
from newsletter.scoring.ranking.rank import Ranking, standardise
from newsletter.scoring.ranking.shared_phrases import Part, PhraseFinder, Wanted
from newsletter.scoring.ranking.text_phrases import Text, find_written, forms_of, has_in_title, with_fewest_capitals
from newsletter.scoring.ranking.wordings import load_wordings
from newsletter.texts import Texts

MAX_COMMENT_CHARS = 200
MAX_TOPIC_CHARS = 60
MAX_WORDS = 3
MAX_WORDS_CHARS = 80  # of all words together
WEAK_BELOW = 6  # relevance from which a topic is named without reserve
# Behind the name of a topic: "reinforcement learning-based" says no more than "reinforcement learning".
ADDING_NOTHING = """aided assisted aware based augmented driven enabled enhanced free guided induced informed inspired
    like oriented powered related specific style trained type"""


@dataclass(frozen=True, slots=True)
class _TopicWords:
    """What a topic asks for: its name and what else that is called, the phrases of its name, and those of its texts.

    `parts` is what papers call parts of the subject: "jailbreak" for AI safety.
    """

    names: Sequence[Forms]
    phrases: Sequence[Phrase]
    wanted: Wanted
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class _MetTopic:
    """The topic that a paper is on, by its place, the words of it that the paper has, and whether it has its name."""

    place: int
    words: Sequence[str]
    is_named: bool


class Explainer:
    """Comments on papers of a pool, which are ranked under one profile.

    It is kept until the last mail of the profile is made, and keeps no more of pool and ranking than it needs.
    """

    def __init__(
        self,
        profile: Profile,
        headings: Sequence[str],
        finder: PhraseFinder,
        pool: Pool,
        ranking: Ranking,
        sentences: Texts,
        rows: Sequence[int],
    ) -> None:
        """The profile is as its reader meant it; `headings` are the names of its topics as they are written.

        `rows`, in rising order, are the papers of which words are looked for: of a high grade, or the nearest.
        """
        self._topics = profile.topics
        self._headings = headings
        self._finder = finder
        self._gains = _Gains(pool, ranking.feedback, rows)
        self._sentences = sentences
        self._nothing = sentences["nothing" if profile.has_wishes else "no_topic"]
        self._adding_nothing = finder.stems_of(ADDING_NOTHING)
        self._topic_words: dict[Topic, _TopicWords] = {}  # of those that papers were compared with
        self._keywords = [Topic(keyword) for keyword in profile.like]
        self._like = [self._names_of(keyword) for keyword in profile.like]
        self._avoid = [self._names_of(keyword) for keyword in self._choose_avoided(profile)]
        direct = np.array([standardise(row) for row in ranking.topic_words])
        # A topic of which no paper has a word learned from the whole profile alone: it is not what a paper is on
        is_absent = ~ranking.topic_words.any(axis=1, keepdims=True)
        self._fits = np.where(is_absent, -np.inf, ranking.topics + direct).astype(np.float32)
        self._best = self._fits.argmax(axis=0)
        places = np.arange(len(self._best))
        self._has_word = ranking.topic_words[self._best, places] > 0
        self._is_met = self._has_word | (ranking.topics[self._best, places] > 0)

    def topic(self, row: int, relevance: int) -> str:
        """Gives the topic this paper meets best, as far as it was ranked, without reading it; empty when it meets none.

        What is hardly relevant has to have a word of it.
        """
        return self._heading(self._find_place(row, relevance))

    def _find_place(self, row: int, relevance: int) -> int | None:
        is_met = self._is_met if relevance >= WORDS_FROM else self._has_word
        return int(self._best[row]) if self._topics and is_met[row] else None

    def _heading(self, place: int | None) -> str:
        return "" if place is None else self._headings[place]

    def explain(self, row: int, paper: Paper, relevance: int, *, is_near: bool) -> tuple[str, str]:
        """Gives the topic that this paper meets best, and a comment of at most MAX_COMMENT_CHARS characters.

        Words are looked for only where somebody may read of them. `is_near`: a digest without papers that pass may show
        it.
        """
        if relevance < WORDS_FROM and not is_near:
            return self.topic(row, relevance), self._nothing
        text = self._finder.read_paper(paper.title, paper.abstract)
        met = self._find_topic(row, text)
        place = met.place if met else self._find_place(row, relevance)
        name = "" if place is None else self._topics[place].name
        parts = [self._main_part(row, name, met, text, relevance)]
        avoided = self._choose(text, _find_all(text, self._avoid))
        if avoided:
            parts.append(self._sentences("lowered", words=", ".join(avoided)))
        return self._heading(place), cut_at_clause(" ".join(" ".join(parts).split()), MAX_COMMENT_CHARS)

    def _find_topic(self, row: int, text: Text) -> _MetTopic | None:
        """Finds the topic that the paper is on: the best ranked that its title names, or that has words in it.

        Where the best ranked has none, it is another whose name stands in the paper.
        """
        ranked: list[int] = np.argsort(-self._fits[:, row], kind="stable").tolist() if self._topics else []
        read = [(place, self._read_topic(self._topics[place])) for place in ranked]
        for place, topic in read:
            if has_in_title(text, topic.phrases):
                return _MetTopic(place, self._find_words(topic, text), is_named=True)
        for place, topic in read:
            is_named = bool(find_written(text, topic.names))
            words = self._find_words(topic, text) if is_named or place == ranked[0] else []
            if words:
                return _MetTopic(place, words, is_named=is_named)
        return None

    def _choose_avoided(self, profile: Profile) -> list[str]:
        """Leaves out what is wanted, too, which is not held against a paper."""
        wanted = [text for topic in profile.topics for text in (topic.name, topic.relevant)]
        stems = self._finder.stems_of(" ".join([*wanted, *profile.like]))

        def is_wanted(keyword: str) -> bool:
            return any(self._finder.stems_of(" ".join(names)) <= stems for names in self._names_of(keyword))

        return [keyword for keyword in profile.avoid if not is_wanted(keyword)]

    def _main_part(self, row: int, name: str, met: _MetTopic | None, text: Text, relevance: int) -> str:
        liked = _find_all(text, self._like)
        if met:
            words = self._choose(text, [*liked, *met.words], without=name)
            # One word of a name of several says too little: "3D" of "3D object detection"
            if words or met.is_named:
                return self._match(name, words, relevance)
        if words := self._choose(text, liked):  # none where each is too long to be named
            return self._sentences("liked", words=", ".join(words))
        return self._match_keyword(text, relevance) or self._say_likeness(row, name, text, relevance)

    def _match_keyword(self, text: Text, relevance: int) -> str:
        """Names a liked keyword whose words the title has apart, or of which the text names parts; "" if none is."""
        for keyword in self._keywords:
            wanted = self._read_topic(keyword)
            parts = self._finder.find_parts(text, wanted.parts)
            if parts or has_in_title(text, wanted.phrases):
                return self._match(keyword.name, self._choose(text, parts, without=keyword.name), relevance)
        return ""

    def _say_likeness(self, row: int, name: str, text: Text, relevance: int) -> str:
        """Says whose wording the paper has, where it has no word that was asked for."""
        if relevance < WORDS_FROM:
            return self._nothing
        gains = self._gains.of(row, int(self._best[row]))
        words = self._choose(text, self._finder.find_words(text, gains), without=name)
        sentence = ("similar" if name else "similar_only") + ("" if words else "_bare")
        return self._sentences(sentence, topic=cut_at_clause(readable(name), MAX_TOPIC_CHARS), words=", ".join(words))

    def _read_topic(self, topic: Topic) -> _TopicWords:
        if topic not in self._topic_words:
            name = load_wordings().reword(topic.name)  # as papers write it: "Dunkle Materie" is dark matter
            self._topic_words[topic] = _TopicWords(
                list(dict.fromkeys([*self._names_of(topic.name), *self._names_of(name)])),
                self._finder.read_phrases(name),
                self._finder.want([name, load_wordings().reword(topic.relevant)]),
                self._finder.read_parts(part for part, _ in load_wordings().vary(name)),
            )
        return self._topic_words[topic]

    def _find_words(self, topic: _TopicWords, text: Text) -> list[str]:
        """Finds what the topic asks for: its name, then what its texts say, the rarest first, then parts of it."""
        said = (phrase.text for phrase in self._finder.find(text, topic.wanted))
        return [*_find_all(text, [topic.names]), *said, *self._finder.find_parts(text, topic.parts)]

    def _names_of(self, phrase: str) -> list[Forms]:
        """Gives the phrase, and what it is an abbreviation of or is abbreviated to."""
        phrase = readable(plain_but_greek(phrase))  # as papers are read: "$\Lambda$CDM" is "ΛCDM"
        return [forms for forms in (forms_of(phrase), *self._finder.other_names(phrase)) if forms]

    def _match(self, name: str, words: Sequence[str], relevance: int) -> str:
        """Says that the paper is on this topic or keyword, and what of it."""
        topic = cut_at_clause(readable(name), MAX_TOPIC_CHARS)
        sentence = "match" if relevance >= WEAK_BELOW else "weak"
        return self._sentences(sentence, topic=topic, words=", ".join(words)) if words else self._end(topic)

    def _end(self, topic: str) -> str:
        """Makes a topic alone a comment, with the full stop that the language has."""
        stop = self._sentences["nothing"][-1]
        return f"{topic}{stop}" if stop in ".。" and topic[-1] not in ".。…?!" else topic

    def _choose(self, text: Text, words: Sequence[str], without: str = "") -> list[str]:
        """Chooses a few: none that says what another or `without` says; of "gas" and "molecular gas" the latter."""
        names = [without, *map(" ".join, self._names_of(without))] if without else []
        known = [self._finder.stems_of(name) | self._adding_nothing for name in names]
        renamed = list[frozenset[int]]()  # what else the chosen are called: "DM" beside "dark matter" says nothing
        chosen: dict[frozenset[int], str] = {}
        for word in words:
            stems = self._finder.stems_of(word)
            if any(stems <= each for each in (*known, *renamed, *chosen)):
                continue
            fewer = [each for each in chosen if each < stems]
            if len(chosen) - len(fewer) == MAX_WORDS or sum(map(len, chosen.values())) + len(word) > MAX_WORDS_CHARS:
                continue
            chosen = {stems if each in fewer[:1] else each: w for each, w in chosen.items() if each not in fewer[1:]}
            chosen[stems] = word
            renamed += [self._finder.stems_of(" ".join(names)) for names in self._finder.other_names(word)]
        return [with_fewest_capitals(text, word) for word in chosen.values()]


class _Gains:
    """How much each term of some papers made them resemble the papers of their topics."""

    def __init__(self, pool: Pool, feedback: npt.NDArray[np.float64], rows: Sequence[int]) -> None:
        matrix, cells = pool.matrix, pool.cells_of(rows)
        is_used = np.zeros(len(matrix.terms), dtype=np.bool_)
        is_used[matrix.columns[cells]] = True
        self._rows, self._values = matrix.rows[cells], matrix.values[cells]
        self._columns = (np.cumsum(is_used, dtype=np.int32) - 1)[matrix.columns[cells]]
        self._terms, self._feedback = matrix.terms[is_used], feedback[:, is_used]

    def of(self, row: int, topic: int) -> dict[int, float]:
        """Gives the gain of each term of one of the papers, by its key."""
        cells = slice(*np.searchsorted(self._rows, [row, row + 1]))
        columns = self._columns[cells]
        gains = self._values[cells] * self._feedback[topic][columns]
        return dict(zip(self._terms[columns].tolist(), gains.tolist(), strict=True))


def _find_all(text: Text, things: Sequence[Sequence[Forms]]) -> list[str]:
    return list(filter(None, (find_written(text, names) for names in things)))
