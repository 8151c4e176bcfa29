"""`newsletter clock`: the process that mails everybody at their own time, day after day."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from newsletter import app, worker
from newsletter.cli.advice import log_advice, require_known_memory, require_lasting_memory
from newsletter.cli.common import begin_log
from newsletter.cli.exits import EXIT_CODES
from newsletter.cli.promised_mails import begin_welcomes, keep_welcomes
from newsletter.cli.shutdown import Worker, leave, run_until_signal
from newsletter.errors import NewsletterError
from newsletter.model import Subscriber
from newsletter.ops import log, notify
from newsletter.run import run_clock
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
    require_lasting_memory(settings)
    log_advice(settings)
    store = app.build(settings).store  # what cannot work is said now
    require_known_memory(settings, store)
    tasks: list[Callable[[Worker], None]] = [
        lambda task: keep_clock(settings, task),
        lambda task: keep_welcomes(settings, store, task),
    ]
    is_ended = run_until_signal(tasks)
    log.get_log().info("shutdown")
    leave(0 if is_ended else 1)


def keep_clock(settings: Settings, task: Worker) -> None:
    """Runs the clock in the present thread, until the task is asked to stop."""
    notifier = app.build_notifier(settings)

    def report_failure(error: Exception) -> None:
        # What the operator can mend is a sentence; anything else is a bug and needs its traceback
        is_known = isinstance(error, NewsletterError)
        log.get_log().error(
            "tick_failed", error=f"{type(error).__name__}: {error}", exc_info=None if is_known else error
        )
        notifier.notify_break(error)

    run_clock(
        tick=lambda: _tick(settings, notifier, task),
        report_failure=report_failure,
        now=app.utc_now,
        wait=task.stop.wait,
        timing=app.build_timing(settings),
    )


def _tick(settings: Settings, notifier: notify.Notifier, task: Worker) -> Sequence[Subscriber]:
    """One look at who is due: a job for the workers if there are any, else a run of the clock's own."""
    store = app.build_store(settings)
    begin_welcomes(settings, store)
    if workers := worker.hand_over(settings, store):
        subscribers = app.load_subscribers(settings, store).subscribers
        log.get_log().info("clock_tick", subscribers=len(subscribers), workers=workers)
        return subscribers
    log.get_log().info("clock_tick")
    return worker.serve_round(settings, notifier, task)[1]
