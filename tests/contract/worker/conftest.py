"""A queue in a real PostgreSQL: with our tables and those of the queue, all of them empty."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from newsletter import app
from newsletter.settings import Settings
from newsletter.stores import Store
from newsletter.worker.queue import Queue
from newsletter.worker.schema import release_queue


@dataclass
class Place:
    settings: Settings
    queue: Queue
    store: Store

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        with app.open_database(self.settings).statement() as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []

    def waiting(self, task: str) -> list[object]:
        return [
            args
            for (args,) in self.execute(
                f"SELECT args FROM procrastinate_jobs WHERE task_name = '{task}' AND status = 'todo' ORDER BY id"
            )
        ]

    def begin_job(self) -> int:
        """A worker takes the job that waits longest, and is not heard of again; gives the worker's id."""
        [(worker,)] = self.execute("SELECT procrastinate_register_worker_v1()")
        number = int(str(worker).strip("(),"))
        self.execute(f"SELECT procrastinate_fetch_job_v2(NULL, {number})")
        return number

    def silence(self, worker: int) -> None:
        """Lets a minute pass since the worker's latest sign of life."""
        self.execute(
            f"UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute' WHERE id = {worker}"
        )


@pytest.fixture
def place(postgres_url: str, tmp_path: Path) -> Iterator[Place]:
    settings = Settings(
        database_url=postgres_url, subscribers=tmp_path / "subscribers.yaml", outbox=tmp_path / "outbox", _env_file=None
    )
    release_queue(settings)
    made = Place(settings, Queue(app.open_database(settings)), app.build_store(settings))
    made.execute("TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_events CASCADE")
    yield made
    app.open_database(settings).close()
