"""`newsletter config`: every setting with its value and what it does, in the form of a `.env` file."""

from __future__ import annotations

import secrets

import click

from newsletter.cli.env_file import write_env_file
from newsletter.cli.exits import EXIT_CODES
from newsletter.cli.terminal import write_document
from newsletter.settings import Settings, load_settings
from newsletter.theme import load_theme


def new_secret_key() -> str:
    """Makes a random key for NEWSLETTER_SECRET_KEYS."""
    return secrets.token_urlsafe(33)


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
        click.echo(new_secret_key())
        return
    settings = load_settings()
    write_document(write_env_file(settings, active=settings.model_fields_set - _as_in_the_theme(settings)))


def _as_in_the_theme(settings: Settings) -> set[str]:
    """Names the settings that the theme gives already: written down, they would hold when the theme changes."""
    theme = load_theme()
    return {name for name in ("name", "footer") if getattr(settings, name) == getattr(theme, name)}
