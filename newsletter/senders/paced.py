"""Keeps mails apart in time, so that a mail server or provider gets no more a minute than it allows.

A turn is an interval in which one mail may leave. Several turns are taken at a time from a pace that others share, so
that it need not be asked for every mail; what is not used in its time is lost, and never made up for. A rest is what
the provider asks for when it had too many all the same: whoever is told so tells all others.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from threading import Lock

from newsletter.errors import SendDeferred, StoreError, TurnsHeld
from newsletter.model import Accepted, Evidence, Message
from newsletter.senders import Sender, do_nothing

_LEASE_S = 2.0  # taken at a time, or one turn if that is longer: who ends early leaves such a gap to the others

LOOK_S = 0.25  # between two looks whether others were told to rest: until then one may be refused, too
MOST_REST_S = 300.0  # that a mail waits with; who would have to wait longer defers it

Reserve = Callable[[float], float]  # takes so many seconds of a pace, says after how many they begin; raises TurnsHeld


@dataclass(slots=True, eq=False)
class MailTurns:
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


@dataclass(slots=True, eq=False)
class Rest:
    """Until when a provider is to be left alone, as anybody with the same memory was told.

    `look` gives for how many seconds that is, `tell` says so to all others. Where the memory is away, each process goes
    by what it was told itself.
    """

    look: Callable[[], float]
    tell: Callable[[float], object]
    monotonic: Callable[[], float]
    _until_s: float = field(default=0.0, init=False)
    _look_at_s: float = field(default=float("-inf"), init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def hold(self, seconds: float) -> None:
        """Lets all rest for so long, or as long as somebody else was told to. May be repeated."""
        with self._lock:
            self._until_s = max(self._until_s, self.monotonic() + seconds)
        with suppress(StoreError):
            self.tell(seconds)

    def left(self) -> float:
        """Gives the seconds that are left of it; asks the memory once in a while."""
        with self._lock:
            now_s = self.monotonic()
            if now_s >= self._look_at_s:
                self._look_at_s = now_s + LOOK_S
                with suppress(StoreError):
                    self._until_s = max(self._until_s, now_s + self.look())
            return max(0.0, self._until_s - now_s)


class PacedSender:
    """A Sender (see senders/__init__.py) that waits for the end of a rest, and its turn, before it hands a mail on."""

    def __init__(self, sender: Sender, rest: Rest, turns: MailTurns | None, sleep: Callable[[float], None]) -> None:
        self.sender = sender
        self.rest, self.turns, self._sleep = rest, turns, sleep

    @property
    def name(self) -> str:
        return self.sender.name

    def send(self, message: Message, *, on_hand_over: Callable[[], None] = do_nothing) -> Accepted:
        waited_s = 0.0
        while wait_s := self.rest.left():
            if waited_s + wait_s > MOST_REST_S:
                raise self._deferred(message, wait_s)
            self._sleep(wait_s)
            waited_s += wait_s
        try:
            wait_s = self.turns.take() if self.turns else 0.0
        except TurnsHeld as held:  # since the look above
            raise self._deferred(message, held.left_s) from held
        if wait_s:
            self._sleep(wait_s)
        return self.sender.send(message, on_hand_over=on_hand_over)

    def _deferred(self, message: Message, rest_s: float) -> SendDeferred:
        return SendDeferred(
            message.delivery_id,
            f"the mail of {message.delivery_id} was not offered to {self.name}, which asks to be left alone for "
            f"{ceil(rest_s / 60)} minutes; a later run sends it",
            retry_after_s=rest_s,
            strikes=2,
        )

    def find(self, delivery_id: str) -> Evidence:
        return self.sender.find(delivery_id)

    def close(self) -> None:
        self.sender.close()
