"""Keeps whether each address is mailed: standings/s_8k2mpq4x.json each.

A suppression that comes while that file cannot be read is kept beside it, in waiting/s_8k2mpq4x.json.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from newsletter.delivery import suppression
from newsletter.errors import ReaderUnreadable
from newsletter.model import AddressStatus
from newsletter.stores.tinydb.folder import StateFolder, reader_file, reader_ids
from newsletter.stores.tinydb.subscriber_files import errors_of, find_readable, require_zones
from newsletter.stores.tinydb.table import JsonTable
from newsletter.subscribers import address_change


class Addresses:
    """Keeps the status of each subscriber's address."""

    def __init__(self, folder: StateFolder) -> None:
        self._waiting_path = folder.part("waiting")
        self._statuses = JsonTable(folder, "standings", AddressStatus, lambda status: status.subscriber_id)

    def get_address_status(self, subscriber_id: str) -> AddressStatus:
        stored = self._read(subscriber_id, self._file(subscriber_id))
        waiting = self._read(subscriber_id, self._waiting_file(subscriber_id))
        return suppression.merge_waiting(stored or AddressStatus(subscriber_id), waiting)

    def get_address_statuses(self) -> list[AddressStatus]:
        return find_readable(sorted(self.ids()), self.get_address_status)

    def find_bounced(self, morning: date) -> list[AddressStatus]:
        """Gives the statuses that a bounce of that morning suppresses, or would, by subscriber id."""
        return [each for each in self.get_address_statuses() if suppression.has_bounced_on(each, morning)]

    def change_address_status(
        self, subscriber_id: str, change: Callable[[AddressStatus], AddressStatus]
    ) -> AddressStatus:
        path = self._file(subscriber_id)
        with self._statuses.change(path):
            try:
                stored = self.get_address_status(subscriber_id)
            except ReaderUnreadable as error:
                return self._let_wait(subscriber_id, change, error)
            changed = change(stored)
            waiting = self._waiting_file(subscriber_id)
            if changed != stored or waiting.exists():
                self._statuses.put(path, changed)
                waiting.unlink(missing_ok=True)
        return changed

    def ids(self) -> set[str]:
        return reader_ids(self._statuses.path) | reader_ids(self._waiting_path)

    def reassign(self, old: str, to: str) -> None:
        """Gives what one subscriber said of their mail to another; their mailbox's own fate stays."""
        left = self.get_address_status(old)
        self.change_address_status(to, lambda status: address_change.merge_statuses(left, status))
        self.change_address_status(old, address_change.forget_person)

    def _let_wait(
        self, subscriber_id: str, change: Callable[[AddressStatus], AddressStatus], why: ReaderUnreadable
    ) -> AddressStatus:
        """Keeps a suppression beside the status that cannot be read; raises `why` for any other change."""
        path = self._waiting_file(subscriber_id)
        waiting = self._read(subscriber_id, path)
        changed = change(waiting or AddressStatus(subscriber_id))
        if waiting is None and changed.suppression is None:
            raise why
        self._statuses.put(path, changed)
        return changed

    def _read(self, subscriber_id: str, path: Path) -> AddressStatus | None:
        with errors_of(subscriber_id, path):
            status = self._statuses.get_only(path, subscriber_id)
            require_zones(path, status)
        return status

    def _file(self, subscriber_id: str) -> Path:
        return reader_file(self._statuses.path, subscriber_id)

    def _waiting_file(self, subscriber_id: str) -> Path:
        return reader_file(self._waiting_path, subscriber_id)
