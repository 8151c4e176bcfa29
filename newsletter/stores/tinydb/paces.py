"""How fast all processes of one folder together may ask somebody else: each reserves its turn, and waits for it.

Does in a folder what stores/sql/paces.py does in a database. It is kept beside the locks, since it is worth nothing a
minute later.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from newsletter.files import atomic
from newsletter.stores.tinydb.folder import StateFolder, disk_errors

MOST_TURNS = 40  # that are waited for: more is no queue but a clock that was set back


class FolderPaces:
    """One pace for each name, shared by whoever has the same folder; `clock` gives aware moments."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._folder = StateFolder(path)
        self._clock = clock

    def reserve(self, name: str, amount_s: float, *, burst_s: float = 0.0) -> float:
        """Takes the next `amount_s` seconds of this pace, and says after how many seconds from now they begin.

        `burst_s`: so much of what is reserved already need not be waited for. A process that reserves and dies leaves a
        gap, no more. Raises StoreError.
        """
        path = self._folder.locks / f"pace-{sha256(name.encode()).hexdigest()[:16]}"
        with self._folder.change(path):
            now_s = self._clock().timestamp()
            backlog_s = _read(path) - now_s
            backlog_s = backlog_s if 0 < backlog_s <= MOST_TURNS * amount_s else 0.0
            atomic.write_whole(path, repr(now_s + backlog_s + amount_s).encode(), temp_folder=self._folder.temp)
        return max(0.0, backlog_s - burst_s)


def _read(path: Path) -> float:
    """Gives the moment until which turns are taken; 0 where nobody took one, or it cannot be read."""
    with disk_errors(path):
        try:
            return float(path.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return 0.0
