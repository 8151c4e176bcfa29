"""What one subscriber's mail of one date is made of: worked out once, of one read of their ledger rows, and handed on.

Which days are left over is backlog.py's business, what a day brought to whom papers/announcements.py's.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import date

from newsletter.delivery import ledger
from newsletter.model import Announcement, AnnouncementDay, Delivery, FeedOutcome, Paper, Subscriber, Updates
from newsletter.papers import find_announced, find_candidates, merge_announcements
from newsletter.run.backlog import days_to_cover, is_settled, left_unscored
from newsletter.run.context import Morning, RunContext
from newsletter.run.updates import LOOK_BACK, ChangedPaper, find_changed


@dataclass(frozen=True, slots=True)
class Selection:
    """The papers of one mail, before any is scored; without `announced` no mail is made.

    `announced` and `candidates` hold also what the mail before could not score.
    """

    subscriber: Subscriber
    digest_on: date
    days: tuple[AnnouncementDay, ...]  # that no mail has covered yet, oldest first
    announced: tuple[Announcement, ...]  # in the subscriber's categories, each paper once
    candidates: tuple[Announcement, ...]  # of the kinds asked for, and in no mail before
    history: tuple[tuple[Paper, ...], ...]  # of the days before, oldest first: as many as the scorer wants
    settled_on: tuple[date, ...]  # days that need no other mail; one with a failed feed comes again
    failed_feeds: tuple[str, ...]  # of today
    is_first: bool = False  # no mail was accepted for this subscriber before
    mailed_on: tuple[date, ...] = ()  # earlier dates whose mail left or may have left, oldest first
    changed: tuple[ChangedPaper, ...] = ()  # of the papers that these mails had: what may be news

    @property
    def papers(self) -> tuple[Paper, ...]:
        """What is to be scored."""
        return tuple(candidate.paper for candidate in self.candidates)


def select(context: RunContext, morning: Morning, subscriber: Subscriber, digest_on: date) -> Selection:
    """Selects the papers of the subscriber's mail of that date; papers of the row of that date itself do not count."""
    rows = context.store.get_deliveries(subscriber_id=subscriber.subscriber_id)
    selection = select_from(rows, morning, subscriber, digest_on, history_days=context.scorer.history_days)
    return replace(selection, changed=_changed(context, morning, rows, selection))


def select_from(
    rows: Sequence[Delivery], morning: Morning, subscriber: Subscriber, digest_on: date, *, history_days: int
) -> Selection:
    """Selects by these rows, which are all of the subscriber's. Without any it is their first mail. Pure."""
    days = days_to_cover(morning.days, rows, digest_on)
    shown = morning.announced(days, subscriber.categories)
    again = find_announced(left_unscored(morning.days, rows, digest_on), subscriber.categories) if shown else ()
    shown = merge_announcements([*again, *shown]) if again else shown
    sent = {arxiv_id for row in rows if _is_in_another_mail(row, digest_on) for arxiv_id in row.paper_ids}
    scored_again = {each.paper.arxiv_id for each in again}
    history = _history(morning, subscriber, days, history_days, without=scored_again) if shown else ()
    return Selection(
        subscriber=subscriber,
        digest_on=digest_on,
        days=tuple(days),
        announced=shown,
        candidates=find_candidates(shown, subscriber.candidate_types, without=sent),
        history=history,
        settled_on=tuple(day.announced_on for day in days if is_settled(day, subscriber.categories)),
        failed_feeds=tuple(
            feed.category
            for feed in morning.today.feeds
            if feed.outcome is FeedOutcome.FAILED and feed.category in subscriber.categories
        ),
        is_first=not any(row.digest_on < digest_on and row.state in ledger.ACCEPTED_STATES for row in rows),
        mailed_on=tuple(
            sorted(row.digest_on for row in rows if row.digest_on < digest_on and ledger.counts_as_sent(row.state))
        ),
    )


def _changed(
    context: RunContext, morning: Morning, rows: Sequence[Delivery], selection: Selection
) -> tuple[ChangedPaper, ...]:
    """Finds what may be news of papers that were sent, since a week before the last mail: no mail told it yet."""
    updates, digest_on = selection.subscriber.updates, selection.digest_on
    if updates is Updates.NONE or not selection.mailed_on:
        return ()
    versions = morning.later_versions(context.store, selection.mailed_on[-1] - LOOK_BACK)
    return find_changed([row for row in rows if _is_in_another_mail(row, digest_on)], versions, updates, digest_on)


def _is_in_another_mail(row: Delivery, digest_on: date) -> bool:
    return row.digest_on != digest_on and ledger.counts_as_sent(row.state)


def _history(
    morning: Morning, subscriber: Subscriber, days: Sequence[AnnouncementDay], most_days: int, *, without: Set[str]
) -> tuple[tuple[Paper, ...], ...]:
    """Gives the papers of the latest `most_days` days before these, but those that are scored again."""
    first = min(day.announced_on for day in days)
    before = [day for day in morning.earlier if day.announced_on < first]
    latest = before[max(0, len(before) - most_days) :]
    shown = [morning.announced([day], subscriber.categories) for day in latest]
    return tuple(tuple(each.paper for each in day if each.paper.arxiv_id not in without) for day in shown)
