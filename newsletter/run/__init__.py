"""The steps of one morning, in the order that flow.py gives them, and the values they hand on.

Meets sources, scorers, senders and stores through their Protocols alone.
"""

from newsletter.run.circuit_breaker import CircuitBreaker, Halt
from newsletter.run.collect import collect, cover, failed_feeds, needs_feeds_now, settled_days
from newsletter.run.compose import compose
from newsletter.run.context import DIGESTS, FEEDS, Morning, ProgressListener, RunContext
from newsletter.run.deliver import final_outcome, refusal_outcome, settle_claim, settle_doubts, weigh_bounces
from newsletter.run.digest import reading_order
from newsletter.run.prefetch import prefetch_scores
from newsletter.run.preview import preview
from newsletter.run.retention import forget_expired
from newsletter.run.schedule import is_due, is_paused, is_too_late, mails_on, next_mail_at
from newsletter.run.scheduler import run_scheduler

__all__ = [
    "DIGESTS",
    "FEEDS",
    "CircuitBreaker",
    "Halt",
    "Morning",
    "ProgressListener",
    "RunContext",
    "collect",
    "compose",
    "cover",
    "failed_feeds",
    "final_outcome",
    "forget_expired",
    "is_due",
    "is_paused",
    "is_too_late",
    "mails_on",
    "needs_feeds_now",
    "next_mail_at",
    "prefetch_scores",
    "preview",
    "reading_order",
    "reconcile",
    "refusal_outcome",
    "run_scheduler",
    "settle_claim",
    "settle_doubts",
    "settled_days",
    "weigh_bounces",
]
