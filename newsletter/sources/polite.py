"""Gets addresses one after another with pauses between them, and asks again what was only busy.

What may be fetched, and how much of it, is fetching/'s business.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import stamina

from newsletter.errors import FetchError, SourceError
from newsletter.sources.fetching.fetcher import Fetcher
from newsletter.sources.turns import Turns, asked_to_wait

WAITS_S = (10.0, 40.0)  # before the second and the third attempt
MAX_WAIT_S = 120.0  # who is asked to wait longer gives up for now
TROUBLE_S = 600.0  # so long a server that failed at every attempt is asked once for each further address


class PoliteGetter:
    """Gets what is at an address, in its turn; the waits before another attempt are stamina's. Not safe for threads.

    `understand` reads what a server says of itself when it refuses: it may give another error in place of one. With
    `holds_others` a long rest that the server asks for is kept by all who share its turns; not where another server,
    which may be asked in its place, has the same turns.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        turns: Turns,
        *,
        understand: Callable[[FetchError], FetchError] = lambda error: error,
        holds_others: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._understand = understand
        self._holds_others = holds_others
        self._fetcher = fetcher
        self._turns = turns
        self._monotonic = monotonic
        self._trouble_until: dict[str, float] = {}
        self._closed_until: dict[str, float] = {}  # a server that asked to be left alone for longer than we wait

    def get(
        self,
        url: str,
        category: str,
        *,
        accept: str = "*/*",
        attempts: int = 1 + len(WAITS_S),
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Gets the body, at the `attempts`-th attempt at the latest. `category` is whose feed messages speak of.

        Raises SourceError if it cannot be had. What asking again will not change is asked once, and so is, for ten
        minutes, a server that failed at every attempt. One that asks for a longer wait is not asked until then.
        """
        return self._ask(url, category, lambda: self._fetcher.fetch(url, accept=accept, headers=headers), attempts)

    def post(self, url: str, category: str, body: bytes, *, content_type: str) -> bytes:
        """Sends a body, once, and gives the answer; raises SourceError as `get` does."""
        return self._ask(url, category, lambda: self._fetcher.post(url, body, content_type=content_type), 1)

    def _ask(self, url: str, category: str, ask: Callable[[], bytes], attempts: int) -> bytes:
        server = urlsplit(url).netloc
        if (closed_s := self._closed_until.get(server, -math.inf) - self._monotonic()) > 0:
            raise asked_to_wait(category, closed_s)
        if self._monotonic() < self._trouble_until.get(server, -math.inf):
            attempts = 1
        waits_s = iter(WAITS_S)

        def wait(error: Exception) -> bool | float:
            return isinstance(error, FetchError) and wait_before_retry(self._understand(error), next(waits_s, 0.0))

        def ask_in_turn() -> bytes:
            with self._turns.take(category):
                return ask()

        try:
            return stamina.RetryingCaller(attempts=attempts, timeout=None)(wait, ask_in_turn)
        except FetchError as refusal:
            error = self._understand(refusal)
            asked_s = error.retry_after_s or 0.0
            if error.is_passing:
                self._trouble_until[server] = self._monotonic() + TROUBLE_S
            if asked_s > MAX_WAIT_S:
                self._closed_until[server] = self._monotonic() + asked_s
                if self._holds_others:
                    self._turns.hold(asked_s)
            raise SourceError(
                category, str(error), is_config=not error.is_passing, retry_after_s=error.retry_after_s
            ) from refusal


def wait_before_retry(error: FetchError, least_s: float) -> bool | float:
    """Answers stamina after a failure whether to try again: no, or yes after this many seconds, at least `least_s`."""
    asked_s = error.retry_after_s or 0.0
    return error.is_passing and asked_s <= MAX_WAIT_S and max(least_s, asked_s)
