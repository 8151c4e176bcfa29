"""Values in JSON files, by TinyDB: one table of values in each file, each value under a key of its own.

TinyDB's own storage writes in place, so a kill leaves half a file; the one here replaces the file whole. Who may
write when is the caller's business (a change is a read and a write: hold the folder's lock). A file that cannot be
understood is a StoreError and never an empty one: taking it for empty would mail everything again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from tinydb import TinyDB
from tinydb.storages import Storage
from tinydb.table import Document, Table

from newsletter.errors import StoreError
from newsletter.files import atomic
from newsletter.stores.tinydb.folder import StateFolder
from newsletter.stores.values import adapter_of, first_problem

FORMAT = 1  # of the files; a change of the stored dataclasses that old readers would misread raises it

T = TypeVar("T")


class JsonTable(Generic[T]):
    """One kind of value: the folder of its files, its table in them, and which of its fields make the key."""

    def __init__(
        self, folder: StateFolder, name: str, kind: type[T], key_of: Callable[[T], str], *, place: str = ""
    ) -> None:
        self.path = folder.part(place or name)
        self.change = folder.change  # holds the folder's lock
        self._temp_folder = folder.temp
        self._table = name
        self._kind = kind
        self.key_of = key_of

    @property
    def _adapter(self) -> TypeAdapter[T]:
        # Made when it is needed: most commands read few kinds
        return adapter_of(self._kind)

    def get(self, path: Path, key: str) -> T | None:
        document = self._open(path).get(doc_id=key)  # type: ignore[call-overload]  # keys are strings, see _KeyedTable
        return None if document is None else self._value(path, document)

    def get_only(self, path: Path, key: str) -> T | None:
        """Of a file that holds this one value: None only if there is no such file."""
        tables = self._storage(path).read()
        if tables is None:
            return None
        row = tables[self._table].get(key)
        if row is None:
            raise unreadable(path, f"it does not hold {key}")
        return self._value(path, Document(row, key))  # type: ignore[arg-type]  # keys are strings, see _KeyedTable

    def get_all(self, path: Path) -> list[T]:
        """In the order they were put there first; empty when there is no such file."""
        return [self._value(path, document) for document in self._open(path)]

    def get_where(self, path: Path, may_be: Callable[[Mapping[str, Any]], bool]) -> list[T]:
        """Does as `get_all` with those alone that may be meant by what is stored of them: no other is read further."""
        return [self._value(path, document) for document in self._open(path) if may_be(document)]

    def put(self, path: Path, *values: T) -> None:
        """Writes values, at once, in place of those that have their keys. Call under the folder's lock."""
        storage = self._storage(path)
        tables = storage.read() or {}
        rows = tables.setdefault(self._table, {})
        for value in values:
            # Plain str, also with a NUL or a lone surrogate in it, which foreign text can have: JSON escapes both.
            rows[self.key_of(value)] = self._adapter.dump_python(value, mode="json")
        storage.write(tables)

    def write(self, path: Path, values: Sequence[T]) -> None:
        """Writes these alone, in place of all that the file holds. Call under the folder's lock."""
        storage = self._storage(path)
        tables = storage.read() or {}
        tables[self._table] = {self.key_of(value): self._adapter.dump_python(value, mode="json") for value in values}
        storage.write(tables)

    def drop(self, path: Path, key: str) -> bool:
        """Takes the value with this key away; False if there is none. Call under the folder's lock."""
        storage = self._storage(path)
        tables = storage.read() or {}
        if tables.get(self._table, {}).pop(key, None) is None:
            return False
        storage.write(tables)
        return True

    def _open(self, path: Path) -> Table:
        return _KeyedDB(path, self._temp_folder, self._table, storage=_WholeFile).table(self._table)

    def _storage(self, path: Path) -> _WholeFile:
        return _WholeFile(path, self._temp_folder, self._table)

    def _value(self, path: Path, document: Document) -> T:
        try:
            value = self._adapter.validate_python(dict(document))
        except ValidationError as error:
            raise unreadable(path, f"{document.doc_id}: {first_problem(error)}") from error
        if self.key_of(value) != str(document.doc_id):
            raise unreadable(path, f"{document.doc_id} holds {self.key_of(value)}")
        return value


def unreadable(path: Path, why: str) -> StoreError:
    return StoreError(f"{path} cannot be read ({why}); put this file back from a backup")


class _KeyedTable(Table):
    """TinyDB numbers its documents; ours have names (`2026-11-22`)."""

    document_id_class = str  # type: ignore[assignment]


class _KeyedDB(TinyDB):
    table_class = _KeyedTable


class _WholeFile(Storage):
    """Reads a file at once and replaces it at once; keeps no handle open, so readers need no lock."""

    def __init__(self, path: Path, temp_folder: Path, table: str) -> None:
        self._path = path
        self._temp_folder = temp_folder
        self._table = table

    def read(self) -> dict[str, dict[str, Any]] | None:
        try:
            content = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, or nested without end
            raise unreadable(self._path, str(error)) from error
        if not isinstance(content, dict) or not isinstance(content.get("format"), int):
            raise unreadable(self._path, "it does not say its format")
        found = content.pop("format")
        if found != FORMAT:
            raise StoreError(
                f"{self._path} has format {found} and this program reads format {FORMAT}; "
                "install the version of the newsletter that wrote it"
            )
        if not all(map(_is_table, content.values())):
            raise unreadable(self._path, "it does not hold tables of values")
        if self._table not in content:  # some other file: taken for this one it would be an empty one
            raise unreadable(self._path, f"it holds no {self._table}")
        return content

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        atomic.make_folder(self._path.parent)
        content = json.dumps({"format": FORMAT, **data}, separators=(",", ":"))
        atomic.write_whole(self._path, content.encode("ascii"), temp_folder=self._temp_folder)


def _is_table(content: object) -> bool:
    return isinstance(content, dict) and all(isinstance(value, dict) for value in content.values())
