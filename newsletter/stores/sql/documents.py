"""Keeps small texts by name: the table `documents`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, not_

from newsletter.stores.contents import Document
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.table import SqlTable


class Documents:
    """Keeps each text as it is."""

    def __init__(self, database: Database) -> None:
        self.rows = SqlTable(database, tables.documents, Document, columns_of)

    def put_document(self, name: str, text: str) -> None:
        self.rows.put(Document(name, text))

    def get_document(self, name: str) -> str | None:
        document = self.rows.get(name)
        return document.text if document is not None else None


def columns_of(document: Document) -> dict[str, Any]:
    return {"name": document.name}


def are_lasting() -> ColumnElement[bool]:
    """Leaves out what is of use here and now, such as paces: their names have blanks, which no file's name may have."""
    return not_(tables.documents.c.name.contains(" "))
