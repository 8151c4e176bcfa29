"""`newsletter init`: the files that an operator begins with, in a folder of their own."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import click

from newsletter.cli.config import new_secret_key
from newsletter.cli.env_file import write_env_file
from newsletter.cli.exits import EXIT_CODES
from newsletter.cli.schema import schema_text
from newsletter.errors import ConfigError
from newsletter.files import resources
from newsletter.settings import ENV_FILE, Settings, variable

SUBSCRIBERS = "subscribers.yaml"
_PRIVATE = 0o600  # for its owner alone
_STEPS = (
    ("{newsletter} run --sample", "one morning on the bundled sample announcement; its mails are then in outbox/"),
    ("{editor} subscribers.yaml", "who gets mail, and what about"),
    ("{editor} .env", "NEWSLETTER_CONTACT first; then who sends the mail"),
    ("{newsletter} check", "every mistake, with file and line"),
    ("{newsletter} run", "one morning, live from arXiv"),
)


@click.command(epilog=EXIT_CODES)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
def command(folder: Path) -> None:
    """Write the files to begin with into FOLDER, by default the one you are in.

    These are a subscribers.yaml with three sample subscribers, its schema for your editor, and a .env with every
    setting. A file that is there already is kept as it is, so the command may be repeated.

    \b
    Examples:
      newsletter init
      newsletter init papers
    """
    files = {
        SUBSCRIBERS: ("three sample subscribers; put your own in their place", resources.read_shipped(SUBSCRIBERS)),
        "subscribers.schema.json": ("lets your editor complete and check subscribers.yaml", schema_text()),
        ENV_FILE: ("every setting, documented, and a new key for links in mails", _env_text()),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [name for name, (_, text) in files.items() if _write_new(folder / name, text)]
    except OSError as error:
        raise ConfigError(f"{folder.absolute()} cannot be written ({error.strerror}); choose another folder") from error
    click.echo(f"In {folder.absolute()}:")
    for name, (about, _) in files.items():
        click.echo(f"  {name:<25}{about if name in written else 'kept: it was there'}")
    _say_what_is_next(folder)


def _env_text() -> str:
    head = (
        "# Every setting, as 'newsletter config' describes them. Uncomment a line and change it; what the environment\n"
        "# says takes its place. This file holds secrets: keep it out of version control.\n\n"
        "# What links in mails are signed with. With another key, the links in mails sent before are dead.\n"
        f"{variable('secret_keys')}={new_secret_key()}\n\n"
    )
    return head + write_env_file(Settings.model_construct(), active=())


def _write_new(path: Path, text: str) -> bool:
    """Writes a file, and tells whether it did: one that is there is kept. Raises OSError."""
    mode = _PRIVATE if path.name == ENV_FILE else 0o666
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return True


def _say_what_is_next(folder: Path) -> None:
    click.echo("\nNext:")
    if folder.absolute() != Path.cwd():
        click.echo(f"  cd {shlex.quote(str(folder))}")
    editor = "$EDITOR" if os.name == "posix" else "notepad"
    steps = [(step.format(editor=editor, newsletter=command_in(folder)), about) for step, about in _STEPS]
    width = max(len(step) for step, _ in steps) + 2
    for step, about in steps:
        click.echo(f"  {step:<{width}}{about}")


def command_in(folder: Path) -> str:
    """Gives what to type for this program there, which need not be on the search path."""
    if folder.resolve() == resources.SHIPPED.resolve():  # a checkout, in whose folder alone ./run works
        return "./run newsletter"
    return "newsletter" if shutil.which("newsletter") else f"{shlex.quote(sys.executable)} -m newsletter"
