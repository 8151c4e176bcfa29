"""Places papers by a shipped table of word vectors, which a sentence model taught: like meanings lie close together.

A text's place is the weighted sum of its words' vectors. benchmarks/make_word_vectors.py fits the table so that this
sum comes close to what the model makes of the whole text. Words that the table lacks say nothing here.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from newsletter.scoring.ranking.background import Background
from newsletter.scoring.ranking.tfidf import Places, TermMatrix, find_keys, shorten
from newsletter.scoring.ranking.tokenize import Keys

SHIPPED = Path(__file__).with_name("word_vectors.npz")


@dataclass(frozen=True, slots=True, eq=False)
class WordVectors:
    """Sorted terms, each a single word, and the vector of each, one row a term."""

    terms: Keys
    vectors: Places

    def place_papers(self, at_large: TermMatrix) -> Places:
        """Gives one row for each paper of a matrix that is weighed by the background, see `rank.weigh`.

        Rows have length 1, or 0 where the table knows no word of the paper.
        """
        spots, known = find_keys(self.terms, at_large.terms)
        cells = np.flatnonzero(known[at_large.columns])
        cells = cells[np.argsort(at_large.rows[cells], kind="stable")]
        rows, columns = at_large.rows[cells], spots[at_large.columns[cells]]
        values = at_large.values[cells].astype(np.float32)
        bounds = np.searchsorted(rows, np.arange(at_large.n_rows + 1))
        spans = [slice(first, last) for first, last in itertools.pairwise(bounds)]
        sums = [values[span] @ self.vectors[columns[span]] for span in spans]
        return shorten(np.array(sums, dtype=np.float32).reshape(len(spans), -1))

    def place_texts(self, texts: Sequence[Mapping[int, int]], background: Background) -> Places:
        """Gives one row for each text of counted terms, as for papers."""
        return shorten(np.array([self._sum(text, background) for text in texts], dtype=np.float32))

    def _sum(self, text: Mapping[int, int], background: Background) -> Places:
        keys = np.fromiter(text.keys(), dtype=np.uint32, count=len(text))
        times = np.fromiter(text.values(), dtype=np.float64, count=len(text))
        spots, known = find_keys(self.terms, keys)
        weights = ((1 + np.log(times)) * background.idf(keys))[known]
        return np.asarray(weights.astype(np.float32) @ self.vectors[spots[known]], dtype=np.float32)


@cache
def load_word_vectors() -> WordVectors:
    """Reads the table once a process; it takes 5 MB."""
    with np.load(SHIPPED) as data:
        return WordVectors(data["terms"], data["vectors"] * data["scales"].astype(np.float32)[:, None])
