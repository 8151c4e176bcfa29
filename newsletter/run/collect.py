"""Step one: today's announcement, with one polite fetch for each wanted category.

What a feed's answer means is papers/announcements.py's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime

from newsletter.delivery import suppression
from newsletter.errors import SourceError
from newsletter.model import AnnouncementDay, Feed, FeedOutcome, FeedReport, Subscriber
from newsletter.papers import (
    add_feeds,
    has_papers,
    is_arxiv,
    is_current,
    is_weekday,
    plan_retry,
    read_feed,
    take_new,
)
from newsletter.run.backlog import MOST_ANNOUNCED_DAYS
from newsletter.run.context import FEEDS, Morning, ProgressListener, RunContext
from newsletter.run.schedule import is_due, last_arxiv_day, mail_date, next_mail_at


def who_needs_feeds_now(context: RunContext, subscribers: Sequence[Subscriber]) -> list[Subscriber]:
    """Gives those subscribers who need today's feeds now: arXiv wants few requests, and none in vain.

    Those whose own time is still to come while arXiv serves this day can wait for it, unless a model is asked ahead.
    All others may need its papers in a later mail (weekly readers, a mail that is too late, a feed that failed), and
    arXiv shows them today only.
    """
    # Whose status cannot be read is held back today, and to be mailed these papers once that is mended
    suppressed = suppression.find_suppressed(context.store.get_address_statuses())
    now = context.now()
    return [one for one in subscribers if one.subscriber_id not in suppressed and _needs_feeds_now(context, one, now)]


def _needs_feeds_now(context: RunContext, subscriber: Subscriber, now: datetime) -> bool:
    timing, arxiv_day = context.timing, context.source.day
    on = mail_date(subscriber, now, timing)
    if is_due(subscriber, now, timing) and last_arxiv_day(subscriber, on, now, timing, arxiv_day) == arxiv_day(now):
        return True
    upcoming = next_mail_at(subscriber, now, timing)
    asks_ahead = context.prefetcher is not None and context.prefetcher.lead_time is not None
    return upcoming is not None and (asks_ahead or arxiv_day(upcoming) != arxiv_day(now))


@dataclass(frozen=True, slots=True)
class Collecting:
    """How a day is collected, and for which run.

    `remember`: what is read is kept. `sparing` also takes an answer without papers for the present one a while
    (`papers.is_current`), and leaves to another run of the same memory what that one is asking for. `should_stop` is
    asked before each feed.
    """

    run_id: str = ""
    digest_on: date | None = None  # None: each subscriber's own local date
    remember: bool = True
    sparing: bool = False
    should_stop: Callable[[], bool] = lambda: False


_AS_USUAL = Collecting()


def collect(
    context: RunContext, subscribers: Sequence[Subscriber], progress: ProgressListener, how: Collecting = _AS_USUAL
) -> Morning:
    """Fetches each wanted category once a day for everybody; a category already announced today is not asked again.

    Several may collect at once: the day goes on with what each of them read. If arXiv's day turns meanwhile, the new
    one is begun.
    """
    wanted = {category for subscriber in subscribers for category in subscriber.categories}
    while (morning := _collect_day(context, wanted, progress, how)) is None:
        pass
    return morning


def _collect_day(context: RunContext, wanted: Set[str], progress: ProgressListener, how: Collecting) -> Morning | None:
    """Collects the present day; None if it turned meanwhile, and what was read of it before is kept."""
    today_on = context.source.day(context.now())
    earlier = context.store.get_days(before=today_on, limit=MOST_ANNOUNCED_DAYS + context.scorer.history_days)
    stored = context.store.get_day(today_on) or AnnouncementDay(today_on, (), ())
    missing = sorted(wanted - _find_known(stored, how, context.now()))
    progress.begin(FEEDS, len(missing))
    feeds: list[Feed] = []
    reports: list[FeedReport] = []
    has_turned = False
    for category in missing:
        if how.should_stop():
            break
        if how.sparing and not context.store.begin_asking(today_on, category, run_id=how.run_id, now=context.now()):
            continue
        feed, report = _fetch(context, category, stored, earlier)
        if has_turned := context.source.day(context.now()) != today_on:
            break  # which day's answer this is nobody knows
        feeds += [feed] if feed else []
        reports.append(report)
        progress.step(report)
    # Others may have written meanwhile: merged into the day as it stands then, never put in its place
    if how.remember and reports:
        today = context.store.add_feeds(today_on, feeds, reports)
    elif how.sparing:
        today = context.store.get_day(today_on) or stored
    else:
        today = add_feeds(stored, feeds, reports)
    return None if has_turned else Morning(how.run_id, today, earlier, how.digest_on)


def _find_known(stored: AnnouncementDay, how: Collecting, now: datetime) -> set[str]:
    """Finds the categories that need not be asked for."""
    return {
        report.category
        for report in stored.feeds
        if report.outcome is FeedOutcome.ANNOUNCED or (how.sparing and is_current(report, now))
    }


def _fetch(
    context: RunContext, category: str, stored: AnnouncementDay, earlier: Sequence[AnnouncementDay]
) -> tuple[Feed | None, FeedReport]:
    """Asks for one feed; gives what is new in it, if anything is, and how it went."""
    today = stored.announced_on
    before = next((report for report in stored.feeds if report.category == category), None)
    try:
        feed = context.source.fetch(category)
    except SourceError as error:
        # Other feeds than arXiv's show today's papers for days: no mail waits for them
        is_awaited = is_arxiv(category) and not error.is_config and is_weekday(today)
        failure = FeedReport(category, FeedOutcome.FAILED, 0, str(error), is_awaited=is_awaited)
        return None, plan_retry(failure, before, context.now(), retry_after_s=error.retry_after_s or 0)
    unseen, report = read_feed(feed, earlier, today) if is_arxiv(category) else take_new(feed, earlier)
    return (unseen if has_papers(report) else None), plan_retry(report, before, context.now())
