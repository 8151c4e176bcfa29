"""Keeps small texts by name: documents/NAME each."""

from __future__ import annotations

from newsletter.files import atomic
from newsletter.stores.tinydb.folder import StateFolder, disk_errors, safe_name
from newsletter.stores.tinydb.table import unreadable


class Documents:
    """Keeps each text as it is."""

    def __init__(self, folder: StateFolder) -> None:
        self._folder = folder
        self._path = folder.part("documents")

    def put_document(self, name: str, text: str) -> None:
        path = self._path / safe_name(name)
        with self._folder.change(path):
            atomic.write_whole(path, text.encode("utf-8", "surrogatepass"), temp_folder=self._folder.temp)

    def get_document(self, name: str) -> str | None:
        path = self._path / safe_name(name)
        with disk_errors(path):
            try:
                return path.read_bytes().decode("utf-8", "surrogatepass")
            except FileNotFoundError:
                return None
            except UnicodeDecodeError as error:
                raise unreadable(path, str(error)) from error
