"""`newsletter release`: brings the tables of the database up to date."""

from __future__ import annotations

import click

from newsletter import app, worker
from newsletter.cli.exits import EXIT_CODES
from newsletter.settings import load_settings


@click.command(epilog=EXIT_CODES)
def command() -> None:
    """Make the tables of the database in DATABASE_URL, or bring them up to date.

    Run it before the first start, and after each update before the new version starts: every other command refuses a
    database whose tables are not those of its version. It may be run again at any time, also by several machines at
    once, and says what it did. A change is made whole or not at all; nothing that is kept is lost by one.

    Where the memory is a folder (no DATABASE_URL) there is nothing to do.

    \b
    Examples:
      DATABASE_URL=sqlite:////var/lib/newsletter/state.db newsletter release
      release: newsletter release        in the Procfile of a platform that has such a step
    """
    settings = load_settings()
    if settings.database_url is None:
        click.echo(f"The memory is the folder {settings.state}, which needs no release; nothing was done.")
        return
    done = app.release_database(settings)
    if done.before == done.after:
        click.echo(f"The tables of the database {done.database} are up to date ({done.after}); nothing was done.")
    elif done.before:
        click.echo(f"The tables of the database {done.database} were brought from {done.before} to {done.after}.")
    else:
        click.echo(f"The tables were made in the database {done.database} ({done.after}).")
    if queue := worker.release_queue(settings):
        is_done = queue.before == queue.after
        click.echo(f"The queue of the workers is {'up to date' if is_done else 'there'} ({queue.after}).")
