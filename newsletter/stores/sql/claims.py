"""Keeps what may happen once a day only: the table `claims`."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

from newsletter.stores.contents import Claim
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import ConnectionLost, Database, hash_of
from newsletter.stores.sql.table import SqlTable


class Claims:
    """Keeps which keys were claimed."""

    def __init__(self, database: Database) -> None:
        self.rows = SqlTable(database, tables.claims, Claim, columns_of)
        self._columns = tables.claims.c

    def claim_once(self, what: str, key: str, *, on: date) -> bool:
        claim = Claim(what, key, on, secrets.token_hex(8))  # by which it is known again
        try:
            return self.rows.add(claim)
        except ConnectionLost as lost:
            if not lost.is_unknown:
                raise
        stored = self.rows.get(what, hash_of(key), on)
        return self.rows.add(claim) if stored is None else stored.holder == claim.holder

    def forget_claims(self, *, before: date, most_days: int | None = None) -> None:
        self.rows.drop_days(self._columns.claimed_on, before, most_days)


def columns_of(claim: Claim) -> dict[str, Any]:
    return {"what": claim.what, "key_hash": hash_of(claim.key), "claimed_on": claim.claimed_on}
