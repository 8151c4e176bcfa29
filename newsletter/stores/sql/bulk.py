"""Reads for many readers at once: one statement for some hundred of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, CompoundSelect, Select, Table, bindparam, case, func, select, tuple_, union_all

from newsletter.delivery import ledger, suppression
from newsletter.errors import ReaderUnreadable
from newsletter.model import AddressStatus, Delivery, ReaderHistory, ReaderWishes, Vote
from newsletter.stores.protocols.readers import EVENTS_THAT_COUNT
from newsletter.stores.sql import tables
from newsletter.stores.sql.ledger import Ledger
from newsletter.stores.sql.subscriber_parts import SubscriberParts
from newsletter.stores.sql.table import are_these, batched, select_raw

T = TypeVar("T")
_LONG_HISTORIES_AT_ONCE = 50  # readers with some hundred mails each
_Rows = Mapping[str, Sequence[Any]]  # by the name of their table


@dataclass(frozen=True, slots=True)
class ReadersInBulk:
    """Reads what the parts of the store keep.

    Each reader's rows are read by themselves, so that one who cannot be read holds up nobody.
    """

    parts: SubscriberParts
    ledger: Ledger

    def get_wishes(self, subscriber_ids: Collection[str]) -> dict[str, ReaderWishes | ReaderUnreadable]:
        found: dict[str, ReaderWishes | ReaderUnreadable] = {}
        for some in batched(subscriber_ids):
            rows = self._ask(_wishes(self._is_postgresql), {"who": some})
            for who in some:
                found[who] = (
                    _or_error(self._wishes_of, who, rows[who]) if who in rows else ReaderWishes(AddressStatus(who))
                )
        return found

    def get_histories(
        self, subscriber_ids: Collection[str], *, digest_on: date, since: date, mailed_since: date
    ) -> dict[str, ReaderHistory | ReaderUnreadable]:
        unfinished = self.parts.unfinished()
        given = {"on": digest_on, "events_since": digest_on - EVENTS_THAT_COUNT, "since": since}
        found: dict[str, ReaderHistory | ReaderUnreadable] = {}
        for some in batched(subscriber_ids):
            rows = self._ask(_histories(self._is_postgresql), {"who": some, **given})
            mailed = self.ledger.get_mailed(some, since=mailed_since, before=since)
            for who in some:
                if why := unfinished.get(who):
                    found[who] = ReaderUnreadable(who, why)
                    continue
                history = found[who] = _or_error(self._history_of, who, rows.get(who, {}))
                if isinstance(history, ReaderHistory):
                    found[who] = replace(history, mailed=tuple(mailed.get(who, ())))
        return found

    def find_sent(
        self, subscriber_ids: Collection[str], paper_ids: Set[str], *, before: date
    ) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {who: set() for who in subscriber_ids}
        for some in batched(subscriber_ids if paper_ids else (), _LONG_HISTORIES_AT_ONCE):
            for who, mails in self.ledger.get_mailed(some, before=before, of=paper_ids).items():
                found[who].update(*(paper_ids & frozenset(mail.paper_ids) for mail in mails))
        return {who: frozenset(papers) for who, papers in found.items()}

    @property
    def _is_postgresql(self) -> bool:
        return self.ledger.rows.database.is_postgresql

    def _ask(self, statement: CompoundSelect[Any], given: Mapping[str, object]) -> dict[str, _Rows]:
        rows: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        with self.ledger.rows.database.statement() as connection:
            for row in connection.execute(statement, given):
                rows[row.key0][row.part].append(row)
        return rows  # type: ignore[return-value]  # a mapping of mappings

    def _wishes_of(self, who: str, rows: _Rows) -> ReaderWishes:
        stored = self._read(rows, tables.address_statuses)
        waiting = self._read(rows, tables.waiting_suppressions)
        status = suppression.merge_waiting(*(stored or [AddressStatus(who)]), *(waiting or [None]))
        revisions = sorted(self._read(rows, tables.revisions), key=lambda revision: revision.number)
        return ReaderWishes(status, tuple(revisions))

    def _history_of(self, _who: str, rows: _Rows) -> ReaderHistory:
        for table in (*_WISHES, tables.saved_papers, tables.enrolled, tables.moves, tables.events, tables.digests):
            self._read(rows, table)
        votes: list[Vote] = [vote for vote in self._read(rows, tables.votes) if vote.value]
        deliveries: list[Delivery] = [self.ledger.rows.read_raw(row) for row in rows.get(tables.deliveries.name, ())]
        return ReaderHistory(
            tuple(sorted(deliveries, key=lambda row: row.digest_on)),
            tuple(sorted(votes, key=lambda vote: (vote.at, vote.arxiv_id))),
        )

    def _read(self, rows: _Rows, table: Table) -> list[Any]:
        return [self.parts.table(table.name).read_raw(row) for row in rows.get(table.name, ())]


def _or_error(read: Callable[[str, _Rows], T], who: str, rows: _Rows) -> T | ReaderUnreadable:
    try:
        return read(who, rows)
    except ReaderUnreadable as error:
        return error


_WISHES = (tables.address_statuses, tables.waiting_suppressions, tables.revisions)
_OTHERS = (tables.votes, tables.saved_papers, tables.enrolled, tables.moves)


@cache
def _wishes(is_postgresql: bool) -> CompoundSelect[Any]:
    return union_all(*_all_of(_WISHES, is_postgresql))


@cache
def _histories(is_postgresql: bool) -> CompoundSelect[Any]:
    rows, events, digests = tables.deliveries, tables.events.c, tables.digests.c
    theirs = {table: _are_theirs(table, is_postgresql) for table in (rows, tables.events, tables.digests)}
    return union_all(
        *_all_of((*_WISHES, *_OTHERS), is_postgresql),
        select_raw(rows, theirs[rows], rows.c.digest_on >= bindparam("since")),
        select_raw(rows, tuple_(rows.c.subscriber_id, rows.c.digest_on).in_(_latest_before(theirs[rows]))),
        select_raw(tables.events, theirs[tables.events], events.digest_on >= bindparam("events_since")),
        select_raw(tables.digests, theirs[tables.digests], digests.digest_on == bindparam("on")),
    )


def _latest_before(are_theirs: ColumnElement[bool]) -> Select[Any]:
    """Selects each reader's latest delivery before `since` that was accepted, or else the latest."""
    rows = tables.deliveries.c
    accepted = case((rows.state.in_([state.value for state in ledger.ACCEPTED_STATES]), rows.digest_on))
    latest = func.coalesce(func.max(accepted), func.max(rows.digest_on))
    older = select(rows.subscriber_id, latest).where(are_theirs, rows.digest_on < bindparam("since"))
    return older.group_by(rows.subscriber_id)


def _all_of(asked: Iterable[Table], is_postgresql: bool) -> list[Any]:
    return [select_raw(table, _are_theirs(table, is_postgresql)) for table in asked]


def _are_theirs(table: Table, is_postgresql: bool) -> ColumnElement[bool]:
    return are_these(table.c.subscriber_id, "who", is_postgresql=is_postgresql)
