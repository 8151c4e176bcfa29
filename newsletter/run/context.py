"""Holds what a morning works with: the edges and the clock, what is known of the day, and who follows its progress.

Values and Protocols only; what happens with them is flow.py's and its steps' business.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager
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
from newsletter.run.remembered import Remembered
from newsletter.run.retention import ANNOUNCEMENT_DAYS
from newsletter.run.schedule import ON_THE_MINUTE, Timing, local_date
from newsletter.run.shared_digests import SharedDigests
from newsletter.run.shared_predecessors import SharedPredecessors
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
    `helpers`: other processes that mail some of the readers; None: there are none.
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
    helpers: Helpers | None = None


FEEDS, DIGESTS = "Feeds", "Digests"  # the two parts of a run, as a `ProgressListener` hears of them


class ProgressListener(Protocol):
    """Whoever follows a run: a progress bar, a log, or nobody."""

    def begin(self, what: str, total: int) -> None: ...

    def step(self, done: FeedReport | SubscriberReport) -> None: ...


class Sharing(Protocol):
    """The readers of a run, of whom this process serves some and helpers others."""

    def slices(self) -> Iterator[Sequence[Subscriber]]:
        """Gives this process some readers at a time, until all were served; none where helpers have told something."""

    def take_told(self) -> list[SubscriberReport]:
        """Gives what helpers told since the last call: of each reader they were done with, how that went."""


class Helpers(Protocol):
    """Other processes that mail some of a run's readers. What they leave undone comes back to the run."""

    def share(
        self,
        context: RunContext,
        morning: Morning,
        subscribers: Sequence[Subscriber],
        *,
        due_only: bool,
        should_stop: Callable[[], bool],
    ) -> AbstractContextManager[Sharing]:
        """Shares these readers out. At the end no helper is at work any more. Raises StoreError."""


@dataclass(frozen=True, slots=True)
class _Found:
    days: tuple[AnnouncementDay, ...]  # which live as long as what is found of them: their ids are its key
    shown: tuple[Announcement, ...]
    elsewhere: tuple[tuple[date, Announcement], ...]
    papers: tuple[Paper, ...]  # of `shown`


@dataclass(frozen=True, slots=True)
class _Chosen:
    shown: tuple[Announcement, ...]  # which lives as long as what is chosen of it: its id is the key
    candidates: tuple[Announcement, ...]
    ids: frozenset[str]  # of `candidates`


@dataclass(frozen=True, slots=True)
class Morning:
    """What is known of the day once its announcement is in: the same for every subscriber of this run."""

    run_id: str
    today: AnnouncementDay
    earlier: Sequence[AnnouncementDay]  # days before today that brought papers, oldest first
    digest_on: date | None = None  # None: each subscriber's own local date
    digests: SharedDigests = field(default_factory=SharedDigests, init=False, compare=False, repr=False)
    shared_predecessors: SharedPredecessors = field(
        default_factory=SharedPredecessors, init=False, compare=False, repr=False
    )
    _known: Remembered[tuple[tuple[int, ...], frozenset[str]], _Found] = field(
        default_factory=Remembered, init=False, compare=False, repr=False
    )
    _chosen: Remembered[tuple[int, frozenset[AnnounceType]], _Chosen] = field(
        default_factory=Remembered, init=False, compare=False, repr=False
    )
    _left: Remembered[tuple[date, Readings], AnnouncementDay] = field(
        default_factory=Remembered, init=False, compare=False, repr=False
    )
    _versions: Remembered[tuple[date, Updates], Mapping[str, Paper]] = field(
        default_factory=Remembered, init=False, compare=False, repr=False
    )
    _until: Remembered[date, Morning] = field(default_factory=Remembered, init=False, compare=False, repr=False)
    _older: list[AnnouncementDay] = field(default_factory=list, init=False, compare=False, repr=False)

    @property
    def days(self) -> list[AnnouncementDay]:
        """Today and the days before, oldest first."""
        return [*self.earlier, self.today]

    def until(self, on: date) -> Morning:
        """Gives what was known by the end of that day of arXiv's, which may be the present one; worked out once."""
        if on >= self.today.announced_on:
            return self
        return self._until.get(on, lambda: self._end_with(on))

    def _end_with(self, on: date) -> Morning:
        known = [day for day in self.earlier if day.announced_on <= on]
        last = known.pop() if known and known[-1].announced_on == on else AnnouncementDay(on, (), ())
        return Morning(self.run_id, last, known, self.digest_on)

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

        def choose() -> _Chosen:
            candidates = find_candidates(shown, announce_types)
            return _Chosen(shown, candidates, frozenset(each.paper.arxiv_id for each in candidates))

        chosen = self._chosen.get((id(shown), frozenset(announce_types)), choose)
        if chosen.ids.isdisjoint(without):
            return chosen.candidates
        return find_candidates(chosen.candidates, announce_types, without=without)

    def leave_unread(self, day: AnnouncementDay, read: Readings) -> AnnouncementDay:
        """Does as `backlog.leave_unread`, for one of `days`; the same object for the same readings."""
        return self._left.get((day.announced_on, read), lambda: leave_unread(day, read))

    def _find(self, days: tuple[AnnouncementDay, ...], categories: Collection[str]) -> _Found:
        def find() -> _Found:
            shown = find_announced(days, categories)
            elsewhere = find_elsewhere(shown, days, self.days, categories)
            return _Found(days, shown, elsewhere, tuple(each.paper for each in shown))

        return self._known.get((tuple(id(day) for day in days), frozenset(categories)), find)

    def later_versions(self, store: Store, since: date, updates: Updates) -> Mapping[str, Paper]:
        """Gives what the days since then show in a later version (`updates.later_versions`); worked out once for each.

        Days before `earlier` are read, once, where they are asked for: by who has had no mail for weeks.
        """

        def find() -> Mapping[str, Paper]:
            first = self.days[0].announced_on
            if since < first and not self._older:
                self._older.extend(store.get_days(before=first, limit=ANNOUNCEMENT_DAYS))
            return later_versions((day for day in (*self._older, *self.days) if day.announced_on >= since), updates)

        return self._versions.get((since, updates), find)

    def date_for(self, subscriber: Subscriber, now: datetime) -> date:
        return self.digest_on or local_date(now, subscriber.zone)
