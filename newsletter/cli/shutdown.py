"""Ends commands: SIGTERM or Ctrl-C once finishes the mail in hand; a second one ends the process at once."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from threading import Event, Thread
from time import monotonic
from types import FrameType
from typing import NoReturn

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
PATIENCE_S = 3.0  # platforms kill after 5 s (honcho) or 10 s (Docker)
LAST_S = 6.0  # also for what is in hand: what hangs now is left to the next process, as a kill would leave it
_LOOK_AGAIN_S = 0.1


class Ending:
    """Tells a command that works in the main thread whether it is to end."""

    def __init__(self) -> None:
        self._asked = False

    def listen(self) -> None:
        for number in _SIGNALS:
            signal.signal(number, self._ask)

    def is_asked(self) -> bool:
        return self._asked

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked = True  # and nothing that takes a lock: the main thread may hold it
        _let_the_next_one_kill()
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), b"\nEnding after the mail in hand; once more ends it at once.\n")


class Worker:
    """One task in a thread of its own: `stop` is set when it has to end.

    It sets `idle` while nothing is in hand that has to be finished, and clears it before it begins such a thing.
    """

    def __init__(self) -> None:
        self.stop = Event()
        self.idle = Event()


def hold_signals() -> None:
    """Makes signals wait until `run_until_signal` looks.

    For whoever begins threads before that: they inherit it, and through a thread that did not a signal would end the
    process at once.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def run_until_signal(
    tasks: Sequence[Callable[[Worker], None]],
    *services: Callable[[], None],
    patience_s: float = PATIENCE_S,
    last_s: float = LAST_S,
) -> bool:
    """Runs all of these in threads until a signal comes; False if one of them ended by itself, which none should.

    Each task has a worker of its own. All have `patience_s` to end by themselves, those not idle until `last_s`.
    Services end with the process, and so does a task that hangs: end the process with `leave`.
    """
    hold_signals()
    workers, is_over, broken = [Worker() for _ in tasks], Event(), Event()

    def guarded(do: Callable[[], None]) -> None:
        try:
            do()
        finally:
            if not is_over.is_set():
                broken.set()
                os.kill(os.getpid(), signal.SIGTERM)

    todo = [*(partial(work, worker) for work, worker in zip(tasks, workers, strict=True)), *services]
    threads = [Thread(target=guarded, args=(do,), daemon=True) for do in todo]
    for thread in threads:
        thread.start()
    signal.sigwait(_SIGNALS)
    is_over.set()
    for worker in workers:
        worker.stop.set()
    _let_the_next_one_kill()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    asked_at = monotonic()
    for thread, worker in zip(threads, workers, strict=False):  # the services come last
        thread.join(max(0.0, asked_at + patience_s - monotonic()))
        while thread.is_alive() and not worker.idle.is_set() and monotonic() < asked_at + last_s:
            thread.join(_LOOK_AGAIN_S)
    return not broken.is_set()


def leave(code: int) -> NoReturn:
    """Ends the process now. `sys.exit` would wait for threads that hang: those that ask a model are no daemons."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def _let_the_next_one_kill() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
