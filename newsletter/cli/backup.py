"""`newsletter backup`: writes all that is kept into one file."""

from __future__ import annotations

from pathlib import Path

import click

from newsletter import app
from newsletter.cli.carrying import print_counts, tell_progress
from newsletter.cli.exits import EXIT_CODES
from newsletter.settings import load_settings


@click.command(epilog=EXIT_CODES)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def command(file: Path) -> None:
    """Write all that the memory keeps into FILE, from the state folder or the database alike.

    May run at any time. Of a database the file has everything as of one moment; of a folder, what a run changes
    meanwhile may be in it or not, so take it after the morning. FILE is gzip, holds addresses, and is its owner's
    alone. An older FILE is replaced once the new one is whole. 'newsletter restore' brings it back, into a folder or a
    database of any kind.

    \b
    Example:
      newsletter backup newsletter-2026-11-29.gz
    """
    counts = app.back_up(load_settings(), file, tell_progress)
    print_counts(counts)
    click.echo(f"{sum(counts.values()):,} values are in {file} ({file.stat().st_size / 1e6:,.1f} MB).")
