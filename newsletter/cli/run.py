"""`newsletter run`: one morning for everybody, and a summary of it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import click

from newsletter import app, flow, worker
from newsletter.cli.advice import require_memory
from newsletter.cli.common import (
    TerminalProgress,
    begin_log,
    complain,
    complain_of_unreadable,
    find_subscriber,
    model_line,
    new_table,
    numbers,
    print_table,
)
from newsletter.cli.exits import (
    EXIT_CODES,
    EXIT_CONFIG,
    EXIT_DELIVERY,
    EXIT_FEED,
    EXIT_NO_ANNOUNCEMENT,
    EXIT_NOTHING_RELEVANT,
    EXIT_SCORING,
    EXIT_STORE,
)
from newsletter.cli.promised_mails import begin_welcomes, welcome_before_digests
from newsletter.cli.shutdown import Ending
from newsletter.model import TALLY, FeedOutcome, RunOutcome, RunReport, Subscriber, SubscriberReport, tally
from newsletter.ops import alerts, log, notify
from newsletter.run import FIRST_DAYS, BackfillReport, RunContext, foretell
from newsletter.services import directory, subscribers_file
from newsletter.settings import Settings, load_settings
from newsletter.sources import sample
from newsletter.stores import Store

_EXITS = {
    RunOutcome.FEED_FAILED: EXIT_FEED,
    RunOutcome.SCORING_FAILED: EXIT_SCORING,
    RunOutcome.DEFERRED: EXIT_DELIVERY,
    RunOutcome.REJECTED: EXIT_DELIVERY,
    RunOutcome.STOPPED: EXIT_DELIVERY,
    RunOutcome.IN_DOUBT: EXIT_DELIVERY,
    RunOutcome.UNREADABLE: EXIT_STORE,
}


@click.command(epilog=EXIT_CODES)
@click.option(
    "--feed",
    type=click.Path(exists=True, path_type=Path),
    help="Read recorded feeds (a folder with one file for each category, or one Atom or RSS file) instead of arXiv. "
    "The digest date is then the day of the feed.",
)
@click.option("--sample", "use_sample", is_flag=True, help="Read the bundled sample announcement; needs no network.")
@click.option("--only", metavar="EMAIL", help="Mail this subscriber alone (e-mail address or id).")
@click.option("--due", is_flag=True, help="Pass over subscribers whose own send time has not come yet today.")
@click.option("--dry-run", is_flag=True, help="Say what would be mailed; record nothing, send nothing.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary; errors only.")
@click.option("--detailed-exit-code", is_flag=True, help="End with 8 or 9, not 0, if nobody was mailed: see below.")
def command(
    feed: Path | None,
    use_sample: bool,
    only: str | None,
    due: bool,
    dry_run: bool,
    quiet: bool,
    detailed_exit_code: bool,
) -> None:
    """One morning: collect the announcement, score it for each subscriber, compose, render and deliver.

    Every step may be run again: a second run the same day sends nothing twice, and a run after a crash goes on
    where the crashed one was.

    \b
    Examples:
      newsletter run --sample              the bundled sample, no network
      newsletter run                       today's announcement, live from arXiv
      newsletter run --feed feeds/         recorded feeds
      newsletter run --due                 from cron, every quarter of an hour
    """
    settings = load_settings()
    recorded = sample.PATH if use_sample else feed
    begin_log(settings, quiet=quiet)
    progress = TerminalProgress(quiet=quiet)
    build = partial(app.build, settings, feed=recorded, tell_progress=progress.ask, tell_read=progress.read)
    if dry_run:
        context = build()
        listed = app.load_subscribers(settings, context.store)
        code = _dry_run(context, listed, only, progress, due_only=due, is_recorded=recorded is not None)
        if recorded is None:
            _foretell_welcomes(settings, context.store, _choose(listed, only))
        sys.exit(code)
    ending, notifier = Ending(), app.build_notifier(settings)
    with notifier.notifying_breaks():  # cron shows nobody an exit code
        helpers = worker.build_helpers(settings, recorded)
        context = replace(build(), helpers=helpers)
        require_memory(settings, context.store)
        ending.listen()
        listed = _load(settings, context.store, ending, is_recorded=recorded is not None)
    subscribers = _choose(listed, only)
    if helpers and not due:
        helpers.expect(len(subscribers))
    if recorded:  # a trial on papers of another day welcomes nobody
        begin_welcomes(settings, context.store)
        welcomed = 0
    else:
        one = subscribers[0].subscriber_id if only else ""
        welcomed = welcome_before_digests(settings, notifier, only=one, due_only=due, should_stop=ending.is_asked)
    with notifier.notifying_breaks():
        log.run_started(len(subscribers), due_only=due)
        is_new = not context.store.get_days(before=date.max, limit=1)
        with closing(context.sender), progress:
            look_back = app.build_look_back(settings, context, subscribers, progress, ending.is_asked)
            filled = [] if recorded else look_back.fill_missed_days()
            report = flow.run_morning(
                context,
                subscribers,
                progress,
                digest_on=context.source.day(context.now()) if recorded else None,
                due_only=due,
                should_stop=ending.is_asked,
                unreadable=_of(subscribers, listed.unreadable) if only else listed.unreadable,
            )
            if not recorded:
                look_back.look_again()
        log.run_finished(report)
    code = _tell_troubles(settings, context.store, listed, report, notifier, quiet=quiet)
    if not quiet:
        print_summary(report, subscribers)
        if line := model_line(context.store, report):
            click.echo(line)
        _print_beginnings(filled, welcomed, is_new=is_new)
        if settings.send_by == "outbox" and any(entry.outcome is RunOutcome.SENT for entry in report.subscribers):
            click.echo(f"The mails are in {settings.outbox}.")
    sys.exit(code or (detailed_code(report) if detailed_exit_code else 0))


def _tell_troubles(
    settings: Settings,
    store: Store,
    listed: directory.SubscriberList,
    report: RunReport,
    notifier: notify.Notifier,
    *,
    quiet: bool,
) -> int:
    """Tells the operator what went wrong, on the terminal and by alerts; returns the exit code."""
    bounces = bounced_lately(store, report)
    found = alerts.find_troubles(report, listed.problem, listed.ignored, listed.possible_moves, listed.stale_libraries)
    notifier.notify(report, found)  # before anything is printed: that may fail
    if settings.log == "json":
        log.log_troubles([*found, *bounces])
    else:
        # A single bounce is no error: cron would mail it each quarter of an hour
        loud = [each for each in bounces if not quiet or each.kind is alerts.Kind.HELD]
        bounce_lines = [f"{each.about} {each.kind}: {each.detail}" for each in loud]
        _complain_of(listed.problem, *troubles(report), *_questions(listed), *bounce_lines)
    held_code = EXIT_DELIVERY if any(each.kind is alerts.Kind.HELD for each in bounces) else 0
    return max(exit_code(report), held_code, EXIT_CONFIG if listed.problem else 0)


def _dry_run(
    context: RunContext,
    listed: directory.SubscriberList,
    only: str | None,
    progress: TerminalProgress,
    *,
    due_only: bool,
    is_recorded: bool,
) -> int:
    """Says what a run would do; returns the exit code."""
    subscribers = _choose(listed, only)
    with progress:
        report = foretell(
            context,
            subscribers,
            progress,
            digest_on=context.source.day(context.now()) if is_recorded else None,
            due_only=due_only,
            unreadable=_of(subscribers, listed.unreadable) if only else listed.unreadable,
        )
    told = replace(report, subscribers=tuple(e for e in report.subscribers if e.outcome is not RunOutcome.UNREADABLE))
    unreadable = {e.subscriber_id: e.detail for e in report.subscribers if e.outcome is RunOutcome.UNREADABLE}
    _complain_of(listed.problem, *troubles(told), *_questions(listed))
    for entry in report.subscribers:
        click.echo(f"{entry.subscriber_id} {_foretold(entry)}")
    return max(complain_of_unreadable(unreadable), exit_code(report), EXIT_CONFIG if listed.problem else 0)


def _foretold(entry: SubscriberReport) -> str:
    """Says in some words what a run would do for a subscriber."""
    counts = entry.counts
    if entry.outcome is RunOutcome.UNREADABLE:
        return "would get nothing"
    if entry.outcome is not RunOutcome.SENT or counts is None:
        scanned = f" ({counts.scanned} scanned)" if counts else ""
        return f"{entry.outcome}{scanned}" + (f": {entry.detail}" if entry.detail else "")
    nearest = f", and the nearest {counts.nearest}" if counts.nearest else ""
    return f"would get {counts.passed} of {counts.relevant} relevant papers{nearest} ({counts.scanned} scanned)"


def _load(settings: Settings, store: Store, ending: Ending, *, is_recorded: bool) -> directory.SubscriberList:
    """Loads the subscribers, with what is in their libraries now; a trial on recorded feeds asks nobody."""
    listed = app.load_subscribers(settings, store)
    return listed if is_recorded else app.read_libraries(settings, store, listed, ending.is_asked)


def _choose(listed: directory.SubscriberList, only: str | None) -> list[Subscriber]:
    return [find_subscriber(listed.subscribers, only)] if only else list(listed.subscribers)


def _of(subscribers: list[Subscriber], unreadable: Mapping[str, str]) -> dict[str, str]:
    ids = {subscriber.subscriber_id for subscriber in subscribers}
    return {who: why for who, why in unreadable.items() if who in ids}


def _questions(listed: directory.SubscriberList) -> list[str]:
    libraries = [f"{who}: {why}" for who, why in listed.stale_libraries]
    return [*(question for _, question in listed.possible_moves), *libraries]


def _complain_of(problem: str, *lines: str) -> None:
    if problem:
        complain(f"{problem}\n{subscribers_file.LAST_GOOD_SERVES}")
    for line in lines:
        complain(line)


def _foretell_welcomes(settings: Settings, store: Store, subscribers: list[Subscriber]) -> None:
    chosen = {subscriber.subscriber_id for subscriber in subscribers}
    for who in app.build_welcome_service(settings, store).foretell():
        if who in chosen:
            click.echo(f"{who} is new and would be welcomed")


def _print_beginnings(filled: Sequence[BackfillReport], welcomed: int, *, is_new: bool) -> None:
    """Says what came from arXiv's records, and who is new. That days before could not be had is no failure of a run."""
    failed = ", ".join(each.category for each in filled if each.problem)
    papers = sum(each.papers for each in filled)
    of = f"{papers} paper{'' if papers == 1 else 's'}"
    if failed:
        lacks = "The memory is new, and lacks the days before" if is_new else "Days are missing"
        click.echo(f"{lacks} for {failed}; 'newsletter backfill' says why.")
    elif filled and is_new:
        click.echo(f"The memory is new: {of} of the {FIRST_DAYS} weekdays before came from arXiv's records.")
    elif papers:
        click.echo(f"{of} of days that were missed came from arXiv's records.")
    if welcomed:
        click.echo(f"{welcomed} newcomer{' was' if welcomed == 1 else 's were'} welcomed by a mail of their own.")


