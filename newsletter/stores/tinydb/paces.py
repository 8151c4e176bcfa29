"""Keeps the pace at which all processes of one folder may ask somebody else: each reserves its turn, and waits for it.

Does in a folder what stores/sql/paces.py does in a database. It is kept beside the locks, and in no backup: it is worth
nothing a day later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from newsletter.errors import TurnsHeld
from newsletter.files import atomic
from newsletter.stores.paces import MOST_HELD_S, MOST_WAITED_S
from newsletter.stores.tinydb.folder import StateFolder, disk_errors

MOST_TURNS = 40  # that are waited for, after a rest: more is no queue but a clock that was set back


class FolderPaces:
    """The Paces (see stores/paces.py) of whoever has the same folder; `clock` gives aware moments."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._folder = StateFolder(path)
        self._clock = clock

    def reserve(self, name: str, amount_s: float, *, burst_s: float = 0.0) -> float:
        with self._changing(name) as path:
            now_s = self._clock().timestamp()
            until_s, held_until_s = _read(path)
            held_s = _left(held_until_s, now_s, MOST_HELD_S)
            if held_s > MOST_WAITED_S:
                raise TurnsHeld(name, held_s)
            backlog_s = max(held_s, _left(until_s, now_s, held_s + MOST_TURNS * amount_s))
            self._write(path, now_s + backlog_s + amount_s, held_until_s)
        return max(0.0, backlog_s - burst_s)

    def hold(self, name: str, seconds: float) -> None:
        with self._changing(name) as path:
            now_s = self._clock().timestamp()
            until_s, held_until_s = _read(path)
            held_s = max(min(seconds, MOST_HELD_S), _left(held_until_s, now_s, MOST_HELD_S))
            self._write(path, until_s, now_s + held_s)

    def held_s(self, name: str) -> float:
        return _left(_read(self._path(name))[1], self._clock().timestamp(), MOST_HELD_S)

    def _path(self, name: str) -> Path:
        return self._folder.locks / f"pace-{sha256(name.encode()).hexdigest()[:16]}"

    @contextmanager
    def _changing(self, name: str) -> Iterator[Path]:
        path = self._path(name)
        with self._folder.change(path):
            yield path

    def _write(self, path: Path, until_s: float, held_until_s: float) -> None:
        atomic.write_whole(path, f"{until_s!r} {held_until_s!r}".encode(), temp_folder=self._folder.temp)


def _read(path: Path) -> tuple[float, float]:
    """Gives until when turns are taken, and until when they are held back; 0 where that is not kept."""
    with disk_errors(path):
        try:
            until_s, held_until_s = path.read_text(encoding="ascii").split()
            return float(until_s), float(held_until_s)
        except (FileNotFoundError, ValueError):
            return 0.0, 0.0


def _left(until_s: float, now_s: float, most_s: float) -> float:
    """Gives the seconds until a moment; 0 if it is over, or so far away that the clock was set back."""
    left_s = until_s - now_s
    return left_s if 0 < left_s <= most_s else 0.0
