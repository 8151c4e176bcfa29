"""Mornings whose workers die again and again: killed as a mail server has a mail of theirs whole, or at any moment.

`python -m tests.e2e.killed_worker KILLS READERS` prints the numbers for docs/crashes.md; a third number restarts the
database that often. Half a minute without a sign of life is made to pass for a killed worker, so that the next one puts
its jobs back at once.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass
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
from tests.e2e import killed_run
from tests.e2e.starts import Forked
from tests.e2e.test_clock import environment, prepare
from tests.e2e.test_smtp import settings as smtp_settings
from tests.http_server import Handler, serving
from tests.mail_server import Do, MailHost, Postmaster, Scripted

WORKERS = 2
PATIENCE_S = 300
SETTLED = {DeliveryState.ACCEPTED, DeliveryState.IN_DOUBT}


class FeedHandler(Handler):
    """The same feed for every category."""

    def do_GET(self) -> None:
        self.answer(200, killed_run.FEED.read_bytes(), content_type="application/atom+xml")


class Killer(Postmaster):
    """A mail server that kills all workers at some of the mails: before it takes it, after, or a moment later."""

    def __init__(self, kills: int, readers: int, chance: random.Random) -> None:
        super().__init__()
        self.workers: list[Forked] = []
        self.kills: Counter[str] = Counter()
        self._chance = chance
        self._targets = set(chance.sample(range(1, readers), kills))
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

    def end_all(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()


@dataclass
class Toll:
    """What a morning came to."""

    readers: int
    kills: Counter[str]
    seconds: float
    doubled: int = 0
    lost: int = 0  # or not done yet, if the time ran out
    doubts: int = 0
    doubts_with_mail: int = 0
    differing: int = 0  # the ledger says accepted, and the server has nothing
    restarts: int = 0

    @property
    def is_harmless(self) -> bool:
        return not (self.doubled or self.lost or self.differing)

    def __str__(self) -> str:
        kills = ", ".join(f"{count} {how}" for how, count in sorted(self.kills.items()))
        return (
            f"{self.readers} readers, {sum(self.kills.values())} kills of {WORKERS} workers ({kills}), {self.restarts} "
            f"restarts of the database, {self.seconds:.0f} s: {self.doubled} doubled, {self.lost} lost, {self.doubts} "
            f"in doubt ({self.doubts_with_mail} of these the server has), {self.differing} that differ"
        )


@dataclass
class Morning:
    folder: Path
    url: str
    readers: int
    killer: Killer
    env: dict[str, str]
    database: Database
    starts: int = 0

    def start(self, command: str) -> Forked:
        self.starts += 1
        log = os.open(self.folder / f"{command}-{self.starts}.log", os.O_CREAT | os.O_WRONLY)
        process = Forked([command], self.folder, self.env, log)
        os.close(log)
        return process

    def look(self) -> bool:
        """Starts dead workers anew; says whether everybody's mail is settled."""
        dead = [worker for worker in self.killer.workers if worker.poll() is not None]
        if dead:
            with self.database.change() as connection:
                connection.execute(
                    text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
                )
            living = [worker for worker in self.killer.workers if worker not in dead]
            self.killer.workers = living + [self.start("worker") for _ in dead]
        rows = self.rows()
        return len(rows) == self.readers and all(row.state in SETTLED for row in rows)

    def rows(self) -> list[Delivery]:
        return SqlStore(self.database).get_deliveries()


def restart_database(data: Path) -> None:
    """Ends every connection at once and begins anew, as a platform does in the middle of the day."""
    program = Path((data / "postmaster.opts").read_text().split()[0])  # there are several versions
    command = [program.with_name("pg_ctl"), "-D", data, "-m", "immediate", "-w", "restart", "-o", f"-h '' -k {data}"]
    with (data / "restart.log").open("w") as log:  # no pipe: the server would hold it open
        subprocess.run(command, check=True, stdout=log, stderr=log, timeout=60, user=data.stat().st_uid)


def morning(url: str, folder: Path, kills: int, readers: int, seed: int = 0, restarts: int = 0) -> Toll:
    """One morning to its end, and what became of each mail."""
    settings = Settings(database_url=url, _env_file=None)
    release_queue(settings)
    prepare(folder, readers)
    host, killer = MailHost(), Killer(kills, readers, random.Random(seed))
    database = Database(parse_url(url))
    with ExitStack() as stack:
        stack.callback(database.close)
        stack.callback(host.stop)
        feed_url = stack.enter_context(serving(FeedHandler))
        stack.enter_context(host.serve_by(killer))
        env = environment(**smtp_settings(killer, contact="operator@example.org", feed_url=f"{feed_url}/atom"))
        given = Morning(folder, url, readers, killer, env | {"DATABASE_URL": url}, database)
        with database.change() as connection:
            connection.execute(text("TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_events CASCADE"))
        killer.workers = [given.start("worker") for _ in range(WORKERS)]
        stack.callback(killer.end_all)
        _wait_for_workers(database)
        clock = given.start("clock")
        stack.callback(clock.wait)
        stack.callback(clock.kill)
        began = time.monotonic()
        due = [readers * (n + 1) // (restarts + 1) for n in range(restarts)]
        while time.monotonic() < began + PATIENCE_S:
            if due and len(killer.mails) >= due[0]:
                due.pop(0)
                restart_database(Path(parse_url(url).query["host"]))  # type: ignore[arg-type]
            try:
                if given.look():
                    break
            except (StoreError, DBAPIError):
                pass  # it is just being restarted
            time.sleep(0.5)
        return _count(given, time.monotonic() - began, restarts)


def _wait_for_workers(database: Database) -> None:
    while True:
        with database.statement() as connection:
            if connection.execute(text("SELECT count(*) FROM procrastinate_workers")).scalar_one() >= WORKERS:
                return
        time.sleep(0.2)


def _count(given: Morning, seconds: float, restarts: int) -> Toll:
    arrived = Counter(address for mail in given.killer.mails for address in mail.to)
    settings = Settings(database_url=given.url, subscribers=given.folder / "subscribers.yaml", _env_file=None)
    addresses = {
        one.subscriber_id: one.email for one in app.load_listed(settings, SqlStore(given.database)).subscribers
    }
    rows = {addresses[row.subscriber_id]: row for row in given.rows()}
    toll = Toll(given.readers, given.killer.kills, seconds, restarts=restarts)
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


def main(kills: int, readers: int, restarts: int = 0, seed: int = 0) -> None:
    with databases.postgres_server() as url, tempfile.TemporaryDirectory() as folder:
        databases.migrate(url)
        _make_durable(url)
        print(morning(url, Path(folder), kills, readers, seed, restarts))  # noqa: T201


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
