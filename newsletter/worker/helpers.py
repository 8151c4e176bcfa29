"""Helper processes of this machine, which mail some of a run's readers: Python works on one core in each process.

They need no queue and no database. The run itself serves readers, too, and hands helpers the next few whenever they are
done; the ledger decides who is mailed. What a helper leaves undone, because it ended, was killed or its sender failed,
the run does itself. A helper whose run is gone ends after the mail in hand.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import FrameType

from newsletter import app, flow
from newsletter.errors import NewsletterError
from newsletter.model import Subscriber, SubscriberReport
from newsletter.ops import log
from newsletter.run import (
    CircuitBreaker,
    Morning,
    ReaderLookup,
    RunContext,
    cut_into_slices,
    find_due,
    open_run,
    split_by_profile,
)
from newsletter.scoring import ScoreCache
from newsletter.settings import Settings

LEAST_READERS = 100  # of each process: a helper needs some three seconds before its first mail
SLICE = 50  # readers, about a second of work: for so long one process may wait for another at the end
_LOOK_S = 0.2
_PROCESSES = multiprocessing.get_context("spawn")  # a fork would share locks and connections


@dataclass(frozen=True, slots=True)
class Task:
    """What a helper is told before its first readers. It goes through a pipe, as do they and what became of them."""

    settings: Settings
    feed: Path | None
    morning: Morning
    due_only: bool


@dataclass(frozen=True, slots=True)
class _Helper:
    """A process that waits for a task, and this end of the pipe to it."""

    process: SpawnProcess
    connection: Connection


@dataclass(slots=True, eq=False)
class HelperProcesses:
    """Starts helpers for one run: as many as NEWSLETTER_MAILING_PROCESSES allows, if there are readers enough for each.

    `feed`: recorded feeds, as `app.build` takes them.
    """

    settings: Settings
    feed: Path | None = None
    least_readers: int = LEAST_READERS
    _waiting: list[_Helper] = field(default_factory=list, init=False)

    def expect(self, readers: int) -> None:
        """Starts helpers for so many readers, while the run still collects: loading the program takes a second."""
        while len(self._waiting) < self._count(readers) and (helper := _start_helper()):
            self._waiting.append(helper)

    @contextmanager
    def share(
        self,
        context: RunContext,
        morning: Morning,
        subscribers: Sequence[Subscriber],
        *,
        due_only: bool,
        should_stop: Callable[[], bool],
    ) -> Iterator[_Sharing]:
        self.expect(len(find_due(context, subscribers)) if due_only else len(subscribers))
        helpers, self._waiting = self._waiting, []
        # A group has one profile: mostly one process ranks papers for it
        slices = cut_into_slices(split_by_profile(subscribers), SLICE) if helpers else [subscribers]
        sharing = _Sharing(slices, should_stop)
        task = Task(self.settings, self.feed, replace(morning), due_only)
        try:
            for helper in helpers:
                sharing.add_helper(helper, task)
            yield sharing
        finally:
            sharing.close()

    def _count(self, readers: int) -> int:
        return min(self.settings.mailing_processes, readers // self.least_readers) - 1


def build_helpers(settings: Settings, feed: Path | None = None) -> HelperProcesses | None:
    """Builds them if the settings allow any. With a model there are none: a morning waits for its answers then."""
    if settings.mailing_processes == 1 or settings.model is not None:
        return None
    return HelperProcesses(settings, feed)


class _Sharing:
    """The readers of one run, and who serves them (`run.Sharing`). Each helper is led by a thread of this process."""

    def __init__(self, slices: Sequence[Sequence[Subscriber]], should_stop: Callable[[], bool]) -> None:
        self._left = deque(slices)  # which all take from
        self._told = SimpleQueue[SubscriberReport | None]()  # None: a helper is no longer at work
        self._taken = list[SubscriberReport]()
        self._should_stop = should_stop
        self._helpers = list[tuple[_Helper, Thread]]()
        self._at_work = 0

    def add_helper(self, helper: _Helper, task: Task) -> None:
        leader = Thread(target=self._lead, args=(helper.process, helper.connection, task), daemon=True)
        self._helpers.append((helper, leader))
        self._at_work += 1
        leader.start()

    def slices(self) -> Iterator[Sequence[Subscriber]]:
        while True:
            while not self._told.empty():
                self._take(self._told.get())
            if (some := self._next()) or self._taken:
                yield some
            elif self._at_work:
                self._take(self._told.get())
            else:
                return

    def take_told(self) -> list[SubscriberReport]:
        told, self._taken = self._taken, []
        return told

    def close(self) -> None:
        """Ends helpers that are still at work, and waits for the mail that each has in hand."""
        self._left.clear()
        for helper, _ in self._helpers:
            helper.process.terminate()
        for helper, leader in self._helpers:
            helper.process.join()
            leader.join()
            helper.connection.close()

    def _next(self) -> Sequence[Subscriber]:
        try:
            return self._left.popleft()
        except IndexError:  # which is sure, where a look at the length is not: others take, too
            return ()

    def _take(self, told: SubscriberReport | None) -> None:
        if told is None:
            self._at_work -= 1
        else:
            self._taken.append(told)

    def _lead(self, process: SpawnProcess, connection: Connection, task: Task) -> None:
        """Hands a helper slices until there are none, and passes on what it tells."""
        rest: Sequence[Subscriber] = ()
        try:
            connection.send(task)
            while rest := self._next():
                connection.send(rest)
                while rest:
                    self._wait_for(process, connection)
                    self._told.put(connection.recv())
                    rest = rest[1:]
            connection.close()  # by which it knows that nothing more comes
        except (EOFError, OSError):
            if rest:
                self._left.append(rest)  # before the run hears that the helper is no longer at work
        process.join()
        if process.exitcode not in (0, -signal.SIGTERM):  # which it was sent before it could listen
            log.get_log().error("helper_ended", exit_code=process.exitcode, readers_left=len(rest))
        self._told.put(None)

    def _wait_for(self, process: SpawnProcess, connection: Connection) -> None:
        while not connection.poll(_LOOK_S):
            if self._should_stop():
                process.terminate()


def _start_helper() -> _Helper | None:
    """Starts one; None where there is no memory for it, or no more processes: then the run mails alone."""
    ours, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=help_run, args=(theirs,), daemon=True)
    try:
        process.start()
    except OSError as error:
        log.get_log().error("helper_not_started", error=str(error))
        ours.close()
        return None
    finally:
        theirs.close()  # so that the other end tells of the helper's death
    return _Helper(process, ours)


def help_run(connection: Connection) -> None:
    """Mails the readers that come through this connection until it is closed: what a helper process does.

    It ends earlier, after the mail in hand, when it is asked to (SIGTERM), its sender fails, or the run is gone.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the run, too, which asks
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))  # a clock has it blocked in all its threads
    run_process, asked = os.getppid(), False
    try:
        task: Task = connection.recv()  # up to here SIGTERM ends it at once
    except EOFError:
        return

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True

    signal.signal(signal.SIGTERM, ask)
    log.configure(task.settings.log, secrets=task.settings.secret_texts, level=logging.WARNING)
    try:
        _mail(task, connection, lambda: asked or os.getppid() != run_process)
    except NewsletterError as error:
        log.get_log().error("helper_failed", error=f"{type(error).__name__}: {error}")
        sys.exit(1)


