"""The steps of one morning, in the order that flow.py gives them, and the values they hand on.

Meets sources, scorers, senders and stores through their Protocols alone.
"""

from newsletter.run.circuit_breaker import CircuitBreaker, Halt
from newsletter.run.clock import run_clock
from newsletter.run.collect import collect, needs_feeds_now
from newsletter.run.compose import compose
from newsletter.run.context import DIGESTS, FEEDS, Morning, ProgressListener, RunContext
from newsletter.run.deliver import settle_claim, settle_doubts, weigh_bounces
from newsletter.run.digest import choose_entries, reading_order
from newsletter.run.prefetch import prefetch_scores
from newsletter.run.preview import preview
from newsletter.run.retention import forget_expired
from newsletter.run.schedule import next_mail_at
from newsletter.run.select import Selection, select, select_from

__all__ = [
    "DIGESTS",
    "FEEDS",
    "CircuitBreaker",
    "Halt",
    "Morning",
    "ProgressListener",
    "RunContext",
    "Selection",
    "choose_entries",
    "collect",
    "compose",
    "forget_expired",
    "needs_feeds_now",
    "next_mail_at",
    "outcomes",
    "prefetch_scores",
    "preview",
    "reading_order",
    "reconcile",
    "run_clock",
    "select",
    "select_from",
    "settle_claim",
    "settle_doubts",
    "weigh_bounces",
]
