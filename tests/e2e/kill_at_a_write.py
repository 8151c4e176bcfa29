"""Has a command kill itself just before or after one of its writes to the ledger in a database.

The program is taken as it is: SQLAlchemy tells a listener of each statement. For commands that `starts.py` forks, whose
environment names the write in KILL_AT, such as `3 after kills.log`: the third one, and the file that is told of it.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

BEFORE, AFTER = "before", "after"
_WRITE = re.compile(r"\b(?:INSERT INTO|UPDATE) deliveries\b")
_LISTENS = {BEFORE: "before_cursor_execute", AFTER: "after_cursor_execute"}


def arm(kill_at: str) -> None:
    nth, when, file = kill_at.split(maxsplit=2)
    seen = 0

    def strike(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        nonlocal seen
        if not _WRITE.search(statement):
            return
        seen += 1
        if seen == int(nth):
            with Path(file).open("a") as log:
                log.write(f"{when} {'+'.join(sorted(_states(parameters)))}\n")
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, _LISTENS[when], strike)


def _states(parameters: Any) -> set[str]:
    """What the rows would be, such as `claimed`."""
    rows: Iterable[Any] = [parameters] if isinstance(parameters, Mapping) else parameters
    return {
        str(value)
        for row in rows
        if isinstance(row, Mapping)
        for name, value in row.items()
        if re.fullmatch(r"state(?:_m\d+)?", name)
    }
