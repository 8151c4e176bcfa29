"""`newsletter worker`: takes jobs of the clock from the queue, beside any number of others."""

from __future__ import annotations

import click

from newsletter import app, worker
from newsletter.cli.advice import log_advice, require_known_memory
from newsletter.cli.common import begin_log
from newsletter.cli.exits import EXIT_CODES
from newsletter.cli.shutdown import leave, run_until_signal
from newsletter.ops import log
from newsletter.settings import load_settings


@click.command(epilog=EXIT_CODES)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 32),
    default=1,
    show_default=True,
    help="How many jobs at a time. More than one helps where a mail server or a model is slow to answer; for more "
    "processor cores start more workers.",
)
def command(concurrency: int) -> None:
    """Share a morning's work with others: take jobs from the queue in PostgreSQL, until SIGTERM or Ctrl-C.

    'newsletter clock' puts the jobs in while a worker is alive, and does the work itself while none is. Start as many
    as you like, on as many machines: each mail leaves once, whichever of them dies in the middle.

    Ends as 'newsletter clock' does: it finishes the mail in hand, and leaves the rest of its job to another worker.

    \b
    Examples:
      newsletter worker
      newsletter worker --concurrency 4
    """
    settings = load_settings()
    begin_log(settings)
    log_advice(settings)
    worker.require_queue(settings)
    require_known_memory(settings, app.build(settings).store)  # what cannot work is said now
    is_ended = run_until_signal([lambda task: worker.keep_working(settings, task, concurrency)])
    log.get_log().info("shutdown")
    leave(0 if is_ended else 1)
