"""Step two: score the papers of some days for one subscriber, and compose the digest. Records nothing.

Cut-offs and order are digest.py's business, which papers are candidates papers/announcements.py's.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date

from newsletter.model import AnnouncementDay, Digest, Paper, ScoreReport, Subscriber
from newsletter.papers import find_announced, find_candidates
from newsletter.run.backlog import left_unscored
from newsletter.run.collect import failed_feeds
from newsletter.run.context import Morning, ScoringContext
from newsletter.run.digest import build_digest
from newsletter.subscribers import labelled_papers


def compose(
    context: ScoringContext,
    morning: Morning,
    subscriber: Subscriber,
    days: Sequence[AnnouncementDay],
    digest_on: date,
    *,
    without: Set[str],
) -> tuple[Digest, ScoreReport]:
    """Score the papers of these days, but those `without` (ids already mailed), and compose. Records nothing.

    Papers that the mail before could not score are tried again.
    """
    rows = context.store.get_deliveries(subscriber_id=subscriber.subscriber_id)
    again = left_unscored([*morning.earlier, morning.today], rows, digest_on)
    todo = find_candidates([*again, *days], subscriber.categories, subscriber.announce_types, without=without)
    tried = {shown.paper.arxiv_id for day in again for shown in day.announcements}
    score_report = context.scorer.score(
        subscriber.profile,
        [a.paper for a in todo],
        history_for(context, morning, subscriber, days, without=tried),
        floor=subscriber.min_relevance,
        votes=labelled_papers(
            context.store.get_votes(subscriber.subscriber_id),
            without=[a.paper.arxiv_id for a in todo],  # what is said of a mail must not change it when shown again
        ),
    )
    digest = build_digest(
        subscriber,
        digest_on=digest_on,
        announced_on=[day.announced_on for day in days],
        announced=len(find_announced([*again, *days], subscriber.categories)),
        candidates=todo,
        score_report=score_report,
        notices=_notices(morning.today, subscriber),
    )
    return digest, score_report


def history_for(
    context: ScoringContext,
    morning: Morning,
    subscriber: Subscriber,
    days: Sequence[AnnouncementDay],
    *,
    without: Set[str] = frozenset(),
) -> list[list[Paper]]:
    """The papers of the days before these, as many days as the scorer wants, but those that are scored again."""
    first = min(day.announced_on for day in days)
    history = [
        [a.paper for a in find_announced([day], subscriber.categories) if a.paper.arxiv_id not in without]
        for day in morning.earlier
        if day.announced_on < first
    ]
    return history[max(0, len(history) - context.scorer.history_days) :]


def _notices(day: AnnouncementDay, subscriber: Subscriber) -> list[str]:
    failed = failed_feeds(day, subscriber)
    return (
        [f"{', '.join(failed)} could not be fetched; the papers announced there are missing today."] if failed else []
    )
