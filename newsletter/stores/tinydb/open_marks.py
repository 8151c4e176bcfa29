"""The index of open deliveries: an empty file open/2026-11-22_s_8k2mpq4x for each row whose fate is not known.

So nobody has to read every row to find them. What another version or a backup put into the ledger has no marks:
a look through what was written since the last look makes them. docs/state.md says what a kill leaves behind.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path

from newsletter.delivery import ledger
from newsletter.files import atomic
from newsletter.model import Delivery
from newsletter.stores.tinydb.folder import MONTH_FILE, SAFE_NAME, StateFolder, matching

_MARK = re.compile(r"(?P<on>\d{4}-\d\d-\d\d)_(?P<who>\S+)")
_LOOKED = "looked"
_OPEN = {state.value.encode() for state in ledger.OPEN_STATES}
_ROW = re.compile(rb'"state":"(\w+)","run_id":')  # no text can have this inside: JSON escapes its quotes


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
        folders = [folder for folder in _written_since(self._deliveries, since) if folder.is_dir()]
        for path in [path for folder in folders for path in _written_since(folder, since, MONTH_FILE)]:
            for row in self._read(path) if _may_have_open(path.read_bytes()) else []:
                if row.state in ledger.OPEN_STATES:
                    self.put(row)
        if folders or not since:
            atomic.write_whole(looked, b"", temp_folder=self._temp)  # its mtime: nobody has written since, for the lock

    def _mark(self, row: Delivery) -> Path:
        return self.path / f"{row.digest_on}_{row.subscriber_id}"


def _written_since(folder: Path, since: int, name: re.Pattern[str] = SAFE_NAME) -> list[Path]:
    """Lists what was put or replaced in this folder since then (ns), in no order."""
    with os.scandir(folder) as entries:  # which is three times as quick as a Path for each of many years' months
        return [
            folder / each.name for each in entries if each.stat().st_ctime_ns >= since and name.fullmatch(each.name)
        ]


def _may_have_open(content: bytes) -> bool:
    """Tells from the text of a month's file whether to read it: False only if each row surely is in another state.

    To read the rows takes ten times as long, and a memory from a backup has many thousands of such files.
    """
    states = _ROW.findall(content)
    is_as_written = content.endswith(b"}}}") and 0 < len(states) == content.count(b'"message_id":')
    return not is_as_written or not _OPEN.isdisjoint(states)
