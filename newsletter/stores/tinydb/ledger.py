"""The ledger's rows: deliveries/s_8k2mpq4x/2026-11.json each. Which moves are allowed is the ledger module's business.

The sent papers are these rows themselves, so a mail is accepted and its papers are remembered by the same write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import date, datetime
from operator import attrgetter
from pathlib import Path

from newsletter.delivery import ledger
from newsletter.errors import ReaderUnreadable, StoreConflict
from newsletter.model import Delivery, DeliveryState, delivery_id_of
from newsletter.stores.locks import RunLocks
from newsletter.stores.tinydb.events import Events
from newsletter.stores.tinydb.folder import ReadCache, StateFolder, disk_errors, month_file, month_files, safe_name
from newsletter.stores.tinydb.moves import MoveNotes
from newsletter.stores.tinydb.open_marks import OpenMarks
from newsletter.stores.tinydb.sought_papers import SoughtPapers
from newsletter.stores.tinydb.table import JsonTable
from newsletter.subscribers import address_change

_MONTHS_IN_MEMORY = 48  # each mail asks several times for the latest ones of its reader


class Ledger:
    """Keeps one row for each subscriber and digest date. Events that are kept count in each claim."""

    def __init__(self, folder: StateFolder, running: RunLocks, events: Events, moves: MoveNotes) -> None:
        self._running = running
        self._events = events
        self._moves = moves
        self._rows = JsonTable(folder, "deliveries", Delivery, lambda row: row.delivery_id)
        self._cache = ReadCache(self._rows.get_all, most=_MONTHS_IN_MEMORY)
        self._open = OpenMarks(folder, self._rows.path, self._rows_of)

    def claim(self, subscriber_id: str, digest_on: date, *, run_id: str, now: datetime) -> Delivery | None:
        path = self._file(subscriber_id, digest_on)
        safe_name(run_id)
        with self._rows.change(path):
            claimed = ledger.claim(
                self.settle_by_events(subscriber_id, digest_on, now=now),
                subscriber_id=subscriber_id,
                digest_on=digest_on,
                run_id=run_id,
                now=now,
                is_running=self._running.is_taken,
            )
            if claimed is not None:
                self._put(path, claimed)
                self._moves.drop(subscriber_id)  # somebody of their own, again
        return claimed if claimed is not None and claimed.state is DeliveryState.CLAIMED else None

    def move(self, delivery: Delivery) -> None:
        path = self._file(delivery.subscriber_id, delivery.digest_on)
        with self._rows.change(path):
            if self.is_to_be_moved(delivery):
                self._put(path, delivery)

    def is_to_be_moved(self, delivery: Delivery) -> bool:
        """False if this is the stored row already. Raises StoreConflict unless it was made from that one."""
        stored = self.get_delivery(delivery.subscriber_id, delivery.digest_on)
        if stored == delivery:
            return False
        if stored is None or not ledger.is_next_of(delivery, stored):
            raise StoreConflict(f"{delivery.delivery_id} was moved by somebody else; leave it to that run")
        return True

    def settle_by_events(self, subscriber_id: str, digest_on: date, *, now: datetime) -> Delivery | None:
        # Nearly always none, and then no lock is needed: whoever keeps one from now on settles the row after that
        if not self._events.get_events(subscriber_id, digest_on):
            return self.get_delivery(subscriber_id, digest_on)
        path = self._file(subscriber_id, digest_on)
        with self._rows.change(path):
            stored = self.get_delivery(subscriber_id, digest_on)
            if stored is None:
                return None
            events = self._events.get_events(subscriber_id, digest_on)
            row = ledger.apply_events(stored, events, now, self._running.is_taken)
            if row is not stored:
                self._put(path, row)
        return row

    def settle_all_by_events(self, deliveries: Collection[tuple[str, date]], *, now: datetime) -> None:
        have_events = self._events.ids()
        for subscriber_id, digest_on in deliveries:
            with suppress(ReaderUnreadable):
                if subscriber_id in have_events:
                    self.settle_by_events(subscriber_id, digest_on, now=now)

    def get_delivery(self, subscriber_id: str, digest_on: date) -> Delivery | None:
        path = self._file(subscriber_id, digest_on)
        with disk_errors(path):
            return self._rows.get(path, delivery_id_of(subscriber_id, digest_on))

    def get_deliveries(
        self,
        *,
        subscriber_id: str | None = None,
        subscriber_ids: Collection[str] | None = None,
        digest_on: date | None = None,
        since: date | None = None,
        states: Sequence[DeliveryState] = (),
    ) -> list[Delivery]:
        whose = _both(subscriber_id, subscriber_ids)
        if states and set(states) <= set(ledger.OPEN_STATES):
            rows = [row for row in self.get_open_deliveries() if whose is None or row.subscriber_id in whose]
        else:
            rows = [row for path in self._files(whose, digest_on, since) for row in self._rows_of(path)]
        found = [
            row
            for row in rows
            if digest_on in (None, row.digest_on)
            and (since is None or row.digest_on >= since)
            and (not states or row.state in states)
        ]
        return sorted(found, key=_by_date)

    def count_deliveries(self, *, since: date) -> Counter[DeliveryState]:
        return Counter(row.state for row in self.get_deliveries(since=since))

    def get_open_deliveries(self) -> list[Delivery]:
        with self._rows.change(self._open.path):
            return sorted(self._open.find(self.get_delivery), key=_by_date)

    def get_sent(self, subscriber_id: str) -> frozenset[str]:
        rows = self.get_deliveries(subscriber_id=subscriber_id)
        return frozenset(paper for row in rows if ledger.counts_as_sent(row.state) for paper in row.paper_ids)

    def find_latest(self, subscriber_id: str, *, before: date) -> list[Delivery]:
        """Finds the latest row before that date that was accepted, or else the latest; none if there is none.

        The latest months are looked through first, and no more of them than it takes.
        """
        latest: list[Delivery] = []
        months = self._files([subscriber_id], None, None, until=before)
        for path in sorted(months, key=attrgetter("name"), reverse=True):
            rows = sorted((row for row in self._rows_of(path) if row.digest_on < before), key=_by_date)
            if accepted := [row for row in rows if row.state in ledger.ACCEPTED_STATES]:
                return accepted[-1:]
            latest = latest or rows[-1:]
        return latest

    def find_sent(self, subscriber_id: str, sought: SoughtPapers, *, before: date) -> frozenset[str]:
        """Finds which of these papers were in mails before that date. Only files that name one of them are read whole.

        A month before all of them is not looked at. A file is looked through once, for however many papers: with later
        versions they are thousands.
        """
        found: set[str] = set()
        for path in self._files([subscriber_id], None, None, until=before):
            if not sought.may_be_of(path.stem):
                continue
            with disk_errors(path):
                content = path.read_bytes()
            if sought.may_be_in(content, path.stem):
                with disk_errors(path):
                    named = self._rows.get_where(path, sought.may_be_of_row)
                rows = [row for row in named if row.digest_on < before]
                found.update(*(row.paper_ids for row in rows if ledger.counts_as_sent(row.state)))
        return frozenset(found & sought.paper_ids)

    def reassign(self, old: str, to: str) -> None:
        """Gives one subscriber's rows to another. Call under the folder's lock."""
        for path in month_files(self._rows.path / safe_name(old)):
            target = self._rows.path / to / path.name
            others = {row.digest_on: row for row in self._rows_of(target)}
            rows = [address_change.merge_rows(row, others.get(row.digest_on), to) for row in self._rows_of(path)]
            self._rows.put(target, *rows)
            path.unlink()

    def _put(self, path: Path, row: Delivery) -> None:
        """Writes a row. One that is open has its mark before that, any other loses it afterwards."""
        is_open = row.state in ledger.OPEN_STATES
        if is_open:
            self._open.put(row)
        self._rows.put(path, row)
        if not is_open:
            self._open.drop(row)

    def _rows_of(self, path: Path) -> Sequence[Delivery]:
        with disk_errors(path):
            return self._cache.get(path) or ()

    def _file(self, subscriber_id: str, digest_on: date) -> Path:
        # A folder for each subscriber: who leaves can be forgotten by deleting it.
        return self._rows.path / safe_name(subscriber_id) / month_file(digest_on)

    def _files(
        self,
        whose: Collection[str] | None,
        digest_on: date | None,
        since: date | None,
        *,
        until: date = date.max,
    ) -> list[Path]:
        with disk_errors(self._rows.path):
            if whose is not None:
                folders = [self._rows.path / safe_name(who) for who in whose]
            else:
                folders = [path for path in self._rows.path.iterdir() if path.is_dir()]
            if digest_on is not None:
                return [folder / month_file(digest_on) for folder in folders]
            return [path for folder in folders for path in month_files(folder, since=since, until=until)]


def _both(one: str | None, several: Collection[str] | None) -> Collection[str] | None:
    """Whose rows are meant; None: everybody's."""
    if one is None:
        return several
    return [one] if several is None or one in several else []


def _by_date(row: Delivery) -> tuple[date, str]:
    return row.digest_on, row.subscriber_id
