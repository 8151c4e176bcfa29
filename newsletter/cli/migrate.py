"""`newsletter migrate`: carries a state folder into the database."""

from __future__ import annotations

from pathlib import Path

import click

from newsletter import app
from newsletter.cli.carrying import print_counts, tell_progress
from newsletter.cli.exits import EXIT_CODES
from newsletter.settings import load_settings


@click.command(epilog=EXIT_CODES)
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="The state folder.",
)
def command(folder: Path) -> None:
    """Carry all that is kept in a state folder into the database in DATABASE_URL.

    Stop 'serve' and 'clock' first, and run 'newsletter release' for the tables. The database has to be empty. Each
    value is read again from the database and compared. If it is cut off, run the same command again: it goes on where
    it was; until then nothing else opens the database. The folder stays as it is; put it away afterwards, since what is
    in it grows old: mailing from it would send papers twice.

    \b
    Example:
      newsletter release && newsletter migrate --from state
    """
    counts = app.migrate(load_settings(), folder, tell_progress)
    print_counts(counts)
    click.echo(
        f"{sum(counts.values()):,} values were carried over, and each is the same in the database. "
        f"Put {folder} away: from now on the memory is in the database."
    )
