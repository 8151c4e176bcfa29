"""`newsletter status`: what happened on a day, for each category and subscriber."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter

import click
from pydantic import TypeAdapter
from rich.table import Table

from newsletter import app, formatting
from newsletter.cli.common import complain, complain_of_unreadable, model_line, new_table, numbers, print_table
from newsletter.cli.days import DAY
from newsletter.cli.exits import EXIT_CODES, EXIT_CONFIG
from newsletter.cli.terminal import write_document
from newsletter.model import Delivery, DeliveryState, ModelBatch, RunOutcome, RunReport, SubscriberReport, spending
from newsletter.settings import Settings, load_settings
from newsletter.stores import Store

# What the runs of the evening and the night say of who had a mail, or an answer, in the morning
_PASSED_OVER = {
    *(RunOutcome.ALREADY_SENT, RunOutcome.NOT_DUE, RunOutcome.NO_ANNOUNCEMENT),
    *(RunOutcome.BUSY, RunOutcome.INTERRUPTED, RunOutcome.PAUSED, RunOutcome.SUPPRESSED),
}

_NEVER = datetime.min.replace(tzinfo=UTC)
_IN_HAND = {DeliveryState.CLAIMED, DeliveryState.HANDED_OVER}
_MOST_RUNS = 1000  # of a day: each slice of readers that a worker mails is one


@click.command(epilog=EXIT_CODES)
@click.option("--date", "on", type=DAY, help="Of this digest date; default: the latest run's.")
@click.option("--json", "as_json", is_flag=True, help="Print the run report as JSON.")
def command(on: datetime | None, as_json: bool) -> None:
    """Tell what happened: the latest run, how each feed went, and where each subscriber's mail stands.

    The four outcomes that look alike in a mailbox are kept apart here: no announcement, nothing relevant, feed
    failed, scoring failed. Batches of questions that a model has not answered yet are listed at the end.
    """
    settings = load_settings()
    store = app.build_store(settings)
    runs = store.get_runs(digest_on=on.date() if on else None, limit=1)
    unended = [] if as_json else _find_unended(store, on.date() if on else None, runs)
    if not runs:
        nothing = f"No run on {on.date()}." if on else "No run yet; start one with 'newsletter run'."
        click.echo("\n".join(unended) or nothing)
        sys.exit(_warn(settings, store))
    run = runs[0]
    if as_json:
        write_document(TypeAdapter(RunReport).dump_json(run, indent=2).decode())
        return
    runs = store.get_runs(digest_on=run.digest_on, limit=_MOST_RUNS)
    rows = _rows(store, run.digest_on, {run.run_id for run in runs})
    seconds = (run.finished_at - run.started_at).total_seconds()
    click.echo(f"{run.digest_on}: latest run {run.run_id} at {run.started_at:%Y-%m-%d %H:%M} UTC, {seconds:.1f} s\n")
    print_table(_feeds(run))
    click.echo()
    print_table(_subscribers(runs, rows))
    if line := model_line(store, run):
        click.echo(f"\n{line}")
    if batches := [batch for batch in store.get_batches(since=date.min) if batch.is_open]:
        click.echo()
        print_table(_batches(store, batches))
    for line in ["", *unended] if unended else []:
        click.echo(line)
    for problem in run.problems:
        complain(f"\n{problem}")
    sys.exit(_warn(settings, store))


def _find_unended(store: Store, on: date | None, latest: Sequence[RunReport]) -> list[str]:
    """Tells of runs without a report, of this date or since the latest run's: those under way, and those that broke off
    and that no other run has followed.
    """
    since = on or (latest[0].digest_on if latest else date.min)
    rows = [row for row in store.get_deliveries(since=since) if on in (None, row.digest_on)]
    # A report has arXiv's date, a row its reader's
    days = {row.digest_on + timedelta(days=shift) for row in rows for shift in (-1, 0, 1)}
    reports = [run for day in days for run in store.get_runs(digest_on=day, limit=_MOST_RUNS)]
    reported, began_last = {run.run_id for run in reports}, max((run.started_at for run in reports), default=None)
    by_end = sorted(reports, key=attrgetter("finished_at"))
    told_at = {entry.delivery_id: run.finished_at for run in by_end for entry in run.subscribers}  # also by its helpers
    unended = defaultdict[tuple[str, date], list[Delivery]](list)
    for row in rows:
        if row.run_id not in reported and told_at.get(row.delivery_id, _NEVER) < _claimed_at(row):
            unended[row.run_id, row.digest_on].append(row)
    return [
        _write_unended(run_id, day, held, is_running=is_running)
        for (run_id, day), held in sorted(unended.items())
        if (is_running := store.is_running(run_id)) or began_last is None or began_last < min(map(_claimed_at, held))
    ]


def _claimed_at(row: Delivery) -> datetime:
    return max((step.at for step in row.steps if step.state is DeliveryState.CLAIMED), default=row.at)


def _write_unended(run_id: str, day: date, held: Sequence[Delivery], *, is_running: bool) -> str:
    readers = sum(row.state not in _IN_HAND for row in held)
    served = f"{readers:,} reader{'' if readers == 1 else 's'} of {day}"
    if is_running:
        return f"Under way: run {run_id} has served {served} so far."
    return f"Broken off: run {run_id} served {served} and left no report; the next 'newsletter run' goes on."


def _warn(settings: Settings, store: Store) -> int:
    """Says what stands against the next mails, and names each mail that may or may not have left, with who had it; not
    those that a running run is just sending. Returns the exit code for files that cannot be read.
    """
    if problem := app.find_problem_of_list(settings, store):
        complain(f"\n{problem}")
    rows = store.get_open_deliveries()
    doubtful = [_with_sender(row) for row in rows if row.state is DeliveryState.IN_DOUBT]
    handed_over = [row for row in rows if row.state is not DeliveryState.IN_DOUBT]
    cut_off = [_with_sender(row) for row in handed_over if not store.is_running(row.run_id)]
    unreadable_code = complain_of_unreadable(store.find_unreadable())
    if held := [each.subscriber_id for each in store.get_address_statuses() if each.is_held]:
        complain(f"\nBounces held: {', '.join(held)}\nDecide with 'newsletter suppressions held'.")
    if doubtful:
        complain(
            f"\nIn doubt: {', '.join(doubtful)}\nOnly who had a mail can tell what became of it: look there, "
            "then settle it with 'newsletter deliveries resolve'."
        )
    if cut_off:
        complain(
            f"\nCut off while sending: {', '.join(cut_off)}\n"
            "The next 'newsletter run' with the same sender looks for evidence."
        )
    return max(unreadable_code, EXIT_CONFIG if problem else 0)


def _with_sender(row: Delivery) -> str:
    return f"{row.delivery_id} ({row.sent_by})" if row.sent_by else row.delivery_id


def _rows(store: Store, digest_on: date, run_ids: set[str]) -> dict[str, Delivery]:
    """Finds each subscriber's delivery of these runs; its date is another than the run's where the local day is."""
    rows = store.get_deliveries(since=digest_on - timedelta(days=1))
    same_day = {row.subscriber_id: row for row in rows if row.digest_on == digest_on}
    return same_day | {row.subscriber_id: row for row in rows if row.run_id in run_ids}


def _feeds(run: RunReport) -> Table:
    table = new_table("category", "feed", "papers#", "asked again (UTC)", "detail")
    for feed in run.feeds:
        again = f"{feed.ask_again_at:%H:%M}" if feed.ask_again_at else ""
        table.add_row(feed.category, feed.outcome, str(feed.papers), again, feed.detail)
    return table


def _batches(store: Store, batches: list[ModelBatch]) -> Table:
    """Prints the batches that the model's provider still works on, or may."""
    calls = store.get_calls(since=min(batch.at for batch in batches).date(), until=date.max)
    table = new_table("batch", "at (UTC)", "state", "profile", "papers#", "cost#", "detail")
    for batch in batches:
        own = {line.call_id for line in batch.lines}
        bill = spending.total(call for call in calls if call.call_id in own)
        cost = formatting.dollars(None if bill.without_price else bill.cost_usd)
        table.add_row(
            batch.batch_id,
            f"{batch.at:%Y-%m-%d %H:%M}",
            batch.state,
            batch.profile_key[:12],
            str(sum(len(line.papers) for line in batch.lines)),
            f"≤ {cost}" if bill.pending and not bill.without_price else cost,
            batch.detail,
        )
    return table


def _subscribers(runs: list[RunReport], rows: dict[str, Delivery]) -> Table:
    """Picks each subscriber's latest entry that says something: what a later run merely passed over does not."""
    entries: dict[str, SubscriberReport] = {}
    for entry in (entry for run in runs for entry in run.subscribers):
        known = entries.get(entry.subscriber_id)
        if known is None or (known.outcome in _PASSED_OVER and not known.delivery_id and entry.delivery_id):
            entries[entry.subscriber_id] = entry
    table = new_table("subscriber", "outcome", "delivery", "announced#", "scanned#", "relevant#", "detail")
    for entry in entries.values():
        row = rows.get(entry.subscriber_id)
        table.add_row(
            entry.subscriber_id, entry.outcome, row.state if row else "", *numbers(entry), entry.detail or entry.problem
        )
    return table
