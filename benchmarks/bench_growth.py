"""From one lab to a hundred thousand readers: an announcement of 1,350 papers, mailed to a mail server, on each memory.

    python -m benchmarks.bench_growth [--readers 100 1000] [--profiles 50] [--memory tinydb sqlite postgresql]
        [--workers 0 1 2] [--processes 1 2] [--years 0 2] [--other CHECKOUT]

Every case is a cold process, `newsletter run`, with a memory of its own that knows the readers and the days before. The
mails leave by SMTP to a server in another process, which counts them and takes its part of the machine's cores.
`--workers` has a `newsletter clock` share the morning between so many `newsletter worker` on PostgreSQL; 0 is a run, in
which so many `--processes` mail. `--other` measures the same with the program of another checkout (on TinyDB), in the
same run. `--years` puts so many years of mails into the memory before. PostgreSQL's server is that of the tests, which
need not flush its files.

Measures and prints; asserts nothing but that everybody got one mail, by the mail server's count of each address and by
the ledger. With 100,000 readers that takes long; nothing ends a morning that goes on.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from rich.console import Console
from rich.table import Table

from benchmarks import made_days, worker_morning
from benchmarks.stopwatch import STOPWATCH
from newsletter.addresses import subscriber_id
from newsletter.delivery import ledger
from newsletter.model import Paper, SignUp, SignUpOrigin
from newsletter.run import last_weekdays
from newsletter.settings import Settings
from newsletter.stores import Store
from newsletter.stores.sql import SqlStore, tables
from newsletter.stores.sql.database import Database, parse_url
from newsletter.stores.sql.signups import enrolled_columns_of
from newsletter.stores.sql.table import SqlTable
from newsletter.stores.tinydb import TinyStore
from newsletter.worker import release_queue
from tests import databases

HERE = Path(__file__).parent
ON = date(2025, 10, 7)
PAPERS = 1350
HISTORY_DAYS = 3
LATE = 30  # papers of the day that a mail of any year may have had
AT = datetime(2025, 10, 1, tzinfo=UTC)
AT_ONCE = 1_000  # readers that are written or looked up together
COUNTED_READERS = 200  # round trips do not depend on how many there are


@dataclass(frozen=True, slots=True)
class Case:
    memory: str
    readers: int
    profiles: int
    years: float = 0
    workers: int = 0
    checkout: Path | None = None
    processes: int = 1

    @property
    def name(self) -> str:
        workers = f", {self.workers} workers" if self.workers else ""
        workers += f", {self.processes} processes" if self.processes > 1 else ""
        years = f", {self.years:g} years" if self.years else ""
        other = f", {self.checkout.name}" if self.checkout else ""
        return f"{self.memory}{workers}, {self.readers:,} readers, {self.profiles:,} profiles{years}{other}"

    @property
    def on(self) -> date:
        """The day of the announcement: a clock knows no other than today, by arXiv's calendar."""
        return datetime.now(ZoneInfo("America/New_York")).date() if self.workers else ON


@dataclass(frozen=True, slots=True)
class Cost:
    wall_s: float
    cpu_s: float
    peak_mb: float
    detail: str = ""


class Sink:
    """The mail server in another process."""

    def __init__(self) -> None:
        command = [sys.executable, str(HERE / "smtp_sink.py")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self._read())
        self._before = 0

    def peek(self) -> int:
        """How many mails came since the last `count`."""
        return self._ask()[0] - self._before

    def count(self, domain: str) -> tuple[int, int, int]:
        """How many mails came since the last call, how many readers ever got two, and how many there got just one."""
        total, twice, once = self._ask(domain)
        new, self._before = total - self._before, total
        return new, twice, once

    def _ask(self, domain: str = "") -> tuple[int, int, int]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{domain}\n")
        self._process.stdin.flush()
        total, twice, once = map(int, self._read().split())
        return total, twice, once

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


