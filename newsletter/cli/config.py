"""`newsletter config`: every setting with its value and what it does, in the form of a `.env` file."""

from __future__ import annotations

import re
import textwrap

import click

from newsletter.cli.exits import EXIT_CODES
from newsletter.config import Settings, load_settings

_PLAIN = re.compile(r"[\w.:/@+<>,=&-]+( [\w.:/@+<>,=&-]+)*")


@click.command(epilog=EXIT_CODES)
def command() -> None:
    """Print every setting, its value and what it does.

    What comes out is a valid .env file: save it, uncomment a line and change it.

    \b
    Example:
      newsletter config > .env
    """
    settings = load_settings()
    for name, field in Settings.model_fields.items():
        for line in textwrap.wrap(field.description or "", 100):
            click.echo(f"# {line}")
        value = getattr(settings, name)
        is_set = name in settings.model_fields_set
        shown = "" if value is None else _quoted(str(value))
        click.echo(f"{'' if is_set else '# '}NEWSLETTER_{name.upper()}={shown}\n")


def _quoted(value: str) -> str:
    """As python-dotenv reads it back: a number sign would begin a comment, and a quote at the start a quotation."""
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
