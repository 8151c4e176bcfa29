"""Reads what is kept of some hundred readers of a run at once, shortly before the first of them is served.

It may have changed when a reader's turn comes. What makes a mail leave is decided by the claim, and at the hand-over,
which asks once more whether the reader has left (stores/protocols/mails.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from newsletter.errors import ReaderUnreadable
from newsletter.model import (
    AnnounceType,
    Delivery,
    ReaderHistory,
    ReaderWishes,
    Subscriber,
    SubscriberReport,
    Updates,
)
from newsletter.papers import announced_since
from newsletter.run import outcomes
from newsletter.run.backlog import MAX_DAYS, RETRY_DAYS
from newsletter.run.context import Morning, RunContext
from newsletter.run.recall import RECALLED
from newsletter.run.remembered import Remembered
from newsletter.run.schedule import last_arxiv_day, mail_date

READERS_AT_ONCE = 200  # with two years of mails they are some MB
LASTS = timedelta(minutes=1)  # a model may take longer for one mail than a store for a thousand

T = TypeVar("T")
_Key = tuple[str, date]

# All that a mail says of earlier ones is of the last two months (recall.py); what it covers, of the last weeks.
MAILED = RECALLED + timedelta(days=1)
WHOLE = timedelta(days=RETRY_DAYS + MAX_DAYS + 1)
_FRESH = frozenset({AnnounceType.NEW, AnnounceType.CROSS})


class ReaderLookup:
    """Looks readers up, who are asked for in the order in which they are given here."""

    def __init__(
        self, context: RunContext, morning: Morning, subscribers: Sequence[Subscriber], *, due_only: bool = False
    ) -> None:
        self._context = context
        self._morning = morning
        self._subscribers = subscribers
        self._due_only = due_only
        self._places = {one.subscriber_id: place for place, one in enumerate(subscribers)}
        self._read_at: datetime | None = None
        self._wishes: dict[str, ReaderWishes | ReaderUnreadable] = {}
        self._rows: dict[_Key, Delivery] = {}
        self._histories: dict[_Key, ReaderHistory | ReaderUnreadable] = {}
        self._older_shown = Remembered[tuple[tuple[str, ...], bool, date], frozenset[str]]()
        self._older_news = Remembered[tuple[Updates, date], frozenset[str]]()

    def date_for(self, subscriber: Subscriber) -> date:
        """Gives the date of the mail in hand: where send times are kept it may be yesterday's (schedule.mail_date)."""
        now = self._context.now()
        if self._due_only and not self._morning.digest_on:
            return mail_date(subscriber, now, self._context.timing)
        return self._morning.date_for(subscriber, now)

    def morning_for(self, subscriber: Subscriber, digest_on: date) -> Morning:
        """Gives the morning as the mail of that date is to know it: yesterday's has nothing of arXiv's next day."""
        if self._morning.digest_on:
            return self._morning
        context = self._context
        return self._morning.until(
            last_arxiv_day(subscriber, digest_on, context.now(), context.timing, context.source.day)
        )

    def why_no_mail(self, subscriber: Subscriber, digest_on: date) -> SubscriberReport | None:
        """Says why no mail of that date is to be begun now; None if one is. Raises ReaderUnreadable, StoreError."""
        who, now = subscriber.subscriber_id, self._context.now()
        if who not in self._wishes or self._read_at is None or now - self._read_at > LASTS:
            self._look(self._places[who], now)
        return self._why_no_mail(subscriber, digest_on)

    def why_waiting(self, subscriber: Subscriber) -> SubscriberReport | None:
        """Says why a mail that could be begun waits for a feed; None if it does not."""
        return outcomes.why_waiting(self._context, self._morning.today, subscriber) if self._due_only else None

    def history(self, subscriber: Subscriber, digest_on: date) -> ReaderHistory:
        """Gives the history of a reader for whom nothing speaks against a mail. Raises ReaderUnreadable, StoreError."""
        key = subscriber.subscriber_id, digest_on
        if key not in self._histories:
            ids = [subscriber.subscriber_id, *self._who_else(self._places[key[0]], digest_on)]
            self._histories |= {(who, digest_on): one for who, one in self._read_histories(ids, digest_on).items()}
        return _readable(self._histories.pop(key))

    def _read_histories(self, ids: Sequence[str], digest_on: date) -> dict[str, ReaderHistory | ReaderUnreadable]:
        store, mailed_since = self._context.store, digest_on - MAILED
        since = max(mailed_since, min(digest_on - WHOLE, self._morning.days[0].announced_on))
        found = dict(store.get_histories(ids, digest_on=digest_on, since=since, mailed_since=mailed_since))
        older = {who: self._older_papers(self._subscribers[self._places[who]], mailed_since) for who in ids}
        concerned = [who for who in ids if any(older[who]) and isinstance(found[who], ReaderHistory)]
        if concerned:
            papers = frozenset[str]().union(*(some for who in concerned for some in older[who]))
            for who, sent in store.find_sent(concerned, papers, before=mailed_since).items():
                found[who] = replace(found[who], sent_before=sent)  # type: ignore[type-var]  # they can be read
        return found

    def _older_papers(self, subscriber: Subscriber, before: date) -> tuple[frozenset[str], frozenset[str]]:
        """Gives the papers of these days that an older mail may have had: late cross-lists and replacements, and news.

        Each of the two is one object for all who ask for the same: with later versions they are thousands.
        """
        only_fresh = _FRESH.issuperset(subscriber.candidate_types)
        shown = (subscriber.categories, only_fresh, before)
        news = (subscriber.updates, before)
        return (
            self._older_shown.get(shown, lambda: self._find_older_shown(*shown)),
            self._older_news.get(news, lambda: self._find_older_news(*news)),
        )

    def _find_older_shown(self, categories: Sequence[str], only_fresh: bool, before: date) -> frozenset[str]:
        return frozenset(
            each.paper.arxiv_id
            for day in self._morning.days
            for each in day.announcements
            if announced_since(each.paper.arxiv_id) < before
            and (each.announce_type in _FRESH or not only_fresh)
            and not set(categories).isdisjoint(each.feeds)
        )

    def _find_older_news(self, updates: Updates, before: date) -> frozenset[str]:
        first = self._morning.days[0].announced_on
        news = self._morning.later_versions(self._context.store, first, updates)
        return frozenset(arxiv_id for arxiv_id in news if announced_since(arxiv_id) < before)

    def _look(self, place: int, now: datetime) -> None:
        part = self._subscribers[place : place + READERS_AT_ONCE]
        ids = [one.subscriber_id for one in part]
        first = min(map(self.date_for, part))
        self._wishes = dict(self._context.store.get_wishes(ids))
        rows = self._context.store.get_deliveries(subscriber_ids=ids, since=first)
        self._rows = {(row.subscriber_id, row.digest_on): row for row in rows}
        self._histories = {}
        self._read_at = now

    def _why_no_mail(self, subscriber: Subscriber, digest_on: date) -> SubscriberReport | None:
        who = subscriber.subscriber_id
        status = _readable(self._wishes[who]).status
        row = self._rows.get((who, digest_on))
        return outcomes.why_no_mail(self._context, subscriber, digest_on, status, row, due_only=self._due_only)

    def _who_else(self, place: int, digest_on: date) -> list[str]:
        """Names those behind this place whose turn comes soon, too."""
        found = []
        for one in self._subscribers[place + 1 : place + READERS_AT_ONCE]:
            wishes = self._wishes.get(one.subscriber_id)
            if isinstance(wishes, ReaderWishes) and self.date_for(one) == digest_on:
                has_turn = not (self._why_no_mail(one, digest_on) or self.why_waiting(one))
                found += [one.subscriber_id] if has_turn else []
        return [who for who in found if (who, digest_on) not in self._histories]


def _readable(value: T | ReaderUnreadable) -> T:
    if isinstance(value, ReaderUnreadable):
        raise value
    return value
