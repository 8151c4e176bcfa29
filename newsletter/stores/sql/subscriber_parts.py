"""Whether everything that is kept of a subscriber can be read: only who is read whole is mailed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, union_all

from newsletter.errors import ReaderUnreadable
from newsletter.stores.sql.addresses import Addresses
from newsletter.stores.sql.digests import Digests
from newsletter.stores.sql.events import Events
from newsletter.stores.sql.moves import MoveNotes, why_unfinished
from newsletter.stores.sql.profiles import Profiles, Votes
from newsletter.stores.sql.saved import SavedPapers
from newsletter.stores.sql.signups import SignUps
from newsletter.stores.sql.table import SqlTable

_EVENTS_THAT_COUNT = timedelta(days=60)  # an event of an older mail says nothing of one that is to come


@dataclass(frozen=True, slots=True)
class SubscriberParts:
    """The parts whose rows are one subscriber's each."""

    events: Events
    moves: MoveNotes
    addresses: Addresses
    profiles: Profiles
    votes: Votes
    saved: SavedPapers
    signups: SignUps
    digests: Digests

    def require_readable(self, subscriber_id: str, digest_on: date | None = None) -> None:
        """By one statement: it is asked for before each mail. Of events, those of the latest weeks before that date."""
        asked: list[Select[*tuple[Any, ...]]] = []
        for table in self._tables():
            condition = table.columns.subscriber_id == subscriber_id
            if table is self.moves.rows:
                condition |= ~table.columns.is_done
            if table is self.events.rows and digest_on is not None:
                condition &= table.columns.digest_on >= digest_on - _EVENTS_THAT_COUNT
            asked.append(table.select_raw(condition))
        if digest_on is not None:
            digests = self.digests.rows
            is_that = digests.columns.digest_on == digest_on
            asked.append(digests.select_raw(digests.columns.subscriber_id == subscriber_id, is_that))
        with self.events.rows.database.statement() as connection:
            found = connection.execute(union_all(*asked)).all()
        by_name = {table.name: table for table in (*self._tables(), self.digests.rows)}
        for row in found:
            if row.key0 == subscriber_id:
                by_name[row.part].read_raw(row)
            if row.part == self.moves.rows.name:
                self._require_finished(subscriber_id, row)

    def _require_finished(self, subscriber_id: str, row: Any) -> None:
        """Raises ReaderUnreadable for a move of this subscriber, or to them, that is not finished."""
        try:
            move = self.moves.rows.read_raw(row)
        except ReaderUnreadable:  # a note of somebody else
            return
        if not move.is_done and subscriber_id in (move.subscriber_id, move.to):
            raise ReaderUnreadable(subscriber_id, why_unfinished(move))

    def find_unreadable(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for move in self.moves.get_unfinished():
            for who in (move.subscriber_id, move.to):
                found.setdefault(who, why_unfinished(move))
        for table in self._tables():
            for who, why in table.find_unreadable().items():
                found.setdefault(who, why)
        return dict(sorted(found.items()))

    def _tables(self) -> tuple[SqlTable[Any], ...]:
        return (
            self.moves.rows,
            self.addresses.rows,
            self.addresses.waiting,
            self.profiles.rows,
            self.votes.rows,
            self.saved.rows,
            self.signups.enrolled,
            self.events.rows,
        )
