"""Looks back at the last announcement days: fills those that were missed, and finds papers that came late.

Both by arXiv's records (backfill.py), and so seldom that arXiv need not mind: missed days are asked for before a
morning, every two hours until they are there; days that were read are looked at again once a day, after the mails, by
one list for each category. Papers that are found come with each reader's next mail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Set
from datetime import date, datetime, timedelta
from hashlib import sha256

from newsletter.papers import announcement_schedule as schedule
from newsletter.papers import is_arxiv
from newsletter.run.backfill import BackfillReport, backfill, fill_first_days
from newsletter.run.backlog import MAX_DAYS, settled_categories
from newsletter.run.context import ProgressListener
from newsletter.sources import Harvester
from newsletter.stores import Store

FILLED, LOOKED_AT = "missed_days", "late_papers"  # what may happen once, as `claim_once` knows it
TRY_AGAIN_H = 2
TRY_TODAY_AGAIN_H = 6  # arXiv's records have a day as a whole, or not yet
FEED_GIVEN_UP = timedelta(hours=3)  # of the arXiv day: from then on records are asked for what its feed does not show
_DAY = timedelta(days=1)


def fill_missed_days(
    store: Store,
    harvester: Harvester,
    categories: Collection[str],
    progress: ProgressListener,
    *,
    now: Callable[[], datetime],
    should_stop: Callable[[], bool] = lambda: False,
) -> list[BackfillReport]:
    """Fills the days in reach of a mail on which some of arXiv's categories among these were not read; reports on each.

    A memory without any announcement begins with its first days (`fill_first_days`). May be repeated at will: arXiv is
    asked every TRY_AGAIN_H hours at most. Raises StoreError if the memory fails.
    """
    categories = set(filter(is_arxiv, categories))
    at = now()
    today = schedule.arxiv_day(at)
    reports = fill_first_days(store, harvester, categories, progress, now=now, should_stop=should_stop)
    if not reports:
        reports = _fill_missed(store, harvester, categories, progress, at, now, should_stop)
    for report in reports:
        if not report.problem:  # the same list had what came late
            store.claim_once(LOOKED_AT, report.category, on=today)
    return reports


def _fill_missed(
    store: Store,
    harvester: Harvester,
    categories: Set[str],
    progress: ProgressListener,
    at: datetime,
    now: Callable[[], datetime],
    should_stop: Callable[[], bool],
) -> list[BackfillReport]:
    asked_for = sha256(" ".join(sorted(categories)).encode()).hexdigest()[:16]
    if not categories or not store.claim_once(FILLED, f"{at.hour // TRY_AGAIN_H} {asked_for}", on=at.date()):
        return []
    today = schedule.arxiv_day(at)
    days = _days_before(today)
    stored = [store.get_day(on) for on in days]
    begins = next((number for number, day in enumerate(stored) if day), 0)  # a young memory misses no day before it
    days, stored = days[begins:], stored[begins:]
    read = [settled_categories(day) if day else frozenset() for day in stored]
    missing = {category for category in categories if not all(category in settled for settled in read)}
    late = _late_today(store, today, at) & categories
    if late and store.claim_once(FILLED, f"today {at.hour // TRY_TODAY_AGAIN_H} {asked_for}", on=at.date()):
        missing |= late
        days.append(today)
    if not missing:
        return []
    return backfill(store, harvester, missing, progress, first=days[0], last=days[-1], now=now, should_stop=should_stop)


def _late_today(store: Store, today: date, at: datetime) -> Set[str]:
    """Gives the categories whose feed of today was asked for, and did not have it all after some hours."""
    if not schedule.is_weekday(today) or schedule.since_midnight(at) < FEED_GIVEN_UP:
        return frozenset()
    known = store.get_day(today)
    return {report.category for report in known.feeds} - settled_categories(known) if known else frozenset()


def look_again(
    store: Store,
    harvester: Harvester,
    categories: Collection[str],
    progress: ProgressListener,
    *,
    now: Callable[[], datetime],
    most: int | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[BackfillReport]:
    """Looks for papers of the last days that came late; a report for each category that was asked for.

    Each category once an arXiv day, when its feed of today was read, since that may have them: `most` of them at a
    time, or all. May be repeated at will. Raises StoreError if the memory fails.
    """
    today = schedule.arxiv_day(now())
    known = store.get_day(today)
    ready = sorted(set(filter(is_arxiv, categories)) & settled_categories(known)) if known else []
    chosen: list[str] = []
    for category in ready:
        if most is not None and len(chosen) >= most:
            break
        if store.claim_once(LOOKED_AT, category, on=today):
            chosen.append(category)
    if not chosen:
        return []
    days = _days_before(today)
    return backfill(
        store,
        harvester,
        chosen,
        progress,
        first=days[0],
        last=days[-1],
        now=now,
        with_late=True,
        should_stop=should_stop,
    )


def _days_before(today: date) -> list[date]:
    """Gives the weekdays before today that a mail may still be about, oldest first."""
    return [day for n in range(MAX_DAYS, 0, -1) if schedule.is_weekday(day := today - n * _DAY)]
