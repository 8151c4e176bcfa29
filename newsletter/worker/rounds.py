"""One round of mailing: everybody who is due, or a slice of them, with its log lines and alerts.

The clock does the round for all, a worker for the readers that a job names; flow.py is what both call.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from threading import Event
from typing import Protocol

from newsletter import app, flow
from newsletter.model import RunReport, Subscriber
from newsletter.ops import alerts, log, notify
from newsletter.run import FEEDS, collect_morning, find_due, split_by_profile
from newsletter.services import directory, lost_memory
from newsletter.settings import Settings
from newsletter.worker.helpers import build_helpers

MOST_LOOKED_AT = 2  # categories in a round; there are a hundred rounds a day


class Task(Protocol):
    """What is asked to end by `stop`, and sets `idle` while nothing is in hand that has to be finished."""

    @property
    def stop(self) -> Event: ...

    @property
    def idle(self) -> Event: ...


class RoundProgress(log.LogProgress):
    """Logs only what happens, and says that nothing is in hand while feeds are fetched, which can take minutes."""

    def __init__(self, task: Task) -> None:
        super().__init__(is_sparing=True)
        self._task = task

    def begin(self, what: str, total: int) -> None:
        super().begin(what, total)
        if what == FEEDS:
            self._task.idle.set()
        else:
            self._task.idle.clear()


def serve_round(
    settings: Settings,
    notifier: notify.Notifier,
    task: Task,
    only: Collection[str] | None = None,
    parts: app.LastingParts | None = None,
) -> tuple[RunReport, Sequence[Subscriber]]:
    """Mails everybody who is due, or of these ids alone, for whom the day was collected; gives who could have been.

    Its context is new each time but for the `parts`: what stopped a model yesterday does not stop it today. May be
    repeated at will.
    """
    context = app.build(settings, parts=parts)
    if only is None:
        context = replace(context, helpers=build_helpers(settings))
    lost_memory.require_whole(context.store)
    listed = app.load_subscribers(settings, context.store, only)
    log.run_started(len(listed.subscribers), due_only=True)
    progress = RoundProgress(task)
    with closing(context.sender):
        look_back = app.build_look_back(settings, context, listed.subscribers, progress, task.stop.is_set)
        if only is None:
            look_back.fill_missed_days()
            listed = app.read_libraries(settings, context.store, listed, task.stop.is_set)
        report = flow.run_morning(
            context,
            listed.subscribers,
            progress,
            due_only=True,
            should_stop=task.stop.is_set,
            unreadable=listed.unreadable,
            is_collected=only is not None,
        )
    _tell(report, listed, notifier)
    if only is None:
        look_back.look_again(MOST_LOOKED_AT)
    return report, listed.subscribers


def collect_round(
    settings: Settings, notifier: notify.Notifier, task: Task
) -> tuple[list[list[str]], Callable[[], object]]:
    """Does what a morning needs once for everybody; gives the ids of those who are due, those of one profile together.

    Also gives what looks for late papers, to be called when those are being mailed: it may take minutes.
    """
    context = app.build(settings)
    lost_memory.require_whole(context.store)
    listed = app.load_subscribers(settings, context.store)
    progress = RoundProgress(task)
    with closing(context.sender):
        look_back = app.build_look_back(settings, context, listed.subscribers, progress, task.stop.is_set)
        look_back.fill_missed_days()
        listed = app.read_libraries(settings, context.store, listed, task.stop.is_set)
        report = collect_morning(
            context,
            listed.subscribers,
            progress,
            should_stop=task.stop.is_set,
            unreadable=listed.unreadable,
        )
    _tell(report, listed, notifier)
    served = [one for one in listed.subscribers if one.subscriber_id not in listed.unreadable]
    due = [[one.subscriber_id for one in equals] for equals in split_by_profile(find_due(context, served))]
    return due, partial(look_back.look_again, MOST_LOOKED_AT)


def _tell(report: RunReport, listed: directory.SubscriberList, notifier: notify.Notifier) -> None:
    log.run_finished(report)
    troubles = alerts.find_troubles(
        report, listed.problem, listed.ignored, listed.possible_moves, listed.stale_libraries
    )
    log.log_troubles(troubles)
    notifier.notify(report, troubles)
