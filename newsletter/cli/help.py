"""`newsletter help`: what --help prints, for those who ask that way round."""

from __future__ import annotations

import click

from newsletter.cli.exits import EXIT_CODES


@click.command(epilog=EXIT_CODES)
@click.argument("words", metavar="[COMMAND]...", nargs=-1)
@click.pass_context
def command(context: click.Context, words: tuple[str, ...]) -> None:
    """Explain a command, as its --help does; without one, list them all.

    \b
    Examples:
      newsletter help
      newsletter help run
      newsletter help deliveries resolve
    """
    click.echo(_context_of(context.find_root(), words).get_help())


def _context_of(context: click.Context, words: tuple[str, ...]) -> click.Context:
    """Finds the context of the innermost command. Raises UsageError for a word that is none."""
    for word in words:
        if not isinstance(context.command, click.Group):
            raise click.UsageError(f"'{context.command_path}' has no commands of its own", context)
        name, subcommand, _ = context.command.resolve_command(context, [word])
        if subcommand is None or name is None:
            raise click.UsageError(f"No such command '{word}'.", context)
        context = click.Context(subcommand, info_name=name, parent=context, **subcommand.context_settings)
    return context
