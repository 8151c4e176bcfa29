"""Adds how often somebody asked the web part, counted by all its processes together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "request_counts",
        sa.Column("key_hash", KEY, primary_key=True),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("earlier", sa.Integer(), nullable=False),
        sa.Column("ends_at_s", sa.BigInteger(), nullable=False),
        prefixes=["UNLOGGED"] if is_postgresql else [],
    )
