"""Everything in a database, kind by kind, to be carried from it or into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import func, select

from newsletter.errors import StoreError
from newsletter.model import AddressStatus
from newsletter.stores.contents import KINDS
from newsletter.stores.sql import (
    addresses,
    announcements,
    claims,
    digests,
    documents,
    events,
    ledger,
    llm_calls,
    marks,
    moves,
    profiles,
    runs,
    saved,
    schema,
    signups,
    tables,
    vectors,
    welcomes,
)
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.table import SqlTable

_COLUMNS_OF: dict[str, Any] = {
    "deliveries": ledger.columns_of,
    "address_statuses": addresses.columns_of,
    "waiting_suppressions": lambda status: {"subscriber_id": _id_of(status)},
    "events": events.columns_of,
    "moves": moves.columns_of,
    "enrolled": signups.enrolled_columns_of,
    "sign_ups": signups.asked_columns_of,
    "revisions": profiles.revision_columns_of,
    "votes": profiles.vote_columns_of,
    "saved_papers": saved.columns_of,
    "marks": marks.columns_of,
    "welcomes": welcomes.columns_of,
    "claims": claims.columns_of,
    "documents": documents.columns_of,
    "runs": runs.columns_of,
    "model_calls": llm_calls.call_columns_of,
    "model_batches": llm_calls.batch_columns_of,
    "gradings": llm_calls.grading_columns_of,
    "announcement_days": announcements.columns_of,
    "paper_vectors": vectors.columns_of,
}
_CONDITIONS_OF = {"documents": (documents.are_lasting(),)}  # which rows are carried, where it is not all


class SqlContents:
    """A Source and a Target (see stores/contents.py) in a database that has its tables."""

    def __init__(self, database: Database) -> None:
        schema.require_tables(database)
        self._database = database
        self._digests = digests.Digests(database)
        self._tables: dict[str, SqlTable[Any]] = {
            kind: SqlTable(database, tables.metadata.tables[kind], KINDS[kind], columns_of)
            for kind, columns_of in _COLUMNS_OF.items()
        }
        self._tables["digests"] = self._digests.rows

    def read(self) -> Iterator[tuple[str, Sequence[Any]]]:
        """All as of one moment, whatever is written meanwhile."""
        with self._database.snapshot():
            for kind in KINDS:
                table = self._tables[kind]
                for rows in table.pages(*_CONDITIONS_OF.get(kind, ())):
                    yield kind, [table.value_of(row) for row in rows]

    def begin(self, origin: str) -> bool:
        with self._database.locked("release"):
            if (begun := schema.unfinished_origin(self._database)) is not None:
                if begun != origin:
                    raise StoreError(schema.unfinished_text(self._database, begun))
                return True
            if kind := self._first_kind_with_rows():
                raise StoreError(
                    f"the database {self._database.name} is not empty (it has {kind}). If all was carried here before, "
                    "nothing is left to do; else take an empty one, such as another schema or file, and run "
                    "'newsletter release' there"
                )
            marks.Marks(self._database).put(schema.UNFINISHED + origin)
        return False

    def write(self, kind: str, values: Sequence[Any]) -> None:
        if kind == "digests":
            self._digests.search.add(values)
        self._tables[kind].put(*values)

    def read_same(self, kind: str, values: Sequence[Any]) -> list[Any]:
        return self._tables[kind].get_same(values)

    def finish(self) -> None:
        self._tables["marks"].drop(tables.marks.c.name.startswith(schema.UNFINISHED, autoescape=True))

    def _first_kind_with_rows(self) -> str:
        with self._database.statement() as connection:
            for kind in KINDS:
                rows = select(tables.metadata.tables[kind]).where(*_CONDITIONS_OF.get(kind, ())).limit(1)
                if connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one():
                    return kind.replace("_", " ")
        return ""


def _id_of(status: AddressStatus) -> str:
    return status.subscriber_id