class Mornings:
    """Folders with feeds, the memories that know readers and days, and the processes measured on them."""

    def __init__(self, folder: Path, sink: Sink, server: str) -> None:
        self._folder, self._sink, self._server = folder, sink, server
        self._cases = 0
        self._digest_on = ON
        self._days: dict[date, dict[date, list[Paper]]] = {}

    def measure(self, case: Case) -> Cost:
        place, environment = self.prepare(case)
        cost = self._share(case, place, environment) if case.workers else self._run(case, place, environment)
        self._require_ledger(case, place, environment)
        shutil.rmtree(place)
        return cost

    def _share(self, case: Case, place: Path, environment: dict[str, str]) -> Cost:
        with worker_morning.serve_feeds(self.feeds(case.on)) as url:
            environment |= {"NEWSLETTER_FEED_URL": url, "NEWSLETTER_CONTACT": "operator@example.org"}
            shared = worker_morning.share(place, environment, case.workers, self._sink.peek, case.readers)
        self._require(case, 0, "")
        return Cost(shared.last_s, shared.cpu_s, shared.peak_mb, str(shared))

    def _run(self, case: Case, place: Path, environment: dict[str, str]) -> Cost:
        script = ("-m", "newsletter", "run", "--quiet", "--feed", str(self.feeds(case.on)))
        if case.checkout:
            environment["PYTHONPATH"] = str(case.checkout)
        command = [sys.executable, "-I", "-S", "-c", STOPWATCH, *script]
        done = subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True, check=True)
        status, wall_s, cpu_s, peak_mb = json.loads(done.stdout.splitlines()[-1])
        self._require(case, status, done.stderr)
        return Cost(wall_s, cpu_s, peak_mb)

    def round_trips(self, case: Case) -> float:
        """How often the database is asked for a mail, beside what a morning without readers asks."""
        few, many = (self._count(Case(case.memory, readers, 10)) for readers in (10, COUNTED_READERS))
        return (many - few) / (COUNTED_READERS - 10)

    def _count(self, case: Case) -> int:
        place, environment = self.prepare(case)
        command = [sys.executable, str(HERE / "count_round_trips.py"), "run", "--quiet", "--feed"]
        done = subprocess.run(
            [*command, str(self.feeds(case.on))],
            env=environment,
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
        self._require(case, done.returncode, done.stderr)
        return int(done.stdout.splitlines()[-1])

    def _require(self, case: Case, status: int, errors: str) -> None:
        """Ends the program unless the mail server has one mail for each address."""
        mailed, twice, once = self._sink.count(self._domain)
        if (status, mailed, twice, once) != (0, case.readers, 0, case.readers):
            raise SystemExit(
                f"{case.name}: ended with {status}, {mailed} mails, {twice} readers got more, {once} just one\n"
                f"{errors[-2000:]}"
            )

    def _require_ledger(self, case: Case, place: Path, environment: dict[str, str]) -> None:
        """Ends the program unless the ledger has one accepted mail for each reader."""
        if case.checkout:
            return  # whose memory this program need not know
        url = environment.get("DATABASE_URL")
        database = Database(parse_url(url)) if url else None
        store: Store = SqlStore(database) if database else TinyStore(place / "state")
        ids = store.get_enrolled_ids()
        mails = Counter[str]()
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            rows = store.get_deliveries(subscriber_ids=some, since=self._digest_on)
            mails.update(row.subscriber_id for row in rows if row.state in ledger.ACCEPTED_STATES)
        if database:
            database.close()
        if len(ids) != case.readers or mails != Counter(ids):
            wrong = sum(mails[who] != 1 for who in ids)
            raise SystemExit(f"{case.name}: by the ledger {wrong} of {len(ids)} readers have not one mail each")

    @property
    def _domain(self) -> str:
        """Of the readers of the latest case."""
        return f"case{self._cases}.example.org"

    def _papers(self, on: date) -> dict[date, list[Paper]]:
        """The days before `on` and itself, oldest first. Some papers of the day are cross-lists of years ago."""
        if on not in self._days:
            days = self._days[on] = {
                day: made_days.make_papers(PAPERS if day == on else PAPERS * 3 // 4, day, day.toordinal())
                for day in [*last_weekdays(on, HISTORY_DAYS), on]
            }
            days[on][:LATE] = [
                replace(paper, arxiv_id=f"{on.year % 100 - 1 - number % 2}{paper.arxiv_id[2:]}")
                for number, paper in enumerate(days[on][:LATE])
            ]
        return self._days[on]

    def feeds(self, on: date) -> Path:
        folder = self._folder / f"feeds-{on}"
        if not folder.exists():
            made_days.write_feeds(folder, self._papers(on)[on], on, made_days.CATEGORIES)
        return folder

    def prepare(self, case: Case) -> tuple[Path, dict[str, str]]:
        """A folder and an environment with a memory that knows the readers and the days before."""
        self._cases += 1
        place = self._folder / f"case{self._cases}"
        place.mkdir()
        made_days.write_subscribers(place / "one.yaml", 1, made_days.CATEGORIES)
        one = yaml.safe_load((place / "one.yaml").read_text("utf-8"))
        nobody = {**one["subscribers"][0], "paused_until": "2099-01-01"}
        (place / "subscribers.yaml").write_text(
            yaml.safe_dump({"defaults": {"welcome": False}, "subscribers": [nobody]})
        )
        url = self._new_database(case.memory, place)
        database = Database(parse_url(url)) if url else None
        store: Store = SqlStore(database) if database else TinyStore(place / "state")
        for day, papers in self._papers(case.on).items():
            if day < case.on:
                made_days.remember_papers(store, day, papers, made_days.CATEGORIES)
        everybody = _enrolments(case, place, self._domain)
        self._digest_on = datetime.now(ZoneInfo(_zone_at_six())).date() if case.workers else case.on
        if database:
            enrolled = SqlTable(database, tables.enrolled, SignUp, enrolled_columns_of)
            while some := tuple(islice(everybody, AT_ONCE)):
                enrolled.put(*some)
        else:
            for enrolment in everybody:
                store.enrol(enrolment)
        if case.years:
            first, *others = store.get_enrolled_ids()
            made_days.remember_mails(store, case.on, round(250 * case.years), first)
            if database:
                made_days.copy_rows(database, first, others)
            else:
                made_days.copy_files(place / "state", first, others)
                made_days.leave_as_yesterday(TinyStore(place / "state"), place / "state")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("NEWSLETTER_", "DATABASE_URL"))}
        sending = {"SEND_BY": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(self._sink.port), "SMTP_TLS": "none"}
        sending["SECRET_KEYS"] = "known-to-everybody-benchmarks-sign-with-it"
        sending |= {"SENDER": "news@example.org", "STATE": str(place / "state"), "OUTBOX": str(place / "outbox")}
        sending["MAILING_PROCESSES"] = str(case.processes)
        environment = kept | {f"NEWSLETTER_{name}": value for name, value in sending.items()}
        return place, environment | ({"DATABASE_URL": url} if url else {})

    def _new_database(self, memory: str, place: Path) -> str:
        if memory == "tinydb":
            return ""
        url = databases.sqlite_url(place / "state.db")
        if memory == "postgresql":
            url = databases.new_schema(self._server, f"growth{self._cases}")
        databases.migrate(url)
        release_queue(Settings(database_url=url, _env_file=None))
        return url


