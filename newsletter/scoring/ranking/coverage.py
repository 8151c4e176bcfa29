"""Measures how well papers cover phrases: which of the elements stand in title and abstract, how often, how close.

Reads places of words, where the rest of the room compares bags of them: a paper that says "neural network" and, far
from it, "graph" is no paper on graph neural networks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import Stemmer

from newsletter.model import Paper
from newsletter.scoring.ranking.filler import STOP_WORDS
from newsletter.scoring.ranking.phrases import Element, Forms, Phrase
from newsletter.scoring.ranking.plain_text import plain
from newsletter.scoring.ranking.tfidf import Indexes, Vector
from newsletter.scoring.ranking.title_shares import load_title_shares
from newsletter.scoring.ranking.tokenize import COMPOUND, HYPHENS, MAX_PAPERS, WORD, Keys, term_key
from newsletter.scoring.ranking.word_forms import normalise

GAP = 8  # places between title and abstract, so that no phrase reaches over
STEM_VALUE = 0.85  # of an element of which only the stem stands there; 1 as written
LIKED_STEM_VALUE = 0.5  # whoever likes a keyword means that word
EXCHANGED_VALUE = 0.9  # of the long form of an abbreviation, or the other way round
MAX_IDF = 7.0
_MOST = 0.75  # of a phrase: less of it in a title is something else
_HALF = np.uint64(32)

Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class PlacedWords:
    """The telling words of one paper in reading order: keys of form and stem, the first place and the one behind it.

    Compounds stand there once more as one word, behind the others: "multi-modal" is also "multimodal".
    """

    forms: Keys
    stems: Keys
    starts: Indexes
    ends: Indexes
    title_length: int  # places below this are the title's


class FormEncoder:
    """Remembers the keys of every word, and the places of words of the papers it has seen last."""

    def __init__(self) -> None:
        self._stemmer = Stemmer.Stemmer("english", 0)
        self._forms: dict[str, tuple[int, int]] = {}
        self._words: dict[str, int] = {}  # 64 bits: form and stem; 0 for a word that says nothing
        self._papers: dict[Paper, PlacedWords] = {}

    def keys(self, form: str) -> tuple[int, int]:
        """Gives the keys of a normalised word and of its stem."""
        known = self._forms.get(form)
        if known is None:
            known = self._forms[form] = term_key(form), term_key(self._stemmer.stemWord(form))
        return known

    def place(self, paper: Paper) -> PlacedWords:
        """Gives the telling words of the paper with their places, read once."""
        placed = self._papers.get(paper)
        if placed is None:
            if len(self._papers) >= MAX_PAPERS:
                self._papers.clear()
            placed = self._papers[paper] = self._place(paper)
        return placed

    def _place(self, paper: Paper) -> PlacedWords:
        title, abstract = plain(paper.title).lower(), plain(paper.abstract).lower()
        title_keys, keys = self._read(title), self._read(abstract)
        starts = np.concatenate([np.arange(len(title_keys)), np.arange(len(keys)) + len(title_keys) + GAP])
        compounds = [*self._find_compounds(title, 0), *self._find_compounds(abstract, len(title_keys) + GAP)]
        whole = np.array([*title_keys, *keys, *(key for key, _, _ in compounds)], dtype=np.uint64)
        return PlacedWords(
            (whole >> _HALF).astype(np.uint32),
            whole.astype(np.uint32),
            np.concatenate([starts, np.array([start for _, start, _ in compounds], dtype=np.intp)]),
            np.concatenate([starts + 1, np.array([end for _, _, end in compounds], dtype=np.intp)]),
            len(title_keys),
        )

    def _read(self, text: str) -> list[int]:
        words = self._words
        found = [words[word] if word in words else self._learn(word) for word in WORD.findall(text)]
        return [key for key in found if key]

    def _learn(self, word: str) -> int:
        key = 0
        if word not in STOP_WORDS and len(word) > 1 and not word.isdigit():
            form, stem = self.keys(normalise(word))
            key = (form << 32) | stem
        self._words[word] = key
        return key

    def _find_compounds(self, text: str, first: int) -> Iterator[tuple[int, int, int]]:
        place, behind = first, 0
        for match in COMPOUND.finditer(text):
            place += len(self._read(text[behind : match.start()]))
            behind = match.end()
            parts = HYPHENS.split(match.group())
            width = sum(len(self._read(part)) for part in parts)
            if width:
                form, stem = self.keys(normalise("".join(parts)))
                yield (form << 32) | stem, place, place + width
            place += width


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Where an element stands: row, first place, the place behind it, and how surely it is meant (0–1)."""

    rows: Indexes
    starts: Indexes
    ends: Indexes
    values: Vector
    in_title: Marks


