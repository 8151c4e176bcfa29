"""Limits how many requests, or tokens, go out in a minute, also from one reader to the next.

Only says how long to wait; waiting is the caller's business. Needs no event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

_BURST_SHARE = 1 / 6  # of a minute's amount may go at once; the rest is spread over the minute
_BURST_S = 60 * _BURST_SHARE / (1 - _BURST_SHARE)


class Rate(Protocol):
    """How fast a server may be asked."""

    def reserve(self, amount: float) -> float:
        """Takes this much, and says after how many seconds it may go."""


class Reserve(Protocol):
    """A pace that several processes share: takes so many of its seconds, and says how long to wait for them.

    `burst_s`: so much of what is reserved already need not be waited for.
    """

    def __call__(self, amount_s: float, /, *, burst_s: float) -> float: ...


class RateLimit:
    """Allows `per_minute` in any minute, and whatever the last request has beyond it. None: no limit."""

    def __init__(self, per_minute: float | None, monotonic: Callable[[], float]) -> None:
        self._per_s = _per_second(per_minute)
        self._monotonic = monotonic
        self._busy_until = 0.0

    def reserve(self, amount: float) -> float:
        if not self._per_s:
            return 0.0
        now = self._monotonic()
        backlog_s = max(0.0, self._busy_until - now)
        self._busy_until = now + backlog_s + amount / self._per_s
        return max(0.0, backlog_s - _BURST_S)


class SharedRateLimit:
    """The same for all processes that share a pace."""

    def __init__(self, per_minute: float | None, reserve: Reserve) -> None:
        self._per_s = _per_second(per_minute)
        self._reserve = reserve

    def reserve(self, amount: float) -> float:
        return self._reserve(amount / self._per_s, burst_s=_BURST_S) if self._per_s else 0.0


def _per_second(per_minute: float | None) -> float:
    return per_minute * (1 - _BURST_SHARE) / 60 if per_minute else 0.0
