"""Says what a pace is, whatever memory keeps it: `sql/paces.py` and `tinydb/paces.py`."""

from __future__ import annotations

from typing import Protocol

MOST_HELD_S = 86_400.0  # who asks for more is asked again after a day
MOST_WAITED_S = 300.0  # who would have to wait longer until turns are given again does without


class Paces(Protocol):
    """One pace for each name, shared by whoever has the same memory. Each method raises StoreError."""

    def reserve(self, name: str, amount_s: float, *, burst_s: float = 0.0) -> float:
        """Takes the next `amount_s` seconds of this pace, and says after how many seconds from now they begin.

        Raises TurnsHeld, and takes none, while turns are held back (`hold`) for more than MOST_WAITED_S.
        `burst_s`: so much of what is reserved already need not be waited for. A process that reserves and dies leaves a
        gap, no more.
        """

    def hold(self, name: str, seconds: float) -> None:
        """Keeps everybody from taking turns for so long, or as long as somebody else asked for. May be repeated."""

    def held_s(self, name: str) -> float:
        """Says for how many seconds turns are held back; takes none."""
