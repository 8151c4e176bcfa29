"""The command line: `newsletter COMMAND`. One file for each command, loaded only when it is asked for.

Commands translate between a terminal and the flow; nothing is decided here.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from contextlib import suppress

import click

import newsletter
from newsletter.cli.exits import EXIT_CONFIG, EXIT_FEED, EXIT_OUTPUT, EXIT_STORE
from newsletter.cli.terminal import is_output_lost, make_forgiving
from newsletter.errors import ConfigError, SourceError, StoreError

COMMANDS = {
    "init": "Write the files to begin with: sample subscribers, and every setting.",
    "run": "Collect, score, compose, render and deliver: one morning.",
    "clock": "Mail everybody at their own time, day after day.",
    "worker": "Share a morning's work with others: take the clock's jobs from a queue.",
    "serve": "Answer on the web, with the clock in the same process.",
    "backfill": "Fetch what arXiv announced on days that nobody collected.",
    "preview": "Build one subscriber's digest and show it; records and sends nothing.",
    "check": "Look over subscribers.yaml, settings, templates and folders.",
    "status": "What happened today, for each category and subscriber.",
    "subscribers": "List subscribers as they are served; bring an old profile back, remove or move one.",
    "suppressions": "Who gets no mail and why; add an address, or let one in again.",
    "deliveries": "Look into the ledger, and settle a delivery in doubt.",
    "bounce": "Take a mail that came back: remember that the address failed, or complained.",
    "inbox": "Read the mailbox of replies and bounces, and do what readers ask for.",
    "archive": "List past digests; export papers, or build the archive as a folder of pages.",
    "estimate": "Say what a morning's model calls will cost, before they are made.",
    "costs": "What the model's calls cost, by month, day, run, model, profile and subscriber.",
    "calls": "List the model's calls, or show one with its answer.",
    "eval": "Measure the local ranker on labelled announcement days.",
    "key-sentence": "Print the one sentence of each abstract that says what the paper does or finds.",
    "release": "Bring the tables of the database up to date, before the new version starts.",
    "migrate": "Carry a state folder into the database.",
    "backup": "Write all that is kept into one file.",
    "restore": "Bring a backup back, into an empty folder or database.",
    "begin-anew": "Go on with a new memory, although mails left before it.",
    "schema": "Print the JSON Schema of subscribers.yaml.",
    "config": "Print every setting, its value and what it does.",
    "help": "Explain a command.",
}


class LazyGroup(click.Group):
    """Imports `newsletter.cli.NAME` (its `command`) on demand, so that `--help` loads no scorer and no store."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"newsletter.cli.{cmd_name.replace('-', '_')}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"newsletter.cli.{cmd_name}.command is no click command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds the command as click does, and names the nearest one for a mistyped name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0].lower(), COMMANDS, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else "'newsletter help' lists them all."
            raise click.UsageError(f"No such command '{args[0]}'. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(newsletter.__version__, prog_name="newsletter")
def group() -> None:
    """Each morning, a mail with the newly announced papers that matter to each subscriber."""


def main() -> None:
    """Runs the command line; what the operator can mend is told in a sentence, with its own exit code."""
    make_forgiving()
    try:
        group()
    except ConfigError as error:
        _fail(str(error), EXIT_CONFIG)
    except SourceError as error:
        _fail(str(error), EXIT_FEED)
    except StoreError as error:
        _fail(str(error), EXIT_STORE)
    except OSError as error:
        if not is_output_lost(error):
            raise
        _fail(f"nothing can be printed ({error.strerror}); free the disk that standard output goes to", EXIT_OUTPUT)


def _fail(text: str, code: int) -> None:
    with suppress(OSError):  # the code says it, too
        click.secho(f"error: {text}", err=True, fg="red")
    sys.exit(code)


__all__ = [
    "main",
]
