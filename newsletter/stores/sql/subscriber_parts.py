"""Checks that everything that is kept of a subscriber can be read: only who is read whole is mailed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, bindparam, union_all

from newsletter.errors import ReaderUnreadable
from newsletter.stores.protocols.readers import EVENTS_THAT_COUNT
from newsletter.stores.sql import tables
from newsletter.stores.sql.addresses import Addresses
from newsletter.stores.sql.digests import Digests
from newsletter.stores.sql.events import Events
from newsletter.stores.sql.moves import MoveNotes
from newsletter.stores.sql.profiles import Profiles, Votes
from newsletter.stores.sql.saved import SavedPapers
from newsletter.stores.sql.signups import SignUps
from newsletter.stores.sql.table import SqlTable, select_raw
from newsletter.subscribers import address_change


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
        given: dict[str, object] = {"who": subscriber_id}
        if digest_on is not None:
            given |= {"on": digest_on, "since": digest_on - EVENTS_THAT_COUNT}
        with self.events.rows.database.statement() as connection:
            found = connection.execute(_all_rows_of_one(digest_on is not None), given).all()
        for row in found:
            if row.key0 == subscriber_id:
                self.table(row.part).read_raw(row)
            if row.part == self.moves.rows.name:
                self._require_finished(subscriber_id, row)

    def _require_finished(self, subscriber_id: str, row: Any) -> None:
        """Raises ReaderUnreadable for a move of this subscriber, or to them, that is not finished."""
        try:
            move = self.moves.rows.read_raw(row)
        except ReaderUnreadable:  # a note of somebody else
            return
        if why := address_change.explain_unfinished([move]).get(subscriber_id):
            raise ReaderUnreadable(subscriber_id, why)

    def unfinished(self) -> dict[str, str]:
        return address_change.explain_unfinished(self.moves.get_unfinished())

    def table(self, name: str) -> SqlTable[Any]:
        """Gives the one of these parts' tables that has this name."""
        return next(table for table in (*self._tables(), self.digests.rows) if table.name == name)

    def find_unreadable(self) -> dict[str, str]:
        found = self.unfinished()
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


@cache
def _all_rows_of_one(has_date: bool) -> CompoundSelect[Any]:
    """Made once: to make it takes longer than to ask. With a date also its digest, and no events before `since`."""
    who: BindParameter[str] = bindparam("who")
    whole = (
        tables.address_statuses,
        tables.waiting_suppressions,
        tables.revisions,
        tables.votes,
        tables.saved_papers,
        tables.enrolled,
    )
    asked = [select_raw(table, table.c.subscriber_id == who) for table in whole]
    asked.append(select_raw(tables.moves, (tables.moves.c.subscriber_id == who) | ~tables.moves.c.is_done))
    events, digests = tables.events.c, tables.digests.c
    since = [events.digest_on >= bindparam("since")] if has_date else []
    asked.append(select_raw(tables.events, events.subscriber_id == who, *since))
    if has_date:
        asked.append(select_raw(tables.digests, digests.subscriber_id == who, digests.digest_on == bindparam("on")))
    return union_all(*asked)
