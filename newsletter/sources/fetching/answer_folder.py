"""Answers of servers in a folder, for the next process: each file whole or worth nothing, and never missed.

Whatever goes wrong with the disk costs a request, not a paper: what cannot be read is as if it were not there, and what
cannot be written is not kept. When a kept answer may be used is the business of `kept_answers.py`.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from newsletter.files import atomic

MOST_AGE = timedelta(days=14)  # an answer that nobody asked for so long is of an address that nobody reads
_MARK = b"answer 1\n"  # what each file begins with; another form will begin otherwise


class AnswerFolder:
    """Bytes by name, for several processes at once, as many as there is room for. The folder is made when needed."""

    def __init__(self, path: Path, clock: Callable[[], datetime], *, max_bytes: int) -> None:
        self._path = path
        self._clock = clock
        self._max_bytes = max_bytes

    def load(self, name: str) -> bytes | None:
        """Gives what was kept under a name; None if that is nothing, or damaged."""
        path = self._file(name)
        try:
            content = path.read_bytes()
            self._note_use(path)
        except OSError:
            return None
        mark, check, data = content[: len(_MARK)], content[len(_MARK) :][:4], content[len(_MARK) + 4 :]
        return data if mark == _MARK and check == _check(name, data) else None

    def keep(self, name: str, data: bytes) -> None:
        """Keeps bytes under a name in place of what was there, and drops what was used least lately."""
        try:
            atomic.make_folder(self._path)
            atomic.write_whole(self._file(name), _MARK + _check(name, data) + data, temp_folder=self._path)
            self._note_use(self._file(name))
            self._make_room()
        except OSError:
            return

    def forget(self, name: str) -> None:
        try:
            self._file(name).unlink(missing_ok=True)
        except OSError:
            return

    def _file(self, name: str) -> Path:
        return self._path / sha256(name.encode("utf-8", "replace")).hexdigest()[:32]

    def _note_use(self, path: Path) -> None:
        used_s = self._clock().timestamp()
        os.utime(path, (used_s, used_s))

    def _make_room(self) -> None:
        size, oldest_s = 0, (self._clock() - MOST_AGE).timestamp()
        for used_s, bytes_, path in sorted(self._files(), reverse=True):
            size += bytes_
            if size > self._max_bytes or used_s < oldest_s:
                path.unlink(missing_ok=True)

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """When each was used last, its size, its path; leftovers of killed writers among them."""
        for path in self._path.iterdir():
            try:
                status = path.stat()
            except FileNotFoundError:  # another process was faster
                continue
            yield status.st_mtime, status.st_size, path


def _check(name: str, data: bytes) -> bytes:
    return zlib.crc32(data, zlib.crc32(name.encode("utf-8", "replace"))).to_bytes(4, "big")
