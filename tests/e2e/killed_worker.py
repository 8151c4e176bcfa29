"""Mornings of two clocks and two workers that die again and again, and whose database is restarted in the middle.

`python -m tests.e2e.killed_worker HOW KILLS READERS` prints the numbers for docs/crashes.md. HOW is one of `mail` (the
mail server kills both workers as it has a mail of theirs whole), `write` (a worker is killed at one of its writes to
the ledger) and `any` (a worker or a clock, at any moment). `--restarts 3` restarts the database that often, in turn as
an operator does it (`fast`) and as a crash does (`immediate`). Half a minute without a sign of life is made to pass for
a killed worker, so that the next one puts its jobs back at once.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path

from aiosmtpd.smtp import Envelope, Session
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from newsletter import app
from newsletter.delivery import ledger
from newsletter.errors import StoreError
from newsletter.model import Delivery, DeliveryState
from newsletter.settings import Settings
from newsletter.stores.sql import SqlStore
from newsletter.stores.sql.database import Database, parse_url
from newsletter.worker import release_queue
from tests import databases
from tests.e2e import kill_at_a_write, killed_run
from tests.e2e.starts import Forked
from tests.e2e.test_clock import environment, prepare
from tests.e2e.test_smtp import settings as smtp_settings
from tests.http_server import Handler, serving
from tests.mail_server import Do, MailHost, Postmaster, Scripted

WORKERS = 2
LOOK_S = 0.5
KILLS = "kills.log"
WRITES_A_MAIL = 3  # to the ledger: claimed, handed over, accepted
SETTLED = {DeliveryState.ACCEPTED, DeliveryState.IN_DOUBT}


class FeedHandler(Handler):
    """The same feed for every category."""

    def do_GET(self) -> None:
        self.answer(200, killed_run.FEED.read_bytes(), content_type="application/atom+xml")


@dataclass(frozen=True)
class Plan:
    """How often what is killed and restarted."""

    how: str  # mail, write or any
    kills: int
    readers: int
    restarts: int = 0
    clocks: int = 1
    seed: int = 0
    patience_s: float = 300.0

    def __post_init__(self) -> None:
        assert self.how in ("mail", "write", "any"), self.how


class Killer(Postmaster):
    """A mail server that kills all workers at some of the mails: before it takes it, after, or a moment later."""

    def __init__(self, plan: Plan, chance: random.Random) -> None:
        super().__init__()
        self.workers: list[Forked] = []
        self.kills: Counter[str] = Counter()
        self._chance = chance
        self._targets = set(chance.sample(range(1, plan.readers), plan.kills)) if plan.how == "mail" else set()
        self._offers = 0

    async def handle_DATA(self, server: Scripted, session: Session, envelope: Envelope) -> str:
        self._offers += 1
        if self._offers not in self._targets:
            return await super().handle_DATA(server, session, envelope)
        how = self._chance.choice(["before it was taken", "after it was taken", "a moment later"])
        self.kills[how] += 1
        if how == "a moment later":
            answer = await super().handle_DATA(server, session, envelope)
            assert self._loop is not None
            self._loop.call_later(self._chance.random() * 0.03, self.kill_all)
            return answer
        if how == "after it was taken":
            await super().handle_DATA(server, session, envelope)
        self.kill_all()
        return await self.do(server, Do.DROP)

    def kill_all(self) -> None:
        for worker in self.workers:
            with suppress(ProcessLookupError):  # nobody looked yet since it was killed before
                os.kill(worker.pid, signal.SIGKILL)


@dataclass
class Toll:
    """What a morning came to."""

    plan: Plan
    kills: Counter[str]
    seconds: float
    doubled: int = 0
    lost: int = 0  # of a morning that is not finished: or not done yet
    doubts: int = 0
    doubts_with_mail: int = 0
    differing: int = 0  # the ledger says accepted, and the server has nothing
    is_finished: bool = True

    @property
    def is_harmless(self) -> bool:
        return not (self.doubled or self.lost or self.differing)

    def __str__(self) -> str:
        kills = ", ".join(f"{count} {how}" for how, count in sorted(self.kills.items()))
        unfinished = "" if self.is_finished else "NOT FINISHED: "
        return (
            f"{unfinished}{self.plan.readers} readers, {sum(self.kills.values())} kills ({kills}), "
            f"{self.plan.clocks} clocks and {WORKERS} workers, {self.plan.restarts} restarts of the database, "
            f"{self.seconds:.0f} s: {self.doubled} doubled, {self.lost} lost, {self.doubts} in doubt "
            f"({self.doubts_with_mail} of these the server has), {self.differing} that differ"
        )


@dataclass
class Morning:
    folder: Path
    url: str
    plan: Plan
    killer: Killer
    env: dict[str, str]
    database: Database
    chance: random.Random
    clocks: list[Forked] = field(default_factory=list)
    starts: int = 0

    def start(self, command: str) -> Forked:
        self.starts += 1
        log = os.open(self.folder / f"{command}-{self.starts}.log", os.O_CREAT | os.O_WRONLY)
        process = Forked([command], self.folder, self.env | self._kill_at(command), log)
        os.close(log)
        return process

    def _kill_at(self, command: str) -> dict[str, str]:
        """Draws the write at which this worker is to die, so that all of them together die often enough."""
        if self.plan.how != "write" or command != "worker" or self.kills() >= self.plan.kills:
            return {}
        writes = WRITES_A_MAIL * self.plan.readers // self.plan.kills
        when = self.chance.choice([kill_at_a_write.BEFORE, kill_at_a_write.AFTER])
        return {"KILL_AT": f"{self.chance.randint(1, writes)} {when} {self.folder / KILLS}"}

    def kills(self) -> int:
        log = self.folder / KILLS
        if self.plan.how == "write" and log.exists():
            self.killer.kills = Counter(log.read_text().splitlines())
        return sum(self.killer.kills.values())

    def look(self) -> bool:
        """Starts anew what died, after killing somebody if it is time; says whether everybody's mail is settled."""
        rows = self.rows()
        settled = sum(row.state in SETTLED for row in rows)
        if self.plan.how == "any" and self.kills() < self.plan.kills and settled:
            self._kill_somebody()
        dead = [worker for worker in self.killer.workers if worker.poll() is not None]
        if dead:
            self._bury()
            living = [worker for worker in self.killer.workers if worker not in dead]
            self.killer.workers = living + [self.start("worker") for _ in dead]
        self.clocks = [clock if clock.poll() is None else self.start("clock") for clock in self.clocks]
        return settled == self.plan.readers

    def _kill_somebody(self) -> None:
        time.sleep(self.chance.random() * LOOK_S)
        name = self.chance.choice(["worker", "worker", "worker", "clock"])
        victim = self.chance.choice(self.killer.workers if name == "worker" else self.clocks)
        victim.kill()
        victim.wait()
        self.killer.kills[f"of a {name}"] += 1

    def _bury(self) -> None:
        """The dead have shown no sign of life for long; so have the living, whose jobs are done twice then."""
        with self.database.change() as connection:
            connection.execute(text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'"))

    def rows(self) -> list[Delivery]:
        return SqlStore(self.database).get_deliveries()

    def end_all(self) -> None:
        for process in [*self.killer.workers, *self.clocks]:
            process.kill()  # which does nothing to one that has ended
            process.wait()


def restart_database(data: Path, mode: str) -> None:
    """Ends every connection and begins anew: `fast` as an operator or an update does it, `immediate` as a crash."""
    program = Path((data / "postmaster.opts").read_text().split()[0])  # there are several versions
    command = [program.with_name("pg_ctl"), "-D", data, "-m", mode, "-w", "restart", "-o", f"-h '' -k {data}"]
    with (data / "restart.log").open("w") as log:  # no pipe: the server would hold it open
        subprocess.run(command, check=True, stdout=log, stderr=log, timeout=60, user=data.stat().st_uid)


def morning(url: str, folder: Path, plan: Plan) -> Toll:
    """One morning to its end, and what became of each mail."""
    release_queue(Settings(database_url=url, _env_file=None))
    prepare(folder, plan.readers)
    chance = random.Random(plan.seed)
    host, killer = MailHost(), Killer(plan, chance)
    database = Database(parse_url(url))
    with ExitStack() as stack:
        stack.callback(database.close)
        stack.callback(host.stop)
        feed_url = stack.enter_context(serving(FeedHandler))
        stack.enter_context(host.serve_by(killer))
        env = environment(**smtp_settings(killer, contact="operator@example.org", feed_url=f"{feed_url}/atom"))
        given = Morning(folder, url, plan, killer, env | {"DATABASE_URL": url}, database, chance)
        with database.change() as connection:
            connection.execute(text("TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_events CASCADE"))
        killer.workers = [given.start("worker") for _ in range(WORKERS)]
        stack.callback(given.end_all)
        _wait_for_workers(database)
        given.clocks = [given.start("clock") for _ in range(plan.clocks)]
        seconds, is_finished = _keep_looking(given)
        given.end_all()  # so that nobody mails between two counts
        return replace(_count(given, seconds), is_finished=is_finished)


def _keep_looking(given: Morning) -> tuple[float, bool]:
    """Looks until everybody's mail is settled, or the patience is at its end; gives the seconds, and which it was."""
    plan, began = given.plan, time.monotonic()
    due = [plan.readers * (n + 1) // (plan.restarts + 1) for n in range(plan.restarts)]
    modes = cycle(["fast", "immediate"])
    is_settled = False
    while not is_settled and time.monotonic() < began + plan.patience_s:
        if due and len(given.killer.mails) >= due[0]:
            due.pop(0)
            restart_database(Path(parse_url(given.url).query["host"]), next(modes))  # type: ignore[arg-type]
        with suppress(StoreError, DBAPIError):  # it is just being restarted
            is_settled = given.look()
        time.sleep(LOOK_S)
    given.kills()
    return time.monotonic() - began, is_settled


def _wait_for_workers(database: Database) -> None:
    while True:
        with database.statement() as connection:
            if connection.execute(text("SELECT count(*) FROM procrastinate_workers")).scalar_one() >= WORKERS:
                return
        time.sleep(0.2)


def _count(given: Morning, seconds: float) -> Toll:
    arrived = Counter(address for mail in given.killer.mails for address in mail.to)
    settings = Settings(database_url=given.url, subscribers=given.folder / "subscribers.yaml", _env_file=None)
    addresses = {
        one.subscriber_id: one.email for one in app.load_listed(settings, SqlStore(given.database)).subscribers
    }
    rows = {addresses[row.subscriber_id]: row for row in given.rows()}
    toll = Toll(given.plan, given.killer.kills, seconds)
    for address in addresses.values():
        row, count = rows.get(address), arrived[address]
        is_doubt = row is not None and row.state in ledger.OPEN_STATES
        toll.doubled += max(0, count - 1)
        toll.lost += not count and not is_doubt
        toll.doubts += is_doubt
        toll.doubts_with_mail += is_doubt and bool(count)
        toll.differing += row is not None and row.state is DeliveryState.ACCEPTED and not count
    return toll


def _make_durable(url: str) -> None:
    """A database that may lose its latest commits in a crash would forget mails that have left."""
    database = Database(parse_url(url))
    with database.statement() as connection:
        connection.execute(text("ALTER SYSTEM SET synchronous_commit = on"))
        connection.execute(text("SELECT pg_reload_conf()"))
    database.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("how", choices=["mail", "write", "any"])
    options.add_argument("kills", type=int)
    options.add_argument("readers", type=int)
    options.add_argument("--restarts", type=int, default=0)
    options.add_argument("--clocks", type=int, default=2)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--patience-s", type=float, default=400.0)
    plan = Plan(**vars(options.parse_args()))
    with databases.postgres_server() as url, tempfile.TemporaryDirectory() as folder:
        databases.migrate(url)
        _make_durable(url)
        print(morning(url, Path(folder), plan))  # noqa: T201


if __name__ == "__main__":
    main()
