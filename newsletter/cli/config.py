"""`newsletter config`: every setting with its value and what it does, in the form of a `.env` file."""

from __future__ import annotations

import re
import secrets
import textwrap

import click
from pydantic import SecretStr

from newsletter.cli.exits import EXIT_CODES
from newsletter.cli.terminal import write_document
from newsletter.settings import Settings, load_settings, variable

_PLAIN = re.compile(r"[\w.:/@+<>,=&-]+( [\w.:/@+<>,=&-]+)*")

_CREDENTIALS = re.compile(r"//[^/@]*@")  # https://user:password@host


@click.command(epilog=EXIT_CODES)
@click.option("--new-secret", is_flag=True, help="Print a new random key for NEWSLETTER_SECRET_KEYS, and nothing else.")
def command(new_secret: bool) -> None:
    """Print every setting, its value and what it does.

    What comes out is a valid .env file: save it, uncomment a line and change it.

    \b
    Examples:
      newsletter config > .env
      echo "NEWSLETTER_SECRET_KEYS=$(newsletter config --new-secret)" >> .env
    """
    if new_secret:
        click.echo(secrets.token_urlsafe(33))
        return
    settings = load_settings()
    write_document("\n".join(line for name in Settings.model_fields for line in _paragraph(settings, name)))


def _paragraph(settings: Settings, name: str) -> list[str]:
    about = textwrap.wrap(Settings.model_fields[name].description or "", 100)
    value = _line(name, getattr(settings, name), is_set=name in settings.model_fields_set)
    return [*(f"# {line}" for line in about), value, ""]


def _line(name: str, value: object, *, is_set: bool) -> str:
    """Writes a setting as a line; a secret as a comment, so that a saved file does not put asterisks in its place."""
    if isinstance(value, SecretStr) or (isinstance(value, tuple) and value):
        return f"# {variable(name)}=**********"
    text = "" if value in (None, ()) else str(value)
    if name == "openai_base_url" and (without := _CREDENTIALS.sub("//***@", text)) != text:
        return f"# {variable(name)}={without}"
    return f"{'' if is_set else '# '}{variable(name)}={_quoted(text) if text else ''}"


def _quoted(value: str) -> str:
    """Quotes a value as python-dotenv reads it back: a number sign would begin a comment, a quote a quotation."""
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
