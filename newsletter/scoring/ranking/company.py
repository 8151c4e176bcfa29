"""Learns from earlier papers, as shipped, what company a phrase keeps: papers on "AI safety" also speak of jailbreaks.

Of each paper the shipped file has the most telling stems and the categories, and no text; it is made by
benchmarks/make_company.py. Papers that have the words of a phrase lie, in the table of word vectors, in some direction
from all papers of the field; a paper that lies there, too, is like them, whatever words it uses. Only many
papers show what a day's field is: among few, each is seen beside the earlier papers of its own categories.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from newsletter.scoring.ranking.background import Background, load_background
from newsletter.scoring.ranking.coverage import weigh_element
from newsletter.scoring.ranking.phrases import Phrase
from newsletter.scoring.ranking.tfidf import CellIndexes, Places, Vector, find_keys, shorten
from newsletter.scoring.ranking.tokenize import Keys
from newsletter.scoring.ranking.word_vectors import WordVectors, load_word_vectors

SHIPPED = Path(__file__).with_name("company.npz")
FEWEST_PAPERS = 100  # of a field: fewer show no direction
FEWEST_OF_CATEGORY = 20  # papers that show where those of a category lie; math.AG has 21, math.CO 47
ENOUGH = 0.7  # of a phrase's weight: papers with less of it are not on it
REACHED_BY = 5  # papers: one may have all the words by chance
_ROWS = 2000  # at once, for the sake of memory


@dataclass(frozen=True, eq=False)
class EarlierPapers:
    """Papers by their telling stems: the papers that have the n-th of `terms` are `rows` from the n-th of `starts` on.

    `members` has a row for each paper and a column for each of `categories`.
    """

    terms: Keys
    rows: CellIndexes
    starts: CellIndexes
    categories: tuple[str, ...]
    members: npt.NDArray[np.bool_]
    places: Places

    @cached_property
    def centres(self) -> Mapping[str, Vector]:
        """Where the papers of each category lie on average, as far as there are some."""
        counts = self.members.sum(axis=0)
        enough = np.flatnonzero(counts >= FEWEST_OF_CATEGORY)
        return {self.categories[n]: self.places[self.members[:, n]].mean(axis=0) for n in enough}

    @cached_property
    def away(self) -> Places:
        """How far each paper lies from what is usual in its own categories, of which many papers have the same."""
        keys = [row.tobytes() for row in self.members]
        usual = {
            key: self.find_usual(self.categories[n] for n in np.flatnonzero(row))
            for key, row in dict(zip(keys, self.members, strict=True)).items()
        }
        return np.asarray(self.places - np.array([usual[key] for key in keys], dtype=np.float32), dtype=np.float32)

    def find_usual(self, categories: Iterable[str]) -> Vector:
        """Finds where papers of these categories lie on average; where nothing is known of them, all papers."""
        known = [self.centres[name] for name in categories if name in self.centres]
        return np.asarray(np.mean(known, axis=0) if known else self.places.mean(axis=0), dtype=np.float64)

    def have(self, stem: int) -> npt.NDArray[np.bool_]:
        """Tells of each paper whether it has a stem."""
        found = np.zeros(len(self.members), dtype=np.bool_)
        column = int(np.searchsorted(self.terms, stem))
        if column < len(self.terms) and self.terms[column] == stem:
            found[self.rows[self.starts[column] : self.starts[column + 1]]] = True
        return found

    def are_of(self, fields: Collection[str]) -> npt.NDArray[np.bool_]:
        """Tells of each paper whether it is of one of these categories."""
        wanted = [column for column, name in enumerate(self.categories) if name in fields]
        return np.asarray(self.members[:, wanted].any(axis=1), dtype=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Company:
    """What earlier papers of a field tell of some phrases.

    `likeness` is how much each place lies where those lie that have a phrase, of the phrase it is likest (−1 to 1); all
    0 where none has a phrase, and None where papers of the field are too few to tell. `own_likeness` is the same beside
    the papers of the place's own categories instead of the field: what all of math.CO has tells none of it apart.
    `reach` is the largest share of a phrase's weight that papers of the field have (0–1), which is little for a
    sentence in everyday words; 1 where there are few papers.
    """

    likeness: Vector | None
    own_likeness: Vector | None
    reach: float


def measure_company(
    phrases: Sequence[Phrase],
    places: Places,
    categories: Sequence[Sequence[str]],
    fields: Collection[str],
    stem_of: Callable[[str], int],
) -> Company:
    """Looks the phrases up in earlier papers of these fields, and compares places with theirs.

    `places` has a row for each paper, and `categories` those of each. `stem_of` gives the key of a form's stem.
    """
    papers, background = load_earlier_papers(), load_background()
    own = papers.are_of(fields)
    if own.sum() < FEWEST_PAPERS or not phrases:
        return Company(None, None, 1.0)
    centre = papers.places[own].mean(axis=0)
    away = shorten(places - centre)
    usual = np.array([papers.find_usual(each) for each in categories], dtype=np.float32)
    own_away = shorten(places - usual.reshape(places.shape))
    likeness, own_likeness, reach = list[Vector](), list[Vector](), 0.0
    for phrase in phrases:
        covered = _cover(phrase, papers, background, stem_of) * own
        reach = max(reach, phrase.trust * float(np.partition(covered, -REACHED_BY)[-REACHED_BY]))
        # a word that nobody uses is one that all lack: what is left of such a phrase says too little of its company
        weights = np.maximum(covered - ENOUGH, 0.0)
        if weights.any():
            shares = (weights / weights.sum()).astype(np.float32)
            likeness.append(phrase.trust * _liken(away, papers.places.T @ shares - centre))
            own_likeness.append(phrase.trust * _liken(own_away, papers.away.T @ shares))
    nothing = [np.zeros(len(places))]
    return Company(np.max(likeness or nothing, axis=0), np.max(own_likeness or nothing, axis=0), reach)


def _liken(places: Places, direction: Places) -> Vector:
    return np.asarray(places @ shorten(direction[None])[0], dtype=np.float64)


def _cover(phrase: Phrase, papers: EarlierPapers, background: Background, stem_of: Callable[[str], int]) -> Vector:
    """Gives how much of the phrase's weight each paper has (0–1), wherever its words stand."""
    covered, total = np.zeros(len(papers.members)), 0.0
    for element in phrase.elements:
        stems = [[stem_of(form) for form in forms] for forms in element.alternatives]
        weight = weigh_element(stems, background.idf)
        covered += weight * np.any([np.all([papers.have(stem) for stem in own], axis=0) for own in stems], axis=0)
        total += weight
    return covered / total if total else covered


