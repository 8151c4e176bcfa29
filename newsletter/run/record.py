"""Records a run in the memory: that it is alive, from start to end, and the report that it leaves there.

What a report has to agree with is reconcile.py's business.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from newsletter.model import Delivery, RunOutcome, RunReport, SubscriberReport, parse_delivery_id
from newsletter.run import reconcile
from newsletter.run.context import Morning, RunContext
from newsletter.stores import Store


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is under way."""

    context: RunContext
    run_id: str
    started_at: datetime  # aware UTC
    digest_on: date | None = None  # that of everybody; None: each has their own

    def report(self, morning: Morning, entries: Sequence[SubscriberReport], problems: Iterable[str]) -> RunReport:
        """Makes the report of this run, which ends now."""
        return RunReport(
            run_id=self.run_id,
            digest_on=self.digest_on or morning.today.announced_on,
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

    def check(self, report: RunReport, subscriber_ids: Sequence[str]) -> None:
        """Checks that the report has each of them once and agrees with the ledger. Raises LedgerError, StoreError."""
        reconcile.check(report, subscriber_ids, partial(read_rows, self.context.store))


@contextmanager
def open_run(context: RunContext, digest_on: date | None = None) -> Iterator[Run]:
    """Begins a run, and ends it however it is left: what it claimed and did not finish is free then."""
    started_at = context.now()
    run = Run(context, f"{started_at:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}", started_at, digest_on)
    context.store.start_run(run.run_id)
    try:
        yield run
    finally:
        context.store.end_run(run.run_id)


def report_unreadable(unreadable: Mapping[str, str]) -> list[SubscriberReport]:
    """Reports whom nothing is mailed because something that is kept of them cannot be read (by id: why)."""
    return [SubscriberReport(who, RunOutcome.UNREADABLE, detail=why) for who, why in unreadable.items()]


def read_rows(store: Store, delivery_ids: Sequence[str]) -> dict[str, Delivery]:
    """Reads the rows of these deliveries by one question; those that are not there are left out."""
    keys = {parse_delivery_id(one) for one in delivery_ids}
    rows = store.get_deliveries(subscriber_ids={who for who, _ in keys}, since=min(on for _, on in keys))
    return {row.delivery_id: row for row in rows if (row.subscriber_id, row.digest_on) in keys}
