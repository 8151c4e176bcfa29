"""Does each job: opens what it needs, by the ids it was given, and calls what the commands call.

Each may be done twice, or never: the next tick of a clock puts in again whatever is still to be done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

import procrastinate
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

from newsletter import app
from newsletter.errors import NewsletterError
from newsletter.model import RunOutcome
from newsletter.ops import log
from newsletter.run import forget_expired
from newsletter.settings import Settings
from newsletter.worker.kept_parts import KeptParts
from newsletter.worker.queue import NAME, Queue
from newsletter.worker.rounds import collect_round, serve_round

MOST_ATTEMPTS = 5  # of a slice: with waits of 5 s to 10 minutes between them; then it is the next tick's


class Interrupted(Exception):
    """The worker is asked to end: what is left of the job is for another one, at once."""


class Backoff(BaseRetryStrategy):
    """Tries a slice again at once when its worker ended, and ever later when it failed."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, Interrupted):
            return RetryDecision(retry_in={"seconds": 0})
        if job.attempts >= MOST_ATTEMPTS:
            return None
        return RetryDecision(retry_in={"seconds": min(5 * 5**job.attempts, 600)})


@dataclass(frozen=True, slots=True, eq=False)
class JobTask:
    """One job at work, as rounds.py sees it."""

    stop: Event
    idle: Event = field(default_factory=Event)


class Jobs:
    """The jobs of one worker. They run in threads of their own, each with a context of its own."""

    def __init__(self, settings: Settings, queue: Queue, stop: Event) -> None:
        self._settings = settings
        self._queue = queue
        self._stop = stop
        self._notifier = app.build_notifier(settings)
        self._parts = KeptParts(lambda: app.build_lasting_parts(settings), app.utc_now)
        self._at_work: list[JobTask] = []

    @property
    def is_idle(self) -> bool:
        """Says whether nothing is in hand that has to be finished."""
        return all(task.idle.is_set() for task in list(self._at_work))

    def register(self, queue_app: procrastinate.App) -> None:
        """Makes the jobs known by their names, with which they are put into the queue."""
        queue_app.task(name="collect", queue=NAME)(self.collect)
        queue_app.task(name="deliver", queue=NAME, retry=Backoff())(self.deliver)
        queue_app.task(name="retain", queue=NAME, retry=Backoff())(self.retain)

    def collect(self) -> None:
        """Collects the morning and shares it out. What fails is the next tick's: a retry could only meet that."""
        with self._working() as task:
            with self._queue.alone("collect") as is_alone:
                if not is_alone:
                    return  # the other one looks who is due when it has collected
                self._parts.drop()  # makes room for the list of all readers: the next mail reads the words again
                due, look_again = collect_round(self._settings, self._notifier, task)
                slices = self._queue.put_deliveries(due)
            log.get_log().info("shared_out", subscribers=sum(map(len, due)), jobs=slices)
            look_again()

    def deliver(self, subscriber_ids: Sequence[str]) -> None:
        """Mails those of these readers who are due. Raises Interrupted if the worker ends before all had their turn."""
        with self._working() as task, self._parts.borrow() as parts:
            report, _ = serve_round(self._settings, self._notifier, task, frozenset(subscriber_ids), parts)
        if any(entry.outcome is RunOutcome.INTERRUPTED for entry in report.subscribers):
            raise Interrupted

    def retain(self) -> None:
        """Forgets what is too old."""
        with self._working():
            forget_expired(app.build_store(self._settings), app.utc_now().date())

    @contextmanager
    def _working(self) -> Iterator[JobTask]:
        """Around each job: what fails is logged and told as in a tick of the clock."""
        task = JobTask(self._stop)
        self._at_work.append(task)
        try:
            yield task
        except Exception as error:
            is_known = isinstance(error, NewsletterError)
            text = f"{type(error).__name__}: {error}"
            log.get_log().error("job_failed", error=text, exc_info=None if is_known else error)
            self._notifier.notify_break(error)
            raise
        finally:
            self._at_work.remove(task)
