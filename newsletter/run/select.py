"""Selects what one subscriber's mail of one date is made of: once, from one read of their ledger rows.

Which days are left over is backlog.py's business, what a day brought to whom papers/announcements.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date

from newsletter.delivery import ledger
from newsletter.model import (
    Announcement,
    AnnouncementDay,
    Delivery,
    FeedOutcome,
    FeedReading,
    Paper,
    PastMail,
    ReaderHistory,
    Subscriber,
    Updates,
    Vote,
)
from newsletter.papers import announced_since, find_announced, merge_announcements, merge_works
from newsletter.run.backlog import ReadSoFar, days_in_reach, days_to_cover, is_settled, left_unscored, was_read
from newsletter.run.context import Morning, RunContext
from newsletter.run.sent_works import find_published, read_sent_works, reads_several_sources
from newsletter.run.updates import LOOK_BACK, ChangedPaper, find_changed
from newsletter.stores import Store


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
    readings: tuple[FeedReading, ...]  # of other days what is read with this mail, as the ledger keeps it
    failed_feeds: tuple[str, ...]  # of today
    late_feeds: tuple[str, ...] = ()  # of today: arXiv has not announced in these yet
    half_feeds: tuple[str, ...] = ()  # of today: only a part is there
    portioned_feeds: tuple[str, ...] = ()  # of today: more come on the next days
    is_first: bool = False  # no mail was accepted for this subscriber before
    mailed: tuple[PastMail, ...] = ()  # the mails before that left or may have left, oldest first
    changed: tuple[ChangedPaper, ...] = ()  # of the papers that these mails had: what may be news
    votes: tuple[Vote, ...] = ()  # of the subscriber, oldest first

    @property
    def is_whole(self) -> bool:
        """Whether every feed of today is there."""
        return not (self.failed_feeds or self.late_feeds or self.half_feeds)

    @property
    def papers(self) -> tuple[Paper, ...]:
        """What is to be scored."""
        return tuple(candidate.paper for candidate in self.candidates)


def select(
    context: RunContext,
    morning: Morning,
    subscriber: Subscriber,
    digest_on: date,
    history: ReaderHistory | None = None,
) -> Selection:
    """Selects the papers of the subscriber's mail of that date; papers of the row of that date itself do not count.

    `history` is what was read of them before (lookup.py); without it the store is asked.
    """
    history = history or read_history(context.store, subscriber.subscriber_id)
    selection = select_from(history, morning, subscriber, digest_on, history_days=context.scorer.history_days)
    selection = replace(selection, changed=_changed(context, morning, history, selection))
    return _each_work_once(context.store, morning, selection) if reads_several_sources(subscriber) else selection


def _each_work_once(store: Store, morning: Morning, selection: Selection) -> Selection:
    """Leaves of a work that stands in two places one paper, and none of a work that was mailed under another id."""
    candidates = merge_works(selection.candidates)
    if candidates:
        published = find_published(morning.days)
        sent = read_sent_works(store, selection.subscriber.subscriber_id, selection.digest_on, published)
        candidates = tuple(each for each in candidates if sent.find(each.paper) is None)
    return replace(selection, announced=merge_works(selection.announced), candidates=candidates)


def read_history(store: Store, subscriber_id: str) -> ReaderHistory:
    """Reads the history of one reader, whatever else of them can be read. Raises ReaderUnreadable for their votes."""
    rows = store.get_deliveries(subscriber_id=subscriber_id)
    return ReaderHistory(tuple(rows), tuple(store.get_votes(subscriber_id)))


def select_from(
    history: ReaderHistory, morning: Morning, subscriber: Subscriber, digest_on: date, *, history_days: int
) -> Selection:
    """Selects by what is kept of the subscriber; where that is nothing it is their first mail. Pure."""
    rows = history.deliveries
    categories = subscriber.categories
    read = ReadSoFar(rows, digest_on, since=morning.days[0].announced_on)
    days = days_to_cover(days_in_reach(morning.days, rows, digest_on), read, categories, morning.leave_unread)
    shown = _not_seen(morning, days, categories, read)
    again = find_announced(left_unscored(morning.days, rows, digest_on), categories) if shown else ()
    shown = merge_announcements([*again, *shown]) if again else shown
    mailed = [PastMail(row.digest_on, row.paper_ids) for row in rows if _is_in_another_mail(row, digest_on)]
    mailed += history.mailed
    sent = history.sent_before.union(*(mail.paper_ids for mail in mailed))
    scored_again = {each.paper.arxiv_id for each in again}
    before = _papers_before(morning, subscriber, days, history_days, without=scored_again) if shown else ()
    settled_on = tuple(day.announced_on for day in days if is_settled(day, categories))
    return Selection(
        subscriber=subscriber,
        digest_on=digest_on,
        days=tuple(days),
        announced=shown,
        candidates=morning.candidates(shown, subscriber.candidate_types, without=sent),
        history=before,
        settled_on=settled_on,
        readings=read.new_readings(days, settled_on, categories),
        failed_feeds=_feeds(morning.today, categories, FeedOutcome.FAILED),
        late_feeds=_feeds(morning.today, categories, FeedOutcome.STALE, FeedOutcome.NO_ANNOUNCEMENT),
        half_feeds=_feeds(morning.today, categories, FeedOutcome.HALF_STALE),
        portioned_feeds=tuple(
            each.category for each in morning.today.feeds if each.category in categories and each.left
        ),
        votes=history.votes,
        is_first=not any(row.digest_on < digest_on and row.state in ledger.ACCEPTED_STATES for row in rows),
        mailed=tuple(sorted((mail for mail in mailed if mail.digest_on < digest_on), key=lambda mail: mail.digest_on)),
    )


def _changed(
    context: RunContext, morning: Morning, history: ReaderHistory, selection: Selection
) -> tuple[ChangedPaper, ...]:
    """Finds what may be news of papers that were sent, since a week before the last mail: no mail told it yet.

    Where a paper was sent before the rows of the history begin, the rows since it can have been announced are read.
    """
    subscriber, digest_on = selection.subscriber, selection.digest_on
    if subscriber.updates is Updates.NONE or not selection.mailed:
        return ()
    since = selection.mailed[-1].digest_on - LOOK_BACK
    versions = morning.later_versions(context.store, since, subscriber.updates)
    if not versions:
        return ()
    older = set(versions)
    if since >= morning.days[0].announced_on:  # else nobody asked which of these older mails had
        older &= history.sent_before.union(*(mail.paper_ids for mail in history.mailed))
    rows: Iterable[Delivery] = history.deliveries
    if older:
        first = min(map(announced_since, older))
        rows = context.store.get_deliveries(subscriber_id=subscriber.subscriber_id, since=first)
    return find_changed([row for row in rows if _is_in_another_mail(row, digest_on)], versions, digest_on)


def _feeds(today: AnnouncementDay, categories: Sequence[str], *outcomes: FeedOutcome) -> tuple[str, ...]:
    """Gives the categories with such an outcome; if it is no failure, those whose papers are still to come."""
    return tuple(
        feed.category
        for feed in today.feeds
        if feed.category in categories
        and feed.outcome in outcomes
        and (feed.is_awaited or feed.outcome is FeedOutcome.FAILED)
    )


def _not_seen(
    morning: Morning, days: Sequence[AnnouncementDay], categories: Sequence[str], read: ReadSoFar
) -> tuple[Announcement, ...]:
    """Gives what these days announced, without what a mail has looked at on another day."""
    shown = morning.announced(days, categories)
    elsewhere = morning.shown_elsewhere(days, categories)
    seen = {each.paper.arxiv_id for on, each in elsewhere if was_read(each, read.readings(on, categories))}
    return tuple(each for each in shown if each.paper.arxiv_id not in seen or not each.is_new) if seen else shown


def _is_in_another_mail(row: Delivery, digest_on: date) -> bool:
    return row.digest_on != digest_on and ledger.counts_as_sent(row.state)


def _papers_before(
    morning: Morning, subscriber: Subscriber, days: Sequence[AnnouncementDay], most_days: int, *, without: Set[str]
) -> tuple[tuple[Paper, ...], ...]:
    """Gives the papers of the latest `most_days` days beside these, but those that are scored again."""
    shown = {day.announced_on for day in days}
    before = [day for day in morning.earlier if day.announced_on not in shown]
    latest = before[max(0, len(before) - most_days) :]
    papers = [morning.papers_of(day, subscriber.categories) for day in latest]
    if without:
        papers = [tuple(paper for paper in day if paper.arxiv_id not in without) for day in papers]
    return tuple(papers)
