"""The steps of one morning, in the order that flow.py gives them, and the values they hand on.

Meets sources, scorers, senders and stores through their Protocols alone.
"""

from newsletter.run.backfill import (
    FIRST_DAYS,
    MOST_BACKFILL_DAYS,
    BackfillReport,
    backfill,
    last_weekdays,
)
from newsletter.run.circuit_breaker import CircuitBreaker, Halt
from newsletter.run.clock import run_clock
from newsletter.run.collect import Collecting, collect, who_needs_feeds_now
from newsletter.run.compose import compose
from newsletter.run.context import DIGESTS, FEEDS, Morning, ProgressListener, RunContext
from newsletter.run.deliver import settle_claim, settle_doubts, settle_overtaken, weigh_bounces
from newsletter.run.digest import choose_entries, reading_order
from newsletter.run.due import find_due
from newsletter.run.foretell import foretell
from newsletter.run.gather import collect_morning, gather
from newsletter.run.look_back import LookBack
from newsletter.run.lookup import ReaderLookup
from newsletter.run.prefetch import prefetch_scores
from newsletter.run.preview import preview
from newsletter.run.recall import recall
from newsletter.run.record import open_run, report_unreadable
from newsletter.run.retention import ANNOUNCEMENT_DAYS, forget_expired
from newsletter.run.schedule import ON_THE_MINUTE, Timing, first_mail_at, is_paused, local_date, mail_date, next_mail_at
from newsletter.run.select import Selection, select
from newsletter.run.shared_digests import cut_into_slices, in_groups, split_by_profile
from newsletter.run.trial import TRIED_DAYS, Trial, TrialDay, count_days, try_days

__all__ = [
    "ANNOUNCEMENT_DAYS",
    "DIGESTS",
    "FEEDS",
    "FIRST_DAYS",
    "MOST_BACKFILL_DAYS",
    "ON_THE_MINUTE",
    "TRIED_DAYS",
    "BackfillReport",
    "CircuitBreaker",
    "Collecting",
    "Halt",
    "LookBack",
    "Morning",
    "ProgressListener",
    "ReaderLookup",
    "RunContext",
    "Selection",
    "Timing",
    "Trial",
    "TrialDay",
    "backfill",
    "choose_entries",
    "collect",
    "collect_morning",
    "compose",
    "count_days",
    "cut_into_slices",
    "find_due",
    "first_mail_at",
    "foretell",
    "forget_expired",
    "gather",
    "in_groups",
    "is_paused",
    "last_weekdays",
    "local_date",
    "mail_date",
    "next_mail_at",
    "open_run",
    "outcomes",
    "prefetch_scores",
    "preview",
    "reading_order",
    "recall",
    "report_unreadable",
    "run_clock",
    "select",
    "settle_claim",
    "settle_doubts",
    "settle_overtaken",
    "split_by_profile",
    "try_days",
    "weigh_bounces",
    "who_needs_feeds_now",
]
