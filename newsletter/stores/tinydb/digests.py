"""Keeps digests for the archive: digests/s_8k2mpq4x/2026-11-22.json each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from newsletter.model import Delivery, Digest, delivery_id_of
from newsletter.stores.tinydb.folder import StateFolder, day_file, day_files, safe_name
from newsletter.stores.tinydb.subscriber_files import errors_of, find_readable
from newsletter.stores.tinydb.table import JsonTable
from newsletter.subscribers import address_change


class Digests:
    """Keeps what each mail said."""

    def __init__(self, folder: StateFolder) -> None:
        self._digests = JsonTable(folder, "digests", Digest, _id_of)

    def put_digest(self, digest: Digest) -> None:
        who = digest.subscriber.subscriber_id
        path = self._file(who, digest.digest_on)
        with self._digests.change(path):
            self.get_digest(who, digest.digest_on)  # what cannot be read is not written over
            self._digests.put(path, digest)

    def get_digest(self, subscriber_id: str, digest_on: date) -> Digest | None:
        path = self._file(subscriber_id, digest_on)
        with errors_of(subscriber_id, path):
            return self._digests.get_only(path, delivery_id_of(subscriber_id, digest_on))

    def get_digests(self, subscriber_id: str, dates: Sequence[date]) -> list[Digest]:
        return find_readable(sorted(dates), lambda on: self.get_digest(subscriber_id, on))

    def get_digest_days(self, subscriber_id: str) -> list[date]:
        folder = self._digests.path / safe_name(subscriber_id)
        with errors_of(subscriber_id, folder):
            return sorted(date.fromisoformat(path.stem) for path in day_files(folder, of_one=True))

    def reassign(self, old: str, to: str, get_row: Callable[[str, date], Delivery | None]) -> None:
        """Gives one subscriber's digests to another; of two of a date the rows decide. Call under the folder's lock."""
        for on in self.get_digest_days(old):
            old_row, new_row = get_row(old, on), get_row(to, on)
            digest = self.get_digest(old, on)
            stands = self.get_digest(to, on) is None or (
                old_row is not None and address_change.is_old_row_kept(old_row, new_row)
            )
            if digest is not None and stands:
                self._digests.put(self._file(to, on), address_change.reassign_digest(digest, to))
            self._file(old, on).unlink()

    def drop(self, subscriber_id: str) -> None:
        """Call under the folder's lock."""
        for path in day_files(self._digests.path / safe_name(subscriber_id), of_one=True):
            path.unlink(missing_ok=True)

    def _file(self, subscriber_id: str, digest_on: date) -> Path:
        return self._digests.path / safe_name(subscriber_id) / day_file(digest_on)


def _id_of(digest: Digest) -> str:
    return delivery_id_of(digest.subscriber.subscriber_id, digest.digest_on)
