"""The ledger's rows in the table `deliveries`. Which moves are allowed is the ledger module's business.

Every write has a condition on what it was made from, so no lock is held while something is decided.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import cache, lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Text,
    Update,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    not_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from newsletter.delivery import ledger
from newsletter.errors import ReaderUnreadable, StoreConflict, StoreError
from newsletter.model import Delivery, DeliveryState, DeliveryStep, MailEvent, PastMail, delivery_id_of
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import ConnectionLost, Database, hash_of
from newsletter.stores.sql.events import Events
from newsletter.stores.sql.moves import MoveNotes
from newsletter.stores.sql.run_locks import LivingRuns
from newsletter.stores.sql.table import SqlTable, are_these, batched, keyed_update, select_raw
from newsletter.stores.values import adapter_of
from newsletter.subscribers import address_change

_SENT = [state for state in DeliveryState if ledger.counts_as_sent(state)]
_MOST_TRIES = 20  # each lost one means that somebody else wrote the row


class Ledger:
    """Keeps one row for each subscriber and digest date. Events that are kept count in each claim."""

    def __init__(self, database: Database, running: LivingRuns, events: Events, moves: MoveNotes) -> None:
        self._database = database
        self._running = running
        self._events = events
        self._moves = moves
        self.rows = SqlTable(database, tables.deliveries, Delivery, columns_of)
        self._columns = tables.deliveries.c
        self._first_claim_of = lru_cache(maxsize=2)(self._make_first_claim)  # to make it takes longer than to claim

    def claim(self, subscriber_id: str, digest_on: date, *, run_id: str, now: datetime) -> Delivery | None:
        first = ledger.first_claim(subscriber_id, digest_on, run_id, now)
        try:
            return first if self._claim_first(first) else self._claim_again(first)
        except ConnectionLost as lost:
            if not lost.is_unknown:
                raise
        # It may have been written: nobody else could have written it for this run at this time
        stored = self.get_delivery(subscriber_id, digest_on)
        if stored is not None and (stored.state, stored.run_id, stored.at) == (DeliveryState.CLAIMED, run_id, now):
            return stored
        return self._claim_again(first)

    def _claim_first(self, row: Delivery) -> bool:
        """Writes the first row of a delivery by one statement, if there is none, and nothing else is to be done.

        A power cut that undoes it ends the run, too, and nothing has left: the hand-over comes after it.
        """
        if not self._running.may_be_alive(row.run_id):
            return False
        with self._database.statement(may_be_lost=True) as connection:
            return connection.execute(self._first_claim_of(row.run_id), self.rows.row(row)).rowcount == 1

    def _make_first_claim(self, run_id: str) -> Any:
        """An INSERT that does nothing where there is a row, the run is not alive, or a note of a move is to be dropped.

        PostgreSQL has to be told the types in a SELECT; SQLite would make a number of a date.
        """
        given = [
            cast(bindparam(column.name, type_=column.type), column.type)
            if self._database.is_postgresql
            else bindparam(column.name, type_=column.type)
            for column in self._columns
        ]
        moved = exists().where(tables.moves.c.subscriber_id == bindparam("subscriber_id", type_=tables.Key()))
        source = select(*given).where(self._running.is_alive(run_id), not_(moved))
        names = [column.name for column in self._columns]
        return self.rows.insert().from_select(names, source).on_conflict_do_nothing()

    def _claim_again(self, first: Delivery) -> Delivery | None:
        who, on = first.subscriber_id, first.digest_on
        for _ in range(_MOST_TRIES):
            with self._database.change():
                stored = self.settle_by_events(who, on, now=first.at)
                claimed = ledger.claim(
                    stored,
                    subscriber_id=who,
                    digest_on=on,
                    run_id=first.run_id,
                    now=first.at,
                    is_running=self._running.is_taken,
                )
                if claimed is None:
                    return None
                if self.rows.add(claimed) if stored is None else self._replace(claimed, stored):
                    self._moves.drop(who)  # somebody of their own, again
                    return claimed if claimed.state is DeliveryState.CLAIMED else None
        raise _never_at_rest(first.delivery_id)

    def move(self, delivery: Delivery) -> None:
        if self.rows.replace_given(next_row(self._database.is_postgresql), delivery, made_from(delivery)):
            return
        if self.get_delivery(delivery.subscriber_id, delivery.digest_on) != delivery:
            raise StoreConflict(f"{delivery.delivery_id} was moved by somebody else; leave it to that run")

    def settle_by_events(self, subscriber_id: str, digest_on: date, *, now: datetime) -> Delivery | None:
        for _ in range(_MOST_TRIES):
            stored, events = self._get_with_events(subscriber_id, digest_on)
            if stored is None:
                return None
            row = ledger.apply_events(stored, events, now, self._running.is_taken)
            if row is stored or self._replace(row, stored):
                return row
        raise _never_at_rest(delivery_id_of(subscriber_id, digest_on))

    def settle_all_by_events(self, deliveries: Collection[tuple[str, date]], *, now: datetime) -> None:
        for subscriber_id, digest_on in self._events.find_any(deliveries):
            with suppress(ReaderUnreadable):
                self.settle_by_events(subscriber_id, digest_on, now=now)

    def _get_with_events(self, subscriber_id: str, digest_on: date) -> tuple[Delivery | None, list[MailEvent]]:
        """By one statement: it is asked for after each mail."""
        stored: Delivery | None = None
        events: list[MailEvent] = []
        with self._database.statement() as connection:
            found = connection.execute(_row_and_events(), {"who": subscriber_id, "on": digest_on}).all()
        for row in found:
            if row.part == self.rows.name:
                stored = self.rows.read_raw(row)
            else:
                events.append(self._events.rows.read_raw(row))
        return stored, events

    def get_delivery(self, subscriber_id: str, digest_on: date) -> Delivery | None:
        return self.rows.get(subscriber_id, digest_on)

    def get_deliveries(
        self,
        *,
        subscriber_id: str | None = None,
        subscriber_ids: Collection[str] | None = None,
        digest_on: date | None = None,
        since: date | None = None,
        states: Sequence[DeliveryState] = (),
    ) -> list[Delivery]:
        conditions: list[ColumnElement[bool]] = []
        if subscriber_id is not None:
            conditions.append(self._columns.subscriber_id == subscriber_id)
        if digest_on is not None:
            conditions.append(self._columns.digest_on == digest_on)
        if since is not None:
            conditions.append(self._columns.digest_on >= since)
        if states:
            conditions.append(self._columns.state.in_(states))
            if set(states) <= set(ledger.OPEN_STATES):
                conditions.append(_is_open())
        if subscriber_ids is None:
            return self._find(*conditions)
        of_some = (self._find(*conditions, self._columns.subscriber_id.in_(some)) for some in batched(subscriber_ids))
        return sorted(chain.from_iterable(of_some), key=lambda row: (row.digest_on, row.subscriber_id))

    def get_open_deliveries(self) -> list[Delivery]:
        return self._find(_is_open())

    def get_sent(self, subscriber_id: str) -> frozenset[str]:
        wanted = select(self._columns.paper_ids).where(
            self._columns.subscriber_id == subscriber_id, self._columns.state.in_(_SENT)
        )
        with self._database.statement() as connection:
            return frozenset(paper for ids in connection.execute(wanted).scalars() for paper in ids.split())

    def get_mailed(
        self, subscriber_ids: Collection[str], *, before: date, since: date = date.min, of: Collection[str] = ()
    ) -> dict[str, list[PastMail]]:
        """Gives by reader the mails of these dates that left or may have left, oldest first.

        `of`: those with one of these papers; others may be among them.
        """
        columns = self._columns
        wanted = select(columns.subscriber_id, columns.digest_on, columns.paper_ids).where(
            columns.subscriber_id.in_(subscriber_ids), columns.digest_on < before, columns.state.in_(_SENT)
        )
        if since > date.min:
            wanted = wanted.where(columns.digest_on >= since)
        if of and self._database.is_postgresql:  # of SQLite's rows all are read quicker than looked at
            shown = func.string_to_array(columns.paper_ids, " ", type_=ARRAY(Text))
            wanted = wanted.where(shown.overlap(cast(sorted(of), ARRAY(Text))))
        found: dict[str, list[PastMail]] = {}
        with self._database.statement() as connection:
            for who, on, ids in connection.execute(wanted.order_by(columns.digest_on)):
                found.setdefault(who, []).append(PastMail(on, tuple(ids.split())))
        return found

    def count_deliveries(self, *, since: date) -> dict[DeliveryState, int]:
        wanted = select(self._columns.state, func.count()).where(self._columns.digest_on >= since)
        with self._database.statement() as connection:
            rows = connection.execute(wanted.group_by(self._columns.state)).all()
        return {DeliveryState(state): count for state, count in rows}

    def count_handed_over(self, digest_on: date) -> int:
        """Counts the deliveries of that date that were handed over at some time."""
        wanted = select(func.count()).where(self._columns.digest_on == digest_on, self._columns.was_handed_over)
        with self._database.statement() as connection:
            return int(connection.execute(wanted).scalar_one())

    def reassign(self, old: str, to: str) -> None:
        """Gives one subscriber's rows to another. Call within a change."""
        theirs = self.get_deliveries(subscriber_id=old)
        others = {row.digest_on: row for row in self.get_deliveries(subscriber_id=to)}
        self.rows.put(*(address_change.merge_rows(row, others.get(row.digest_on), to) for row in theirs))
        self.rows.drop(self._columns.subscriber_id == old)

    def _find(self, *conditions: ColumnElement[bool]) -> list[Delivery]:
        return self.rows.find(*conditions, order=(self._columns.digest_on, self._columns.subscriber_id))

    def _replace(self, row: Delivery, stored: Delivery) -> bool:
        given = {"of_run": stored.run_id, "of_attempts": stored.attempts, "of_steps": [hash_of_steps(stored.steps)]}
        return self.rows.replace_given(next_row(self._database.is_postgresql), row, given)


