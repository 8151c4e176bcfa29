"""`newsletter backfill`: fetches what arXiv announced on days that nobody collected."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, datetime

import click

from newsletter import app
from newsletter.cli.common import TerminalProgress, begin_log, complain, new_table, print_table
from newsletter.cli.days import DAY
from newsletter.cli.exits import EXIT_CODES, EXIT_CONFIG, EXIT_FEED
from newsletter.cli.shutdown import Ending
from newsletter.papers import arxiv_day, is_arxiv
from newsletter.run import FIRST_DAYS, MOST_BACKFILL_DAYS, BackfillReport, backfill, last_weekdays
from newsletter.settings import load_settings


@click.command(epilog=EXIT_CODES)
@click.option(
    "--from", "first_at", metavar="DATE", type=DAY, help="The first day to look at; default: five weekdays ago."
)
@click.option(
    "--to",
    "last_at",
    metavar="DATE",
    type=DAY,
    help="The last day; default, and at most: the day before arXiv's today.",
)
@click.option("--dry-run", is_flag=True, help="Ask arXiv and say what is missing; record nothing.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no table; errors only.")
def command(first_at: datetime | None, last_at: datetime | None, dry_run: bool, quiet: bool) -> None:
    """Fetch what arXiv announced in your readers' categories on days that nobody collected.

    Days are arXiv's: US Eastern dates from Monday to Friday, the last 31 days at most. A category that was read on a
    day is left as it is, so this may be repeated at will. Nothing is mailed here: what is found comes with each
    reader's next mail, that of the last two weeks in one.

    On which day a paper was announced is worked out from when arXiv received it. arXiv is asked for its records
    (OAI-PMH), at most once every three seconds; that takes a minute or so for each category.

    \b
    Examples:
      newsletter backfill --dry-run
      newsletter backfill --from 2026-11-23 --to 2026-11-25
    """
    settings = load_settings()
    begin_log(settings, quiet=quiet)
    first, last = _range(first_at, last_at, arxiv_day(app.utc_now()))
    harvester, store = app.build_harvester(settings), app.build_store(settings)
    listed = app.load_subscribers(settings, store)
    if listed.problem:
        complain(f"{listed.problem}\nThe last good version's categories are looked at.")
    categories = {each for subscriber in listed.subscribers for each in subscriber.categories if is_arxiv(each)}
    ending = Ending()
    ending.listen()
    with TerminalProgress(quiet=quiet) as progress:
        reports = backfill(
            store,
            harvester,
            categories,
            progress,
            first=first,
            last=last,
            now=app.utc_now,
            remember=not dry_run,
            should_stop=ending.is_asked,
        )
    if not quiet:
        _print(reports, first, last, is_trial=dry_run)
    for report in reports:
        if report.problem:
            complain(f"{report.category} failed: {report.problem}")
    is_failed = any(report.problem for report in reports) or len(reports) < len(categories)
    sys.exit(max(EXIT_FEED if is_failed else 0, EXIT_CONFIG if listed.problem else 0))


def _range(first_at: datetime | None, last_at: datetime | None, today: date) -> tuple[date, date]:
    """Gives the days to look at. Raises click.BadParameter for some that cannot be back-filled."""
    recent = last_weekdays(today, FIRST_DAYS)
    last = last_at.date() if last_at else recent[-1]
    first = first_at.date() if first_at else min(recent[0], last)
    if last >= today:
        raise click.BadParameter(f"{last} is not over at arXiv; 'newsletter run' reads its feeds", param_hint="--to")
    if first > last:
        raise click.BadParameter(f"{first} is after {last}, the last day", param_hint="--from")
    if (today - first).days > MOST_BACKFILL_DAYS:
        raise click.BadParameter(
            f"{first} is more than {MOST_BACKFILL_DAYS} days ago: too old for a mail, and for what ranks papers",
            param_hint="--from",
        )
    return first, last


def _print(reports: Sequence[BackfillReport], first: date, last: date, *, is_trial: bool) -> None:
    table = new_table("category", "day", "new#", "cross#", "replaced#")
    for report in reports:
        for day in report.days:
            on = f"{day.announced_on:%Y-%m-%d}"
            table.add_row(report.category, on, str(day.new), str(day.cross), str(day.replaced))
    if table.row_count:
        print_table(table)
    for report in reports:
        for warning in report.warnings:
            click.echo(warning)
        if report.late:
            are = "would be" if is_trial else "are"
            click.echo(f"{report.category}: {report.late} papers of days that were collected without them {are} added.")
    papers, days = sum(report.papers for report in reports), sum(len(report.days) for report in reports)
    if not days:
        click.echo(f"Nothing to fill from {first} to {last}.")
    elif is_trial:
        click.echo(f"{papers} entries of {days} missing days would be kept.")
    else:
        click.echo(f"{papers} entries of {days} missing days are kept; the next mails have the last two weeks'.")
