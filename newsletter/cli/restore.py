"""`newsletter restore`: brings a backup back."""

from __future__ import annotations

from pathlib import Path

import click

from newsletter import app
from newsletter.cli.carrying import print_counts, tell_progress
from newsletter.cli.exits import EXIT_CODES
from newsletter.settings import load_settings


@click.command(epilog=EXIT_CODES)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(file: Path) -> None:
    """Bring back what 'newsletter backup' wrote into FILE, into an empty state folder or an empty database.

    Stop 'serve' and 'clock' first, and put a damaged folder away; a database needs its tables ('newsletter release').
    A FILE that is damaged or cut off is refused before anything is written. If it is cut off itself, run the same
    command again; until then nothing else opens the memory. What was mailed after the backup was made is not known:
    those papers may be mailed once more.

    \b
    Example:
      newsletter restore newsletter-2026-11-29.gz
    """
    counts = app.restore(load_settings(), file, tell_progress)
    print_counts(counts)
    click.echo(f"{sum(counts.values()):,} values were brought back from {file}, and each is the same as there.")
