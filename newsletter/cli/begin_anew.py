"""`newsletter begin-anew`: the operator's word that the mails from before this memory are to be forgotten."""

from __future__ import annotations

import click

from newsletter import app
from newsletter.cli.exits import EXIT_CODES
from newsletter.services import lost_memory
from newsletter.settings import load_settings


@click.command(epilog=EXIT_CODES)
def command() -> None:
    """Go on with a memory that is new, although mails left before it: their papers may be mailed once more.

    For when 'run', 'clock', 'serve' or 'worker' refuse a memory that began anew, and there is no backup to bring back.
    Who has left since is mailed again, too, unless 'newsletter suppressions add' says otherwise: look at what your
    provider knows of unsubscriptions first. Your word is kept in the memory, and holds for this one alone.

    \b
    Examples:
      newsletter begin-anew
    """
    settings = load_settings()
    store = app.build_store(settings)
    lost_memory.begin_anew(store, app.utc_now().date())
    click.echo("The memory counts as a new one from now on; mails from before it are forgotten.")
