"""Keeps what may happen once a day only: once/WHAT/2026-11-22.json each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from newsletter.stores.tinydb.folder import StateFolder, day_file, day_files, drop_days, safe_name
from newsletter.stores.tinydb.table import JsonTable


@dataclass(frozen=True, slots=True)
class KeptClaim:
    """The rest of a claim is in the name of its file."""

    key: str


class Claims:
    """Keeps which keys were claimed."""

    def __init__(self, folder: StateFolder) -> None:
        self._claims = JsonTable(folder, "once", KeptClaim, lambda claim: claim.key)

    def claim_once(self, what: str, key: str, *, on: date) -> bool:
        path = self._claims.path / safe_name(what) / day_file(on)
        with self._claims.change(path):
            if self._claims.get(path, key) is not None:
                return False
            self._claims.put(path, KeptClaim(key))
        return True

    def forget_claims(self, *, before: date, most_days: int | None = None) -> None:
        with self._claims.change(self._claims.path):
            folders = [path for path in self._claims.path.iterdir() if path.is_dir()]
            drop_days([path for folder in folders for path in day_files(folder)], before, most_days)