@cache
def load_earlier_papers(file: Path = SHIPPED) -> EarlierPapers:
    """Reads a file that benchmarks/make_company.py made, once a process; the shipped one takes 9 MB."""
    with np.load(file) as data:
        categories, terms, columns = data["categories"].tolist(), data["terms"], data["columns"].astype(np.intp)
        members = np.unpackbits(data["members"], axis=1, count=len(categories)).astype(np.bool_)
        rows = np.repeat(np.arange(len(members)), data["lengths"])[np.argsort(columns, kind="stable")]
        starts = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=len(terms)))])
        return EarlierPapers(terms, rows, starts, tuple(categories), members, _place(terms, data["lengths"], columns))


def _place(terms: Keys, lengths: npt.NDArray[np.integer], columns: CellIndexes) -> Places:
    """Places each paper by its stems, every one once."""
    table, background = load_word_vectors(), load_background()
    vectors = background.idf(terms)[:, None].astype(np.float32) * _look_up(table, terms)
    bounds = np.concatenate([[0], np.cumsum(lengths, dtype=np.intp)])
    sums = np.zeros((len(lengths), vectors.shape[1]), dtype=np.float32)
    for first in range(0, len(lengths), _ROWS):
        last = min(first + _ROWS, len(lengths))
        cells = vectors[columns[bounds[first] : bounds[last]]]
        sums[first:last] = np.add.reduceat(cells, bounds[first:last] - bounds[first], axis=0)
    return shorten(sums)


def _look_up(table: WordVectors, terms: Keys) -> Places:
    """Gives the vector of each term, 0 for one that the table lacks."""
    spots, known = find_keys(table.terms, terms)
    return np.asarray(table.vectors[spots] * known[:, None], dtype=np.float32)