def _mail(task: Task, connection: Connection, should_stop: Callable[[], bool]) -> None:
    context = app.build(task.settings, feed=task.feed)
    sender = CircuitBreaker(context.sender, should_stop)
    context = replace(context, sender=sender, scorer=ScoreCache(context.scorer))
    entries = list[SubscriberReport]()
    with closing(sender), open_run(context, task.morning.digest_on) as run:
        morning = replace(task.morning, run_id=run.run_id)
        for subscriber, lookup in _readers_from(connection, context, morning, due_only=task.due_only):
            if sender.halt:
                break
            entries.append(flow.serve_if_due(context, subscriber, lookup, halt=None))
            with suppress(BrokenPipeError):  # the run is gone, as is seen before the next mail
                connection.send(entries[-1])
        # Checked and not recorded: the report of the run has these entries, too
        run.check(run.report(morning, entries, ()), [entry.subscriber_id for entry in entries])


def _readers_from(
    connection: Connection, context: RunContext, morning: Morning, *, due_only: bool
) -> Iterator[tuple[Subscriber, ReaderLookup]]:
    with suppress(EOFError, ConnectionResetError):  # nothing more comes
        while True:
            some: Sequence[Subscriber] = connection.recv()
            lookup = ReaderLookup(context, morning, some, due_only=due_only)
            yield from ((subscriber, lookup) for subscriber in some)
