"""Things that are done after an answer was given, one after another, in a thread of its own.

What is in hand when the process ends is finished first. Whatever goes wrong is logged: nobody waits for it any more.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from newsletter import log


class Later:
    """Give it something to do, and go on. `what` names it in the log."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=what)

    def __call__(self, do: Callable[[], None]) -> None:
        self._thread.submit(self._guarded, do)

    def finish(self) -> None:
        """Do what is left, and take nothing more."""
        self._thread.shutdown(wait=True)

    def _guarded(self, do: Callable[[], None]) -> None:
        try:
            do()
        except Exception:  # noqa: BLE001 - the thread has others to serve
            log.get_log().error("later_failed", what=self._what, exc_info=True)
