"""Keeps requests within so many (or so many tokens) a minute, also from one reader to the next.

Only says how long to wait; waiting is the caller's business. Plans the whole time, so it needs no event loop.
"""

from __future__ import annotations

from collections.abc import Callable

_BURST_SHARE = 1 / 6  # of a minute's amount may go at once; the rest is spread over the minute


class RateLimit:
    """In any minute at most `per_minute`, and what the last request has over it. None: no limit."""

    def __init__(self, per_minute: float | None, monotonic: Callable[[], float]) -> None:
        self._per_s = per_minute * (1 - _BURST_SHARE) / 60 if per_minute else 0.0
        self._burst_s = 60 * _BURST_SHARE / (1 - _BURST_SHARE)
        self._monotonic = monotonic
        self._busy_until = 0.0

    def reserve(self, amount: float) -> float:
        """Take this much, and say after how many seconds it may go."""
        if not self._per_s:
            return 0.0
        now = self._monotonic()
        backlog_s = max(0.0, self._busy_until - now)
        self._busy_until = now + backlog_s + amount / self._per_s
        return max(0.0, backlog_s - self._burst_s)
