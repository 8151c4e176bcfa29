"""Keeps whether each address is mailed: the table `address_statuses`.

A suppression that comes while that row cannot be read is kept beside it, in `waiting_suppressions`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, bindparam, literal_column, union_all

from newsletter.delivery import suppression
from newsletter.errors import ReaderUnreadable
from newsletter.model import AddressStatus
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.table import SqlTable, select_raw
from newsletter.subscribers import address_change


class Addresses:
    """Keeps the status of each subscriber's address."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.rows = SqlTable(database, tables.address_statuses, AddressStatus, columns_of, is_of_reader=True)
        self.waiting = SqlTable(database, tables.waiting_suppressions, AddressStatus, _key_of, is_of_reader=True)
        self._columns = tables.address_statuses.c

    def get_address_status(self, subscriber_id: str) -> AddressStatus:
        with self._database.statement() as connection:
            texts = {row.part: row for row in connection.execute(_status_and_waiting(), {"who": subscriber_id})}
        stored = self.rows.read_raw(texts[self.rows.name]) if self.rows.name in texts else None
        waiting = self.waiting.read_raw(texts[self.waiting.name]) if self.waiting.name in texts else None
        return suppression.merge_waiting(stored or AddressStatus(subscriber_id), waiting)

    def get_address_statuses(self) -> list[AddressStatus]:
        waiting = {status.subscriber_id: status for status in self.waiting.find_readable()}
        stored = {status.subscriber_id: status for status in self.rows.find_readable()}
        unreadable = self.rows.find_unreadable().keys() if waiting else ()
        known = sorted((stored.keys() | waiting.keys()) - set(unreadable))
        return [suppression.merge_waiting(stored.get(who, AddressStatus(who)), waiting.get(who)) for who in known]

    def find_bounced(self, morning: date) -> list[AddressStatus]:
        """Gives the statuses that a bounce of that morning suppresses, or would, by subscriber id."""
        is_of_it = self._columns.bounced_on.contains(morning.isoformat())
        return self.rows.find_readable(literal_column(tables.BOUNCES), is_of_it, order=(self._columns.subscriber_id,))

    def change_address_status(
        self, subscriber_id: str, change: Callable[[AddressStatus], AddressStatus]
    ) -> AddressStatus:
        with self._database.locked("address", subscriber_id):
            try:
                stored = self.get_address_status(subscriber_id)
            except ReaderUnreadable as error:
                return self._let_wait(subscriber_id, change, error)
            changed = change(stored)
            if changed != stored:
                self.rows.put(changed)
                self.waiting.drop(self.waiting.columns.subscriber_id == subscriber_id)
        return changed

    def reassign(self, old: str, to: str) -> None:
        """Gives what one subscriber said of their mail to another; their mailbox's own fate stays."""
        left = self.get_address_status(old)
        self.change_address_status(to, lambda status: address_change.merge_statuses(left, status))
        self.change_address_status(old, address_change.forget_person)

    def _let_wait(
        self, subscriber_id: str, change: Callable[[AddressStatus], AddressStatus], why: ReaderUnreadable
    ) -> AddressStatus:
        """Keeps a suppression beside the status that cannot be read; raises `why` for any other change."""
        waiting = self.waiting.get(subscriber_id)
        changed = change(waiting or AddressStatus(subscriber_id))
        if waiting is None and changed.suppression is None:
            raise why
        self.waiting.put(changed)
        return changed


def columns_of(status: AddressStatus) -> dict[str, Any]:
    reasons = (status.suppression, *status.held)
    mornings = {one.digest_on.isoformat() for one in reasons if one is not None and one.digest_on is not None}
    return {
        "subscriber_id": status.subscriber_id,
        "is_suppressed": status.suppression is not None,
        "bounced_on": " ".join(sorted(mornings)),
    }


def _key_of(status: AddressStatus) -> dict[str, Any]:
    return {"subscriber_id": status.subscriber_id}


@cache
def _status_and_waiting() -> CompoundSelect[Any]:
    """Made once: to make it takes longer than to ask."""
    both = (tables.address_statuses, tables.waiting_suppressions)
    return union_all(*(select_raw(table, table.c.subscriber_id == bindparam("who")) for table in both))
