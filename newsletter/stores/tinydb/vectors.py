"""Keeps what a sentence model made of papers: vectors/2026-11-22.json for each arXiv day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path

from newsletter.model import PaperVector
from newsletter.stores.tinydb.folder import ReadCache, StateFolder, day_file, day_files, disk_errors, drop_days
from newsletter.stores.tinydb.table import JsonTable

_DAYS_IN_MEMORY = 16  # about a megabyte each


class Vectors:
    """Keeps the vectors of the papers of each arXiv day."""

    def __init__(self, folder: StateFolder) -> None:
        self._vectors = JsonTable(
            folder, "vectors", PaperVector, lambda one: f"{one.model}/{one.arxiv_id}v{one.version}"
        )
        self._cache = ReadCache(self._read, most=_DAYS_IN_MEMORY)

    def put_vectors(self, vectors: Sequence[PaperVector]) -> None:
        by_file: dict[Path, list[PaperVector]] = {}
        for vector in vectors:
            by_file.setdefault(self._vectors.path / day_file(vector.announced_on), []).append(vector)
        with self._vectors.change(self._vectors.path):
            for path, values in by_file.items():
                self._vectors.put(path, *values)

    def get_vectors(self, model: str, papers: Collection[tuple[str, int]]) -> list[PaperVector]:
        missing = {(model, *paper) for paper in papers}
        found: list[PaperVector] = []
        with disk_errors(self._vectors.path):
            for path in sorted(day_files(self._vectors.path), reverse=True):
                if not missing:
                    break
                kept = self._cache.get(path) or {}
                here = missing & kept.keys()
                found += [kept[key] for key in here]
                missing -= here
        return found

    def forget_vectors(self, *, before: date, most_days: int | None = None) -> None:
        with self._vectors.change(self._vectors.path):
            drop_days(day_files(self._vectors.path), before, most_days)

    def _read(self, path: Path) -> dict[tuple[str, str, int], PaperVector]:
        return {(one.model, one.arxiv_id, one.version): one for one in self._vectors.get_all(path)}