class PlacedPapers:
    """The words of many papers, to look phrases up in."""

    def __init__(self, papers: Sequence[PlacedWords], encoder: FormEncoder) -> None:
        self.n_rows = len(papers)
        self._encoder = encoder
        lengths = [len(paper.forms) for paper in papers]
        self._forms = np.concatenate([np.zeros(0, dtype=np.uint32), *(paper.forms for paper in papers)])
        self._stems = np.concatenate([np.zeros(0, dtype=np.uint32), *(paper.stems for paper in papers)])
        self._rows = np.repeat(np.arange(len(papers)), lengths)
        empty = np.zeros(0, dtype=np.intp)
        starts = np.concatenate([empty, *(paper.starts for paper in papers)])
        ends = np.concatenate([empty, *(paper.ends for paper in papers)])
        self._in_title = starts < np.repeat([paper.title_length for paper in papers], lengths)
        sizes = [int(paper.ends.max(initial=0)) + GAP for paper in papers]
        offsets = np.repeat(np.cumsum([0, *sizes])[:-1], lengths)
        self._starts, self._ends = starts + offsets, ends + offsets

    def find(self, element: Element, stem_value: float) -> _Places:
        """Finds every place of an element; a sequence of words must stand whole and in order."""
        written, *others = element.alternatives
        parts = [self._find_sequence(written, stem_value, 1.0)]
        parts += [self._find_sequence(forms, stem_value, EXCHANGED_VALUE) for forms in others]
        cells, ends, values = (np.concatenate([part[n] for part in parts]) for n in range(3))
        cells = cells.astype(np.intp)
        return _Places(self._rows[cells], self._starts[cells], ends.astype(np.intp), values, self._in_title[cells])

    def weigh(self, element: Element, idf: Callable[[Keys], Vector]) -> float:
        """Weighs an element, whose words are known here as forms: see `weigh_element`.

        A word that nobody uses in this form, but some of these papers have, is rare: they write it with an accent.
        """
        stems = [[self._encoder.keys(form)[1] for form in forms] for forms in element.alternatives]

        def look_up(keys: Keys) -> Vector:
            found = idf(keys)
            return np.where((found == 0) & np.isin(keys, self._stems), MAX_IDF, found)

        return weigh_element(stems, look_up)

    def _find_sequence(self, forms: Forms, stem_value: float, value: float) -> tuple[Indexes, Indexes, Vector]:
        cells, values = self._find_word(forms[0], stem_value)
        ends = self._ends[cells]
        for form in forms[1:]:
            others, other_values = self._find_word(form, stem_value)
            starts = self._starts[others]
            order = np.argsort(starts, kind="stable")
            spots = np.searchsorted(starts[order], ends)
            fits = np.flatnonzero(spots < len(order))
            fits = fits[starts[order[spots[fits]]] == ends[fits]]
            chosen = order[spots[fits]]
            cells, values = cells[fits], np.minimum(values[fits], other_values[chosen])
            ends = self._ends[others[chosen]]
        return cells, ends, value * values

    def _find_word(self, form: str, stem_value: float) -> tuple[Indexes, Vector]:
        key, stem = self._encoder.keys(form)
        cells = np.flatnonzero(self._stems == stem)
        return cells, np.where(self._forms[cells] == key, 1.0, stem_value)


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """How well each paper (column) covers each phrase (row), from 0 to 1."""

    strength: npt.NDArray[np.float64]
    phrases: tuple[Phrase, ...]

    def best(self) -> Vector:
        """Gives how well each paper covers the phrase that it covers best."""
        return np.asarray(self.strength.max(axis=0), dtype=np.float64)


