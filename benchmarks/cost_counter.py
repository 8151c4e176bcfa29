"""What a piece of work costs: seconds of the processor, the least of some, and files opened, which no load disturbs."""

import sys
import time
from collections.abc import Callable, Sequence

ROUNDS = 5
Cost = tuple[float, int]

_opened = [0]


def _count(event: str, _arguments: tuple[object, ...]) -> None:
    _opened[0] += event == "open"


sys.addaudithook(_count)


def measure(work: Callable[[], object], rounds: int = ROUNDS) -> Cost:
    costs = []
    for _ in range(rounds):
        before, started = _opened[0], time.process_time()
        work()
        costs.append((time.process_time() - started, _opened[0] - before))
    return min(costs)


def print_costs(name: str, costs: Sequence[Cost]) -> None:
    """A line with the ratio of each to the first."""
    cells = [f"{took * 1e3:8.1f} ms {opened:5} files {took / costs[0][0]:6.2f}" for took, opened in costs]
    print(f"{name:12}" + "  |".join(cells))
