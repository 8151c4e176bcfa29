"""Holds what a run did for each subscriber."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from newsletter.model.digests import Counts
from newsletter.model.papers import FeedReport


class RunOutcome(StrEnum):
    """What became of one subscriber in one run."""

    SENT = "sent"
    ALREADY_SENT = "already sent"
    NOT_DUE = "not due"
    PAUSED = "paused"
    SUPPRESSED = "suppressed"  # we do not mail this address: they left, complained, or it bounced
    INTERRUPTED = "interrupted"  # the run was asked to end before it came to this one
    NO_ANNOUNCEMENT = "no announcement"
    NOTHING_RELEVANT = "nothing relevant"
    WAITING = "waiting"  # for a feed that is late: they are mailed as soon as it comes, or some hours after their time
    BUSY = "busy"  # another run holds the claim
    FEED_FAILED = "feed failed"
    SCORING_FAILED = "scoring failed"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    UNREADABLE = "unreadable"  # what is kept of this one cannot be read: it may say that they have left
    STOPPED = "stopped"  # the provider refuses us, not the mail: nothing more was tried
    IN_DOUBT = "in doubt"


class Tally(StrEnum):
    """The five things that can have become of a subscriber; each outcome is one of them."""

    SENT = "sent"
    EMPTY = "empty"
    SKIPPED = "skipped"
    FAILED = "failed"
    IN_DOUBT = "in doubt"


TALLY: dict[RunOutcome, Tally] = {
    RunOutcome.SENT: Tally.SENT,
    RunOutcome.ALREADY_SENT: Tally.SENT,
    RunOutcome.NO_ANNOUNCEMENT: Tally.EMPTY,
    RunOutcome.NOTHING_RELEVANT: Tally.EMPTY,
    RunOutcome.NOT_DUE: Tally.SKIPPED,
    RunOutcome.PAUSED: Tally.SKIPPED,
    RunOutcome.SUPPRESSED: Tally.SKIPPED,
    RunOutcome.INTERRUPTED: Tally.SKIPPED,
    RunOutcome.WAITING: Tally.SKIPPED,
    RunOutcome.BUSY: Tally.SKIPPED,
    RunOutcome.FEED_FAILED: Tally.FAILED,
    RunOutcome.SCORING_FAILED: Tally.FAILED,
    RunOutcome.DEFERRED: Tally.FAILED,
    RunOutcome.REJECTED: Tally.FAILED,
    RunOutcome.UNREADABLE: Tally.FAILED,
    RunOutcome.STOPPED: Tally.FAILED,
    RunOutcome.IN_DOUBT: Tally.IN_DOUBT,
}


@dataclass(frozen=True, slots=True)
class SubscriberReport:
    subscriber_id: str
    outcome: RunOutcome
    counts: Counts | None = None
    receipt: str = ""
    detail: str = ""
    problem: str = ""  # the model did not score what it should have, though a mail went out
    delivery_id: str = ""  # the ledger row this run claimed, if it did


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run of the morning, for `status` and for the exit code. One entry for each subscriber."""

    run_id: str
    digest_on: date
    started_at: datetime
    finished_at: datetime
    feeds: tuple[FeedReport, ...]
    subscribers: tuple[SubscriberReport, ...]
    problems: tuple[str, ...] = ()  # sentences for the operator that concern no single subscriber


def tally(report: RunReport) -> dict[Tally, int]:
    """How many subscribers are in each of the five groups, in their order; all five are there."""
    counted = Counter(TALLY[entry.outcome] for entry in report.subscribers)
    return {group: counted[group] for group in Tally}
