"""Adds what digests say alike, once for all of them. The digests that are there keep what they say themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "digest_contents",
        sa.Column("content_key", KEY, primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    of_content = sa.ForeignKey("digest_contents.content_key", name="digests_content_key_fkey")
    column = sa.Column("content_key", KEY, of_content)
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("digests", column)
    else:  # before the long value, which SQLite else reads on the way to it
        with op.batch_alter_table("digests", recreate="always") as digests:
            digests.add_column(column, insert_before="value")
    op.create_index("digests_by_content", "digests", ["content_key"])
