"""A morning that a clock hands to workers, as processes of their own, and what each of them costs.

Used by bench_growth.py. Times of processes are read from /proc while they live, so this runs on Linux alone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from newsletter.stores.sql.database import Database, parse_url
from tests.http_server import Handler, serving

STILL_S = 1_200.0  # without a mail: something is wrong
LOOK_S = 0.1
_TICKS = os.sysconf("SC_CLK_TCK")
_COMMAND = (sys.executable, "-m", "newsletter")


@dataclass(frozen=True, slots=True)
class Used:
    """What a process has used so far."""

    cpu_s: float
    peak_mb: float

    def __str__(self) -> str:
        return f"{self.cpu_s:.1f} CPU-s, {self.peak_mb:.0f} MB"


@dataclass(frozen=True, slots=True)
class SharedMorning:
    """Seconds from the start of the clock to the first and to the last mail, and what each process used."""

    first_s: float
    last_s: float
    clock: Used
    workers: Sequence[Used]
    collected: Sequence[bool]  # whether that worker ever collected a morning for all, beside mailing
    database_cpu_s: float

    @property
    def cpu_s(self) -> float:
        """Of the newsletter's own processes."""
        return self.clock.cpu_s + sum(each.cpu_s for each in self.workers)

    @property
    def peak_mb(self) -> float:
        """Of the process that took the most."""
        return max(each.peak_mb for each in (self.clock, *self.workers))

    def __str__(self) -> str:
        roles = ("the worker that mails alone", "the worker that collects")
        workers = "; ".join(f"{roles[has]} {used}" for used, has in zip(self.workers, self.collected, strict=True))
        return (
            f"first mail after {self.first_s:.1f} s; {workers}; clock {self.clock}; "
            f"PostgreSQL {self.database_cpu_s:.1f} CPU-s"
        )


@contextmanager
def serve_feeds(folder: Path) -> Iterator[str]:
    """Answers `/CATEGORY` with the file of that category, at the address that this gives."""

    class FeedHandler(Handler):
        def do_GET(self) -> None:
            file = folder / f"{Path(self.path).name}.atom"
            self.answer(200, file.read_bytes(), content_type="application/atom+xml")

    with serving(FeedHandler) as url:
        yield url


def share(
    place: Path, environment: dict[str, str], workers: int, count_mails: Callable[[], int], readers: int
) -> SharedMorning:
    """Has `workers` share a morning of so many readers, from the start of a clock to the end of the last job."""
    url = environment["DATABASE_URL"]
    database = Database(parse_url(url))
    with ExitStack() as stack:
        stack.callback(database.close)
        logs = [stack.enter_context((place / f"worker{number}.log").open("wb")) for number in range(workers)]
        running = [stack.enter_context(_process("worker", place, environment, log)) for log in logs]
        _wait(place, lambda: _ask(database, "SELECT count(*) FROM procrastinate_workers"), workers)
        database_cpu_s = _cpu_of_server(url)
        began = time.monotonic()
        clock = stack.enter_context(
            _process("clock", place, environment, stack.enter_context((place / "clock.log").open("wb")))
        )
        running.append(clock)
        first_s = _wait(place, count_mails, 1) - began
        last_s = _wait(place, count_mails, readers) - began
        _wait(place, lambda: -_ask(database, "SELECT count(*) FROM procrastinate_jobs WHERE status <> 'failed'"), 0)
        *of_workers, of_clock = [used(one.pid) for one in running]
        database_cpu_s = _cpu_of_server(url) - database_cpu_s
        collected = ["shared_out" in Path(log.name).read_text("utf-8") for log in logs]
    return SharedMorning(first_s, last_s, of_clock, of_workers, collected, database_cpu_s)


@contextmanager
def _process(command: str, place: Path, environment: dict[str, str], log: object) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [*_COMMAND, command],
        cwd=place,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,  # type: ignore[call-overload]
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(place: Path, progress: Callable[[], int], goal: int) -> float:
    """Looks until that number has reached the goal; gives the time. Ends the program if it stands still."""
    latest, since = progress(), time.monotonic()
    while latest < goal:
        time.sleep(LOOK_S)
        if (number := progress()) != latest:
            latest, since = number, time.monotonic()
        if time.monotonic() > since + STILL_S:
            logs = "".join(f"{log.name}:\n{log.read_text()[-1500:]}\n" for log in sorted(place.glob("*.log")))
            raise SystemExit(f"the morning stands still at {latest} of {goal}\n{logs}")
    return time.monotonic()


def _ask(database: Database, question: str) -> int:
    with database.statement() as connection:
        return int(connection.execute(text(question)).scalar_one())


def used(pid: int) -> Used:
    status = Path(f"/proc/{pid}/status").read_text()
    peak_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    return Used(_cpu_s(pid), peak_kb / 1024)


def _cpu_s(pid: int, *, with_ended: bool = False) -> float:
    """Seconds of the processor (proc_pid_stat(5)); `with_ended`: and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if with_ended else 13])) / _TICKS


def _cpu_of_server(url: str) -> float:
    """What PostgreSQL's server and all its processes have used; it lies in the folder of its socket."""
    folder = parse_url(url).query["host"]
    server = int(Path(str(folder), "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return _cpu_s(server, with_ended=True) + sum(_cpu_s(int(child)) for child in children)
