"""The hand-over of a mail: its row's next state and its digest, by one statement, unless its reader has left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, Update, bindparam, exists, insert, not_, select

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
        if self.database.is_postgresql:
            with self.database.statement() as connection:
                if connection.execute(_both_at_once(), self._parameters(delivery, digest)).rowcount == 1:
                    return True
        with self.database.change() as connection:
            return self._write_both(connection, delivery, digest) or self._hand_over_slowly(delivery, digest)

    def _write_both(self, connection: Connection, delivery: Delivery, digest: Digest) -> bool:
        if self.database.is_postgresql or connection.execute(_unhindered(), self._row(delivery)).rowcount != 1:
            return False
        connection.execute(insert(tables.digests), self.parts.digests.rows.row(digest))
        return True

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
def _unhindered() -> Update:
    """An UPDATE of the row that this one was made from, if the address is mailed and no digest of that date is kept.

    An address with a waiting suppression is looked at more closely.
    """
    who: BindParameter[str] = bindparam("key_subscriber_id")
    on: BindParameter[date] = bindparam("key_digest_on")
    statuses, waiting, digests = tables.address_statuses.c, tables.waiting_suppressions.c, tables.digests.c
    hindrances = (
        exists().where(statuses.subscriber_id == who, statuses.is_suppressed),
        exists().where(waiting.subscriber_id == who),
        exists().where(digests.subscriber_id == who, digests.digest_on == on),
    )
    return next_row().where(*map(not_, hindrances))


@cache
def _both_at_once() -> Any:
    """The same with the digest, in PostgreSQL: an INSERT of what the UPDATE has found."""
    rows = tables.deliveries.c
    moved = _unhindered().returning(rows.subscriber_id, rows.digest_on).cte("moved")
    others = [bindparam(f"digest_{name}", type_=tables.digests.c[name].type) for name in _OF_DIGEST]
    digest: Select[Any] = select(moved.c.subscriber_id, moved.c.digest_on, *others)
    return insert(tables.digests).from_select(["subscriber_id", "digest_on", *_OF_DIGEST], digest)
