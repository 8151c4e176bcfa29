"""Looks back at the last announcement days: fills those that were missed, and finds papers that came late.

Both by arXiv's records (backfill.py), and so seldom that arXiv need not mind: missed days are asked for before a
morning, every two hours until they are there; days that were read are looked at again once a day, after the mails, by
one list for each category. Papers that are found come with each reader's next mail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import islice

from newsletter.papers import announcement_schedule as schedule
from newsletter.run.backfill import FIRST_DAYS, BackfillReport, backfill, last_weekdays, weekdays
from newsletter.run.backlog import MAX_DAYS, settled_categories
from newsletter.run.context import ProgressListener
from newsletter.sources import Harvester
from newsletter.stores import Store

FILLED, LOOKED_AT = "missed_days", "late_papers"  # what may happen once, as `claim_once` knows it
FIRST_TRIES = 4  # a day; not hours apart, since a first run that failed is soon repeated by hand
TRY_AGAIN_H = 2
TRY_TODAY_AGAIN_H = 6  # arXiv's records have a day as a whole, or not yet
FEED_GIVEN_UP = timedelta(hours=3)  # of the arXiv day: from then on records are asked for what its feed does not show


@dataclass(frozen=True, slots=True)
class LookBack:
    """Looks back for some of arXiv's categories; what it does may be repeated at will. Raises StoreError.

    `open_records` is called before arXiv is asked, and seldom: mostly there is nothing to ask for.
    """

    store: Store
    open_records: Callable[[], Harvester]
    categories: Set[str]
    progress: ProgressListener
    now: Callable[[], datetime]
    should_stop: Callable[[], bool] = lambda: False

    def fill_missed_days(self) -> list[BackfillReport]:
        """Fills the days in reach of a mail on which some of these categories were not read; reports on each.

        A memory without any announcement begins with the last FIRST_DAYS weekdays: so there is something to compare
        the first papers with, and to try a profile on. Nobody is mailed these days, since a first mail covers the
        latest one alone. arXiv is asked for these FIRST_TRIES times a day at most, for others every TRY_AGAIN_H hours.
        """
        if not self.categories:
            return []
        at = self.now()
        today = schedule.arxiv_day(at)
        if self.store.get_days(before=date.max, limit=1):
            reports = self._fill_missed(today, at)
        elif any(self._begins(f"first {number}", at) for number in range(FIRST_TRIES)):
            reports = self._fill(self.categories, last_weekdays(today, FIRST_DAYS))
        else:
            reports = []
        for report in reports:
            if not report.problem:  # the same list had what came late
                self.store.claim_once(LOOKED_AT, report.category, on=today)
        return reports

    def look_again(self, most: int | None = None) -> list[BackfillReport]:
        """Looks for papers of the last days that came late; a report for each category that was asked for.

        Each category once an arXiv day, when its feed of today was read, since that may have them: `most` of them at a
        time, or all.
        """
        today = schedule.arxiv_day(self.now())
        known = self.store.get_day(today)
        ready = sorted(self.categories & settled_categories(known)) if known else []
        unseen = (category for category in ready if self.store.claim_once(LOOKED_AT, category, on=today))
        return self._fill(set(islice(unseen, most)), _days_before(today), with_late=True)

    def _fill_missed(self, today: date, at: datetime) -> list[BackfillReport]:
        if not self._begins(f"{at.hour // TRY_AGAIN_H}", at):
            return []
        days = _days_before(today)
        stored = [self.store.get_day(on) for on in days]
        begins = next((number for number, day in enumerate(stored) if day), 0)  # a young memory misses no day before it
        days, stored = days[begins:], stored[begins:]
        read = [settled_categories(day) if day else frozenset() for day in stored]
        missing = {category for category in self.categories if not all(category in settled for settled in read)}
        late = self._late_today(today, at)
        if late and self._begins(f"today {at.hour // TRY_TODAY_AGAIN_H}", at):
            missing |= late
            days.append(today)
        return self._fill(missing, days)

    def _begins(self, which: str, at: datetime) -> bool:
        """Says True once, for each set of categories and UTC day."""
        asked_for = sha256(" ".join(sorted(self.categories)).encode()).hexdigest()[:16]
        return self.store.claim_once(FILLED, f"{which} {asked_for}", on=at.date())

    def _late_today(self, today: date, at: datetime) -> Set[str]:
        """Gives the categories whose feed of today was asked for, and did not have it all after some hours."""
        if not schedule.is_weekday(today) or schedule.since_midnight(at) < FEED_GIVEN_UP:
            return frozenset()
        known = self.store.get_day(today)
        asked = {report.category for report in known.feeds} - settled_categories(known) if known else frozenset[str]()
        return asked & self.categories

    def _fill(self, categories: Set[str], days: Sequence[date], *, with_late: bool = False) -> list[BackfillReport]:
        if not categories:
            return []
        return backfill(
            self.store,
            self.open_records(),
            categories,
            self.progress,
            first=days[0],
            last=days[-1],
            now=self.now,
            with_late=with_late,
            should_stop=self.should_stop,
        )


def _days_before(today: date) -> list[date]:
    """Gives the weekdays before today that a mail may still be about, oldest first."""
    return weekdays(today - timedelta(days=MAX_DAYS), today - timedelta(days=1))
