"""Limits how many requests, or tokens, go out in a minute, also from one reader to the next.

Only says how long to wait; waiting is the caller's business. Needs no event loop.
"""

from __future__ import annotations

from collections.abc import Callable

_BURST_SHARE = 1 / 6  # of a minute's amount may go at once; the rest is spread over the minute


class RateLimit:
    """Allows `per_minute` in any minute, and whatever the last request has beyond it. None: no limit."""

    def __init__(self, per_minute: float | None, monotonic: Callable[[], float]) -> None:
        self._per_s = per_minute * (1 - _BURST_SHARE) / 60 if per_minute else 0.0
        self._burst_s = 60 * _BURST_SHARE / (1 - _BURST_SHARE)
        self._monotonic = monotonic
        self._busy_until = 0.0

    def reserve(self, amount: float) -> float:
        """Takes this much, and says after how many seconds it may go."""
        if not self._per_s:
            return 0.0
        now = self._monotonic()
        backlog_s = max(0.0, self._busy_until - now)
        self._busy_until = now + backlog_s + amount / self._per_s
        return max(0.0, backlog_s - self._burst_s)
