"""Shows the progress of commands that carry a memory over, and says at the end what they carried."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click

from newsletter.cli.common import new_table, print_table


def tell_progress(kind: str, count: int) -> None:
    """Shows how far it is, on a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{_in_words(kind)}: {count:,}", nl=False, err=True)


def print_counts(counts: Mapping[str, int]) -> None:
    """Prints how many there were of each kind that there was."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
    table = new_table("what", "how many#")
    for kind, count in counts.items():
        if count:
            table.add_row(_in_words(kind), f"{count:,}")
    if any(counts.values()):
        print_table(table)


def _in_words(kind: str) -> str:
    return kind.replace("_", " ")
