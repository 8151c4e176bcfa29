"""Step one: today's announcement, with one polite fetch for each wanted category.

What a feed's answer means is papers/announcements.py's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

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
from newsletter.run.schedule import is_due, next_mail_at


def who_needs_feeds_now(context: RunContext, subscribers: Sequence[Subscriber]) -> list[Subscriber]:
    """Gives those subscribers who need today's feeds now: arXiv wants few requests, and none in vain.

    Those whose own time is still to come while arXiv serves this day can wait for it, unless a model is asked ahead.
    All others may need its papers in a later mail (weekly readers, a mail that is too late, a feed that failed), and
    arXiv shows them today only.
    """
    # Whose status cannot be read is held back today, and to be mailed these papers once that is mended
    suppressed = {each.subscriber_id for each in context.store.get_address_statuses() if each.suppression}
    now = context.now()
    return [one for one in subscribers if one.subscriber_id not in suppressed and _needs_feeds_now(context, one, now)]


def _needs_feeds_now(context: RunContext, subscriber: Subscriber, now: datetime) -> bool:
    if is_due(subscriber, now, context.timing):
        return True
    upcoming = next_mail_at(subscriber, now, context.timing)
    asks_ahead = context.prefetcher is not None and context.prefetcher.lead_time is not None
    return upcoming is not None and (asks_ahead or context.source.day(upcoming) != context.source.day(now))


def collect(
    context: RunContext,
    subscribers: Sequence[Subscriber],
    progress: ProgressListener,
    *,
    run_id: str = "",
    digest_on: date | None = None,
    remember: bool = True,
    sparing: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> Morning:
    """Fetches each wanted category once a day for everybody; a category already announced today is not asked again.

    Several may collect at once: the day goes on with what each of them read.
    `sparing` also takes an answer without papers for the present one a while (`papers.is_current`), and leaves to
    another run of the same memory what that one is asking for. If arXiv's day turns meanwhile, the new one is begun.
    """
    today_on = context.source.day(context.now())
    earlier = context.store.get_days(before=today_on, limit=MOST_ANNOUNCED_DAYS + context.scorer.history_days)
    stored = context.store.get_day(today_on) or AnnouncementDay(today_on, (), ())
    answers = {report.category: report for report in stored.feeds}
    known = {
        category
        for category, report in answers.items()
        if report.outcome is FeedOutcome.ANNOUNCED or (sparing and is_current(report, context.now()))
    }
    wanted = sorted({category for subscriber in subscribers for category in subscriber.categories} - known)
    progress.begin(FEEDS, len(wanted))
    feeds: list[Feed] = []
    reports: list[FeedReport] = []
    is_over = False
    for category in wanted:
        if should_stop():
            break
        if sparing and not context.store.begin_asking(today_on, category, run_id=run_id, now=context.now()):
            continue
        feed, report = _fetch(context, category, today_on, earlier, answers.get(category))
        if is_over := context.source.day(context.now()) != today_on:
            break  # which day's answer this is nobody knows
        feeds += [feed] if feed else []
        reports.append(report)
        progress.step(report)
    # Others may have written meanwhile: merged into the day as it stands then, never put in its place
    if remember and reports:
        today = context.store.add_feeds(today_on, feeds, reports)
    elif sparing:
        today = context.store.get_day(today_on) or stored
    else:
        today = add_feeds(stored, feeds, reports)
    if is_over:
        return collect(
            context,
            subscribers,
            progress,
            run_id=run_id,
            digest_on=digest_on,
            remember=remember,
            sparing=sparing,
            should_stop=should_stop,
        )
    return Morning(run_id, today, earlier, digest_on)


def _fetch(
    context: RunContext,
    category: str,
    today: date,
    earlier: Sequence[AnnouncementDay],
    before: FeedReport | None,
) -> tuple[Feed | None, FeedReport]:
    """Asks for one feed; gives what is new in it, if anything is, and how it went."""
    try:
        feed = context.source.fetch(category)
    except SourceError as error:
        # Other feeds than arXiv's show today's papers for days: no mail waits for them
        is_awaited = is_arxiv(category) and not error.is_config and is_weekday(today)
        failure = FeedReport(category, FeedOutcome.FAILED, 0, str(error), is_awaited=is_awaited)
        return None, plan_retry(failure, before, context.now(), retry_after_s=error.retry_after_s or 0)
    unseen, report = read_feed(feed, earlier, today) if is_arxiv(category) else take_new(feed, earlier)
    return (unseen if has_papers(report) else None), plan_retry(report, before, context.now())