def exit_code(report: RunReport) -> int:
    """The exit code for the most serious thing that happened; 0 if nothing did."""
    codes = [_EXITS.get(entry.outcome, 0) for entry in report.subscribers]
    codes += [EXIT_SCORING for entry in report.subscribers if entry.problem]
    codes += [EXIT_SCORING for _ in report.problems]
    codes += [EXIT_FEED for feed in report.feeds if feed.outcome is FeedOutcome.FAILED]
    return max(codes, default=0)


def detailed_code(report: RunReport) -> int:
    """The exit code of a run without failures that mailed nobody: why; 0 if it mailed somebody, or nobody was due."""
    outcomes = {entry.outcome for entry in report.subscribers}
    if outcomes & {RunOutcome.SENT, RunOutcome.ALREADY_SENT}:
        return 0
    if RunOutcome.NOTHING_RELEVANT in outcomes:
        return EXIT_NOTHING_RELEVANT
    return EXIT_NO_ANNOUNCEMENT if outcomes & {RunOutcome.NO_ANNOUNCEMENT, RunOutcome.WAITING} else 0


def troubles(report: RunReport) -> list[str]:
    """Writes a line for each thing that makes the exit code; all that a quiet run says."""
    feeds = [(f"{f.category} failed", f.detail) for f in report.feeds if f.outcome is FeedOutcome.FAILED]
    entries = [(f"{e.subscriber_id} {e.outcome}", e.detail) for e in report.subscribers if e.outcome in _EXITS]
    problems = [(e.subscriber_id, e.problem) for e in report.subscribers if e.problem and e.outcome not in _EXITS]
    return [": ".join(filter(None, parts)) for parts in feeds + entries + problems] + list(report.problems)


