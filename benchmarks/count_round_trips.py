"""Runs the program with these arguments in this process, and prints how often it asked its database, as the last line.

    python benchmarks/count_round_trips.py run --quiet --feed FOLDER

A statement, and each beginning and end of a transaction, is one round trip.
"""

import sys
from typing import Any

from sqlalchemy import Connection, Engine, event

from newsletter.cli import main

COUNT = [0]


def count(*_: Any) -> None:
    COUNT[0] += 1


def count_statement(_connection: object, _cursor: object, statement: str, *_: Any) -> None:
    """SQLite's own BEGIN is counted as the beginning that it is."""
    if not statement.startswith("BEGIN"):
        count()


def count_end(connection: Connection) -> None:
    """A statement that stands alone begins and ends nothing: SQLAlchemy only says so."""
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        count()


if __name__ == "__main__":
    event.listen(Engine, "before_cursor_execute", count_statement)
    for name in ("commit", "rollback", "begin"):
        event.listen(Engine, name, count_end)
    try:
        main()
    finally:
        sys.stdout.flush()
        print(COUNT[0])
