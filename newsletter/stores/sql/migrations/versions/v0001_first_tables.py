"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.String().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    _make_papers()
    _make_mails()
    _make_readers()
    _make_calls()
    _make_runs()


def _make_papers() -> None:
    op.create_table(
        "announcement_days",
        sa.Column("announced_on", sa.Date(), primary_key=True),
        sa.Column("papers", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "paper_vectors",
        sa.Column("model", KEY, primary_key=True),
        sa.Column("arxiv_id", KEY, primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("announced_on", sa.Date(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_index("paper_vectors_by_day", "paper_vectors", ["announced_on"])


def _make_mails() -> None:
    op.create_table(
        "deliveries",
        sa.Column("subscriber_id", KEY, primary_key=True),
        sa.Column("digest_on", sa.Date(), primary_key=True),
        sa.Column("state", KEY, nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("steps", KEY, nullable=False),
        sa.Column("was_handed_over", sa.Boolean(), nullable=False),
        sa.Column("paper_ids", KEY, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_index("deliveries_by_day", "deliveries", ["digest_on", "subscriber_id"])
    op.create_index(
        "open_deliveries",
        "deliveries",
        ["digest_on", "subscriber_id"],
        postgresql_where=sa.text("state IN ('handed_over', 'in_doubt')"),
        sqlite_where=sa.text("state IN ('handed_over', 'in_doubt')"),
    )
    op.create_table(
        "digests",
        sa.Column("subscriber_id", KEY, primary_key=True),
        sa.Column("digest_on", sa.Date(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("subscriber_id", KEY, primary_key=True),
        sa.Column("digest_on", sa.Date(), primary_key=True),
        sa.Column("kind", KEY, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_index(
        "hard_bounces",
        "events",
        ["digest_on"],
        postgresql_where=sa.text("kind = 'bounced_hard'"),
        sqlite_where=sa.text("kind = 'bounced_hard'"),
    )


def _make_readers() -> None:
    op.create_table(
        "address_statuses",
        sa.Column("subscriber_id", KEY, primary_key=True),
        sa.Column("is_suppressed", sa.Boolean(), nullable=False),
        sa.Column("bounced_on", KEY, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_index(
        "bounced_addresses",
        "address_statuses",
        ["bounced_on"],
        postgresql_where=sa.text("bounced_on <> ''"),
        sqlite_where=sa.text("bounced_on <> ''"),
    )
    op.create_table(
        "waiting_suppressions",
        sa.Column("subscriber_id", KEY, primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "moves",
        sa.Column("subscriber_id", KEY, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "revisions",
        sa.Column("subscriber_id", KEY, primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "votes",
        sa.Column("subscriber_id", KEY, primary_key=True),
        sa.Column("arxiv_id", KEY, primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "saved_papers",
        sa.Column("subscriber_id", KEY, primary_key=True),
        sa.Column("arxiv_id", KEY, primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "sign_ups",
        sa.Column("asked_on", sa.Date(), primary_key=True),
        sa.Column("subscriber_id", KEY, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "enrolled",
        sa.Column("subscriber_id", KEY, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("origin", KEY, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "welcomes",
        sa.Column("subscriber_id", KEY, primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )


def _make_calls() -> None:
    op.create_table(
        "gradings",
        sa.Column("profile_key", KEY, primary_key=True),
        sa.Column("model", KEY, primary_key=True),
        sa.Column("prompt_key", KEY, primary_key=True),
        sa.Column("arxiv_id", KEY, primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_index("gradings_by_day", "gradings", ["made_on"])
    op.create_table(
        "model_calls",
        sa.Column("called_on", sa.Date(), primary_key=True),
        sa.Column("call_id", KEY, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("cost_usd", KEY),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "model_batches",
        sa.Column("batch_id", KEY, primary_key=True),
        sa.Column("submitted_on", sa.Date(), nullable=False),
        sa.Column("profile_key", KEY, nullable=False),
        sa.Column("model", KEY, nullable=False),
        sa.Column("prompt_key", KEY, nullable=False),
        sa.Column("announced_on", sa.Date(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_index("model_batches_by_day", "model_batches", ["submitted_on"])
    op.create_index(
        "model_batches_by_request", "model_batches", ["profile_key", "model", "prompt_key", "announced_on"], unique=True
    )


def _make_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("run_id", KEY, primary_key=True),
        sa.Column("digest_on", sa.Date(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_index("runs_by_day", "runs", ["digest_on", "started_at"])
    op.create_table(
        "claims",
        sa.Column("what", KEY, primary_key=True),
        sa.Column("key_hash", KEY, primary_key=True),
        sa.Column("claimed_on", sa.Date(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_index("claims_by_day", "claims", ["claimed_on"])
    op.create_table(
        "documents",
        sa.Column("name", KEY, primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "marks",
        sa.Column("name", KEY, primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
