"""Runs the program with these arguments in this process, and prints how often it asked its database, as the last line.

    python benchmarks/count_round_trips.py run --quiet --feed FOLDER

A statement, and each beginning and end of a transaction, is one round trip.
"""

import sys
from typing import Any

from sqlalchemy import Engine, event

from newsletter.cli import main

COUNT = [0]


def count(*_: Any) -> None:
    COUNT[0] += 1


if __name__ == "__main__":
    for name in ("before_cursor_execute", "commit", "rollback", "begin"):
        event.listen(Engine, name, count)
    try:
        main()
    finally:
        sys.stdout.flush()
        print(COUNT[0])
