"""One run as the memory knows it: its id, its life from start to end, and the report that it leaves there."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from newsletter.model import RunOutcome, RunReport, SubscriberReport
from newsletter.run import reconcile
from newsletter.run.context import Morning, RunContext


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is under way."""

    context: RunContext
    run_id: str
    started_at: datetime  # aware UTC

    def report(
        self,
        morning: Morning,
        entries: Sequence[SubscriberReport],
        problems: Iterable[str],
        *,
        digest_on: date | None = None,
    ) -> RunReport:
        """Makes the report of this run, which ends now. `digest_on`: that of everybody; None: each has their own."""
        return RunReport(
            run_id=self.run_id,
            digest_on=digest_on or morning.today.announced_on,
            started_at=self.started_at,
            finished_at=self.context.now(),
            feeds=morning.today.feeds,
            subscribers=tuple(entries),
            problems=tuple(dict.fromkeys(problems)),
        )

    def record(self, report: RunReport, *, unless_among: int = 0) -> None:
        """Records the report, unless one of so many latest ones of its date says the same. May be repeated."""
        latest = self.context.store.get_runs(digest_on=report.digest_on, limit=unless_among) if unless_among else []
        if not reconcile.is_unchanged(report, latest):
            self.context.store.record_run(report)


@contextmanager
def open_run(context: RunContext) -> Iterator[Run]:
    """Begins a run, and ends it however it is left: what it claimed and did not finish is free then."""
    started_at = context.now()
    run = Run(context, f"{started_at:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}", started_at)
    context.store.start_run(run.run_id)
    try:
        yield run
    finally:
        context.store.end_run(run.run_id)


def report_unreadable(unreadable: Mapping[str, str]) -> list[SubscriberReport]:
    """Reports whom nothing is mailed because something that is kept of them cannot be read (by id: why)."""
    return [SubscriberReport(who, RunOutcome.UNREADABLE, detail=why) for who, why in unreadable.items()]
