"""The tables of the database. What is asked for is a column; the whole value is JSON in the column `value`.

The migrations in migrations/ make these tables: a change here needs one there, and another HEAD.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
    Date,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

HEAD = "0004"  # the revision of the migrations that makes these tables


class Key(TypeDecorator[str]):
    """Any text as ASCII, escaped as in JSON: PostgreSQL keeps no NUL and no lone surrogate. Sorted by its bytes."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        is_postgresql = dialect.name == "postgresql"
        return dialect.type_descriptor(String(collation="C") if is_postgresql else String())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value)[1:-1]

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(json.loads(f'"{value}"'))


class Moment(TypeDecorator[datetime]):
    """An aware time, in UTC: `timestamptz` in PostgreSQL, `2026-11-22T06:47:00.000000+00:00` in SQLite."""

    impl = TIMESTAMP(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        is_postgresql = dialect.name == "postgresql"
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if is_postgresql else String())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        at = value.astimezone(UTC)
        return at if dialect.name == "postgresql" else at.isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value.astimezone(UTC) if value else None
        return datetime.fromisoformat(value)


metadata = MetaData()


def _table(name: str, *parts: Column[Any] | Index) -> Table:
    return Table(name, metadata, *parts, Column("value", Text, nullable=False))


def _key(name: str, kind: Any = Key) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _asked(name: str, kind: Any, **more: Any) -> Column[Any]:
    return Column(name, kind, nullable=False, **more)


# --- papers

announcement_days = _table("announcement_days", _key("announced_on", Date), _asked("papers", Integer))

paper_vectors = _table(
    "paper_vectors",
    *(_key("model"), _key("arxiv_id"), _key("version", Integer), _key("announced_on", Date)),
    Index("paper_vectors_by_day", "announced_on"),
)

# --- mails

OPEN = "state IN ('handed_over', 'in_doubt')"

deliveries = _table(
    "deliveries",
    *(_key("subscriber_id"), _key("digest_on", Date)),
    _asked("state", Key),
    _asked("run_id", Key),
    _asked("at", Moment),
    _asked("attempts", Integer),
    _asked("steps", Key),  # a hash of all steps: what a move is made from
    _asked("was_handed_over", Boolean),
    _asked("paper_ids", Key),  # with blanks between them
    Index("deliveries_by_day", "digest_on", "subscriber_id"),
    Index("open_deliveries", "digest_on", "subscriber_id", postgresql_where=text(OPEN), sqlite_where=text(OPEN)),
)

# What digests of equal readers say alike, once
digest_contents = _table("digest_contents", _key("content_key"))

digests = _table(
    "digests",
    *(_key("subscriber_id"), _key("digest_on", Date)),
    # None: `value` has all of it, as that of digests of before contents were kept
    Column("content_key", Key, ForeignKey("digest_contents.content_key")),
    # The numbers of its papers, their keys below, and the words of their comments
    _asked("searchable", Text, server_default='[[],[],""]'),
    Index("digests_by_content", "content_key"),
)

# Each paper that was in a digest, once. In SQLite the words are in an index of their own, `searchable_words`
searchable_papers = Table(
    "searchable_papers",
    metadata,
    _key("paper_key", BigInteger),
    Column("words", TSVECTOR().with_variant(Text(), "sqlite")),
    Index("searchable_papers_by_word", "words", postgresql_using="gin"),
)

BOUNCED = "kind = 'bounced_hard'"

events = _table(
    "events",
    *(_key("subscriber_id"), _key("digest_on", Date), _key("kind")),
    _asked("at", Moment),
    Index("hard_bounces", "digest_on", postgresql_where=text(BOUNCED), sqlite_where=text(BOUNCED)),
)

# --- addresses

BOUNCES = "bounced_on <> ''"

address_statuses = _table(
    "address_statuses",
    _key("subscriber_id"),
    _asked("is_suppressed", Boolean),
    _asked("bounced_on", Key),  # the mornings whose bounces suppress it, or would: dates with blanks between them
    Index("bounced_addresses", "bounced_on", postgresql_where=text(BOUNCES), sqlite_where=text(BOUNCES)),
)

waiting_suppressions = _table("waiting_suppressions", _key("subscriber_id"))

moves = _table("moves", _key("subscriber_id"), _asked("at", Moment), _asked("is_done", Boolean))

# --- what readers say

revisions = _table("revisions", _key("subscriber_id"), _key("number", Integer))

votes = _table("votes", _key("subscriber_id"), _key("arxiv_id"))

saved_papers = _table("saved_papers", _key("subscriber_id"), _key("arxiv_id"))

sign_ups = _table("sign_ups", _key("asked_on", Date), _key("subscriber_id"), _asked("at", Moment))

enrolled = _table("enrolled", _key("subscriber_id"), _asked("at", Moment), _asked("origin", Key))

welcomes = _table("welcomes", _key("subscriber_id"))

# --- a model's answers and calls

gradings = _table(
    "gradings",
    *(_key("profile_key"), _key("model"), _key("prompt_key"), _key("arxiv_id"), _key("version", Integer)),
    _asked("made_on", Date),
    Index("gradings_by_day", "made_on"),
)

model_calls = _table(
    "model_calls", _key("called_on", Date), _key("call_id"), _asked("at", Moment), Column("cost_usd", Key)
)

model_batches = _table(
    "model_batches",
    _key("batch_id"),
    _asked("submitted_on", Date),
    *(_asked("profile_key", Key), _asked("model", Key), _asked("prompt_key", Key), _asked("announced_on", Date)),
    Index("model_batches_by_request", "profile_key", "model", "prompt_key", "announced_on", unique=True),
    Index("model_batches_by_day", "submitted_on"),
)

# --- runs and the rest

runs = _table(
    "runs",
    _key("run_id"),
    *(_asked("digest_on", Date), _asked("started_at", Moment)),
    Index("runs_by_day", "digest_on", "started_at"),
)

claims = _table(
    "claims",
    *(_key("what"), _key("key_hash"), _key("claimed_on", Date)),
    Index("claims_by_day", "claimed_on"),
)

# How often somebody asked the web part. Of no worth after a crash, nor to a replica
request_counts = Table(
    "request_counts",
    metadata,
    _key("key_hash"),
    *(_asked("period", BigInteger), _asked("counted", Integer), _asked("earlier", Integer)),
    _asked("ends_at_s", BigInteger),
    prefixes=["UNLOGGED"],
)

documents = _table("documents", _key("name"))

marks = _table("marks", _key("name"))  # what has happened once and for all
