"""Remembers what was worked out for many readers of a run, as long as it is not too much."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

MAX_REMEMBERED = 512  # a few kB each

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Gives for each key what was made for it first; forgets everything before there is more than MAX_REMEMBERED.

    Not for several threads.
    """

    def __init__(self) -> None:
        self._made: dict[K, V] = {}

    def get(self, key: K, make: Callable[[], V]) -> V:
        if key not in self._made:
            self.keep(key, make())
        return self._made[key]

    def find(self, key: K) -> V | None:
        return self._made.get(key)

    def keep(self, key: K, value: V) -> None:
        if len(self._made) >= MAX_REMEMBERED:
            self._made.clear()
        self._made[key] = value
