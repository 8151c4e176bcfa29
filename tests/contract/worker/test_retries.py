"""What becomes of a job that fails, or whose worker ends: tried again ever later, or at once by another one."""

import asyncio
from datetime import UTC, datetime
from threading import Event

import procrastinate
import pytest
from procrastinate.jobs import Job

from newsletter import app
from newsletter.errors import StoreError
from newsletter.worker.jobs import MOST_ATTEMPTS, Backoff, Interrupted, Jobs
from newsletter.worker.queue import NAME
from tests.contract.worker.conftest import Place


def decide(error: Exception, attempts: int) -> float | None:
    """The seconds until it is tried again; None: never."""
    job = Job(queue=NAME, lock=None, queueing_lock=None, task_name="deliver", attempts=attempts)
    before = datetime.now(UTC)
    decision = Backoff().get_retry_decision(exception=error, job=job)
    if decision is None:
        return None
    assert decision.retry_at is not None
    return (decision.retry_at - before).total_seconds()


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 5), (1, 25), (2, 125), (3, 600), (4, 600)])
def test_a_job_that_fails_is_tried_again_ever_later(attempts: int, seconds: int) -> None:
    assert decide(StoreError("the disk is full"), attempts) == pytest.approx(seconds, abs=1)


def test_after_some_attempts_it_is_left_to_the_next_look_of_a_clock() -> None:
    assert decide(StoreError("the disk is full"), MOST_ATTEMPTS) is None


@pytest.mark.parametrize("attempts", [0, MOST_ATTEMPTS, 100])
def test_what_a_worker_left_as_it_ended_is_another_ones_at_once(attempts: int) -> None:
    assert decide(Interrupted(), attempts) == pytest.approx(0, abs=1)


def work_once(place: Place) -> None:
    """Does the jobs that are due, as a worker does, and ends."""

    async def work() -> None:
        connector = procrastinate.PsycopgConnector(conninfo=app.driver_url(place.settings))
        queue_app = procrastinate.App(connector=connector)
        Jobs(place.settings, place.queue, Event()).register(queue_app)
        async with queue_app.open_async():
            await queue_app.run_worker_async(
                queues=[NAME], wait=False, install_signal_handlers=False, delete_jobs="successful"
            )

    asyncio.run(work())


def test_a_failed_slice_waits_in_the_queue_and_the_others_are_done(place: Place) -> None:
    """Without a contact for arXiv no slice can be mailed; what forgets old things needs none."""
    place.queue.put_deliveries([["s_one23456"]])
    place.queue.put_retain(lambda: True)
    work_once(place)
    jobs = place.execute(
        "SELECT task_name, status, attempts, scheduled_at > now(), scheduled_at <= now() + interval '5 s' "
        "FROM procrastinate_jobs"
    )
    assert jobs == [("deliver", "todo", 1, True, True)]
    assert place.queue.put_deliveries([["s_one23456"]]) == 0, "it waits already"


def test_a_failed_morning_is_not_tried_again_but_makes_room_for_the_next(place: Place) -> None:
    place.queue.put_collect()
    work_once(place)
    assert place.execute("SELECT status FROM procrastinate_jobs") == [("failed",)]
    assert place.queue.put_collect()