def made_from(delivery: Delivery) -> dict[str, Any]:
    """The parameters that say from which rows a run may have made this one, for `next_row`."""
    before = [hash_of_steps(delivery.steps[:count]) for count in range(1, len(delivery.steps))]
    return {"of_run": delivery.run_id, "of_attempts": delivery.attempts, "of_steps": before}


@cache
def next_row(is_postgresql: bool) -> Update:
    """An UPDATE of the row that this one was made from; of any number of racing ones one finds it."""
    columns = tables.deliveries.c
    return keyed_update(tables.deliveries).where(
        columns.run_id == bindparam("of_run"),
        columns.attempts == bindparam("of_attempts"),
        are_these(columns.steps, "of_steps", is_postgresql=is_postgresql),
    )


@cache
def _row_and_events() -> CompoundSelect[Any]:
    """Made once: to make it takes longer than to ask."""
    who: BindParameter[str] = bindparam("who")
    on: BindParameter[date] = bindparam("on")
    both = (tables.deliveries, tables.events)
    return union_all(*(select_raw(table, table.c.subscriber_id == who, table.c.digest_on == on) for table in both))


def columns_of(row: Delivery) -> dict[str, Any]:
    return {
        "subscriber_id": row.subscriber_id,
        "digest_on": row.digest_on,
        "state": row.state.value,
        "run_id": row.run_id,
        "at": row.at,
        "attempts": row.attempts,
        "steps": hash_of_steps(row.steps),
        "was_handed_over": ledger.was_handed_over(row),
        "paper_ids": " ".join(row.paper_ids),
    }


def hash_of_steps(steps: tuple[DeliveryStep, ...]) -> str:
    return hash_of(json.dumps(adapter_of(tuple[DeliveryStep, ...]).dump_python(steps, mode="json")))


def _is_open() -> ColumnElement[bool]:
    """In the words of the index: with parameters in their place PostgreSQL would not take it."""
    return literal_column(tables.OPEN)


def _never_at_rest(delivery_id: str) -> StoreError:
    return StoreError(f"{delivery_id} was written by others again and again; try again later")
