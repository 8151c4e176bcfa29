"""What a morning works with: the edges and the clock, what is known of the day, and who follows its progress.

Values and Protocols only; what happens with them is flow.py's and its steps' business.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from newsletter.mail import MailIdentity, render
from newsletter.model import (
    Announcement,
    AnnouncementDay,
    AnnounceType,
    FeedReport,
    Paper,
    Subscriber,
    SubscriberReport,
    Updates,
)
from newsletter.papers import find_announced, find_candidates, find_elsewhere
from newsletter.run.backlog import Readings, leave_unread
from newsletter.run.schedule import ON_THE_MINUTE, Timing, local_date
from newsletter.run.shared_digests import SharedDigests
from newsletter.run.updates import later_versions
from newsletter.scoring import PredecessorFinder, Prefetcher, Scorer, VectorKeeper
from newsletter.senders import Sender
from newsletter.sources import Source
from newsletter.stores import Store


@dataclass(frozen=True, slots=True)
class RunContext:
    """All that a morning needs: the four edges, the renderer, who sends, and the clock (aware UTC).

    `prefetcher`: how the scorer's model is asked in advance; None without a model. `vectors`: what reads the papers for
    the scorer; None without a sentence model. `predecessors`: what knows which paper follows which; None: nobody asks.
    """

    source: Source
    scorer: Scorer
    sender: Sender
    store: Store
    renderer: render.Renderer
    identity: MailIdentity
    now: Callable[[], datetime]
    prefetcher: Prefetcher | None = None
    vectors: VectorKeeper | None = None
    predecessors: PredecessorFinder | None = None
    timing: Timing = ON_THE_MINUTE


MOST_KEPT_DAYS = 60  # of announcements, as retention.py has it
MAX_REMEMBERED = 512  # pairs of days and categories: a few kB each
FEEDS, DIGESTS = "Feeds", "Digests"  # the two parts of a run, as a `ProgressListener` hears of them


class ProgressListener(Protocol):
    """Whoever follows a run: a progress bar, a log, or nobody."""

    def begin(self, what: str, total: int) -> None: ...

    def step(self, done: FeedReport | SubscriberReport) -> None: ...


@dataclass(frozen=True, slots=True)
class _Found:
    shown: tuple[Announcement, ...]
    elsewhere: tuple[tuple[date, Announcement], ...]
    papers: tuple[Paper, ...]  # of `shown`


@dataclass(frozen=True, slots=True)
class Morning:
    """What is known of the day once its announcement is in: the same for every subscriber of this run."""

    run_id: str
    today: AnnouncementDay
    earlier: Sequence[AnnouncementDay]  # days before today that brought papers, oldest first
    digest_on: date | None = None  # None: each subscriber's own local date
    digests: SharedDigests = field(default_factory=SharedDigests, init=False, compare=False, repr=False)
    _known: dict[tuple[tuple[int, ...], frozenset[str]], tuple[tuple[AnnouncementDay, ...], _Found]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    _chosen: dict[
        tuple[int, frozenset[AnnounceType]], tuple[tuple[Announcement, ...], tuple[Announcement, ...], frozenset[str]]
    ] = field(default_factory=dict, init=False, compare=False, repr=False)
    _left: dict[tuple[date, Readings], AnnouncementDay] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    _versions: dict[tuple[date, Updates], Mapping[str, Paper]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    _older: list[AnnouncementDay] = field(default_factory=list, init=False, compare=False, repr=False)

    @property
    def days(self) -> list[AnnouncementDay]:
        """Today and the days before, oldest first."""
        return [*self.earlier, self.today]

    def announced(self, days: Iterable[AnnouncementDay], categories: Collection[str]) -> tuple[Announcement, ...]:
        """Gives what some of these days brought to these categories (`papers.find_announced`); worked out once."""
        return self._find(tuple(days), categories).shown

    def shown_elsewhere(
        self, days: Iterable[AnnouncementDay], categories: Collection[str]
    ) -> tuple[tuple[date, Announcement], ...]:
        """Gives where the new papers of `announced` were new on other days, too; worked out once."""
        return self._find(tuple(days), categories).elsewhere

    def papers_of(self, day: AnnouncementDay, categories: Collection[str]) -> tuple[Paper, ...]:
        """Gives the papers that one of these days brought to these categories: mostly the same object."""
        return self._find((day,), categories).papers

    def candidates(
        self, shown: tuple[Announcement, ...], announce_types: Collection[AnnounceType], *, without: Set[str]
    ) -> tuple[Announcement, ...]:
        """Does as `papers.find_candidates` with what `announced` gave: the same object for who was sent none of it."""
        key = (id(shown), frozenset(announce_types))  # what is shown lives as long as what is chosen of it
        if key not in self._chosen:
            if len(self._chosen) >= MAX_REMEMBERED:
                self._chosen.clear()
            chosen = find_candidates(shown, announce_types)
            self._chosen[key] = shown, chosen, frozenset(each.paper.arxiv_id for each in chosen)
        _, chosen, ids = self._chosen[key]
        return chosen if ids.isdisjoint(without) else find_candidates(chosen, announce_types, without=without)

    def leave_unread(self, day: AnnouncementDay, read: Readings) -> AnnouncementDay:
        """Does as `backlog.leave_unread`, for one of `days`; the same object for the same readings."""
        key = (day.announced_on, read)
        if key not in self._left:
            if len(self._left) >= MAX_REMEMBERED:
                self._left.clear()
            self._left[key] = leave_unread(day, read)
        return self._left[key]

    def _find(self, days: tuple[AnnouncementDay, ...], categories: Collection[str]) -> _Found:
        key = (tuple(id(day) for day in days), frozenset(categories))  # the days live as long as what is found of them
        if key not in self._known:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            shown = find_announced(days, categories)
            elsewhere = find_elsewhere(shown, days, self.days, categories)
            self._known[key] = days, _Found(shown, elsewhere, tuple(each.paper for each in shown))
        return self._known[key][1]

    def later_versions(self, store: Store, since: date, updates: Updates) -> Mapping[str, Paper]:
        """Gives what the days since then show in a later version (`updates.later_versions`); worked out once for each.

        Days before `earlier` are read, once, where they are asked for: by who has had no mail for weeks.
        """
        key = (since, updates)
        if key not in self._versions:
            first = self.days[0].announced_on
            if since < first and not self._older:
                self._older.extend(store.get_days(before=first, limit=MOST_KEPT_DAYS))
            days = (day for day in (*self._older, *self.days) if day.announced_on >= since)
            self._versions[key] = later_versions(days, updates)
        return self._versions[key]

    def date_for(self, subscriber: Subscriber, now: datetime) -> date:
        return self.digest_on or local_date(now, subscriber.zone)
