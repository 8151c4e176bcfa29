"""The queue as its users see it: what waits in it, what is put into it, and what a dead worker left undone.

A job is put in on a connection of ours, so that it is there exactly if what was written with it is. This module loads
Procrastinate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import procrastinate
from procrastinate import exceptions
from sqlalchemy import Connection, text

from newsletter.run import cut_into_slices
from newsletter.worker.database import QueueDatabase

NAME = "newsletter"
SLICE = 200  # readers of one job at most: some seconds of work, and what a killed worker leaves for half a minute
SMALL_SLICE = 25  # a job of fewer readers is more its beginning than its mails
JOBS = 8  # rather than one large one, so that several workers share a short list
HEARTBEAT_S = 5.0
STALLED_S = 30.0  # without a heartbeat: the worker is dead, and its jobs are put back

# A job whose end could not be written down is "doing" for good; nobody waits longer for it than this
_WAITING = """
SELECT job.args -> 'subscriber_ids' FROM procrastinate_jobs job
WHERE job.task_name = 'deliver' AND (job.status = 'todo' OR job.status = 'doing' AND EXISTS (
    SELECT FROM procrastinate_events event
    WHERE event.job_id = job.id AND event.type = 'started' AND event.at > now() - interval '10 minutes'))
"""
_ALIVE = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :stalled)"


def slice_size(readers: int) -> int:
    """Tells how many of so many readers one job mails: SMALL_SLICE to SLICE."""
    return min(SLICE, max(SMALL_SLICE, -(-readers // JOBS)))


class Queue:
    """The jobs of one newsletter, in the database of its memory. May be used by several threads."""

    def __init__(self, database: QueueDatabase) -> None:
        self._database = database
        self._app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())  # never opened: see _defer

    def count_workers(self) -> int:
        """Counts the workers that showed a sign of life within the last half minute."""
        with self._database.statement() as connection:
            return int(connection.execute(text(_ALIVE), {"stalled": STALLED_S}).scalar_one())

    def put_collect(self) -> bool:
        """Puts the job in that collects a morning and shares it out; False if one waits already."""
        return self._put_once("collect")

    def put_retain(self, claim: Callable[[], bool]) -> bool:
        """Puts the job in that forgets what is too old, together with the claim on this day; False without it."""
        with self._database.change():
            return claim() and self._put_once("retain")

    def put_deliveries(self, groups: Sequence[Sequence[str]]) -> int:
        """Puts jobs in for those of these readers for whom none waits, in slices; gives how many. May be repeated.

        The readers of a group, who have one profile, are in one slice if they fit.
        """
        with self._database.change() as connection:
            self._database.lock("queue")  # two clocks look one after the other
            waiting = {who for ids in connection.execute(text(_WAITING)).scalars() for who in ids}
            wanted = [[who for who in group if who not in waiting] for group in groups]
            slices = cut_into_slices(wanted, slice_size(sum(map(len, wanted))))
            if slices:
                self._defer(connection, "deliver", *({"subscriber_ids": each} for each in slices))
        return len(slices)

    @contextmanager
    def alone(self, what: str) -> Iterator[bool]:
        """Says whether nobody else does this now; until the end nobody else will. A process that dies lets go of it."""
        session = self._database.open_session()
        session.detach()  # from the pool: whoever got it from there next would have the lock
        try:
            key = {"key": f"newsletter {what}"}
            taken = text("SELECT pg_try_advisory_lock(hashtextextended(current_schema() || :key, 0))")
            yield bool(session.execute(taken, key).scalar_one())
        finally:
            session.close()

    def _put_once(self, task: str) -> bool:
        with self._database.change() as connection:
            try:
                with connection.begin_nested():
                    self._defer(connection, task, {}, queueing_lock=task)
            except exceptions.AlreadyEnqueued:
                return False
        return True

    def _defer(self, connection: Connection, task: str, *arguments: dict[str, Any], **options: Any) -> None:
        driver = connection.connection.driver_connection
        self._app.configure_task(task, queue=NAME, connection=driver, **options).batch_defer(*arguments)
