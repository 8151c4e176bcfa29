"""Keeps mails apart in time, so that a mail server or provider gets no more a minute than it allows.

A turn is an interval in which one mail may leave. Several turns are taken at a time from a pace that others share, so
that it need not be asked for every mail; what is not used in its time is lost, and never made up for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from newsletter.model import Accepted, Evidence, Message
from newsletter.senders import Sender, do_nothing

_LEASE_S = 2.0  # taken at a time, or one turn if that is longer: who ends early leaves such a gap to the others

Reserve = Callable[[float], float]  # takes so many seconds of a pace, and says after how many they begin


@dataclass(slots=True, eq=False)
class Turns:
    """The turns of one process at one mail server, which all its threads take from. `monotonic` counts the seconds."""

    per_minute: float
    reserve: Reserve
    monotonic: Callable[[], float]
    _begin_s: float = field(default=0.0, init=False)  # of the turns that were reserved last
    _count: int = field(default=0, init=False)
    _next: int = field(default=0, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def take(self) -> float:
        """Takes the next turn, and says after how many seconds it comes. Raises what `reserve` raises."""
        gap_s = 60 / self.per_minute
        with self._lock:
            now_s = self.monotonic()
            turn = max(self._next, int((now_s - self._begin_s) / gap_s))
            if turn >= self._count:
                turn = 0
                self._reserve(gap_s)
                now_s = self.monotonic()
            self._next = turn + 1
            return max(0.0, self._begin_s + turn * gap_s - now_s)

    def _reserve(self, gap_s: float) -> None:
        over_s = self._begin_s + self._count * gap_s if self._count else 0.0
        count = max(1, int(_LEASE_S / gap_s))
        begin_s = self.monotonic() + self.reserve(count * gap_s)
        self._begin_s, self._count = max(begin_s, over_s), count


class PacedSender:
    """A Sender (see senders/__init__.py) that waits for its turn before it hands a mail to another one."""

    def __init__(self, sender: Sender, turns: Turns, sleep: Callable[[float], None]) -> None:
        self.sender = sender
        self.turns, self._sleep = turns, sleep

    @property
    def name(self) -> str:
        return self.sender.name

    def send(self, message: Message, *, on_hand_over: Callable[[], None] = do_nothing) -> Accepted:
        if wait_s := self.turns.take():
            self._sleep(wait_s)
        return self.sender.send(message, on_hand_over=on_hand_over)

    def find(self, delivery_id: str) -> Evidence:
        return self.sender.find(delivery_id)

    def close(self) -> None:
        self.sender.close()
