"""Shows that something takes no more time than its length allows, on a fast machine and on one that is slow or busy."""

from collections.abc import Callable
from time import process_time

TRIES = 3  # what takes the square of its length does so each time, while a neighbour on the same core comes and goes
YARDSTICK_S = 0.1  # what the yardstick takes on the machine for which the bounds of the tests are meant


def assert_takes_at_most(seconds: float, work: Callable[[], object], clock: Callable[[], float] = process_time) -> None:
    """Raises AssertionError if `work` takes longer, of the processor, each time. A slower machine has as much more."""
    tries = []
    for _ in range(TRIES):
        took = _seconds_of(work, clock)
        if took > seconds:
            took /= max(1.0, _seconds_of(_yardstick, clock) / YARDSTICK_S)
        if took <= seconds:
            return
        tries.append(took)
    raise AssertionError(f"takes at least {min(tries):.2f} s, for at most {seconds} s")


def _seconds_of(work: Callable[[], object], clock: Callable[[], float]) -> float:
    begun = clock()
    work()
    return clock() - begun


def _yardstick() -> int:
    return sum(len(str(number)) for number in range(1_000_000))
