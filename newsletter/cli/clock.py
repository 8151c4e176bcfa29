"""`newsletter clock`: the process that mails everybody at their own time, day after day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

import click

from newsletter import app, flow
from newsletter.cli.advice import log_advice
from newsletter.cli.common import begin_log
from newsletter.cli.exits import EXIT_CODES
from newsletter.cli.promised_mails import begin_welcomes, keep_welcomes
from newsletter.cli.shutdown import Worker, leave, run_until_signal
from newsletter.errors import NewsletterError
from newsletter.model import Subscriber
from newsletter.ops import alerts, log, notify
from newsletter.run import FEEDS, run_clock
from newsletter.settings import Settings, load_settings


@click.command(epilog=EXIT_CODES)
def command() -> None:
    """Mail everybody at their own time, day after day, until SIGTERM or Ctrl-C.

    Looks at each subscriber's due moment, and a few times an hour, as 'newsletter run --due' would, and reads
    subscribers.yaml anew each time. Whom you add there is welcomed within seconds. When it is asked to end it finishes
    the mail in hand; a second signal ends it at once, which loses nothing either.

    \b
    Examples:
      newsletter clock
      NEWSLETTER_LOG=json newsletter clock
    """
    settings = load_settings()
    begin_log(settings)
    log_advice(settings)
    store = app.build(settings).store  # what cannot work is said now
    tasks: list[Callable[[Worker], None]] = [
        lambda worker: keep_clock(settings, worker),
        lambda worker: keep_welcomes(settings, store, worker),
    ]
    is_ended = run_until_signal(tasks)
    log.get_log().info("shutdown")
    leave(0 if is_ended else 1)


class _ClockProgress(log.LogProgress):
    """Logs only what happens, and says that nothing is in hand while feeds are fetched, which can take minutes."""

    def __init__(self, worker: Worker) -> None:
        super().__init__(is_sparing=True)
        self._worker = worker

    def begin(self, what: str, total: int) -> None:
        super().begin(what, total)
        if what == FEEDS:
            self._worker.idle.set()
        else:
            self._worker.idle.clear()


def keep_clock(settings: Settings, worker: Worker) -> None:
    """Runs the clock in the present thread, until the worker is asked to stop."""
    notifier = app.build_notifier(settings)

    def report_failure(error: Exception) -> None:
        # What the operator can mend is a sentence; anything else is a bug and needs its traceback
        is_known = isinstance(error, NewsletterError)
        log.get_log().error(
            "tick_failed", error=f"{type(error).__name__}: {error}", exc_info=None if is_known else error
        )
        notifier.notify_break(error)

    run_clock(
        tick=lambda: _tick(settings, notifier, worker),
        report_failure=report_failure,
        now=app.utc_now,
        wait=worker.stop.wait,
        timing=app.build_timing(settings),
    )


def _tick(settings: Settings, notifier: notify.Notifier, worker: Worker) -> Sequence[Subscriber]:
    """One run of the clock. Its context is new each time: what stopped a model yesterday does not stop it today."""
    context = app.build(settings)
    begin_welcomes(settings, context.store)
    listed = app.load_subscribers(settings, context.store)
    log.get_log().info("clock_tick", subscribers=len(listed.subscribers))
    log.run_started(len(listed.subscribers), due_only=True)
    with closing(context.sender):
        report = flow.run_morning(
            context,
            listed.subscribers,
            _ClockProgress(worker),
            due_only=True,
            should_stop=worker.stop.is_set,
            unreadable=listed.unreadable,
        )
    log.run_finished(report)
    troubles = alerts.find_troubles(report, listed.problem, listed.ignored, listed.possible_moves)
    log.log_troubles(troubles)
    notifier.notify(report, troubles)
    return listed.subscribers
