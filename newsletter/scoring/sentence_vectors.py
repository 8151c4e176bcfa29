"""Compares papers with topics by what a sentence model makes of both; each paper is read once for all readers.

The model reads some 40 papers a second, so papers are read when their announcement comes (`prepare`), and scoring goes
by what is kept. Where a paper of the day has not been read, the day is ranked without the model: half a day by one
measure and half by another would mean nothing. Topics are read when they are met first, a few hundredths of a second.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from newsletter.errors import EmbedderError
from newsletter.model import Paper, PaperVector, Profile
from newsletter.scoring.protocols import Embedder
from newsletter.stores import VectorStore

BATCH = 64  # papers between two writes
MAX_TEXTS = 2_000  # of topics, whose vectors are kept in memory
MAX_KNOWN = 2  # lists of papers whose vectors are, the latest; of 4,400 papers each takes 7 MB

Rows = npt.NDArray[np.float32]
_Key = tuple[str, int]  # arXiv id and version


@dataclass(frozen=True, slots=True, eq=False)
class _ReadPapers:
    """What was made of the papers asked about: a row for each, NaN for those that were not read."""

    asked: Sequence[_Key]
    missing: frozenset[_Key]
    rows: Rows


class SentenceVectors:
    """The vectors of papers in a store, and the model that adds to them. May be shared by threads."""

    def __init__(
        self, embedder: Embedder, store: VectorStore, tell: Callable[[int, int], None] = lambda done, total: None
    ) -> None:
        """`tell` hears (done, of how many) as papers are read."""
        self._tell = tell
        self._embedder = embedder
        self._store = store
        self._texts: dict[str, Rows] = {}
        self._known = deque[_ReadPapers](maxlen=MAX_KNOWN)

    def prepare(
        self,
        papers: Sequence[Paper],
        *,
        announced_on: date,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Reads those of the papers that have not been read, and keeps what was made of them, batch by batch.

        May be repeated; what was cut off goes on where it was. Raises EmbedderError, StoreError.
        """
        known = self._store.get_vectors(self._embedder.name, [(paper.arxiv_id, paper.version) for paper in papers])
        seen = {(one.arxiv_id, one.version) for one in known}
        missing = list(
            {key: paper for paper in papers if (key := (paper.arxiv_id, paper.version)) not in seen}.values()
        )
        for first in range(0, len(missing), BATCH):
            if should_stop():
                return
            batch = missing[first : first + BATCH]
            # The title by itself as well: what a paper is about stands there, without what it is measured against
            rows = self._embedder.embed([text_of(paper) for paper in batch])
            rows = rows + self._embedder.embed([paper.title for paper in batch])
            self._store.put_vectors(
                [
                    PaperVector(paper.arxiv_id, paper.version, self._embedder.name, announced_on, _pack(row))
                    for paper, row in zip(batch, rows, strict=True)
                ]
            )
            self._tell(first + len(batch), len(missing))

    def compare(self, profile: Profile, papers: Sequence[Paper], count: int) -> Rows | None:
        """Gives the cosine of each paper (row) with each topic (column), NaN for papers that were not read.

        None if one of the first `count`, the papers of the day, was not read, if the profile has no wishes, or if the
        model cannot read them: whoever had it read the day's papers has told so.
        """
        texts = read_wishes(profile)
        if not texts:
            return None
        read = self._find([(paper.arxiv_id, paper.version) for paper in papers])
        if not read.missing.isdisjoint(read.asked[:count]):
            return None
        try:
            topics = np.array([self._read(text) for text in texts])
        except EmbedderError:
            return None
        return np.asarray(read.rows @ topics.T, dtype=np.float32)

    def find(self, papers: Sequence[Paper]) -> Rows:
        """Gives a row of length 1 for each paper, of NaN for one that was not read; of no numbers if none was.

        Raises StoreError.
        """
        return self._look_up([(paper.arxiv_id, paper.version) for paper in papers]).rows

    def _find(self, asked: Sequence[_Key]) -> _ReadPapers:
        """Finds what was made of these papers; once for all profiles, until one more of them has been read."""
        name = self._embedder.name
        for known in [*self._known]:
            if known.asked == asked and not (known.missing and self._store.get_vectors(name, known.missing)):
                return known
        found = self._look_up(asked)
        self._known.append(found)
        return found

    def _look_up(self, asked: Sequence[_Key]) -> _ReadPapers:
        kept = {(one.arxiv_id, one.version): one.numbers for one in self._store.get_vectors(self._embedder.name, asked)}
        read = {key: _unpack(numbers) for key, numbers in kept.items()}
        nothing = np.full_like(next(iter(read.values())), np.nan) if read else np.zeros(0, dtype=np.float32)
        rows = np.array([read.get(key, nothing) for key in asked], dtype=np.float32)
        return _ReadPapers(asked, frozenset(asked) - kept.keys(), rows)

    def _read(self, text: str) -> Rows:
        row = self._texts.get(text)
        if row is None:
            if len(self._texts) >= MAX_TEXTS:
                self._texts.clear()
            row = self._texts[text] = self._embedder.embed([text])[0]
        return row


def text_of(paper: Paper) -> str:
    """Gives title and abstract as one text."""
    return f"{paper.title}. {paper.abstract}"


def read_wishes(profile: Profile) -> list[str]:
    """Gives each topic as a text; without topics, all liked keywords as one."""
    topics = [". ".join(filter(None, (topic.name, topic.relevant))) for topic in profile.topics]
    return topics or ([", ".join(profile.like)] if profile.like else [])


def _pack(row: Rows) -> str:
    """Eight bits a number: cosines change in the third digit at most."""
    return base64.b64encode(
        np.clip(np.round(row * 127 / np.abs(row).max()), -127, 127).astype(np.int8).tobytes()
    ).decode()


def _unpack(numbers: str) -> Rows:
    row = np.frombuffer(base64.b64decode(numbers), dtype=np.int8).astype(np.float32)
    return np.asarray(row / max(float(np.linalg.norm(row)), 1e-9), dtype=np.float32)