def _enrolments(case: Case, place: Path, domain: str) -> Iterator[SignUp]:
    made_days.write_subscribers(place / "profiles.yaml", case.profiles, made_days.CATEGORIES)
    entries = yaml.safe_load((place / "profiles.yaml").read_text("utf-8"))["subscribers"]
    profiles = []
    for entry in entries:
        del entry["email"], entry["name"]
        entry |= {"frequency": "daily", "time_zone": _zone_at_six(), "send_at": "05:00"}
        entry["empty_mail"] = True  # a first mail always comes; after years of them none would where nothing passes
        profiles.append(yaml.safe_dump(entry, sort_keys=False, width=10_000))
    for number in range(case.readers):
        email = f"reader{number}@{domain}"
        profile = profiles[number % len(profiles)]
        who = subscriber_id(email)
        yield SignUp(who, AT, email, f"Reader {number}", (), "", origin=SignUpOrigin.OPERATOR, profile=profile)


def _zone_at_six() -> str:
    """Where it is six in the morning now: what is due since five o'clock is in time for hours."""
    offset = (6 - datetime.now(UTC).hour + 11) % 24 - 11
    return f"Etc/GMT{-offset:+d}"  # POSIX: the sign is the other way round


@contextmanager
def postgresql(memories: list[str]) -> Iterator[str]:
    if "postgresql" in memories:
        with databases.postgres_server() as url:
            yield url
    else:
        yield ""


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was begun is ended
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--readers", type=int, nargs="+", default=[100, 1000])
    options.add_argument("--profiles", type=int, nargs="+", default=[50], help="0: a tenth of the readers")
    options.add_argument("--memory", nargs="+", default=["tinydb", "sqlite", "postgresql"])
    options.add_argument("--workers", type=int, nargs="+", default=[0], help="0: none; else PostgreSQL alone")
    options.add_argument("--processes", type=int, nargs="+", default=[1], help="of a run; not of workers")
    options.add_argument("--years", type=float, nargs="+", default=[0])
    options.add_argument("--other", type=Path)
    chosen = options.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)
    table = Table(title=f"An announcement of {PAPERS:,} papers, cold process to the last mail", title_justify="left")
    for heading in (
        "memory, readers",
        "wall s",
        "ratio",
        "mails/s",
        "CPU ms a reader",
        "peak MB",
        "round trips a mail",
    ):
        table.add_column(heading, justify="left" if heading == "memory, readers" else "right")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newsletter-growth-")))
        sink = Sink()
        stack.callback(sink.close)
        mornings = Mornings(folder, sink, stack.enter_context(postgresql(chosen.memory)))
        is_counted = 0 in chosen.workers  # of one process
        asked = {
            memory: f"{mornings.round_trips(Case(memory, 0, 0)):.1f}" if is_counted and memory != "tinydb" else ""
            for memory in chosen.memory
        }
        cases = [
            Case(memory, readers, profiles or readers // 10, years, workers, checkout, processes)
            for readers in chosen.readers
            for profiles in chosen.profiles
            for memory in chosen.memory
            for workers in chosen.workers
            if memory == "postgresql" or not workers
            for processes in (chosen.processes[:1] if workers else chosen.processes)
            for years in chosen.years
            for checkout in ([chosen.other, None] if chosen.other and memory == "tinydb" else [None])
        ]
        base: dict[tuple[int, int], float] = {}
        for case in cases:
            cost = mornings.measure(case)
            first = base.setdefault((case.readers, case.profiles), cost.wall_s)
            table.add_row(
                *(case.name, f"{cost.wall_s:.1f}", f"{cost.wall_s / first:.2f}", f"{case.readers / cost.wall_s:.0f}"),
                *(f"{cost.cpu_s / case.readers * 1e3:.0f}", f"{cost.peak_mb:.0f}", asked[case.memory]),
            )
            console.print(f"{case.name}: {cost.wall_s:.1f} s, CPU {cost.cpu_s:.1f} s; {cost.detail}", soft_wrap=True)
    console.print(table)


if __name__ == "__main__":
    main()
