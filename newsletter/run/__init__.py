"""The steps of one morning, in the order that flow.py gives them, and the values they hand on.

Meets sources, scorers, senders and stores through their Protocols alone.
"""

from newsletter.run.circuit_breaker import CircuitBreaker, Halt
from newsletter.run.collect import collect, cover, covered_by, failed_feeds, reads_today
from newsletter.run.compose import draft
from newsletter.run.context import DIGESTS, FEEDS, Morning, ProgressListener, RunContext
from newsletter.run.deliver import already, settle_claim, settle_doubts, weigh_bounces, why_not
from newsletter.run.digest import reading_order
from newsletter.run.prefetch import prefetch_scores
from newsletter.run.preview import preview
from newsletter.run.retention import forget_old
from newsletter.run.schedule import is_due, is_paused, is_too_late, mails_on, next_mail_at
from newsletter.run.scheduler import keep_time

__all__ = [
    "DIGESTS",
    "FEEDS",
    "CircuitBreaker",
    "Halt",
    "Morning",
    "ProgressListener",
    "RunContext",
    "already",
    "collect",
    "cover",
    "covered_by",
    "draft",
    "failed_feeds",
    "forget_old",
    "is_due",
    "is_paused",
    "is_too_late",
    "keep_time",
    "mails_on",
    "next_mail_at",
    "prefetch_scores",
    "preview",
    "reading_order",
    "reads_today",
    "reconcile",
    "settle_claim",
    "settle_doubts",
    "weigh_bounces",
    "why_not",
]
