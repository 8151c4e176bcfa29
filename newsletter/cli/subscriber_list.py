"""`newsletter subscribers import` and `export`: many readers at once, from a table or YAML, and back."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from newsletter import app
from newsletter.cli.common import begin_log, complain, writing_to
from newsletter.cli.exits import EXIT_CODES, EXIT_CONFIG
from newsletter.cli.subscriber_add import load_defaults
from newsletter.cli.terminal import write_document
from newsletter.errors import ConfigError
from newsletter.services import additions, subscriber_import
from newsletter.settings import load_settings
from newsletter.subscribers import list_export

_BECAME = {
    additions.Addition.ADDED: "added",
    additions.Addition.SAME: "there already, with just that",
    additions.Addition.LISTED: "in the subscribers file, whose entry holds",
    additions.Addition.SUPPRESSED: "without mail since they left, complained or bounced, and so left out",
    additions.Addition.DIFFERENT: "there already with something else, and left as they are",
    additions.Addition.OTHER_ADDRESS: "left out, since another address has their id",
}
_TO_MEND = (additions.Addition.DIFFERENT, additions.Addition.OTHER_ADDRESS)
_MOST_NAMED = 20  # of those to mend


@click.command(name="import", epilog=EXIT_CODES)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--no-welcome", is_flag=True, help="Send them no welcome, now or later.")
@click.option("--dry-run", is_flag=True, help="Check the list and say what would come of it; add nobody.")
def import_list(file: Path, no_welcome: bool, dry_run: bool) -> None:
    """Add everybody of a list: a table (CSV) or YAML. All of it is checked before anybody is added.

    A table begins with the names of its columns: email, and as many as you like of name, categories, topic (again for
    each topic), like, author, zone, send_at, frequency, language. Several categories, words or authors stand in one
    cell with semicolons between them. YAML (.yaml, .yml) has entries as in subscribers.yaml, with the keys that are a
    reader's to set. What is left out comes from the defaults of subscribers.yaml.

    The same list again adds who is new in it. Who left stays away. Welcomes leave with 'clock', 'serve' or the next
    run.

    \b
    Examples:
      newsletter subscribers import members.csv --dry-run
      newsletter subscribers import members.csv
      newsletter subscribers import lab.yaml --no-welcome
    """
    settings = load_settings()
    begin_log(settings, quiet=True)
    store = app.build_store(settings)
    parsed = load_defaults(settings, store)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror}); check its name and rights") from error
    imported = subscriber_import.read_list(data, str(file), parsed, app.utc_now())
    listed = app.load_listed(settings, store)
    if no_welcome and not dry_run:  # before anybody is added: a clock may be at work
        trial = subscriber_import.add_all(store, listed, imported, is_trial=True)
        newcomers = [each.enrolment for each, done in trial if done.addition is additions.Addition.ADDED]
        app.build_welcome_service(settings, store).decline(newcomers)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        adding = subscriber_import.add_all(store, listed, imported, is_trial=dry_run)
        became = list(bar.track(adding, len(imported), description="Subscribers"))
    _tell(str(file), became, is_trial=dry_run)


def _tell(
    source: str, became: Sequence[tuple[subscriber_import.ImportedSubscriber, additions.Added]], *, is_trial: bool
) -> None:
    """Says how many came to what, and names those that are not as the list has them. Ends the command."""
    counts = Counter(done.addition for _, done in became)
    click.echo(f"{source}: {len(became):,} subscribers{'; nothing was changed, they would be' if is_trial else ''}")
    for addition, words in _BECAME.items():
        if counts[addition]:
            click.echo(f"  {counts[addition]:>7,} {words}")
    to_mend = [(each, done) for each, done in became if done.addition in _TO_MEND]
    for each, done in to_mend[:_MOST_NAMED]:
        complain(f"{source}:{each.line}: {each.enrolment.email} is {_BECAME[done.addition]}")
    if to_mend:
        complain(
            f"{len(to_mend):,} are not as the list has them; 'newsletter subscribers show ID' shows one, and "
            "'newsletter subscribers remove ID' makes room to add them anew"
        )
        sys.exit(EXIT_CONFIG)


@click.command(epilog=EXIT_CODES)
@click.option("--format", "form", type=click.Choice(["yaml", "csv"]), default="yaml", show_default=True)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write to this file instead of the terminal.",
)
def export(form: str, output: Path | None) -> None:
    """Write all subscribers as they are served now, with their own wishes, as a list that 'import' reads.

    YAML has every key. CSV has a row for each, for a spreadsheet; it leaves out what a table has no column for.

    \b
    Examples:
      newsletter subscribers export --output subscribers-2026-11.yaml
      newsletter subscribers export --format csv --output members.csv
    """
    settings = load_settings()
    begin_log(settings, quiet=True)
    listed = app.load_subscribers(settings, app.build_store(settings))
    if listed.problem:
        complain(f"{listed.problem}\nThis is the last good version.")
    write = list_export.write_csv if form == "csv" else list_export.write_yaml
    text = write(listed.subscribers)
    if output is None:
        write_document(text)
        return
    with writing_to(output):
        output.write_text(text, encoding="utf-8", newline="\n")
    click.echo(f"{output}: {len(listed.subscribers):,} subscribers")
