"""A backup: everything that a store keeps in one file, the same from and for every store.

Gzip, with one JSON text a line: a head, then each value under its kind, then how many there were of each, by which a
file that was cut off is known.
"""

from __future__ import annotations

import gzip
import json
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from newsletter.errors import StoreError
from newsletter.stores.contents import KINDS, Progress, Source
from newsletter.stores.values import adapter_of, first_problem

FORMAT = 1
_VALUES_AT_ONCE = 200
_HEAD, _END = "newsletter backup", "end"


def write_backup(source: Source, path: Path, tell: Progress) -> dict[str, int]:
    """Writes everything into the file, which is there whole or not at all, and its owner's alone.

    Gives how many there were of each kind.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.", suffix=".tmp")
        temp = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                with gzip.open(file, "wt", compresslevel=6, encoding="ascii", newline="\n") as lines:
                    counts = _write_lines(source, lines.write, tell)
                file.flush()
                os.fsync(file.fileno())
            temp.replace(path)
        finally:
            temp.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror}); choose another place") from error
    return counts


def _write_lines(source: Source, write: Callable[[str], object], tell: Progress) -> dict[str, int]:
    write(_line(_HEAD, FORMAT))
    counts = dict.fromkeys(KINDS, 0)
    for kind, values in source.read():
        adapter = adapter_of(KINDS[kind])
        for value in values:
            write(_line(kind, adapter.dump_python(value, mode="json")))
        counts[kind] += len(values)
        tell(kind, counts[kind])
    write(_line(_END, counts))
    return counts


def _line(kind: str, content: object) -> str:
    return json.dumps({kind: content}, separators=(",", ":")) + "\n"


class BackupFile:
    """A Source (see stores/contents.py) in a file. Raises StoreError unless that is a whole backup."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.counts = self._check()

    def read(self) -> Iterator[tuple[str, Sequence[Any]]]:
        numbered = enumerate(self._lines(), 1)
        for kind, of_kind in groupby(numbered, key=lambda line: line[1][0]):
            while kind in KINDS and (some := list(islice(of_kind, _VALUES_AT_ONCE))):
                yield kind, [self._value(number, kind, content) for number, (_, content) in some]

    def _check(self) -> dict[str, int]:
        counts = dict.fromkeys(KINDS, 0)
        told: object = None
        for number, (kind, content) in enumerate(self._lines(), 1):
            if number == 1 and (kind, content) != (_HEAD, FORMAT):
                why = f"its format is {content}, this version reads {FORMAT}" if kind == _HEAD else "it is none"
                raise StoreError(f"{self._path} is no backup of the newsletter ({why}); name another file")
            if kind in counts:
                counts[kind] += 1
            elif kind == _END:
                told = content
        if told != counts:
            raise self._damaged("it ends too early")
        return counts

    def _lines(self) -> Iterator[tuple[str, Any]]:
        try:
            with gzip.open(self._path, "rt", encoding="ascii") as lines:
                for line in lines:
                    ((kind, content),) = json.loads(line).items()
                    yield kind, content
        except FileNotFoundError:
            raise StoreError(f"{self._path} is not there; name a file that 'newsletter backup' wrote") from None
        except gzip.BadGzipFile as error:
            raise StoreError(f"{self._path} is no backup of the newsletter ({error}); name another file") from error
        except (OSError, EOFError, zlib.error, ValueError, AttributeError, RecursionError) as error:
            raise self._damaged(str(error)) from error

    def _value(self, number: int, kind: str, content: object) -> Any:
        try:
            return adapter_of(KINDS[kind]).validate_python(content)
        except ValidationError as error:
            raise self._damaged(f"line {number}: {first_problem(error)}") from error

    def _damaged(self, why: str) -> StoreError:
        return StoreError(f"{self._path} is damaged ({why}); take another backup")
