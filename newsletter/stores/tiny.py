"""The memory as a folder of small dated files, each replaced whole: no server, no account, a backup is a copy.

    announcements, runs, once/WHAT, sign_ups, judgements/PROFILE, calls, batches: DATE.json each · documents/NAME
    deliveries, events: s_8k2mpq4x/2026-11.json each · digests/s_8k2mpq4x/2026-11-22.json · open/2026-11-22_s_8k2mpq4x
    standings, waiting, moved, revisions, votes, enrolled: s_8k2mpq4x.json each

Readers take no lock, since a file is always a whole one. Every change is a read and a write under the folder's one
lock. The sent papers are the ledger's rows themselves, so a mail is accepted and its papers are remembered by the
same write. See docs/state.md for each file and field; which moves are allowed is `delivery/ledger.py`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextlib import suppress as ignored
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from newsletter.addresses import is_same_mailbox
from newsletter.delivery import ledger, suppression
from newsletter.errors import ReaderUnreadable, StoreConflict, StoreError
from newsletter.files import atomic
from newsletter.model import (
    AddressStatus,
    AnnouncementDay,
    Delivery,
    DeliveryState,
    Digest,
    EventKind,
    Feed,
    FeedReport,
    Grading,
    MailEvent,
    ModelBatch,
    ModelCall,
    Move,
    ProfileRevision,
    RevisionOrigin,
    RunReport,
    SignUp,
    Vote,
    spending,
)
from newsletter.papers import announcements
from newsletter.stores.locks import FolderLock, RunLocks
from newsletter.stores.shelf import Shelf, unreadable
from newsletter.subscribers import address_change, revisions

_DAY_FILE = re.compile(r"\d{4}-\d\d-\d\d\.json")
_MONTH_FILE = re.compile(r"\d{4}-\d\d\.json")
_READER_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:+-]{0,94}\.json")  # a standing, say
_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:+-]{0,99}")  # one path component, never hidden, never ".."
_OPEN_MARK = re.compile(r"(?P<on>\d{4}-\d\d-\d\d)_(?P<who>\S+)")
_LOOKED = "looked"
_MONTHS_IN_MEMORY = 48  # of the ledger: each mail asks three times for all rows of its reader
_ENROLLED_IN_MEMORY = 2000  # parsed, of who came by the web
_DAYS_IN_MEMORY = 16  # parsed announcement days: a history of seven and today, for two zones


_Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Claimed:
    key: str


class TinyStore:
    """A Store (see stores/__init__.py) in one folder, which is made if it is missing.

    Opening it clears what killed processes left behind, and disturbs nobody who works in the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._announcements = folder / "announcements"
        self._deliveries = folder / "deliveries"
        self._judgements = folder / "judgements"
        self._calls = folder / "calls"
        self._events = folder / "events"
        self._standings = folder / "standings"
        self._waiting = folder / "waiting"
        self._moved = folder / "moved"
        self._revisions = folder / "revisions"
        self._votes = folder / "votes"
        self._once = folder / "once"
        self._sign_ups = folder / "sign_ups"
        self._enrolled = folder / "enrolled"
        self._batches = folder / "batches"
        self._digests = folder / "digests"
        self._open = folder / "open"
        self._runs = folder / "runs"
        self._documents = folder / "documents"
        self._temp = folder / "tmp"
        locks = folder / "locks"
        self._days = Shelf("announcements", AnnouncementDay, lambda day: day.announced_on.isoformat(), self._temp)
        self._rows = Shelf("deliveries", Delivery, lambda row: row.delivery_id, self._temp)
        self._told = Shelf("events", MailEvent, _event_key, self._temp)
        self._gone = Shelf("moves", Move, lambda move: move.subscriber_id, self._temp)
        self._known = Shelf("standings", AddressStatus, lambda standing: standing.subscriber_id, self._temp)
        self._profiles = Shelf("revisions", ProfileRevision, lambda revision: str(revision.number), self._temp)
        self._voted = Shelf("votes", Vote, lambda vote: vote.arxiv_id, self._temp)
        self._claimed = Shelf("once", _Claimed, lambda claimed: claimed.key, self._temp)
        self._asked = Shelf("sign_ups", SignUp, lambda asked: asked.subscriber_id, self._temp)
        self._answers = Shelf("judgements", Grading, _judgement_key, self._temp)
        self._bills = Shelf("calls", ModelCall, lambda call: call.call_id, self._temp)
        self._submitted = Shelf("batches", ModelBatch, lambda batch: batch.batch_id, self._temp)
        self._contents = Shelf("digests", Digest, _digest_key, self._temp)
        self._reports = Shelf("runs", RunReport, lambda report: report.run_id, self._temp)
        self._load_day = lru_cache(maxsize=_DAYS_IN_MEMORY)(self._load_day_version)
        self._load_rows = lru_cache(maxsize=_MONTHS_IN_MEMORY)(self._load_rows_version)
        self._load_enrolled = lru_cache(maxsize=_ENROLLED_IN_MEMORY)(self._load_enrolled_version)
        self._lock = FolderLock(locks / "folder.lock")
        self._running = RunLocks(locks)
        with _disk(folder):
            for part in (self._announcements, self._deliveries, self._events, self._standings, self._judgements):
                atomic.make_folder(part)
            for part in (self._calls, self._batches, self._runs, self._documents, self._temp, locks):
                atomic.make_folder(part)
            for part in (self._open, self._revisions, self._votes, self._once, self._sign_ups, self._enrolled):
                atomic.make_folder(part)
        with self._change(folder):
            atomic.remove_leftovers(self._temp)
            self._running.remove_stale()

    # -- announcements

    def remember_day(self, day: AnnouncementDay) -> None:
        path = self._announcements / f"{day.announced_on.isoformat()}.json"
        with self._change(path):
            self._days.put(path, day)

    def add_feeds(self, announced_on: date, feeds: Sequence[Feed], reports: Sequence[FeedReport]) -> AnnouncementDay:
        path = self._announcements / _day_file(announced_on)
        with self._change(path):
            known = self.get_day(announced_on) or AnnouncementDay(announced_on, (), ())
            day = announcements.with_feeds(known, feeds, reports)
            self._days.put(path, day)
        return day

    def get_day(self, announced_on: date) -> AnnouncementDay | None:
        path = self._announcements / f"{announced_on.isoformat()}.json"
        with _disk(path):
            version = _version(path)
            return self._load_day(path, version) if version else None

    def get_days(self, *, before: date, limit: int) -> list[AnnouncementDay]:
        found: list[AnnouncementDay] = []
        for announced_on in sorted(self._stored_days(before), reverse=True):
            if len(found) >= limit:
                break
            day = self.get_day(announced_on)
            if day is not None and day.announcements:
                found.append(day)
        return found[::-1]

    def forget_days(self, *, before: date, most_days: int | None = None) -> None:
        with self._change(self._announcements):
            _forget(_files(self._announcements, _DAY_FILE), before, most_days)

    def _stored_days(self, before: date) -> list[date]:
        with _disk(self._announcements):
            stored = [date.fromisoformat(path.stem) for path in _files(self._announcements, _DAY_FILE)]
        return [day for day in stored if day < before]

    def _load_day_version(self, path: Path, _version: _Version) -> AnnouncementDay | None:
        return self._days.get(path, path.stem)

    # -- deliveries

    def claim(self, subscriber_id: str, digest_on: date, *, run_id: str, now: datetime) -> Delivery | None:
        path = self._month_file(subscriber_id, digest_on)
        _require_safe(run_id)
        with self._change(path):
            claimed = ledger.claim(
                self.settle_by_events(subscriber_id, digest_on, now=now),
                subscriber_id=subscriber_id,
                digest_on=digest_on,
                run_id=run_id,
                now=now,
                is_running=self._running.is_taken,
            )
            if claimed is not None:
                self._put_row(path, claimed)
                self._moved_file(subscriber_id).unlink(missing_ok=True)  # somebody of their own, again
        return claimed if claimed is not None and claimed.state is DeliveryState.CLAIMED else None

    def move(self, delivery: Delivery) -> None:
        path = self._month_file(delivery.subscriber_id, delivery.digest_on)
        with self._change(path):
            stored = self.get_delivery(delivery.subscriber_id, delivery.digest_on)
            if stored == delivery:
                return
            if stored is None or not ledger.is_next_of(delivery, stored):
                raise StoreConflict(f"{delivery.delivery_id} was moved by somebody else; leave it to that run")
            self._put_row(path, delivery)

    def get_delivery(self, subscriber_id: str, digest_on: date) -> Delivery | None:
        path = self._month_file(subscriber_id, digest_on)
        with _disk(path):
            return self._rows.get(path, f"{subscriber_id}/{digest_on.isoformat()}")

    def get_deliveries(
        self,
        *,
        subscriber_id: str | None = None,
        digest_on: date | None = None,
        since: date | None = None,
        states: Sequence[DeliveryState] = (),
    ) -> list[Delivery]:
        if states and set(states) <= set(ledger.OPEN_STATES):
            rows = [row for row in self.get_open_deliveries() if subscriber_id in (None, row.subscriber_id)]
        else:
            paths = self._month_files(subscriber_id, digest_on)
            rows = [
                row for path in paths if since is None or path.stem >= f"{since:%Y-%m}" for row in self._rows_of(path)
            ]
        found = [
            row
            for row in rows
            if digest_on in (None, row.digest_on)
            and (since is None or row.digest_on >= since)
            and (not states or row.state in states)
        ]
        return sorted(found, key=_by_date)

    def get_open_deliveries(self) -> list[Delivery]:
        with self._change(self._open):
            atomic.make_folder(self._open)
            self._mark_what_others_left_open()
            found = []
            for path, match in _matching(self._open, _OPEN_MARK):
                row = self.get_delivery(match["who"], date.fromisoformat(match["on"]))
                if row is not None and row.state in ledger.OPEN_STATES:
                    found.append(row)
                else:  # a kill fell between the row and its mark
                    path.unlink(missing_ok=True)
        return sorted(found, key=_by_date)

    def _put_row(self, path: Path, row: Delivery) -> None:
        """Write a row. One that is open has its mark before that, any other loses it afterwards."""
        is_open, mark = row.state in ledger.OPEN_STATES, self._open / f"{row.digest_on}_{row.subscriber_id}"
        if is_open:
            atomic.put_mark(mark)
        self._rows.put(path, row)
        if not is_open and mark.exists():
            mark.unlink(missing_ok=True)

    def _mark_what_others_left_open(self) -> None:
        """Look through what was written since the last look, for rows without a mark: an older version makes none.

        A folder's ctime is when a file in it was last put or replaced, by whatever program, a restored backup included.
        """
        looked = self._open / _LOOKED
        since = looked.stat().st_mtime_ns if looked.exists() else 0
        if since > self._open.stat().st_ctime_ns:  # the clock was set back since that look: its time says nothing
            since = 0
        folders = [path for path in self._deliveries.iterdir() if path.stat().st_ctime_ns >= since and path.is_dir()]
        for path in [path for folder in folders for path in _files(folder, _MONTH_FILE)]:
            for row in self._rows_of(path) if path.stat().st_ctime_ns >= since else []:
                if row.state in ledger.OPEN_STATES:
                    atomic.put_mark(self._open / f"{row.digest_on}_{row.subscriber_id}")
        if folders or not since:
            atomic.write_whole(looked, b"", temp_folder=self._temp)  # its mtime: nobody has written since, for the lock

    def get_sent(self, subscriber_id: str) -> frozenset[str]:
        rows = self.get_deliveries(subscriber_id=subscriber_id)
        return frozenset(paper for row in rows if ledger.counts_as_sent(row.state) for paper in row.paper_ids)

    def _month_file(self, subscriber_id: str, digest_on: date) -> Path:
        # A folder for each subscriber: who leaves can be forgotten by deleting it.
        return self._deliveries / _require_safe(subscriber_id) / f"{digest_on:%Y-%m}.json"

    def _month_files(self, subscriber_id: str | None, digest_on: date | None) -> list[Path]:
        with _disk(self._deliveries):
            folders = (
                [self._deliveries / _require_safe(subscriber_id)]
                if subscriber_id is not None
                else [path for path in self._deliveries.iterdir() if path.is_dir()]
            )
            if digest_on is not None:
                return [folder / f"{digest_on:%Y-%m}.json" for folder in folders]
            return [path for folder in folders if folder.is_dir() for path in _files(folder, _MONTH_FILE)]

    def _rows_of(self, path: Path) -> Sequence[Delivery]:
        with _disk(path):
            version = _version(path)
            return self._load_rows(path, version) if version else ()

    def _load_rows_version(self, path: Path, _version: _Version) -> Sequence[Delivery]:
        return self._rows.get_all(path)

    # -- digests

    def put_digest(self, digest: Digest) -> None:
        who = digest.subscriber.subscriber_id
        path = self._digest_folder(who) / _day_file(digest.digest_on)
        with self._change(path):
            self.get_digest(who, digest.digest_on)  # what cannot be read is not written over
            self._contents.put(path, digest)

    def get_digest(self, subscriber_id: str, digest_on: date) -> Digest | None:
        path = self._digest_folder(subscriber_id) / _day_file(digest_on)
        with _own(subscriber_id, path):
            return self._contents.get_only(path, f"{subscriber_id}/{digest_on.isoformat()}")

    def get_digest_days(self, subscriber_id: str) -> list[date]:
        folder = self._digest_folder(subscriber_id)
        with _disk(folder):
            paths = _files(folder, _DAY_FILE) if folder.is_dir() else []
        return sorted(date.fromisoformat(path.stem) for path in paths)

    def _digest_folder(self, subscriber_id: str) -> Path:
        return self._digests / _require_safe(subscriber_id)

    # -- events and standings

    def take_event(self, event: MailEvent, *, now: datetime) -> bool:
        with self._change(self._events):
            told, event = event, self._as_of_now(event)
            row = self.get_delivery(event.subscriber_id, event.digest_on)
            if row is None:
                return False
            whose = told if address_change.is_about_mailbox(told.kind) else event
            self.change_address_status(whose.subscriber_id, lambda standing: suppression.apply_event(standing, whose))
            if not address_change.is_that_mail(told, row):
                self._brake(whose)
                return True
            known = self.get_events(event.subscriber_id, event.digest_on)
            same = next((other for other in known if other.kind is event.kind), None)
            if same is None or event.at < same.at:
                self._told.put(self._event_file(event.subscriber_id, event.digest_on), event)
            self.settle_by_events(event.subscriber_id, event.digest_on, now=now)
            self._brake(whose)
            self.get_address_status(event.subscriber_id)  # who tells events tells this one again until it can be read
        return True

    def _brake(self, event: MailEvent) -> None:
        """Also for a copy of an event: who was killed in the middle of this is told it again."""
        who, morning = event.subscriber_id, event.digest_on
        if event.kind is not EventKind.BOUNCED_HARD and not suppression.has_bounced_on(
            self.get_address_status(who), morning
        ):
            return
        if any(one.digest_on == morning for each in self.get_address_statuses() for one in each.held):
            self.change_address_status(who, lambda known: suppression.apply_brake(known, morning, too_many=True))
        else:
            self.weigh_bounces(morning)

    def weigh_bounces(self, digest_on: date) -> None:
        with self._change(self._standings):
            standings = self.get_address_statuses()
            bounced = {each.subscriber_id for each in standings if suppression.has_bounced_on(each, digest_on)}
            with _disk(self._events):
                told = {path.name for path in self._events.iterdir() if path.is_dir()} - bounced
            bounced |= {who for who in told if self._bounced_hard(who, digest_on)}
            rows = self.get_deliveries(digest_on=digest_on) if len(bounced) >= suppression.LEAST_BOUNCED else []
            too_many = suppression.are_too_many(len(bounced), sum(map(ledger.was_handed_over, rows)))
            for each in standings:
                self.change_address_status(
                    each.subscriber_id, lambda known: suppression.apply_brake(known, digest_on, too_many=too_many)
                )

    def _bounced_hard(self, subscriber_id: str, digest_on: date) -> bool:
        """Also who was let in again since. Of whom nothing can be read, nobody knows."""
        with ignored(ReaderUnreadable):
            return any(told.kind is EventKind.BOUNCED_HARD for told in self.get_events(subscriber_id, digest_on))
        return False

    def _as_of_now(self, event: MailEvent) -> MailEvent:
        """Of a mail to an address that has changed since, the event is the heir's."""
        if self.get_delivery(event.subscriber_id, event.digest_on) is not None:
            return event
        return replace(event, subscriber_id=self.heir_of(event.subscriber_id))

    def settle_by_events(self, subscriber_id: str, digest_on: date, *, now: datetime) -> Delivery | None:
        path = self._month_file(subscriber_id, digest_on)
        with self._change(path):
            stored = self.get_delivery(subscriber_id, digest_on)
            if stored is None:
                return None
            events = self.get_events(subscriber_id, digest_on)
            row = ledger.apply_events(stored, events, now, self._running.is_taken)
            if row is not stored:
                self._put_row(path, row)
        return row

    def get_events(self, subscriber_id: str, digest_on: date) -> list[MailEvent]:
        kept = self._events_of(subscriber_id, self._event_file(subscriber_id, digest_on))
        events = [event for event in kept if event.digest_on == digest_on]
        return sorted(events, key=lambda event: (event.at, event.kind))

    def get_address_status(self, subscriber_id: str) -> AddressStatus:
        kept = self._read_standing(subscriber_id, self._standing_file(subscriber_id))
        waiting = self._read_standing(subscriber_id, self._waiting_file(subscriber_id))
        return suppression.merge_waiting(kept or AddressStatus(subscriber_id), waiting)

    def get_address_statuses(self) -> list[AddressStatus]:
        found: list[AddressStatus] = []
        for who in sorted(self._ids(self._standings) | self._ids(self._waiting)):
            with ignored(ReaderUnreadable):
                found.append(self.get_address_status(who))
        return found

    def change_address_status(
        self, subscriber_id: str, change: Callable[[AddressStatus], AddressStatus]
    ) -> AddressStatus:
        path = self._standing_file(subscriber_id)
        with self._change(path):
            try:
                known = self.get_address_status(subscriber_id)
            except ReaderUnreadable as error:
                return self._let_wait(subscriber_id, change, error)
            changed = change(known)
            waiting = self._waiting_file(subscriber_id)
            if changed != known or waiting.exists():
                self._known.put(path, changed)
                waiting.unlink(missing_ok=True)
        return changed

    def _let_wait(
        self, subscriber_id: str, change: Callable[[AddressStatus], AddressStatus], why: ReaderUnreadable
    ) -> AddressStatus:
        """Keep a suppression beside the standing that cannot be read; raises `why` for any other change."""
        path = self._waiting_file(subscriber_id)
        waiting = self._read_standing(subscriber_id, path)
        made = change(waiting or AddressStatus(subscriber_id))
        if waiting is None and made.suppression is None:
            raise why
        self._known.put(path, made)
        return made

    def _read_standing(self, subscriber_id: str, path: Path) -> AddressStatus | None:
        with _own(subscriber_id, path):
            standing = self._known.get_only(path, subscriber_id)
            _require_zones(path, standing)
        return standing

    def _events_of(self, subscriber_id: str, path: Path) -> list[MailEvent]:
        with _own(subscriber_id, path):
            return _of_one(subscriber_id, path, self._told.get_all(path))

    def _event_file(self, subscriber_id: str, digest_on: date) -> Path:
        return self._events / _require_safe(subscriber_id) / f"{digest_on:%Y-%m}.json"

    def _standing_file(self, subscriber_id: str) -> Path:
        return self._standings / f"{_require_safe(subscriber_id)}.json"

    def _waiting_file(self, subscriber_id: str) -> Path:
        return self._waiting / f"{_require_safe(subscriber_id)}.json"

    # -- a changed address

    def move_subscriber(self, move: Move) -> None:
        with self._change(self._moved):
            if not self._is_begun(move):
                self._require_at_rest(move)
                self._moved_file(move.to).unlink(missing_ok=True)  # who moves back is themselves again
                self._gone.put(self._moved_file(move.subscriber_id), move)
            self._finish(move)

    def get_moves(self) -> list[Move]:
        found: list[Move] = []
        for who in self._ids(self._moved):
            with ignored(ReaderUnreadable):
                found += filter(None, [self._get_move(who)])
        return sorted(found, key=lambda move: (move.at, move.subscriber_id))

    def heir_of(self, subscriber_id: str) -> str:
        seen = set[str]()
        while subscriber_id not in seen:
            seen.add(subscriber_id)
            if (move := self._get_move(subscriber_id)) is not None:
                subscriber_id = move.to
        return subscriber_id

    def _get_move(self, subscriber_id: str) -> Move | None:
        path = self._moved_file(subscriber_id)
        with _own(subscriber_id, path):
            return self._gone.get_only(path, subscriber_id)

    def _moved_file(self, subscriber_id: str) -> Path:
        return self._moved / f"{_require_safe(subscriber_id)}.json"

    def _is_begun(self, move: Move) -> bool:
        kept = self._get_move(move.subscriber_id)
        return kept is not None and not kept.is_done and kept.to == move.to

    def _require_at_rest(self, move: Move) -> None:
        if self._running.any_taken():
            raise StoreConflict("a run is at work; wait until it has ended, and try again")
        for who in (move.subscriber_id, move.to):
            self.require_readable(who)
            if doubtful := self.get_deliveries(subscriber_id=who, states=ledger.OPEN_STATES):
                raise StoreConflict(
                    f"whether {doubtful[0].delivery_id} was sent is not known; "
                    "settle it with 'newsletter deliveries resolve', then try again"
                )

    def _finish(self, move: Move) -> None:
        """Each step writes what is the heir's before it takes it away from the other: after a kill it is done again.

        The ledger goes last: it tells which of two digests stands, and without it nothing is mailed twice meanwhile,
        since a run finishes what was cut off before it begins.
        """
        old, to = move.subscriber_id, move.to
        self._move_events(old, to)
        self._move_digests(old, to)
        path = self._revisions / f"{to}.json"
        if profiles := self.get_revisions(old):
            self._profiles.write(path, address_change.revisions_of(profiles, self.get_revisions(to), to))
            (self._revisions / f"{old}.json").unlink()
        if votes := self._votes_of(old):
            self._voted.put(self._votes / f"{to}.json", *address_change.votes_of(votes, self._votes_of(to), to))
            (self._votes / f"{old}.json").unlink()
        left = self.get_address_status(old)
        self.change_address_status(to, lambda known: address_change.standing_of(left, known))
        self.change_address_status(old, address_change.left_behind)
        self._move_sign_ups(move)
        self._move_rows(old, to)
        self._gone.put(self._moved_file(old), replace(move, email="", is_done=True))

    def _move_events(self, old: str, to: str) -> None:
        folder = self._events / _require_safe(old)
        for path in _files(folder, _MONTH_FILE) if folder.is_dir() else []:
            target = self._events / to / path.name
            kept = {_event_key(event): event for event in self._events_of(to, target)}
            events = [address_change.event_of(event, to) for event in self._events_of(old, path)]
            fresh = [each for each in events if (key := _event_key(each)) not in kept or each.at < kept[key].at]
            if fresh:
                self._told.put(target, *fresh)
            path.unlink()

    def _move_digests(self, old: str, to: str) -> None:
        for on in self.get_digest_days(old):
            mine, its = self.get_delivery(old, on), self.get_delivery(to, on)
            digest = self.get_digest(old, on)
            stands = self.get_digest(to, on) is None or (mine is not None and address_change.takes_old(mine, its))
            if digest is not None and stands:
                self._contents.put(self._digest_folder(to) / _day_file(on), address_change.digest_of(digest, to))
            (self._digest_folder(old) / _day_file(on)).unlink()

    def _move_sign_ups(self, move: Move) -> None:
        old, to = move.subscriber_id, move.to
        for path in _files(self._sign_ups, _DAY_FILE):
            if (asked := self._asked.get(path, old)) is not None:
                if self._asked.get(path, to) is None:
                    self._asked.put(path, address_change.sign_up_of(asked, move))
                self._asked.drop(path, old)
        if (enrolled := self._get_enrolled(old)) is not None:
            if self._get_enrolled(to) is None:
                self._asked.put(self._enrolled_file(to), address_change.sign_up_of(enrolled, move))
            self._enrolled_file(old).unlink()

    def _move_rows(self, old: str, to: str) -> None:
        for path in self._month_files(old, None):
            target = self._deliveries / to / path.name
            kept = {row.digest_on: row for row in self._rows_of(target)}
            rows = [address_change.row_of(row, kept.get(row.digest_on), to) for row in self._rows_of(path)]
            self._rows.put(target, *rows)
            path.unlink()

    # -- what cannot be read

    def require_readable(self, subscriber_id: str, digest_on: date | None = None) -> None:
        self._get_move(subscriber_id)
        for move in self.get_moves():
            if not move.is_done and subscriber_id in (move.subscriber_id, move.to):
                again = f"newsletter subscribers move {move.subscriber_id} {move.email or move.to}"
                raise ReaderUnreadable(subscriber_id, f"their move to another address is not finished; run '{again}'")
        self.get_address_status(subscriber_id)
        self.get_revisions(subscriber_id)
        self.get_votes(subscriber_id)
        self._get_enrolled(subscriber_id)
        if digest_on is not None:
            self.get_digest(subscriber_id, digest_on)
        folder = self._events / _require_safe(subscriber_id)
        with _own(subscriber_id, folder):
            months = _files(folder, _MONTH_FILE) if folder.exists() else []
        for path in months:
            self._events_of(subscriber_id, path)

    def find_unreadable(self) -> dict[str, str]:
        single = (self._moved, self._standings, self._waiting, self._revisions, self._votes, self._enrolled)
        found: dict[str, str] = {}
        for who in sorted(self._ids(self._events).union(*map(self._ids, single))):
            try:
                self.require_readable(who)
            except ReaderUnreadable as error:
                found[who] = str(error)
        return found

    def _ids(self, folder: Path) -> set[str]:
        """The subscribers who have a file, or a folder, of this kind."""
        with _disk(folder):
            names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        if folder == self._events:
            return {name for name in names if _SAFE_NAME.fullmatch(name)}
        return {name.removesuffix(".json") for name in names if _READER_FILE.fullmatch(name)}

    # -- what readers say

    def add_revision(
        self,
        subscriber_id: str,
        text: str,
        *,
        origin: RevisionOrigin,
        now: datetime,
        after: int | None = None,
        most_a_day: int | None = None,
    ) -> ProfileRevision:
        path = self._revisions / f"{_require_safe(subscriber_id)}.json"
        with self._change(path):
            known = self.get_revisions(subscriber_id)
            kept = revisions.with_next(
                known, subscriber_id, text, origin=origin, now=now, after=after, most_a_day=most_a_day
            )
            if kept is not known:
                self._profiles.write(path, kept)
        return kept[-1]

    def get_revisions(self, subscriber_id: str) -> list[ProfileRevision]:
        path = self._revisions / f"{_require_safe(subscriber_id)}.json"
        with _own(subscriber_id, path):
            kept = _of_one(subscriber_id, path, self._profiles.get_all(path))
        return sorted(kept, key=lambda revision: revision.number)

    def put_vote(self, vote: Vote) -> None:
        path = self._votes / f"{_require_safe(vote.subscriber_id)}.json"
        with self._change(path):
            known = next((each for each in self._votes_of(vote.subscriber_id) if each.arxiv_id == vote.arxiv_id), None)
            if known is None or known.at <= vote.at:
                self._voted.put(path, vote)

    def get_votes(self, subscriber_id: str) -> list[Vote]:
        votes = [vote for vote in self._votes_of(subscriber_id) if vote.value]
        return sorted(votes, key=lambda vote: (vote.at, vote.arxiv_id))

    def _votes_of(self, subscriber_id: str) -> list[Vote]:
        """Also what was taken back."""
        path = self._votes / f"{_require_safe(subscriber_id)}.json"
        with _own(subscriber_id, path):
            return _of_one(subscriber_id, path, self._voted.get_all(path))

    def claim_once(self, what: str, key: str, *, on: date) -> bool:
        path = self._once / _require_safe(what) / _day_file(on)
        with self._change(path):
            if self._claimed.get(path, key) is not None:
                return False
            self._claimed.put(path, _Claimed(key))
        return True

    def forget_claims(self, *, before: date, most_days: int | None = None) -> None:
        with self._change(self._once):
            folders = [path for path in self._once.iterdir() if path.is_dir()]
            _forget([path for folder in folders for path in _files(folder, _DAY_FILE)], before, most_days)

    # -- who subscribes on the web

    def add_sign_up(self, sign_up: SignUp) -> bool:
        path = self._sign_ups / _day_file(sign_up.at.astimezone(UTC).date())
        with self._change(path):
            known = self._asked.get(path, sign_up.subscriber_id)
            self._asked.put(path, known or sign_up)
        return known is None

    def get_sign_up(self, subscriber_id: str, on: date) -> SignUp | None:
        path = self._sign_ups / _day_file(on)
        with _disk(path):
            return self._asked.get(path, subscriber_id)

    def get_sign_ups(self) -> list[SignUp]:
        with _disk(self._sign_ups):
            found = [one for path in _files(self._sign_ups, _DAY_FILE) for one in self._asked.get_all(path)]
        return sorted(found, key=lambda sign_up: (sign_up.at, sign_up.subscriber_id))

    def change_sign_up(self, subscriber_id: str, on: date, change: Callable[[SignUp], SignUp | None]) -> SignUp | None:
        path = self._sign_ups / _day_file(on)
        with self._change(path):
            known = self._asked.get(path, subscriber_id)
            changed = change(known) if known is not None else None
            if changed is None:
                self._asked.drop(path, subscriber_id)
            elif changed != known:
                self._asked.put(path, changed)
        return changed

    def confirm_sign_up(self, subscriber_id: str, on: date, *, now: datetime) -> SignUp | None:
        return self.change_sign_up(
            subscriber_id, on, lambda known: known if known.confirmed_at else replace(known, confirmed_at=now)
        )

    def forget_sign_ups(self, *, before: date, most_days: int | None = None) -> None:
        with self._change(self._sign_ups):
            _forget(_files(self._sign_ups, _DAY_FILE), before, most_days)

    def enrol(self, sign_up: SignUp, *, most: int) -> bool:
        path = self._enrolled_file(sign_up.subscriber_id)
        with self._change(path):
            others = set(self.get_enrolled_ids()) - {sign_up.subscriber_id}
            if sum(map(self._takes_place, others)) >= most:
                return False
            known = self._get_enrolled(sign_up.subscriber_id)  # what cannot be read is not written over
            if known is not None and not is_same_mailbox(known.email, sign_up.email):
                return False
            self._asked.put(path, sign_up)
        return True

    def _takes_place(self, subscriber_id: str) -> bool:
        """Somebody whose standing cannot be read may not have left."""
        try:
            return self.get_address_status(subscriber_id).suppression is None
        except ReaderUnreadable:
            return True

    def get_enrolled(self) -> list[SignUp]:
        found: list[SignUp] = []
        for who in self.get_enrolled_ids():
            with ignored(ReaderUnreadable):
                found += filter(None, [self._get_enrolled(who)])
        return sorted(found, key=lambda sign_up: (sign_up.at, sign_up.subscriber_id))

    def get_enrolled_ids(self) -> list[str]:
        return sorted(self._ids(self._enrolled))

    def _get_enrolled(self, subscriber_id: str) -> SignUp | None:
        path = self._enrolled_file(subscriber_id)
        with _own(subscriber_id, path):
            version = _version(path)
            return self._load_enrolled(path, version) if version else None

    def _load_enrolled_version(self, path: Path, _version: _Version) -> SignUp | None:
        sign_up = self._asked.get_only(path, path.stem)
        _require_zones(path, sign_up)
        return sign_up

    def forget_enrolled(self, subscriber_id: str) -> bool:
        path = self._enrolled_file(subscriber_id)
        with self._change(path):
            is_known = path.exists()
            for asked in _files(self._sign_ups, _DAY_FILE):
                self._asked.drop(asked, subscriber_id)
            pages = self._digest_folder(subscriber_id)
            for page in _files(pages, _DAY_FILE) if pages.is_dir() else []:
                page.unlink(missing_ok=True)
            for own in (self._revisions, self._votes, self._enrolled):  # the last one says that it is to be done
                (own / path.name).unlink(missing_ok=True)
        return is_known

    def _enrolled_file(self, subscriber_id: str) -> Path:
        return self._enrolled / f"{_require_safe(subscriber_id)}.json"

    # -- a model's answers and calls

    def put_gradings(self, judgements: Sequence[Grading]) -> None:
        by_file: dict[Path, list[Grading]] = {}
        for judgement in judgements:
            folder = self._judgements / _require_safe(judgement.profile_key)
            by_file.setdefault(folder / _day_file(judgement.at.astimezone(UTC).date()), []).append(judgement)
        with self._change(self._judgements):
            for path, values in by_file.items():
                self._answers.put(path, *values)

    def get_gradings(self, profile_key: str, *, since: date) -> list[Grading]:
        folder = self._judgements / _require_safe(profile_key)
        latest: dict[str, Grading] = {}  # asked again on another day: the later answer counts
        with _disk(folder):
            for path in sorted(_files(folder, _DAY_FILE)) if folder.is_dir() else []:
                if path.stem >= since.isoformat():
                    latest |= {_judgement_key(judgement): judgement for judgement in self._answers.get_all(path)}
        return sorted(latest.values(), key=lambda judgement: judgement.at)

    def begin_call(self, call: ModelCall, *, budget_usd: Decimal | None) -> bool:
        path = self._calls / _day_file(spending.utc_day(call))
        with self._change(path):
            begun = self._bills.get_all(path)
            if any(other.call_id == call.call_id for other in begun):
                return True
            if not spending.is_within_budget(call, begun, budget_usd):
                return False
            self._bills.put(path, call)
        return True

    def end_call(self, call: ModelCall) -> None:
        path = self._calls / _day_file(spending.utc_day(call))
        with self._change(path):
            self._bills.put(path, call)

    def get_calls(self, *, since: date, until: date) -> list[ModelCall]:
        with _disk(self._calls):
            paths = [path for path in _files(self._calls, _DAY_FILE) if str(since) <= path.stem <= str(until)]
            calls = [call for path in paths for call in self._bills.get_all(path)]
        return sorted(calls, key=lambda call: (call.at, call.call_id))

    def forget_calls(self, *, before: date, most_days: int | None = None) -> None:
        with self._change(self._calls):
            profiles = [folder for folder in self._judgements.iterdir() if folder.is_dir()]
            dated = [path for folder in (self._calls, *profiles) for path in _files(folder, _DAY_FILE)]
            _forget([*self._batch_files(), *dated], before, most_days)
            for folder in profiles:
                if not any(folder.iterdir()):
                    folder.rmdir()

    # -- batches of calls

    def begin_batch(self, batch: ModelBatch, calls: Sequence[ModelCall], *, budget_usd: Decimal | None) -> bool:
        path = self._calls / (day := _day_file(batch.at.astimezone(UTC).date()))
        with self._change(path):
            known = self.get_batches(since=min(batch.announced_on, batch.at.astimezone(UTC).date()))
            if any(other.question == batch.question for other in known):
                return any(other.batch_id == batch.batch_id for other in known)
            if not spending.are_within_budget(calls, self._bills.get_all(path), budget_usd):
                return False
            self._submitted.put(self._batches / day, batch)
            if calls:
                self._bills.put(path, *calls)
        return True

    def move_batch(self, batch: ModelBatch) -> None:
        path = self._batches / _day_file(batch.at.astimezone(UTC).date())
        with self._change(path):
            stored = self._submitted.get(path, batch.batch_id)
            if stored is None or stored.is_open or not batch.is_open:
                self._submitted.put(path, batch)

    def get_batches(self, *, since: date) -> list[ModelBatch]:
        with _disk(self._batches):
            paths = [path for path in self._batch_files() if path.stem >= str(since)]
            batches = [batch for path in paths for batch in self._submitted.get_all(path)]
        return sorted(batches, key=lambda batch: (batch.at, batch.batch_id))

    def _batch_files(self) -> list[Path]:
        """The folder is made with the first batch: most newsletters have none."""
        return _files(self._batches, _DAY_FILE) if self._batches.is_dir() else []

    # -- runs

    def start_run(self, run_id: str) -> None:
        with self._change(self._runs):
            for move in self.get_moves():
                if not move.is_done:
                    with ignored(ReaderUnreadable):  # they are held back, see require_readable
                        self._finish(move)
            if not self._running.take(_require_safe(run_id)):
                raise StoreError(f"run {run_id} is already running; give this one another id")

    def end_run(self, run_id: str) -> None:
        with self._change(self._runs):
            self._running.give_back(_require_safe(run_id))

    def current_run(self) -> str:
        return self._running.latest()

    def is_running(self, run_id: str) -> bool:
        with self._change(self._runs):
            return self._running.is_taken(_require_safe(run_id))

    def record_run(self, report: RunReport) -> None:
        path = self._runs / f"{report.digest_on.isoformat()}.json"
        with self._change(path):
            self._reports.put(path, report)

    def get_runs(self, *, digest_on: date | None = None, limit: int = 20) -> list[RunReport]:
        with _disk(self._runs):
            if digest_on is None:
                paths = sorted(_files(self._runs, _DAY_FILE), reverse=True)
            else:
                paths = [self._runs / f"{digest_on.isoformat()}.json"]
        found: list[RunReport] = []
        for path in paths:
            if len(found) >= limit:
                break
            with _disk(path):
                reports = self._reports.get_all(path)
            found += sorted(reports, key=lambda report: report.started_at, reverse=True)
        return found[:limit]

    # -- small documents

    def put_document(self, name: str, text: str) -> None:
        path = self._documents / _require_safe(name)
        with self._change(path):
            atomic.write_whole(path, text.encode("utf-8", "surrogatepass"), temp_folder=self._temp)

    def get_document(self, name: str) -> str | None:
        path = self._documents / _require_safe(name)
        with _disk(path):
            try:
                return path.read_bytes().decode("utf-8", "surrogatepass")
            except FileNotFoundError:
                return None
            except UnicodeDecodeError as error:
                raise unreadable(path, str(error)) from error

    @contextmanager
    def _change(self, path: Path) -> Iterator[None]:
        with _disk(path), self._lock.held():
            yield


