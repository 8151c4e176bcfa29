"""Adds what the archive is searched by: the words of each paper once, and in each digest which papers it has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from newsletter.model import Paper
from newsletter.stores.sql import search

revision = "0002"
down_revision = "0001"

_AT_ONCE = 200  # digests


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "searchable_papers",
        sa.Column("paper_key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("words", postgresql.TSVECTOR().with_variant(sa.Text(), "sqlite")),
    )
    op.create_index("searchable_papers_by_word", "searchable_papers", ["words"], postgresql_using="gin")
    if is_postgresql:  # stay in the row, since a search may look at all that a reader has
        op.execute("ALTER TABLE searchable_papers SET (toast_tuple_target = 8160)")
    else:
        op.execute(search.SQLITE_INDEX)
    column = sa.Column("searchable", sa.Text(), nullable=False, server_default='[[],[],""]')
    if is_postgresql:
        op.add_column("digests", column)
    else:  # before the long value, which SQLite else reads on the way to it
        with op.batch_alter_table("digests", recreate="always") as digests:
            digests.add_column(column, insert_before="value")
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """Indexes the digests that are there. One that cannot be read is left as it is, and never found."""
    digests = sa.table("digests", *map(sa.column, ("subscriber_id", "digest_on", "searchable", "value")))
    key = (digests.c.subscriber_id, digests.c.digest_on)
    page = sa.select(*key, digests.c.value).order_by(*key).limit(_AT_ONCE)
    change = digests.update().where(key[0] == sa.bindparam("who"), key[1] == sa.bindparam("day"))
    last = None
    while rows := connection.execute(page if last is None else page.where(sa.tuple_(*key) > last)).all():
        last = sa.tuple_(*rows[-1][:2])
        changes: list[dict[str, object]] = []
        papers: list[Paper] = []
        for who, day, value in rows:
            entries = _read(value)
            papers += [paper for _, paper, _ in entries]
            changes.append({"who": who, "day": day, "searchable": search.searchable(entries)})
        search.index(connection, papers)
        connection.execute(change, changes)


def _read(value: str) -> list[tuple[int, Paper, str]]:
    """Reads number, paper and comment of each entry, as far as they are searched."""
    try:
        return [
            (each["number"], _paper(each["paper"]), str(each["score"]["comment"]))
            for each in json.loads(value)["entries"]
        ]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []


def _paper(value: Mapping[str, Any]) -> Paper:
    authors = tuple(map(str, value["authors"]))
    return Paper(str(value["arxiv_id"]), 1, str(value["title"]), authors, str(value["abstract"]), ())
