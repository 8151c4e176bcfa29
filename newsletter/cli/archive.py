"""`newsletter archive`: what is in it; digests as files for reference managers; all of it as a folder of pages."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from newsletter import app
from newsletter.cli.common import complain, find_subscriber, new_table, print_table, writing_to
from newsletter.cli.days import DAY
from newsletter.cli.exits import EXIT_CODES, EXIT_STORE
from newsletter.errors import ReaderUnreadable
from newsletter.files import resources
from newsletter.model import Subscriber
from newsletter.settings import Settings, load_settings
from newsletter.stores import Store
from newsletter.texts import FALLBACK_LANGUAGE
from newsletter.theme import stylesheet
from newsletter.web.archive import (
    BIBTEX,
    INDEX,
    MARKDOWN,
    RIS,
    ArchivedDigests,
    ArchiveUrls,
    Edition,
    FileCounts,
    count_pages,
    edition_of_files,
    write_edition,
    write_listing,
)

_ENDINGS = {"bibtex": BIBTEX, "ris": RIS, "markdown": MARKDOWN}


@click.group(invoke_without_command=True, epilog=EXIT_CODES)
@click.pass_context
def command(context: click.Context) -> None:
    """List the archives: how many digests each subscriber has, from when to when, and who may read them.

    \b
    Examples:
      newsletter archive
      newsletter archive export ada@example.org --format ris --output papers.ris
      newsletter archive build --output public
    """
    if context.invoked_subcommand:
        return
    settings = load_settings()
    store = app.build_store(settings)
    table = new_table("id", "e-mail", "digests#", "first", "latest", "public as")
    for one in _subscribers(settings, store):
        days = ArchivedDigests(store, one.subscriber_id).days()
        first, latest = (str(days[0]), str(days[-1])) if days else ("", "")
        table.add_row(one.subscriber_id, one.email, str(len(days)), first, latest, one.public_archive)
    print_table(table)


@command.command()
@click.argument("who", metavar="EMAIL|ID")
@click.option("--date", "on", type=DAY, help="The digest of this date; default: the latest.")
@click.option("--paper", "papers", metavar="ARXIV-ID", multiple=True, help="This paper of it alone; may be repeated.")
@click.option("-f", "--format", "form", type=click.Choice(list(_ENDINGS)), default="bibtex", show_default=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True),
    default="-",
    help="Where to write; - is standard output, and the default.",
)
def export(who: str, on: datetime | None, papers: Sequence[str], form: str, output: str) -> None:
    """Export a digest of a subscriber, or some papers of it, as BibTeX, RIS or Markdown.

    \b
    Examples:
      newsletter archive export ada@example.org > papers.bib
      newsletter archive export ada@example.org --date 2026-11-20 --paper 2511.00001 --paper 2511.00002
      newsletter archive export ada@example.org --format markdown --output digest.md
    """
    settings = load_settings()
    store = app.build_store(settings)
    digests = ArchivedDigests(store, find_subscriber(_subscribers(settings, store), who).subscriber_id)
    days = digests.days()
    if not days:
        raise click.UsageError(f"{who} has no digest yet; 'newsletter run' mails one")
    day = on.date() if on else days[-1]
    if day not in days:
        raise click.UsageError(f"{who} has no digest of {day}; 'newsletter deliveries' lists all, up to {days[-1]}")
    text = app.build_archive_pages(settings).file(Edition(digests, ArchiveUrls()), day, _ENDINGS[form], papers)
    if text is None:
        raise click.UsageError(f"none of these papers is in the digest of {day}; leave --paper out to export all of it")
    content = text.encode("utf-8", "replace")
    if output == "-":
        sys.stdout.buffer.write(content)
        return
    with writing_to(Path(output)):
        Path(output).write_bytes(content)
    click.echo(output)


@command.command(name="build")
@click.argument("emails", metavar="[EMAIL|ID]...", nargs=-1)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder to write into; it is made if it is missing.",
)
def build_command(emails: Sequence[str], output: Path) -> None:
    """Write archives as a folder of pages that any web server can serve, or that can be opened as files.

    Without EMAIL these are the public archives (public_archive in subscribers.yaml), without a word about whose they
    are. With EMAIL they are those readers' own, with their profiles: for them, not for the world. Use a folder of its
    own for each of the two.

    The folder has index.html, the stylesheets, and for each archive a folder with a page for every day and every
    month, an Atom feed, and every digest as .bib, .ris and .md. Pages are in their reader's language. Search is left
    out: it needs 'newsletter serve'. The command may be repeated: only what changed is written.

    \b
    Examples:
      newsletter archive build --output public
      newsletter archive build ada@example.org --output for-ada
    """
    settings = load_settings()
    store = app.build_store(settings)
    readers = {one.subscriber_id: one for one in app.load_subscribers(settings, store).subscribers}
    archives = _own(settings, store, emails) if emails else _public(settings, store)
    if not archives:
        raise click.UsageError(
            f"no archive is public; set public_archive for somebody in {settings.subscribers}, or name an EMAIL"
        )
    pages = app.build_archive_pages(settings)
    editions = [edition_of_files(each, _language_of(each, readers)) for each in archives]
    parts = {name: resources.read_text(f"templates/web/{name}") for name in ("archive.css", "papers.js")}
    total, unreadable = sum(map(count_pages, editions)), dict[str, str]()
    with writing_to(output):
        counts = write_listing(pages, editions, output, {"style.css": stylesheet(), **parts})
        console = Console(stderr=True)
        with Progress(console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task("Pages", total=total)
            for each in editions:
                try:
                    counts += write_edition(pages, each, output / each.digests.name, lambda: bar.advance(task))
                except ReaderUnreadable as error:
                    unreadable[error.subscriber_id] = str(error)
    click.echo(_in_words(counts, output))
    for who, why in unreadable.items():
        complain(f"The archive of {who} is not complete: {why}")
    sys.exit(EXIT_STORE if unreadable else 0)


def _in_words(counts: FileCounts, output: Path) -> str:
    removed = f", {counts.removed} removed" if counts.removed else ""
    return f"{output / INDEX}: {counts.written} files written, {counts.unchanged} unchanged{removed}"


def _own(settings: Settings, store: Store, emails: Sequence[str]) -> list[ArchivedDigests]:
    listed = _subscribers(settings, store)
    ids = dict.fromkeys(find_subscriber(listed, email).subscriber_id for email in emails)
    return [ArchivedDigests(store, who) for who in ids]


def _language_of(archive: ArchivedDigests, readers: Mapping[str, Subscriber]) -> str:
    reader = readers.get(archive.subscriber_id)
    return reader.profile.language if reader else FALLBACK_LANGUAGE


def _public(settings: Settings, store: Store) -> list[ArchivedDigests]:
    public = app.load_listed(settings, store).public_archives
    return [ArchivedDigests(store, who, slug) for slug, who in sorted(public.items())]


def _subscribers(settings: Settings, store: Store) -> Sequence[Subscriber]:
    listed = app.load_subscribers(settings, store)
    if listed.problem:
        complain(f"{listed.problem}\nThis shows the last good version.")
    return listed.as_listed
