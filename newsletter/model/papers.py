"""Holds papers, feeds, and the announcement days of arXiv and other sources."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from newsletter.model.paper_ids import PaperId


class AnnounceType(StrEnum):
    """arXiv's own words, best first: a paper shown by several feeds keeps the best kind it has there."""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"

    @property
    def precedence(self) -> int:
        """0 for the kind that wins a merge (new), 3 for the one that always loses (replace-cross)."""
        return list(AnnounceType).index(self)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a paper that is not from arXiv can be opened, and what it is cited as. Addresses are http or https."""

    name: str  # of the preprint server, the journal or the blog: "bioRxiv"
    url: str  # the page with its abstract
    doi: str = ""  # without "https://doi.org/"; empty: it has none
    pdf: str = ""  # an address; empty: none is known
    html: str = ""  # an address of the full text; empty: none is known
    published_doi: str = ""  # of the article that a preprint became; empty: none is known


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper at one version. Its identity is `arxiv_id`, which never carries the version.

    Other sources' papers have ids of other kinds there, each behind its kind (paper_ids.py), and an `origin`.
    """

    arxiv_id: str  # "2510.05064", old style "hep-th/9901001", or "doi:10.1101/2026.11.02.123456"
    version: int
    title: str  # as its source has it, TeX included
    authors: tuple[str, ...]  # names, each with its affiliation in parentheses if arXiv gave one
    abstract: str
    categories: tuple[str, ...]  # the first is the primary category
    published_on: date | None = None  # None: its id says the year (arXiv), or its source does not say it
    origin: Origin | None = None  # None: it is arXiv's
    withdrawal: str = ""  # the notice that it is withdrawn, in its source's words; empty without one

    @property
    def is_withdrawn(self) -> bool:
        return bool(self.withdrawal)

    @property
    def primary(self) -> str:
        return self.categories[0]

    @property
    def abs_url(self) -> str:
        """The page with its abstract; empty for a paper of which nothing but a key is known."""
        return self.origin.url if self.origin else PaperId.read(self.arxiv_id).url


ZOTERO = "zotero:"  # how the entry of a paper from such a library begins


@dataclass(frozen=True, slots=True)
class LibraryPaper:
    """A paper that a reader keeps. `entry` is what they wrote of it: its title, its arXiv id, or where it is kept."""

    entry: str
    title: str
    abstract: str = ""
    weight: float = 1.0  # above 0, up to 1: how much it says of what they read now

    @property
    def is_live(self) -> bool:
        """Whether it comes from a library that is read anew each day."""
        return self.entry.startswith(ZOTERO)


@dataclass(frozen=True, slots=True)
class LibraryItem:
    """A paper in a library, and when its owner added it."""

    title: str
    abstract: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class LibraryContents:
    """What a library holds at one `version`, which grows with each change: the items added last, oldest first."""

    version: int
    total: int  # entries in all, those without a title among them
    items: tuple[LibraryItem, ...]


@dataclass(frozen=True, slots=True)
class Announcement:
    """A paper shown on one arXiv day. `feeds` are the categories whose feed showed it, sorted.

    Most feeds are read once a day. `later` names those that showed this paper in a later reading only, and in which:
    so a mail knows which papers the mail before has looked at already.
    """

    paper: Paper
    announce_type: AnnounceType
    feeds: tuple[str, ...]
    later: tuple[tuple[str, int], ...] = ()  # (category, 2 or more), sorted

    @property
    def is_new(self) -> bool:
        """Whether it is shown as a paper, and not as the replacement of one."""
        return self.announce_type in (AnnounceType.NEW, AnnounceType.CROSS)

    def reading(self, category: str) -> int:
        """Gives the reading in which that category's feed showed the paper first: 1 for the first one."""
        return next((number for feed, number in self.later if feed == category), 1)


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """What arXiv keeps of a paper: its latest version, and when it received each of them."""

    paper: Paper
    received_at: tuple[datetime, ...]  # of version 1, 2, …; aware, and as many as `paper.version`
    changed_on: date  # when anything about the record last changed


class FeedOutcome(StrEnum):
    """What became of one category's feed today: two bring papers, and only `FAILED` is an error."""

    ANNOUNCED = "announced"
    NO_ANNOUNCEMENT = "no announcement"
    STALE = "stale"  # all of it was announced on an earlier day
    HALF_STALE = "half-stale"  # a good part of it was, or its date or its ids are older: today's are not all there yet
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Feed:
    """One category's feed, parsed. `announced_on` is the US Eastern day the feed claims for itself.

    `warnings` are sentences for the operator (2,000 entries reached, an entry that could not be read).
    """

    category: str
    announced_on: date
    announcements: tuple[Announcement, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedReport:
    """How one category's feed went; `detail` is a sentence for the operator, or empty.

    `showed` has the ids of all that a feed showed which goes on showing what it showed before; arXiv's does not.
    """

    category: str
    outcome: FeedOutcome
    papers: int
    detail: str = ""
    fetched_at: datetime | None = None  # when it was asked; None in what older versions kept
    is_awaited: bool = False  # today's papers are still to come, or some of them, as far as one can tell
    tries: int = 0  # answers in a row that did not bring them
    ask_again_at: datetime | None = None  # not before
    readings: int = 0  # so many of its answers brought papers; older versions kept none, so ask `last_reading`
    showed: tuple[str, ...] = ()
    left: int = 0  # new papers that come on the next days, since one has no room for all

    @property
    def last_reading(self) -> int:
        """The number of the latest reading that brought papers; 0: none has."""
        return self.readings or int(self.outcome is FeedOutcome.ANNOUNCED)


@dataclass(frozen=True, slots=True)
class FeedAsking:
    """Which run is asking for a category's feed, and since when."""

    category: str
    run_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AnnouncementDay:
    """Everything collected of one arXiv day: each paper once, and how each wanted category's feed went."""

    announced_on: date
    announcements: tuple[Announcement, ...]
    feeds: tuple[FeedReport, ...]
    asking: tuple[FeedAsking, ...] = ()  # feeds that are being asked for


@dataclass(frozen=True, slots=True)
class PaperVector:
    """What a sentence model made of one version of a paper; its key is (model, id, version)."""

    arxiv_id: str
    version: int
    model: str
    announced_on: date  # the arXiv day it was made for: it goes when that day goes
    numbers: str  # base64 of a signed byte for each dimension; only their ratios count
