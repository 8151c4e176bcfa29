"""Keeps who was welcomed, or needs no welcome: welcomes/all.json, one row for each subscriber.

One file and not one for each: it says by being there that this folder knows newcomers from those who were there before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from newsletter.model import Welcome
from newsletter.stores.tinydb.folder import StateFolder, disk_errors
from newsletter.stores.tinydb.table import JsonTable


class Welcomes:
    """Keeps what became of each welcome."""

    def __init__(self, folder: StateFolder) -> None:
        self._table = JsonTable(folder, "welcomes", Welcome, lambda welcome: welcome.subscriber_id)
        self._path = self._table.path / "all.json"

    def begin_welcomes(self, welcomes: Sequence[Welcome]) -> bool:
        with self._table.change(self._path):
            if self._path.exists():
                return False
            self._table.write(self._path, welcomes)
        return True

    def has_begun_welcomes(self) -> bool:
        with disk_errors(self._path):
            return self._path.exists()

    def get_welcomes(self) -> list[Welcome] | None:
        with disk_errors(self._path):
            if not self._path.exists():
                return None
            return sorted(self._table.get_all(self._path), key=lambda welcome: welcome.subscriber_id)

    def change_welcome(self, subscriber_id: str, change: Callable[[Welcome | None], Welcome | None]) -> Welcome | None:
        with self._table.change(self._path):
            stored = self._table.get(self._path, subscriber_id)
            changed = change(stored)
            if changed is None:
                if stored is not None:
                    self._table.drop(self._path, subscriber_id)
            elif changed != stored:
                self._table.put(self._path, changed)
        return changed
