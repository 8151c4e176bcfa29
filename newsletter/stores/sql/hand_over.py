"""Hands a mail over: writes its row's next state and its digest, by one statement, unless its reader has left.

PostgreSQL has a statement for two tables. In SQLite that is an INSERT into a view, of which a trigger makes the two
writes; both are of the connection's own, so that no database has to be brought up to date for them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Protocol

from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    MetaData,
    Select,
    Table,
    Text,
    Update,
    bindparam,
    exists,
    insert,
    not_,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError

from newsletter.errors import StoreError
from newsletter.model import Delivery, Digest
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.ledger import Ledger, made_from, next_row
from newsletter.stores.sql.subscriber_parts import SubscriberParts

_OF_DIGEST = [column.name for column in tables.digests.columns if not column.primary_key]


@dataclass(frozen=True, slots=True)
class HandOver:
    """Writes what has to be there before a mail's first byte leaves."""

    database: Database
    parts: SubscriberParts
    ledger: Ledger

    def hand_over(self, delivery: Delivery, digest: Digest) -> bool:
        """Writes both where nothing stands in the way, as nearly always; else finds out what does."""
        self.parts.digests.search.add([digest])
        self.parts.digests.contents.put_once(digest)
        if self._hand_over_at_once(delivery, digest):
            return True
        with self.database.change():
            return self._hand_over_slowly(delivery, digest)

    def _hand_over_at_once(self, delivery: Delivery, digest: Digest) -> bool:
        at_once = _postgresql_at_once if self.database.is_postgresql else _sqlite_at_once
        try:
            with self.database.statement() as connection:
                return at_once(connection, self._parameters(delivery, digest))
        except StoreError as error:
            if isinstance(error.__cause__, IntegrityError):
                return False  # its content was dropped at this very moment
            raise

    def _hand_over_slowly(self, delivery: Delivery, digest: Digest) -> bool:
        """Does so step by step: it may be written already, the reader may have left, or a digest may be kept."""
        who, on = delivery.subscriber_id, delivery.digest_on
        if self.ledger.get_delivery(who, on) == delivery:
            return True
        self.database.lock("address", who)
        if self.parts.addresses.get_address_status(who).suppression is not None:
            return False
        self.parts.digests.put_digest(digest)
        self.ledger.move(delivery)
        return True

    def _row(self, delivery: Delivery) -> dict[str, Any]:
        row = self.ledger.rows.row(delivery)
        keyed = {f"key_{name}": row.pop(name) for name in ("subscriber_id", "digest_on")}
        return {**row, **keyed, **made_from(delivery)}

    def _parameters(self, delivery: Delivery, digest: Digest) -> dict[str, Any]:
        row = self.parts.digests.rows.row(digest)
        return {**self._row(delivery), **{f"digest_{name}": row[name] for name in _OF_DIGEST}}


@cache
def _unhindered(is_postgresql: bool) -> Update:
    """An UPDATE of the row that this one was made from, if the address is mailed and no digest of that date is kept.

    An address with a waiting suppression is looked at more closely. So is a digest whose content was dropped meanwhile.
    """
    who: BindParameter[str] = bindparam("key_subscriber_id")
    on: BindParameter[date] = bindparam("key_digest_on")
    statuses, waiting, digests = tables.address_statuses.c, tables.waiting_suppressions.c, tables.digests.c
    hindrances = (
        exists().where(statuses.subscriber_id == who, statuses.is_suppressed),
        exists().where(waiting.subscriber_id == who),
        exists().where(digests.subscriber_id == who, digests.digest_on == on),
    )
    contents = tables.digest_contents.c
    return next_row(is_postgresql).where(
        exists().where(contents.content_key == bindparam("digest_content_key")), *map(not_, hindrances)
    )


def _postgresql_at_once(connection: Connection, parameters: dict[str, Any]) -> bool:
    return connection.execute(_both_at_once(), parameters).rowcount == 1


@cache
def _both_at_once() -> Any:
    """The same with the digest, in PostgreSQL: an INSERT of what the UPDATE has found."""
    rows = tables.deliveries.c
    moved = _unhindered(is_postgresql=True).returning(rows.subscriber_id, rows.digest_on).cte("moved")
    others = [bindparam(f"digest_{name}", type_=tables.digests.c[name].type) for name in _OF_DIGEST]
    digest: Select[Any] = select(moved.c.subscriber_id, moved.c.digest_on, *others)
    return insert(tables.digests).from_select(["subscriber_id", "digest_on", *_OF_DIGEST], digest)


class _Sqlite(Protocol):
    """What is asked of a connection of Python's sqlite3."""

    total_changes: int


def _sqlite_at_once(connection: Connection, parameters: dict[str, Any]) -> bool:
    driver: _Sqlite = connection.connection.driver_connection  # type: ignore[assignment]  # it has one while in use
    if _VIEW not in connection.info:
        for statement in view_and_trigger():
            connection.exec_driver_sql(statement)
        connection.info[_VIEW] = True  # as long as this connection lives
    before = driver.total_changes
    connection.execute(insert(_view()), {**parameters, "of_steps": json.dumps(parameters["of_steps"])})
    return driver.total_changes > before  # no rows are counted of an INSERT into a view


_VIEW = "hand_overs"
_LIST = r"\(__\[POSTCOMPILE_(\w+)\]\)"  # as SQLAlchemy writes a list that it is to be given


@cache
def _view() -> Table:
    """The view, with a column for each parameter of the two writes."""
    moved = {
        name: bind.type
        for name, bind in _unhindered(is_postgresql=False).compile(dialect=sqlite.dialect()).binds.items()
    }
    others = {f"digest_{name}": tables.digests.c[name].type for name in _OF_DIGEST}
    types = {**moved, "of_steps": Text(), **others}
    return Table(_VIEW, MetaData(), *(Column(name, kind) for name, kind in types.items()))


@cache
def view_and_trigger() -> tuple[str, str]:
    """Makes both of the same UPDATE as for PostgreSQL: in a trigger NEW.name is what `:name` is in a statement."""
    update = str(_unhindered(is_postgresql=False).compile(dialect=sqlite.dialect(paramstyle="named")))
    update = re.sub(_LIST, r"(SELECT value FROM json_each(NEW.\1))", update)
    update = re.sub(r":(\w+)", r"NEW.\1", update)
    columns = [column.name for column in _view().columns]
    others = ", ".join(_OF_DIGEST)
    new = ", ".join(f"NEW.digest_{name}" for name in _OF_DIGEST)
    return (
        f"CREATE TEMP VIEW IF NOT EXISTS {_VIEW} ({', '.join(columns)}) AS SELECT {', '.join(['NULL'] * len(columns))}",
        f"CREATE TEMP TRIGGER IF NOT EXISTS hand_over INSTEAD OF INSERT ON {_VIEW} BEGIN {update}; "
        f"INSERT INTO digests (subscriber_id, digest_on, {others}) "
        f"SELECT NEW.key_subscriber_id, NEW.key_digest_on, {new} WHERE changes() = 1; END",
    )
