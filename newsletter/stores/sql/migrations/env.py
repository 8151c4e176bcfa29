"""Runs the migrations for Alembic, on the connection and in the transaction of the caller (see schema.py)."""

from __future__ import annotations

from alembic import context

from newsletter.stores.sql.schema import VERSION_TABLE
from newsletter.stores.sql.tables import metadata


def run() -> None:
    """Runs the migrations that are missing."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        transactional_ddl=False,  # the caller's transaction holds all of them
    )
    context.run_migrations()


if hasattr(context, "config"):  # it is Alembic that loads this file
    run()
