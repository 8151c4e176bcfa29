"""Keeps what the jobs of one worker hand on to the next: the words of the day's papers, read once, and templates.

Each job at work has its own, so no two threads share one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Generic, TypeVar

KEEP_FOR = timedelta(minutes=15)  # then anew: a template may have been edited, and words of past days are ballast

T = TypeVar("T")


class KeptParts(Generic[T]):
    """Lends what `make` makes; what came back whole is lent again until it is too old."""

    def __init__(self, make: Callable[[], T], now: Callable[[], datetime]) -> None:
        self._make = make
        self._now = now
        self._idle: list[tuple[datetime, T]] = []

    @contextmanager
    def borrow(self) -> Iterator[T]:
        """Lends it to one job. What was lent when something failed is not lent again."""
        made_at, part = self._take()
        yield part
        self._idle.append((made_at, part))

    def drop(self) -> None:
        """Forgets what no job has in hand: the next one makes its own. May be repeated."""
        self._idle.clear()

    def _take(self) -> tuple[datetime, T]:
        now = self._now()
        while self._idle:
            made_at, part = self._idle.pop()
            if timedelta(0) <= now - made_at < KEEP_FOR:
                return made_at, part
        return now, self._make()