@contextmanager
def _own(subscriber_id: str, path: Path) -> Iterator[None]:
    """Whatever keeps one reader's file from being read concerns that reader alone."""
    try:
        yield
    except OSError as error:
        raise ReaderUnreadable(
            subscriber_id,
            f"{path} cannot be read ({error.strerror or error}); put this file back from a backup, "
            "or give it to the user who runs the newsletter",
        ) from error
    except ReaderUnreadable:
        raise
    except StoreError as error:
        raise ReaderUnreadable(subscriber_id, str(error)) from error


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """What the disk refuses becomes a StoreError that names the place."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the memory at {path} cannot be read or written ({error.strerror or error}); "
            "check the disk's free space and the folder's owner"
        ) from error


def _require_zones(path: Path, value: object) -> None:
    """A time without its zone, as a hand leaves it behind, can be compared with no other."""
    if isinstance(value, datetime) and value.tzinfo is None:
        raise unreadable(path, f"{value} has no time zone")
    if is_dataclass(value):
        for part in fields(value):
            _require_zones(path, getattr(value, part.name))


_Owned = TypeVar("_Owned", MailEvent, ProfileRevision, Vote)


def _of_one(subscriber_id: str, path: Path, values: list[_Owned]) -> list[_Owned]:
    """The values, all of which are this subscriber's: another's file in this place is not to be believed."""
    for value in values:
        _require_zones(path, value)
    if strangers := {value.subscriber_id for value in values} - {subscriber_id}:
        raise unreadable(path, f"it holds what is {min(strangers)}'s")
    return values


def _judgement_key(judgement: Grading) -> str:
    """Within one profile, as the profile is the folder."""
    return f"{judgement.model}/{judgement.prompt_key}/{judgement.arxiv_id}v{judgement.version}"


def _event_key(event: MailEvent) -> str:
    return f"{event.delivery_id}/{event.kind}"


def _digest_key(digest: Digest) -> str:
    return f"{digest.subscriber.subscriber_id}/{digest.digest_on.isoformat()}"


def _day_file(day: date) -> str:
    return f"{day.isoformat()}.json"


def _version(path: Path) -> _Version | None:
    """Which version of a file is there, for what is remembered of it; a replaced file is another inode."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _by_date(row: Delivery) -> tuple[date, str]:
    return row.digest_on, row.subscriber_id


def _files(folder: Path, name: re.Pattern[str]) -> list[Path]:
    """Those of our own making: an editor's or a desktop's stray files are not ours to judge."""
    return [path for path, _ in _matching(folder, name)]


def _matching(folder: Path, name: re.Pattern[str]) -> list[tuple[Path, re.Match[str]]]:
    return [(path, match) for path in folder.iterdir() if (match := name.fullmatch(path.name))]


def _forget(paths: Sequence[Path], before: date, most_days: int | None) -> None:
    """Delete those of the oldest `most_days` days before that date. Call under the folder's lock."""
    days = sorted({path.stem for path in paths if path.stem < before.isoformat()})[:most_days]
    for path in paths:
        if path.stem in days:
            path.unlink(missing_ok=True)


def _require_safe(name: str) -> str:
    if not _SAFE_NAME.fullmatch(name):
        raise StoreError(f"{name[:100]!a} cannot be a file name; use letters, digits and _ . : + -, at most 100")
    return name
