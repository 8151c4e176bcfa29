"""Keeps what became of mails after they were accepted: events/s_8k2mpq4x/2026-11.json each."""

from __future__ import annotations

from contextlib import suppress as ignored
from datetime import date
from pathlib import Path

from newsletter.errors import ReaderUnreadable
from newsletter.model import EventKind, MailEvent
from newsletter.stores.tinydb.folder import StateFolder, month_file, month_files, reader_folder_ids, safe_name
from newsletter.stores.tinydb.subscriber_files import errors_of, require_owned
from newsletter.stores.tinydb.table import JsonTable
from newsletter.subscribers import address_change


class Events:
    """Keeps the events of each delivery, of several of one kind the earliest. What follows is decided elsewhere."""

    def __init__(self, folder: StateFolder) -> None:
        self._events = JsonTable(folder, "events", MailEvent, _key)
        self.path = self._events.path

    def get_events(self, subscriber_id: str, digest_on: date) -> list[MailEvent]:
        stored = self._read(subscriber_id, self._file(subscriber_id, digest_on))
        events = [event for event in stored if event.digest_on == digest_on]
        return sorted(events, key=lambda event: (event.at, event.kind))

    def put(self, event: MailEvent) -> None:
        """Keeps it, unless an earlier one of its kind is kept. Call under the folder's lock."""
        stored = self.get_events(event.subscriber_id, event.digest_on)
        same = next((other for other in stored if other.kind is event.kind), None)
        if same is None or event.at < same.at:
            self._events.put(self._file(event.subscriber_id, event.digest_on), event)

    def bounced_hard_on(self, morning: date) -> set[str]:
        """The subscribers whose mail of that morning bounced. Of whom nothing can be read, nobody knows."""
        return {who for who in self.ids() if self._has_bounced_hard(who, morning)}

    def ids(self) -> set[str]:
        return reader_folder_ids(self.path)

    def require_readable(self, subscriber_id: str, *, since: date | None = None) -> None:
        folder = self.path / safe_name(subscriber_id)
        with errors_of(subscriber_id, folder):
            months = month_files(folder, since=since)
        for path in months:
            self._read(subscriber_id, path)

    def reassign(self, old: str, to: str) -> None:
        """Gives one subscriber's events to another. Call under the folder's lock."""
        for path in month_files(self.path / safe_name(old)):
            target = self.path / to / path.name
            others = {_key(event): event for event in self._read(to, target)}
            events = [address_change.reassign_event(event, to) for event in self._read(old, path)]
            earlier = [each for each in events if (key := _key(each)) not in others or each.at < others[key].at]
            if earlier:
                self._events.put(target, *earlier)
            path.unlink()

    def _has_bounced_hard(self, subscriber_id: str, digest_on: date) -> bool:
        """Also who was let in again since."""
        with ignored(ReaderUnreadable):
            return any(event.kind is EventKind.BOUNCED_HARD for event in self.get_events(subscriber_id, digest_on))
        return False

    def _read(self, subscriber_id: str, path: Path) -> list[MailEvent]:
        with errors_of(subscriber_id, path):
            return require_owned(subscriber_id, path, self._events.get_all(path))

    def _file(self, subscriber_id: str, digest_on: date) -> Path:
        return self.path / safe_name(subscriber_id) / month_file(digest_on)


def _key(event: MailEvent) -> str:
    return f"{event.delivery_id}/{event.kind}"
