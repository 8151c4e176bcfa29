"""Keeps who subscribes on the web: sign_ups/2026-11-22.json until it is confirmed, then enrolled/s_8k2mpq4x.json.

Whom the operator adds by the command is enrolled at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from pathlib import Path

from newsletter.addresses import is_same_mailbox
from newsletter.errors import ReaderUnreadable
from newsletter.model import Move, SignUp, SignUpOrigin
from newsletter.stores.tinydb.addresses import Addresses
from newsletter.stores.tinydb.digests import Digests
from newsletter.stores.tinydb.folder import (
    ReadCache,
    StateFolder,
    day_file,
    day_files,
    disk_errors,
    drop_days,
    reader_file,
    reader_ids,
    reader_ids_among,
    version_of_files,
)
from newsletter.stores.tinydb.profiles import Profiles, Votes
from newsletter.stores.tinydb.saved import SavedPapers
from newsletter.stores.tinydb.subscriber_files import errors_of, find_readable, require_zones
from newsletter.stores.tinydb.table import JsonTable
from newsletter.subscribers import address_change

_ENROLLED_IN_MEMORY = 2000


class SignUps:
    """Keeps what people ask for on the page to subscribe, and who of them is a subscriber by it."""

    def __init__(
        self, folder: StateFolder, addresses: Addresses, digests: Digests, words: tuple[Profiles, Votes, SavedPapers]
    ) -> None:
        self._addresses = addresses
        self._digests = digests
        self._words = words  # what a subscriber said of papers
        self._enrolled_path = folder.part("enrolled")
        self._signups = JsonTable(folder, "sign_ups", SignUp, lambda sign_up: sign_up.subscriber_id)
        self._cache = ReadCache(self._read_enrolment, most=_ENROLLED_IN_MEMORY)

    # -- until it is confirmed

    def add_sign_up(self, sign_up: SignUp) -> bool:
        path = self._file(sign_up.at.astimezone(UTC).date())
        with self._signups.change(path):
            stored = self._signups.get(path, sign_up.subscriber_id)
            self._signups.put(path, stored or sign_up)
        return stored is None

    def get_sign_up(self, subscriber_id: str, on: date) -> SignUp | None:
        path = self._file(on)
        with disk_errors(path):
            return self._signups.get(path, subscriber_id)

    def get_sign_ups(self) -> list[SignUp]:
        with disk_errors(self._signups.path):
            found = [one for path in day_files(self._signups.path) for one in self._signups.get_all(path)]
        return sorted(found, key=_by_time)

    def change_sign_up(self, subscriber_id: str, on: date, change: Callable[[SignUp], SignUp | None]) -> SignUp | None:
        path = self._file(on)
        with self._signups.change(path):
            stored = self._signups.get(path, subscriber_id)
            changed = change(stored) if stored is not None else None
            if changed is None:
                self._signups.drop(path, subscriber_id)
            elif changed != stored:
                self._signups.put(path, changed)
        return changed

    def forget_sign_ups(self, *, before: date, most_days: int | None = None) -> None:
        with self._signups.change(self._signups.path):
            drop_days(day_files(self._signups.path), before, most_days)

    # -- enrolled

    def enrol(self, sign_up: SignUp, *, most: int | None = None) -> bool:
        path = self._enrolled_file(sign_up.subscriber_id)
        with self._signups.change(path):
            if most is not None and self.count_places_taken(by_others_than=sign_up.subscriber_id) >= most:
                return False
            stored = self.get_enrolment(sign_up.subscriber_id)  # what cannot be read is not written over
            if stored is not None and not is_same_mailbox(stored.email, sign_up.email):
                return False
            self._signups.put(path, sign_up)
        return True

    def count_places_taken(self, *, by_others_than: str = "") -> int:
        return sum(map(self._takes_place, self.ids() - {by_others_than}))

    def get_enrolled(self, *, only: Collection[str] | None = None) -> list[SignUp]:
        return sorted(find_readable(self.get_enrolled_ids(only=only), self.get_enrolment), key=_by_time)

    def get_enrolled_ids(self, *, only: Collection[str] | None = None) -> list[str]:
        """Of some, by a look at the file of each: the list is read in parts, and the folder may have any number."""
        found = self.ids() if only is None else reader_ids_among(self._enrolled_path, only)
        return sorted(found)

    def mark_of_enrolled(self) -> str:
        with disk_errors(self._enrolled_path):
            return version_of_files(self._enrolled_path)

    def get_enrolment(self, subscriber_id: str) -> SignUp | None:
        path = self._enrolled_file(subscriber_id)
        with errors_of(subscriber_id, path):
            return self._cache.get(path)

    def forget_enrolled(self, subscriber_id: str) -> bool:
        path = self._enrolled_file(subscriber_id)
        with self._signups.change(path):
            is_known = path.exists()
            for day in day_files(self._signups.path):
                self._signups.drop(day, subscriber_id)
            for part in (self._digests, *self._words):
                part.drop(subscriber_id)
            path.unlink(missing_ok=True)  # the last one: it says that it is to be done
        return is_known

    def ids(self) -> set[str]:
        """The enrolled ones."""
        return reader_ids(self._enrolled_path)

    def reassign(self, move: Move) -> None:
        """Gives what one subscriber asked for to another. Call under the folder's lock."""
        old, to = move.subscriber_id, move.to
        for path in day_files(self._signups.path):
            if (sign_up := self._signups.get(path, old)) is not None:
                if self._signups.get(path, to) is None:
                    self._signups.put(path, address_change.reassign_sign_up(sign_up, move))
                self._signups.drop(path, old)
        if (enrolment := self.get_enrolment(old)) is not None:
            if self.get_enrolment(to) is None:
                self._signups.put(self._enrolled_file(to), address_change.reassign_sign_up(enrolment, move))
            self._enrolled_file(old).unlink()

    def _takes_place(self, subscriber_id: str) -> bool:
        """Whether they came by the web and are here; somebody of whom something cannot be read may be."""
        try:
            enrolment = self.get_enrolment(subscriber_id)
            if enrolment is not None and enrolment.origin is SignUpOrigin.OPERATOR:
                return False
            return self._addresses.get_address_status(subscriber_id).suppression is None
        except ReaderUnreadable:
            return True

    def _read_enrolment(self, path: Path) -> SignUp | None:
        sign_up = self._signups.get_only(path, path.stem)
        require_zones(path, sign_up)
        return sign_up

    def _file(self, on: date) -> Path:
        return self._signups.path / day_file(on)

    def _enrolled_file(self, subscriber_id: str) -> Path:
        return reader_file(self._enrolled_path, subscriber_id)


def _by_time(sign_up: SignUp) -> tuple[datetime, str]:
    return sign_up.at, sign_up.subscriber_id
