"""Keeps requests to a server some seconds apart, in turn with other processes.

Asks nobody, and tries nothing again. What takes turns for all processes of one memory is stores/'s business.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from newsletter.errors import SourceError, TurnsHeld

PAUSE_S = 3.0  # arXiv's terms: no more than one request every three seconds; other servers name no pace


class Turns:
    """The turns of one process at a server. Not safe for several threads.

    `reserve` takes so many seconds of a pace that other processes share, and says how long to wait for them, or raises
    TurnsHeld; `hold` keeps all of them from asking for so many seconds, when the server wants to be left alone.
    """

    def __init__(
        self,
        pause_s: float = PAUSE_S,
        *,
        reserve: Callable[[float], float] = lambda pause_s: 0.0,
        hold: Callable[[float], object] = lambda seconds: None,
        sleep: Callable[[float], object] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.hold = hold
        self._pause_s = pause_s
        self._reserve = reserve
        self._sleep = sleep
        self._monotonic = monotonic
        self._next_at = -math.inf  # no request before this

    @contextmanager
    def take(self, category: str) -> Iterator[None]:
        """Waits for a turn; the pause before the next one begins when what is done in it has ended.

        Raises SourceError, in words of `category`, while turns are held back for long.
        """
        if (pause_s := self._next_at - self._monotonic()) > 0:
            self._sleep(pause_s)
        try:
            turn_s = self._reserve(self._pause_s)
        except TurnsHeld as held:
            raise asked_to_wait(category, held.left_s) from held
        if turn_s > 0:
            self._sleep(turn_s)
        try:
            yield
        finally:
            self._next_at = self._monotonic() + self._pause_s


def asked_to_wait(category: str, wait_s: float) -> SourceError:
    """Makes the error for a server that wants to be left alone for so many seconds."""
    return SourceError(
        category,
        f"The server asks not to be asked again for {math.ceil(wait_s / 60)} minutes, so {category} was not fetched;"
        " run again after that.",
        retry_after_s=wait_s,
    )