def bounced_lately(store: Store, report: RunReport) -> list[alerts.Trouble]:
    """Lists the addresses that a bounce has suppressed since the day before, or whose bounce is held."""
    yesterday = report.digest_on - timedelta(days=1)
    bounces = alerts.find_bounce_troubles(store.get_address_statuses(), report.digest_on)
    return [each for each in bounces if each.on >= yesterday]


def print_summary(report: RunReport, subscribers: list[Subscriber]) -> None:
    """Prints the summary: a row for each subscriber, then the sum, which always adds up."""
    names = {subscriber.subscriber_id: subscriber.name for subscriber in subscribers}
    table = new_table("subscriber", "name", "outcome", "announced#", "scanned#", "relevant#", "detail")
    for entry in report.subscribers:
        table.add_row(
            entry.subscriber_id,
            names.get(entry.subscriber_id, ""),
            entry.outcome,
            *numbers(entry),
            entry.detail,
        )
    print_table(table)
    click.echo(sum_line(report))


def sum_line(report: RunReport) -> str:
    """`3 subscribers = 2 sent + 1 empty (nothing relevant) + 0 skipped + …`: the five groups, and what is in them."""
    parts = []
    for group, count in tally(report).items():
        kinds = Counter(str(e.outcome) for e in report.subscribers if TALLY[e.outcome] is group)
        detail = ", ".join(kinds if len(kinds) == 1 else (f"{number} {kind}" for kind, number in kinds.items()))
        parts.append(f"{count} {group}" + (f" ({detail})" if detail not in ("", group) else ""))
    return f"{len(report.subscribers)} subscribers = {' + '.join(parts)}"
