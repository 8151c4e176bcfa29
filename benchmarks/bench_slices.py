"""What a list of readers costs a clock and its workers, by its length: the looks, and jobs of 200 mails.

    python -m benchmarks.bench_slices [--readers 1000 10000 100000] [--profiles 50] [--slices 3]
        [--years 0 2]

Does in one process what a clock and a worker do, on PostgreSQL: the first look at the list, and a later one; what is
done once for everybody; then the first jobs of the morning, of as many mails as a job has at most, which leave by
SMTP to a server in another process. Seconds are this process's own (processor time), which other load disturbs less
than it does the time on the wall.
"""

import argparse
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from threading import Event
from time import process_time
from typing import Any

import structlog
from rich.console import Console
from rich.table import Table

from benchmarks import worker_morning
from benchmarks.bench_growth import Case, Mornings, Sink
from newsletter import app
from newsletter.settings import load_settings
from newsletter.worker.database import find_database
from newsletter.worker.queue import SLICE, Queue
from newsletter.worker.rounds import collect_round, serve_round
from tests import databases

HEADINGS = (
    "readers",
    "years",
    "first list",
    "again",
    "collect",
    "share out",
    "first job",
    "a later one",
    "CPU ms a mail",
    "peak MB",
)


@dataclass
class Task:
    """Nobody asks it to end."""

    stop: Event = field(default_factory=Event)
    idle: Event = field(default_factory=Event)


def timed(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began


def measure(mornings: Mornings, case: Case, slices: int) -> list[str]:
    """One row of the table, in the environment of that case."""
    place, environment = mornings.prepare(case)
    with worker_morning.serve_feeds(mornings.feeds(case.on)) as url:
        os.environ.update(environment, NEWSLETTER_FEED_URL=url, NEWSLETTER_CONTACT="operator@example.org")
        os.chdir(place)
        settings = load_settings()
        notifier, store = app.build_notifier(settings), app.build_store(settings)
        lists = [timed(lambda: app.load_subscribers(settings, store)) for _ in range(2)]
        groups: list[list[str]] = []
        collected = timed(lambda: groups.extend(collect_round(settings, notifier, Task())[0]))
        database = find_database(settings)
        assert database is not None
        queue = Queue(database)
        shared = timed(lambda: queue.put_deliveries(groups))
        due = [who for group in groups for who in group]
        parts = app.build_lasting_parts(settings)
        jobs = [
            timed(lambda ids=due[start : start + SLICE]: serve_round(settings, notifier, Task(), frozenset(ids), parts))  # type: ignore[misc]
            for start in range(0, slices * SLICE, SLICE)
        ]
    later = sum(jobs[1:]) / len(jobs[1:])
    seconds = (*lists, collected, shared, jobs[0], later)
    peak_mb = worker_morning.used(os.getpid()).peak_mb
    return [
        f"{case.readers:,}",
        str(case.years),
        *(f"{each:.2f}" for each in seconds),
        f"{later / SLICE * 1e3:.1f}",
        f"{peak_mb:.0f}",
    ]


def _drop(*_: Any) -> str:
    """No log: it would say each mail."""
    raise structlog.DropEvent


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--readers", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    options.add_argument("--profiles", type=int, default=50)
    options.add_argument("--slices", type=int, default=3)
    options.add_argument("--years", type=int, nargs="+", default=[0], help="of mails to everybody before this morning")
    chosen = options.parse_args()
    structlog.configure(processors=[_drop])
    console = Console(width=120)
    table = Table(title="CPU seconds of one process", title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newsletter-slices-")))
        sink = Sink()
        stack.callback(sink.close)
        mornings = Mornings(folder, sink, stack.enter_context(databases.postgres_server()))
        for readers, years in product(chosen.readers, chosen.years):
            row = measure(mornings, Case("postgresql", readers, chosen.profiles, years, workers=1), chosen.slices)
            console.print(" ".join(row))
            table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    main()
