"""What may happen once a day only: the table `claims`."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any

from newsletter.stores.sql import tables
from newsletter.stores.sql.database import ConnectionLost, Database, hash_of
from newsletter.stores.sql.table import SqlTable


@dataclass(frozen=True, slots=True)
class Claim:
    what: str
    key_hash: str  # of the key, which is any text
    claimed_on: date
    holder: str = ""  # a random text, by which the caller knows its own again


class Claims:
    """Keeps which keys were claimed."""

    def __init__(self, database: Database) -> None:
        self.rows = SqlTable(database, tables.claims, Claim, columns_of)
        self._columns = tables.claims.c

    def claim_once(self, what: str, key: str, *, on: date) -> bool:
        claim = Claim(what, hash_of(key), on, secrets.token_hex(8))
        try:
            return self.rows.add(claim)
        except ConnectionLost as lost:
            if not lost.is_unknown:
                raise
        return self.rows.get(what, claim.key_hash, on) == claim or self.rows.add(claim)

    def forget_claims(self, *, before: date, most_days: int | None = None) -> None:
        self.rows.drop_days(self._columns.claimed_on, before, most_days)


def columns_of(claim: Claim) -> dict[str, Any]:
    return {"what": claim.what, "key_hash": claim.key_hash, "claimed_on": claim.claimed_on}
