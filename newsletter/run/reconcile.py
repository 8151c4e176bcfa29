"""Checks at the end of a run that each subscriber is in exactly one of five groups, and that the ledger agrees. Pure.

    subscribers = sent + empty + skipped + failed + in doubt

A run that says "sent" of a mail the ledger does not know would lose or double it the next day: that is a bug, and the
run ends with it rather than with a nice summary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from newsletter.errors import LedgerError
from newsletter.model import Delivery, DeliveryState, RunOutcome, RunReport, SubscriberReport, tally

_S = DeliveryState
ROWS_AT_ONCE = 200
_NEVER = datetime.min.replace(tzinfo=UTC)
#: The move that a run made if it tells this of a delivery it has claimed.
_MADE: dict[RunOutcome, DeliveryState] = {
    RunOutcome.SENT: _S.ACCEPTED,
    RunOutcome.NOTHING_RELEVANT: _S.SKIPPED,
    RunOutcome.SUPPRESSED: _S.SKIPPED,
    RunOutcome.FEED_FAILED: _S.SKIPPED,
    RunOutcome.WAITING: _S.SKIPPED,
    RunOutcome.SCORING_FAILED: _S.DEFERRED,
    RunOutcome.DEFERRED: _S.DEFERRED,
    RunOutcome.STOPPED: _S.DEFERRED,
    RunOutcome.REJECTED: _S.REJECTED,
    RunOutcome.IN_DOUBT: _S.IN_DOUBT,
}


def is_unchanged(report: RunReport, earlier: Sequence[RunReport]) -> bool:
    """Tells whether an earlier report says the same but for run and time: a clock that ticks all day writes it once."""
    timeless = _without_time(report)
    return any(replace(_without_time(other), run_id=report.run_id) == timeless for other in earlier)


def _without_time(report: RunReport) -> RunReport:
    feeds = tuple(replace(feed, fetched_at=None, tries=0, ask_again_at=None) for feed in report.feeds)
    return replace(report, feeds=feeds, started_at=_NEVER, finished_at=_NEVER)


def check(
    report: RunReport, subscriber_ids: Sequence[str], get_rows: Callable[[Sequence[str]], Mapping[str, Delivery]]
) -> None:
    """Checks that a report has each subscriber once and agrees with the ledger. Raises LedgerError.

    `get_rows` gives the rows of at most ROWS_AT_ONCE deliveries, by their ids.
    """
    reported = [entry.subscriber_id for entry in report.subscribers]
    if reported != list(subscriber_ids) or sum(tally(report).values()) != len(subscriber_ids):
        raise LedgerError(
            f"run {report.run_id} tells of {len(reported)} subscribers and there are {len(subscriber_ids)}"
        )
    claimed = [entry for entry in report.subscribers if entry.delivery_id]
    for start in range(0, len(claimed), ROWS_AT_ONCE):
        some = claimed[start : start + ROWS_AT_ONCE]
        rows = get_rows([entry.delivery_id for entry in some])
        for entry in some:
            _compare(report.run_id, entry, rows.get(entry.delivery_id))


def _compare(run_id: str, entry: SubscriberReport, row: Delivery | None) -> None:
    if row is None or (row.run_id == run_id and _MADE.get(entry.outcome) not in _since_its_claim(row)):
        state = row.state if row else "not there"
        raise LedgerError(f"run {run_id} tells {entry.outcome} of {entry.delivery_id}, which is {state} in the ledger")


def _since_its_claim(row: Delivery) -> list[DeliveryState]:
    """Gives the states since the latest claim. An event or the operator may have moved the row on since the run did."""
    states = [step.state for step in row.steps]
    claims = [place for place, state in enumerate(states) if state is _S.CLAIMED]
    return states[claims[-1] + 1 :] if claims else states
