"""A morning shared between processes: clocks put jobs into the queue in PostgreSQL, workers do them, and some die."""

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from newsletter.model import DeliveryState
from newsletter.settings import Settings
from newsletter.stores.sql import SqlStore
from newsletter.stores.sql.database import Database, parse_url
from newsletter.worker import release_queue
from newsletter.worker.queue import SMALL_SLICE
from tests.e2e import killed_run
from tests.e2e.killed_worker import FeedHandler
from tests.e2e.starts import COMMAND, Running
from tests.e2e.test_clock import environment, prepare
from tests.e2e.test_smtp import settings as smtp_settings
from tests.http_server import serving
from tests.mail_server import MailHost, Postmaster

FEW, MANY = 20, SMALL_SLICE + 35  # one slice, and more than one
MAILED = '"sent": [1-9].*"run_finished"'


@dataclass
class Place:
    folder: Path
    url: str
    feed_url: str
    postmaster: Postmaster
    running: ExitStack
    readers: int = 0

    def prepare(self, readers: int) -> None:
        self.readers = readers
        prepare(self.folder, readers)

    def start(self, *command: str) -> Running:
        settings = smtp_settings(self.postmaster, contact="operator@example.org", feed_url=f"{self.feed_url}/atom")
        running = Running([*COMMAND, *command], self.folder, environment(**settings) | {"DATABASE_URL": self.url})
        self.running.callback(running.close)
        return running

    def execute(self, statement: str) -> None:
        database = Database(parse_url(self.url))
        with database.change() as connection:
            connection.execute(text(statement))
        database.close()

    def require_one_mail_each(self) -> None:
        arrived = Counter(address for mail in self.postmaster.mails for address in mail.to)
        assert arrived == {f"r{number}@example.org": 1 for number in range(self.readers)}
        database = Database(parse_url(self.url))
        states = Counter(row.state for row in SqlStore(database).get_deliveries())
        database.close()
        assert states == {DeliveryState.ACCEPTED: self.readers}


@pytest.fixture
def place(tmp_path: Path, postgres_url: str, host: MailHost) -> Iterator[Place]:
    release_queue(Settings(database_url=postgres_url, _env_file=None))
    with serving(FeedHandler) as feed_url, host.serve() as postmaster, ExitStack() as running:
        made = Place(tmp_path, postgres_url, feed_url, postmaster, running)
        made.execute("TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_events CASCADE")
        yield made


def test_two_clocks_and_two_workers_mail_everybody_once_and_end_when_asked(place: Place) -> None:
    place.prepare(MANY)
    workers = [place.start("worker") for _ in range(2)]
    for worker in workers:
        worker.read_until("worker_started")
    clocks = [place.start("clock") for _ in range(2)]
    for worker in workers:
        worker.read_until(MAILED)
    place.postmaster.wait_for(MANY)  # either of them has the third job
    assert [process.end(signal.SIGTERM) for process in (*clocks, *workers)] == [0] * 4
    place.require_one_mail_each()
    assert not any("run_started" in line for clock in clocks for line in clock.lines), "the clocks mailed nobody"
    assert "@" not in "".join(line for worker in workers for line in worker.lines)


def test_what_a_killed_worker_had_in_hand_is_done_by_another(place: Place) -> None:
    place.prepare(FEW)
    first = place.start("worker")
    first.read_until("worker_started")
    clock = place.start("clock")
    first.read_until('"outcome": "sent"')
    first.process.kill()
    place.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    second = place.start("worker")
    second.read_until("job_of_a_dead_worker")
    second.read_until(MAILED)
    assert [process.end(signal.SIGTERM) for process in (clock, second)] == [0, 0]
    place.require_one_mail_each()


def test_a_worker_that_is_asked_to_end_leaves_the_rest_of_its_job_to_another(place: Place) -> None:
    place.prepare(FEW)
    first = place.start("worker")
    first.read_until("worker_started")
    clock = place.start("clock")
    first.read_until('"outcome": "sent"')
    assert first.end(signal.SIGTERM) == 0, first.lines
    assert 1 <= len(place.postmaster.mails) < FEW
    second = place.start("worker")
    second.read_until(MAILED)
    assert [process.end(signal.SIGTERM) for process in (clock, second)] == [0, 0]
    place.require_one_mail_each()


def test_without_a_worker_the_clock_does_the_work_itself(place: Place) -> None:
    place.prepare(FEW)
    clock = place.start("clock")
    clock.read_until(MAILED)
    assert clock.end(signal.SIGTERM) == 0
    place.require_one_mail_each()


def test_a_worker_without_postgresql_says_what_it_needs(tmp_path: Path) -> None:
    killed_run.prepare(tmp_path, 1)
    running = Running([*COMMAND, "worker"], tmp_path, environment())
    assert running.end() == 3
    assert "set DATABASE_URL to postgresql://" in "".join(running.lines)
    running.close()
