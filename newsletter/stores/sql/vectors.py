"""Keeps what a sentence model made of papers: the table `paper_vectors`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from newsletter.model import PaperVector
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.table import SqlTable, batched


class Vectors:
    """Keeps the vectors of the papers of each arXiv day."""

    def __init__(self, database: Database) -> None:
        self.rows = SqlTable(database, tables.paper_vectors, PaperVector, columns_of)
        self._columns = tables.paper_vectors.c

    def put_vectors(self, vectors: Sequence[PaperVector]) -> None:
        if vectors:
            self.rows.put(*vectors)

    def get_vectors(self, model: str, papers: Collection[tuple[str, int]]) -> list[PaperVector]:
        latest: dict[tuple[str, int], PaperVector] = {}
        for some in batched(sorted({arxiv_id for arxiv_id, _ in papers})):
            wanted = self._columns.arxiv_id.in_(some)
            found = self.rows.find(self._columns.model == model, wanted, order=(self._columns.announced_on,))
            latest |= {(one.arxiv_id, one.version): one for one in found}
        return [latest[paper] for paper in set(papers) & latest.keys()]

    def forget_vectors(self, *, before: date, most_days: int | None = None) -> None:
        self.rows.drop_days(self._columns.announced_on, before, most_days)


def columns_of(one: PaperVector) -> dict[str, Any]:
    return {
        "model": one.model,
        "arxiv_id": one.arxiv_id,
        "version": one.version,
        "announced_on": one.announced_on,
    }