def measure_coverage(phrases: Sequence[Phrase], papers: PlacedPapers, idf: Callable[[Keys], Vector]) -> Coverage:
    """Measures how well each paper covers each phrase, of which there is at least one.

    `idf` gives the inverse document frequency of stems: the rarer a word, the more of the phrase it is; 0 for a word
    that nobody uses, which counts for nothing.
    """
    known: dict[tuple[Element, bool], tuple[_Places, float]] = {}
    rows = []
    for phrase in phrases:
        is_liked = phrase.topic < 0
        for element in phrase.elements:
            if (element, is_liked) not in known:
                places = papers.find(element, LIKED_STEM_VALUE if is_liked else STEM_VALUE)
                known[element, is_liked] = places, papers.weigh(element, idf)
        found = [known[element, is_liked] for element in phrase.elements]
        weights = np.array([weight for _, weight in found])
        rows.append(phrase.trust * _cover([places for places, _ in found], weights, papers.n_rows))
    return Coverage(np.array(rows), tuple(phrases))


def weigh_element(alternatives: Sequence[Sequence[int]], idf: Callable[[Keys], Vector]) -> float:
    """Weighs an element by how rare its most usual alternative is, and how far the words name a subject.

    Each alternative is the keys of its stems; what nobody uses says nothing of the others.
    """
    keys = [np.array(stems, dtype=np.uint32) for stems in alternatives]
    telling = load_title_shares()
    used = [rarity for stems in keys if (rarity := float(idf(stems).max())) > 0]
    rarity = min(MAX_IDF, *used) if used else 0.0
    return rarity**2 * max(float(telling.measure(stems).max()) for stems in keys)


def _cover(places: Sequence[_Places], weights: Vector, n_rows: int) -> Vector:
    """Gives the strength of one phrase in each paper: by the title alone, or by all of the text."""
    if not weights.any():
        return np.zeros(n_rows)
    shares = weights / weights.sum()
    titles = [_best(each.rows[each.in_title], each.values[each.in_title], n_rows) for each in places]
    in_title, covered = shares @ np.array(titles), shares @ [_best(e.rows, e.values, n_rows) for e in places]
    close_title, close = _measure_closeness(places, n_rows)
    title = in_title * (0.8 + 0.2 * close_title) * np.where(in_title <= _MOST, 0.7, 1.0)
    heaviest = int(np.argmax(weights))
    counts = np.bincount(places[heaviest].rows, places[heaviest].values, minlength=n_rows)
    often = np.where(titles[heaviest] > 0, 0.6, 0.45) + 0.1 * np.minimum(counts, 4)
    best: Vector = np.maximum(title, covered * (0.75 + 0.25 * close) * often)
    return best


def _best(rows: Indexes, values: Vector, n_rows: int) -> Vector:
    best = np.zeros(n_rows)
    np.maximum.at(best, rows, values)
    return best


def _measure_closeness(places: Sequence[_Places], n_rows: int) -> tuple[Vector, Vector]:
    """Gives how many neighbouring elements of the phrase are neighbours in the title, and anywhere; 1 for one alone."""
    if len(places) == 1:
        return np.ones(n_rows), np.ones(n_rows)
    title, text = np.zeros(n_rows), np.zeros(n_rows)
    for first, second in pairwise(places):
        near = _measure_nearness(first, second)
        title += _best(first.rows[first.in_title], near[first.in_title], n_rows)
        text += _best(first.rows, near, n_rows)
    return title / (len(places) - 1), text / (len(places) - 1)


def _measure_nearness(first: _Places, second: _Places) -> Vector:
    """Gives for each place of the first how near the second stands: 1 right behind it, less around it, 0 far away."""
    if not len(second.starts):
        return np.zeros(len(first.starts))
    starts, ends = np.sort(second.starts), np.sort(second.ends)
    after = np.minimum(np.searchsorted(starts, first.ends), len(starts) - 1)
    gap = np.where(starts[after] >= first.ends, starts[after] - first.ends, GAP)
    before = np.searchsorted(ends, first.starts, side="right") - 1
    back = np.where(before >= 0, first.starts - ends[np.maximum(before, 0)], GAP)
    return np.select([gap == 0, (gap <= 2) | (back == 0), back <= 2], [1.0, 0.7, 0.5], 0.0)
