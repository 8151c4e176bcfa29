"""The index of open deliveries: an empty file open/2026-11-22_s_8k2mpq4x for each row whose fate is not known.

So nobody has to read every row to find them. What another version or a backup put into the ledger has no marks:
a look through what was written since the last look makes them. docs/state.md says what a kill leaves behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path

from newsletter.delivery import ledger
from newsletter.files import atomic
from newsletter.model import Delivery
from newsletter.stores.tinydb.folder import StateFolder, matching, month_files

_MARK = re.compile(r"(?P<on>\d{4}-\d\d-\d\d)_(?P<who>\S+)")
_LOOKED = "looked"


class OpenMarks:
    """The marks of the rows in `deliveries`, the ledger's folder. Call only under the folder's lock."""

    def __init__(self, folder: StateFolder, deliveries: Path, read: Callable[[Path], Iterable[Delivery]]) -> None:
        self.path = folder.part("open")
        self._temp = folder.temp
        self._deliveries = deliveries
        self._read = read

    def put(self, row: Delivery) -> None:
        atomic.put_mark(self._mark(row))

    def drop(self, row: Delivery) -> None:
        if self._mark(row).exists():
            self._mark(row).unlink(missing_ok=True)

    def find(self, get_row: Callable[[str, date], Delivery | None]) -> Iterator[Delivery]:
        """The open rows, in no order."""
        atomic.make_folder(self.path)
        self._mark_what_others_left_open()
        for path, match in matching(self.path, _MARK):
            row = get_row(match["who"], date.fromisoformat(match["on"]))
            if row is not None and row.state in ledger.OPEN_STATES:
                yield row
            else:  # a kill fell between the row and its mark
                path.unlink(missing_ok=True)

    def _mark_what_others_left_open(self) -> None:
        """Looks through what was written since the last look, for rows without a mark: an older version makes none.

        A folder's ctime is when a file in it was last put or replaced, by whatever program, a restored backup included.
        """
        looked = self.path / _LOOKED
        since = looked.stat().st_mtime_ns if looked.exists() else 0
        if since > self.path.stat().st_ctime_ns:  # the clock was set back since that look: its time says nothing
            since = 0
        folders = [path for path in self._deliveries.iterdir() if path.stat().st_ctime_ns >= since and path.is_dir()]
        for path in [path for folder in folders for path in month_files(folder)]:
            for row in self._read(path) if path.stat().st_ctime_ns >= since else []:
                if row.state in ledger.OPEN_STATES:
                    self.put(row)
        if folders or not since:
            atomic.write_whole(looked, b"", temp_folder=self._temp)  # its mtime: nobody has written since, for the lock

    def _mark(self, row: Delivery) -> Path:
        return self.path / f"{row.digest_on}_{row.subscriber_id}"
