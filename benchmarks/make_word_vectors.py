"""Makes scoring/ranking/word_vectors.npz: a vector for each common word of a corpus, taught by the sentence model.

    pip install .[semantic]
    python benchmarks/make_word_vectors.py ../shared/corpus --until 2025-10-08 --cache vectors.npz

Ridge regression from a paper's weighted words to the first principal directions of the model's vector of its title
and abstract. The model reads some 40 papers a second; what it has read is kept in `--cache`.
Days after `--until` stay out, so that measurements on them stay honest. No label is read.
"""

import argparse
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.progress import track

from newsletter.model import Paper
from newsletter.scoring.evaluation.corpus import load_days
from newsletter.scoring.ranking.background import load_background
from newsletter.scoring.ranking.tfidf import count_terms
from newsletter.scoring.ranking.tokenize import Encoder, Keys
from newsletter.scoring.ranking.word_vectors import SHIPPED
from newsletter.scoring.semantic.minilm import MiniLM
from newsletter.scoring.sentence_vectors import text_of

DIMENSIONS = 96
PENALTY = 1.0
MIN_PAPERS = 3  # rarer words get no vector
_STEPS = 25  # of the solver; more change nothing that eight bits show
_COLUMNS = 16  # at once, for the sake of memory

Matrix = npt.NDArray[np.float32]


class SparseRows:
    """A sparse matrix with its two products; every row and every column has an entry."""

    def __init__(self, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], values: npt.NDArray[np.float64]):
        self._by_row = self._sort(rows, columns, values)
        self._by_column = self._sort(columns, rows, values)

    @staticmethod
    def _sort(
        groups: npt.NDArray[np.intp], others: npt.NDArray[np.intp], values: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Matrix]:
        order = np.argsort(groups, kind="stable")
        starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
        return starts, others[order], values[order].astype(np.float32)

    def dot(self, matrix: Matrix) -> Matrix:
        return self._sum(*self._by_row, matrix)

    def transposed_dot(self, matrix: Matrix) -> Matrix:
        return self._sum(*self._by_column, matrix)

    @staticmethod
    def _sum(starts: npt.NDArray[np.intp], others: npt.NDArray[np.intp], values: Matrix, matrix: Matrix) -> Matrix:
        parts = [
            np.add.reduceat(values[:, None] * matrix[others, first : first + _COLUMNS], starts, axis=0)
            for first in range(0, matrix.shape[1], _COLUMNS)
        ]
        return np.concatenate(parts, axis=1)


def read_vectors(papers: Sequence[Paper], cache: Path) -> Matrix:
    """The model's vectors of these papers, a row each; those in the cache are not computed again."""
    known: dict[str, npt.NDArray[np.float32]] = {}
    if cache.exists():
        with np.load(cache) as data:
            known = dict(zip(data["ids"].tolist(), data["vectors"], strict=True))
    model, missing = MiniLM(), [paper for paper in papers if paper.arxiv_id not in known]
    for first in track(range(0, len(missing), 200), "Reading"):
        batch = missing[first : first + 200]
        vectors = model.embed([text_of(paper) for paper in batch])
        known |= {paper.arxiv_id: vector for paper, vector in zip(batch, vectors, strict=True)}
        np.savez(cache, ids=np.array(list(known)), vectors=np.array(list(known.values())))
    return np.array([known[paper.arxiv_id] for paper in papers], dtype=np.float32)


def weigh_words(papers: Sequence[Paper]) -> tuple[SparseRows, Keys]:
    """Papers as rows of weighted single words, of length 1; and the words' keys, a column each."""
    encoder = Encoder()
    counts = count_terms([encoder.encode(paper.title, paper.abstract) for paper in papers])
    frequency = np.bincount(counts.columns, minlength=len(counts.terms))
    kept = ~counts.is_pair & (frequency >= MIN_PAPERS)
    place = np.cumsum(kept) - 1
    cells = np.flatnonzero(kept[counts.columns])
    rows, columns = counts.rows[cells].astype(np.intp), counts.columns[cells]
    values = counts.tf[cells] * load_background().idf(counts.terms)[columns]
    lengths = np.sqrt(np.bincount(rows, values**2, minlength=len(papers)))
    return SparseRows(rows, place[columns], values / lengths[rows]), counts.terms[kept]


def find_directions(vectors: Matrix) -> Matrix:
    """The vectors' coordinates along the directions in which they differ most; 0 on average."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)  # the strongest last
    return np.asarray(centred @ axes[:, ::-1][:, :DIMENSIONS], dtype=np.float32)


def fit(words: SparseRows, targets: Matrix) -> Matrix:
    """The W with (XᵀX + penalty)·W = Xᵀ·targets, by conjugate gradients, all columns side by side."""
    rest = words.transposed_dot(targets)
    solution, direction, size = np.zeros_like(rest), rest.copy(), (rest**2).sum(axis=0)
    for _ in track(range(_STEPS), "Fitting"):
        image = words.transposed_dot(words.dot(direction)) + PENALTY * direction
        length = size / np.maximum((direction * image).sum(axis=0), 1e-12)
        solution += length * direction
        rest -= length * image
        size, before = (rest**2).sum(axis=0), size
        direction = rest + size / np.maximum(before, 1e-12) * direction
    return solution


def save(file: Path, terms: Keys, vectors: Matrix) -> None:
    """Eight bits a number, and for each word the size of its largest."""
    scales = np.maximum(np.abs(vectors).max(axis=1), 1e-6) / 127
    scales = scales.astype(np.float16).astype(np.float32)
    rounded = np.clip(np.round(vectors / scales[:, None]), -127, 127).astype(np.int8)
    np.savez_compressed(file, terms=terms, vectors=rounded, scales=scales.astype(np.float16))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--until", type=date.fromisoformat, required=True)
    parser.add_argument("--cache", type=Path, default=Path("vectors.npz"))
    parser.add_argument("--to", type=Path, default=SHIPPED)
    options = parser.parse_args()
    days = [day for day in load_days(options.corpus) if day.announced_on <= options.until]
    papers = list({paper.arxiv_id: paper for day in reversed(days) for paper in day.papers}.values())
    targets = find_directions(read_vectors(papers, options.cache))
    words, terms = weigh_words(papers)
    solution = fit(words, targets)
    missed = ((words.dot(solution) - targets) ** 2).sum() / (targets**2).sum()
    save(options.to, terms, solution)
    print(f"{len(papers)} papers, {len(terms)} words, {missed:.3f} left over, {options.to.stat().st_size} bytes")


if __name__ == "__main__":
    main()
