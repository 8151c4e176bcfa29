"""Papers that are looked for in the files of many months, as text, since to read the rows takes ten times as long.

A file of a month can name those alone whose id was given by then (papers/id_months.py). Reads no file itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from datetime import date
from typing import Any

from newsletter.papers import announced_since

_START_CHARS = 6  # of an id in a file, with the quote before it: of arXiv's that is year and month
_FEW = 6  # starts that are quicker looked for one by one than the text is taken apart


class SoughtPapers:
    """Looks for the same papers in any number of files; what a month's file can name is worked out once."""

    def __init__(self, paper_ids: Set[str]) -> None:
        self.paper_ids = paper_ids
        self._written = [(_month(announced_since(each)), json.dumps(each).encode("ascii")) for each in paper_ids]
        self._by_month: dict[str, tuple[frozenset[bytes], frozenset[bytes]]] = {}

    def may_be_of(self, month: str) -> bool:
        """Tells whether a mail of this month ("2026-11") can have had one of them."""
        return bool(self._of(month)[0])

    def may_be_in(self, content: bytes, month: str) -> bool:
        """Tells from the content of this month's file whether to read its rows: False only if no row names one."""
        names, starts = self._of(month)
        if len(starts) <= _FEW and not any(start in content for start in starts):
            return False
        return not names.isdisjoint(content.split(b'"'))

    def may_be_of_row(self, row: Mapping[str, Any]) -> bool:
        """Tells from a row as it is stored whether to read it: False only if it is sound there and names none."""
        ids = row.get("paper_ids")
        if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
            return True
        return not self.paper_ids.isdisjoint(ids)

    def _of(self, month: str) -> tuple[frozenset[bytes], frozenset[bytes]]:
        """Gives how those that this month's file can name stand in it, up to their next quote, and how they begin."""
        if month not in self._by_month:
            written = [text for since, text in self._written if since <= month]
            names = frozenset(text.split(b'"')[1] for text in written)
            self._by_month[month] = names, frozenset(text[:_START_CHARS] for text in written)
        return self._by_month[month]


def _month(day: date) -> str:
    return day.isoformat()[:7]
