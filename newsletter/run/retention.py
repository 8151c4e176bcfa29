"""Forgets what was kept long enough; one table says how long each thing is kept.

What has no rule here is kept for good: deliveries and events, digests, address statuses, profiles, votes, run reports.
What is forgotten cannot be had again, and the clock may be wrong for an hour or a week. So a date counts only when
runs of three days bear it out, and each day a few days' worth is forgotten at most: the oldest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from newsletter.stores import Store
from newsletter.subscribers import signup_rules

ANNOUNCEMENT_DAYS = 60
EVIDENCE_DAYS = 3  # today and the two latest days before it on which there was a run: the earliest of them counts
MOST_DAYS = 3  # of each kind in one go; one is the rule, more after a pause
DOCUMENT = "run_days.txt"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """One kind of thing: how long, why, and what forgets it."""

    what: str
    days: timedelta
    why: str
    forget: Callable[[Store], Callable[..., None]]


RETENTION_RULES = (
    RetentionRule(
        "announcements",
        timedelta(days=ANNOUNCEMENT_DAYS),
        "twice what catching up and the ranker's history can reach back",
        lambda store: store.forget_days,
    ),
    RetentionRule(
        "vectors",
        timedelta(days=ANNOUNCEMENT_DAYS),
        "they are of the papers of those announcements",
        lambda store: store.forget_vectors,
    ),
    RetentionRule(
        "judgements, calls and batches",
        timedelta(days=60),
        "the ranker learns from judgements of papers it can still see; costs are shown by the month",
        lambda store: store.forget_calls,
    ),
    RetentionRule(
        "claims", timedelta(days=60), "a mail lies in a mailbox for weeks", lambda store: store.forget_claims
    ),
    RetentionRule(
        "sign-ups",
        signup_rules.LINK_VALID_FOR,
        "their links are worth nothing after that",
        lambda store: store.forget_sign_ups,
    ),
)


def forget_expired(store: Store, today: date) -> None:
    """Forgets what is older than the rules say, by the earliest day of the evidence; once a day, however often called.

    Raises StoreError if the memory fails.
    """
    known = _dates((store.get_document(DOCUMENT) or "").split())
    if today in known:
        return
    days = evidence(known, today)
    store.put_document(DOCUMENT, "".join(f"{day}\n" for day in days))
    if len(days) == EVIDENCE_DAYS:
        for rule in RETENTION_RULES:
            rule.forget(store)(before=days[0] - rule.days, most_days=MOST_DAYS)


def evidence(known: Iterable[date], today: date) -> list[date]:
    """Gives today and the latest days of runs before it, oldest first; days that are still to come prove nothing."""
    return sorted({*(day for day in known if day < today), today})[-EVIDENCE_DAYS:]


def _dates(words: Iterable[str]) -> set[date]:
    """Reads dates and passes over all else: with less evidence less is forgotten."""
    dates = set()
    for word in words:
        with suppress(ValueError):
            dates.add(date.fromisoformat(word))
    return dates
