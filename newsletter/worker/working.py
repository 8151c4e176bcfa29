"""Keeps a worker at work until it is asked to end: takes jobs, shows signs of life, puts back what dead workers had.

A database that is away for a while ends nothing: the loop begins anew until it is back.
"""

from __future__ import annotations

import asyncio
import logging
from threading import Event
from typing import TYPE_CHECKING

from newsletter import app
from newsletter.errors import NewsletterError
from newsletter.ops import log
from newsletter.settings import Settings
from newsletter.worker.rounds import Task
from newsletter.worker.schema import require_queue

if TYPE_CHECKING:
    import procrastinate

    from newsletter.worker.jobs import Jobs

AGAIN_S = 3.0  # after a failure of the loop itself, which is one of the database
SWEEP_S = 10.0
LOOK_S = 5.0  # for jobs, beside being told of new ones
_WATCH_S = 0.1


def keep_working(settings: Settings, task: Task, concurrency: int) -> None:
    """Takes jobs in the present thread and works on `concurrency` of them at a time, until the task is to stop.

    Raises ConfigError and StoreError as `require_queue` does, at the beginning only.
    """
    import psycopg  # noqa: PLC0415 - all of this is needed with PostgreSQL alone
    from procrastinate.exceptions import ProcrastinateException  # noqa: PLC0415

    from newsletter.worker.jobs import Jobs  # noqa: PLC0415
    from newsletter.worker.queue import Queue  # noqa: PLC0415

    jobs = Jobs(settings, Queue(require_queue(settings)), task.stop)
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # what fails is told by jobs.py and here
    while not task.stop.is_set():
        try:
            asyncio.run(_work(settings, jobs, task, concurrency))
        except Exception as error:  # noqa: BLE001 - the database may be back in a moment
            is_known = isinstance(error, NewsletterError | psycopg.Error | ProcrastinateException)
            log.get_log().error("worker_failed", error=type(error).__name__, exc_info=None if is_known else error)
        task.idle.set()
        task.stop.wait(AGAIN_S)


async def _work(settings: Settings, jobs: Jobs, task: Task, concurrency: int) -> None:
    import procrastinate  # noqa: PLC0415

    from newsletter.worker.queue import HEARTBEAT_S, NAME, STALLED_S  # noqa: PLC0415

    connector = procrastinate.PsycopgConnector(conninfo=app.driver_url(settings), min_size=1, max_size=4)
    queue_app = procrastinate.App(connector=connector)
    jobs.register(queue_app)
    async with queue_app.open_async():
        worker = asyncio.create_task(
            queue_app.run_worker_async(
                queues=[NAME],
                concurrency=concurrency,
                delete_jobs="successful",
                fetch_job_polling_interval=LOOK_S,
                update_heartbeat_interval=HEARTBEAT_S,
                stalled_worker_timeout=STALLED_S,
                install_signal_handlers=False,
            )
        )
        sweeper = asyncio.create_task(_sweep(queue_app, STALLED_S))
        log.get_log().info("worker_started", concurrency=concurrency)
        try:
            await _watch(worker, sweeper, jobs, task)
        finally:
            sweeper.cancel()
            worker.cancel()  # asks it to take no other job, and waits for those at work
            await asyncio.gather(worker, sweeper, return_exceptions=True)


async def _watch(worker: asyncio.Task[None], sweeper: asyncio.Task[None], jobs: Jobs, task: Task) -> None:
    """Waits until one of them ends, or the task is asked to; tells meanwhile whether anything is in hand."""
    while not (worker.done() or sweeper.done() or task.stop.is_set()):
        _show(jobs, task.idle)
        await asyncio.sleep(_WATCH_S)
    _show(jobs, task.idle)
    for ended in (worker, sweeper):
        if ended.done():
            ended.result()  # raises what ended it


def _show(jobs: Jobs, idle: Event) -> None:
    if jobs.is_idle:
        idle.set()
    else:
        idle.clear()


async def _sweep(queue_app: procrastinate.App, stalled_s: float) -> None:
    """Puts the jobs of dead workers back, every few seconds; each worker does it for all."""
    from procrastinate import exceptions, jobs  # noqa: PLC0415

    manager = queue_app.job_manager
    while True:
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=stalled_s):
            log.get_log().warning("job_of_a_dead_worker", job=job.task_name)
            try:
                await manager.retry_job(job)
            except exceptions.UniqueViolation:  # the same waits already
                await manager.finish_job(job, jobs.Status.ABORTED, delete_job=True)
        await manager.prune_stalled_workers(stalled_s)
        await asyncio.sleep(SWEEP_S)
