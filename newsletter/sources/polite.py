"""Gets addresses one after another with pauses between them, and asks again what was only busy.

What may be fetched, and how much of it, is fetching/'s business.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from newsletter.errors import FetchError, SourceError
from newsletter.sources.fetching.fetcher import Fetcher, shown

PAUSE_S = 3.0  # the pace that arXiv asks for; bioRxiv and journals name none
WAITS_S = (10.0, 40.0)  # before the second and the third attempt
MAX_WAIT_S = 120.0  # who is asked to wait longer gives up for now
TROUBLE_S = 600.0  # so long a server that failed at every attempt is asked once for each further address

Reserve = Callable[[float], float]


def reserve_nothing(pause_s: float) -> float:
    """Keeps no pace with other processes."""
    return 0.0


class PoliteGetter:
    """Gets what is at an address. Not safe for several threads.

    `reserve` takes so many seconds of a pace that other processes share, and says how long to wait for them.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        *,
        pause_s: float = PAUSE_S,
        reserve: Reserve = reserve_nothing,
        sleep: Callable[[float], object] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetcher = fetcher
        self._pause_s = pause_s
        self._reserve = reserve
        self._sleep = sleep
        self._monotonic = monotonic
        self._next_at = -math.inf
        self._trouble_until: dict[str, float] = {}
        self._closed_until: dict[str, float] = {}  # a server that asked to be left alone for longer than we wait

    def get(self, url: str, category: str, *, accept: str = "*/*", attempts: int = 1 + len(WAITS_S)) -> bytes:
        """Gets the body, at the `attempts`-th attempt at the latest. `category` is whose feed messages speak of.

        Raises SourceError if it cannot be had. What asking again will not change is asked once, and so is, for ten
        minutes, a server that failed at every attempt. One that asks for a longer wait is not asked until then.
        """
        server = urlsplit(url).netloc
        if (closed_s := self._closed_until.get(server, -math.inf) - self._monotonic()) > 0:
            raise SourceError(category, _asked_to_wait(url, closed_s), retry_after_s=closed_s)
        is_troubled = self._monotonic() < self._trouble_until.get(server, -math.inf)
        for wait_s in (*(() if is_troubled else WAITS_S[: attempts - 1]), None):
            try:
                return self._get(url, accept)
            except FetchError as error:
                asked_s = error.retry_after_s or 0.0
                if wait_s is None or not error.is_passing or asked_s > MAX_WAIT_S:
                    self._trouble_until[server] = self._monotonic() + TROUBLE_S * error.is_passing
                    self._closed_until[server] = self._monotonic() + asked_s * (asked_s > MAX_WAIT_S)
                    raise SourceError(
                        category, str(error), is_config=not error.is_passing, retry_after_s=error.retry_after_s
                    ) from error
                self._sleep(max(wait_s, asked_s))
        raise AssertionError("the last attempt returns or raises")

    def _get(self, url: str, accept: str) -> bytes:
        if (pause_s := self._next_at - self._monotonic()) > 0:
            self._sleep(pause_s)
        if (turn_s := self._reserve(self._pause_s)) > 0:
            self._sleep(turn_s)
        try:
            return self._fetcher.fetch(url, accept=accept)
        finally:
            self._next_at = self._monotonic() + self._pause_s


def _asked_to_wait(url: str, wait_s: float) -> str:
    minutes = math.ceil(wait_s / 60)
    return f"The server of {shown(url)} asks not to be asked again for {minutes} minutes; run again after that."
