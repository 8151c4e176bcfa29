"""Fills the announcement days that nobody collected from arXiv's records, so that the next mail catches up with them.

Only what no kept day has is added: nothing that was collected is changed, but that a paper is noted as withdrawn, and
a second back-fill finds nothing to do.
Papers of a day that was collected without them are a further reading of it. Which day a paper belongs to is an estimate
of papers/announcement_schedule.py; what a mail covers is backlog.py's business, when to look is that of look_back.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from newsletter.errors import SourceError
from newsletter.model import Announcement, AnnouncementDay, AnnounceType, Feed, FeedOutcome, FeedReport, PaperRecord
from newsletter.papers import announcement_schedule as schedule
from newsletter.papers import announcements, find_withdrawn, is_arxiv
from newsletter.run.backlog import settled_categories
from newsletter.run.context import FEEDS, ProgressListener
from newsletter.sources import Harvester
from newsletter.stores import Store

MOST_BACKFILL_DAYS = 31  # as far as catching up and the ranker's history reach back
FIRST_DAYS = 5
_DAY = timedelta(days=1)
_SLACK = timedelta(days=4)  # Tuesday's papers may have come in on Friday
_MARGIN = timedelta(days=8)
_MOST_VERSION = 5  # arXiv's feeds leave out later replacements
_NEW = (AnnounceType.NEW, AnnounceType.CROSS)


@dataclass(frozen=True, slots=True)
class FilledDay:
    """What one category announced on one arXiv day, as far as it was not known yet."""

    announced_on: date
    new: int
    cross: int
    replaced: int


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """What became of one category. `problem` says why its records could not be had; then no day was filled."""

    category: str
    days: tuple[FilledDay, ...] = ()  # that were missing, oldest first; with or without papers
    late: int = 0  # new papers of days that were collected without them, and have them now
    warnings: tuple[str, ...] = ()
    problem: str = ""

    @property
    def papers(self) -> int:
        return sum(day.new + day.cross + day.replaced for day in self.days)


def backfill(
    store: Store,
    harvester: Harvester,
    categories: Collection[str],
    progress: ProgressListener,
    *,
    first: date,
    last: date,
    now: Callable[[], datetime],
    remember: bool = True,
    with_late: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[BackfillReport]:
    """Fills the missing arXiv days from `first` to `last` of each of arXiv's categories; a report for each.

    May be repeated at will. A category that fails leaves its days as they were, and the others go on. Of today's arXiv
    day, which has a feed, nothing is concluded from records that have none of its papers. `with_late`: categories
    without a missing day are asked for, too, since papers may have come late. Without `remember` nothing is written.
    Raises StoreError if the memory fails.
    """
    filling = _Filling(store, harvester, now, remember=remember, with_late=with_late)
    reports: list[BackfillReport] = []
    # Beyond both ends, too: a paper may have been announced on another day than is estimated
    kept = store.get_days(before=last + _MARGIN, limit=(last - first + 2 * _MARGIN).days)
    wanted = sorted(filter(is_arxiv, categories))
    progress.begin(FEEDS, len(wanted))
    for category in wanted:
        if should_stop():
            break
        report = filling.fill(category, weekdays(first, last), kept)
        reports.append(report)
        outcome = FeedOutcome.FAILED if report.problem else FeedOutcome.ANNOUNCED
        detail = report.problem or f"Back-filled {len(report.days)} days from arXiv's records."
        progress.step(FeedReport(category, outcome, report.papers, detail))
    return reports


def last_weekdays(before: date, count: int) -> list[date]:
    """Gives the latest `count` days from Monday to Friday before that date, oldest first."""
    days = weekdays(before - (2 * count + 2) * _DAY, before - _DAY)
    return days[len(days) - count :]


def weekdays(first: date, last: date) -> list[date]:
    """Gives the days from Monday to Friday from `first` to `last`, both included."""
    days = (first + n * _DAY for n in range((last - first).days + 1))
    return [day for day in days if schedule.is_weekday(day)]


@dataclass(frozen=True, slots=True)
class _Filling:
    """What is the same for every category of a back-fill."""

    store: Store
    harvester: Harvester
    now: Callable[[], datetime]
    remember: bool
    with_late: bool

    def fill(self, category: str, weekdays: Iterable[date], kept: Sequence[AnnouncementDay]) -> BackfillReport:
        days = {day: self.store.get_day(day) or AnnouncementDay(day, (), ()) for day in weekdays}
        missing = [day for day, stored in days.items() if category not in settled_categories(stored)]
        if not missing and not (days and self.with_late):
            return BackfillReport(category)
        try:
            records, warnings = self.harvester.harvest(category, since=min(missing or days) - _SLACK)
        except SourceError as error:
            return BackfillReport(category, problem=str(error))
        if not records:  # proves nothing: a day is quiet only if others are not
            return BackfillReport(category, warnings=warnings)
        found = _found(records, category, days, missing, kept)
        today = schedule.arxiv_day(self.now())
        filled = [day for day in missing if day < today or found[day]]
        late = [day for day in days if day not in missing and found[day]]
        if self.remember:
            for day in (*filled, *late):
                self._keep(days[day], Feed(category, day, tuple(found[day])), is_late=day in late)
            for day, shown in find_withdrawn(records, kept, category).items():  # the feeds have no comments
                self.store.add_feeds(day, [Feed(category, day, tuple(shown))], [])
        return BackfillReport(
            category,
            tuple(_filled(day, found[day], category) for day in filled),
            sum(len(found[day]) for day in late),
            warnings,
        )

    def _keep(self, stored: AnnouncementDay, feed: Feed, *, is_late: bool) -> None:
        at, before = self.now(), sum(feed.category in shown.feeds for shown in stored.announcements)
        papers = before + len(feed.announcements)
        outcome = FeedOutcome.ANNOUNCED if papers else FeedOutcome.NO_ANNOUNCEMENT
        on = schedule.arxiv_day(at)
        detail = f"Back-filled on {on} from arXiv's records."
        if is_late:
            detail = f"{len(feed.announcements)} of them came late, on {on}, from arXiv's records."
        self.store.add_feeds(stored.announced_on, [feed], [FeedReport(feed.category, outcome, papers, detail, at)])


def _filled(day: date, shown: Iterable[Announcement], category: str) -> FilledDay:
    kinds = [announcements.seen_from(each, (category,)) for each in shown]
    new, cross = (kinds.count(kind) for kind in _NEW)
    return FilledDay(day, new, cross, len(kinds) - new - cross)


def _found(
    records: Sequence[PaperRecord],
    category: str,
    days: Mapping[date, AnnouncementDay],
    missing: Collection[date],
    kept: Iterable[AnnouncementDay],
) -> dict[date, list[Announcement]]:
    """Sorts what is not known yet into its days: new papers into all of them, replacements into the missing ones."""
    shown = [each for day in kept for each in day.announcements if category in each.feeds]
    known = {each.paper.arxiv_id for each in shown if each.announce_type in _NEW}
    known_versions = {(each.paper.arxiv_id, each.paper.version) for each in shown}
    quiet = {on for on, day in days.items() if _is_quiet(day, category)}
    announced_on = schedule.estimate_days({each.paper.arxiv_id: each.received_at[0] for each in records})
    found: dict[date, list[Announcement]] = defaultdict(list)
    for record in sorted(records, key=lambda each: each.paper.arxiv_id):
        arxiv_id = record.paper.arxiv_id
        on = _after(quiet, announced_on[arxiv_id])
        if on in days and arxiv_id not in known:
            found[on].append(Announcement(record.paper, AnnounceType.NEW, (category,)))
        # Of the records each paper has only its latest version, so only that one can be shown
        version = record.paper.version
        replaced_on = _after(quiet, schedule.scheduled_day(record.received_at[-1]))
        is_unseen = (arxiv_id, version) not in known_versions
        if 1 < version <= _MOST_VERSION and on < replaced_on and replaced_on in missing and is_unseen:
            found[replaced_on].append(Announcement(record.paper, AnnounceType.REPLACE, (category,)))
    return found


def _is_quiet(day: AnnouncementDay, category: str) -> bool:
    """Whether it is known that nothing was announced that day: a holiday, and its papers came on the next."""
    return any(feed.category == category and feed.outcome is FeedOutcome.NO_ANNOUNCEMENT for feed in day.feeds)


def _after(quiet: Collection[date], on: date) -> date:
    while on in quiet:
        on = schedule.next_weekday(on)
    return on
