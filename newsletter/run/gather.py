"""Gathers what a morning needs once for everybody: feeds, papers read by the model of meaning, answers asked ahead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from newsletter.model import RunReport, Subscriber
from newsletter.run.collect import Collecting, collect, who_needs_feeds_now
from newsletter.run.context import Morning, ProgressListener, RunContext
from newsletter.run.deliver import settle_doubts
from newsletter.run.prefetch import prefetch_scores
from newsletter.run.record import Run, open_run, report_unreadable
from newsletter.run.vectors import read_papers

_LATEST_RUNS = 20  # among which a report that says nothing new is found again: workers record theirs in between


def gather(
    run: Run,
    readers: Sequence[Subscriber],
    progress: ProgressListener,
    *,
    due_only: bool,
    is_collected: bool = False,
    should_stop: Callable[[], bool],
) -> tuple[Morning, list[str]]:
    """Collects the day for these readers and has it read; gives it with sentences for the operator.

    `is_collected`: the day is taken as it is kept, and nobody is asked for anything.
    """
    context = run.context
    problems = context.prefetcher.collect() if context.prefetcher and not is_collected else []
    how = Collecting(run.run_id, run.digest_on, sparing=due_only, should_stop=should_stop)
    morning = collect(context, () if is_collected else readers, progress, how)
    return morning, problems + read_papers(context, morning, readers, should_stop)


def collect_morning(
    context: RunContext,
    subscribers: Sequence[Subscriber],
    progress: ProgressListener,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    unreadable: Mapping[str, str] = MappingProxyType({}),
) -> RunReport:
    """Does what a morning needs once, and mails nobody: that is for runs with `is_collected`, in whatever process.

    Settles doubts, collects what these subscribers need now, has it read, asks a model ahead. The report, which is
    recorded if it says something new, has the feeds and who is `unreadable`. May be repeated. Raises StoreError if the
    memory fails.
    """
    with open_run(context) as run:
        settle_doubts(context)
        readers = who_needs_feeds_now(context, subscribers)
        morning, problems = gather(run, readers, progress, due_only=True, should_stop=should_stop)
        if not should_stop():
            problems += prefetch_scores(context, morning, readers)
        report = run.report(morning, report_unreadable(unreadable), problems)
        run.record(report, unless_among=_LATEST_RUNS)
        return report
