"""Keeps what became of mails after they were accepted: the table `events`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import select, text, tuple_

from newsletter.model import MailEvent
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.table import SqlTable, batched
from newsletter.subscribers import address_change


class Events:
    """Keeps the events of each delivery, of several of one kind the earliest. What follows is decided elsewhere."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.rows = SqlTable(database, tables.events, MailEvent, columns_of, is_of_reader=True)
        self._columns = tables.events.c

    def get_events(self, subscriber_id: str, digest_on: date) -> list[MailEvent]:
        found = self.rows.find(self._columns.subscriber_id == subscriber_id, self._columns.digest_on == digest_on)
        return sorted(found, key=lambda event: (event.at, event.kind))

    def find_any(self, deliveries: Collection[tuple[str, date]]) -> list[tuple[str, date]]:
        """Says which of these deliveries have an event."""
        key = (self._columns.subscriber_id, self._columns.digest_on)
        types = [column.type for column in key]
        found: list[tuple[str, date]] = []
        for some in batched(deliveries):
            wanted = select(*key).where(tuple_(*key).in_([tuple_(*each, types=types) for each in some])).distinct()
            with self._database.statement() as connection:
                found += [(who, on) for who, on in connection.execute(wanted)]
        return found

    def put(self, event: MailEvent) -> None:
        """Keeps it, unless an earlier one of its kind is kept. Call within a change."""
        if not self.rows.add(event):
            self.get_events(event.subscriber_id, event.digest_on)  # what cannot be read is not written over
            self.rows.replace(event, self._columns.at > event.at)

    def bounced_hard_on(self, morning: date) -> set[str]:
        """The subscribers whose mail of that morning bounced, also who was let in again since."""
        wanted = select(self._columns.subscriber_id).where(text(tables.BOUNCED), self._columns.digest_on == morning)
        with self._database.statement() as connection:
            return set(connection.execute(wanted).scalars())

    def reassign(self, old: str, to: str) -> None:
        """Gives one subscriber's events to another. Call within a change."""
        for event in self.rows.find(self._columns.subscriber_id == old):
            self.put(address_change.reassign_event(event, to))
        self.rows.drop(self._columns.subscriber_id == old)


def columns_of(event: MailEvent) -> dict[str, Any]:
    return {
        "subscriber_id": event.subscriber_id,
        "digest_on": event.digest_on,
        "kind": event.kind.value,
        "at": event.at,
    }
