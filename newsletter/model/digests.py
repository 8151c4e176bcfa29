"""One subscriber's content for one date, and its renderings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from newsletter.model.notices import Notice
from newsletter.model.papers import AnnounceType, Paper
from newsletter.model.scores import WORD_RANKER, Score, Usage
from newsletter.model.subscribers import Subscriber


@dataclass(frozen=True, slots=True)
class SentPaper:
    """Where a paper stands among what the same subscriber was sent before."""

    arxiv_id: str
    digest_on: date
    number: int  # in the digest of that date
    name: str = ""  # what it is shown as; empty: its id
    url: str = ""  # where it can be opened; empty: its id says it


@dataclass(frozen=True, slots=True)
class DigestEntry:
    """One paper in a digest. `announce_type` is as seen from this subscriber's categories."""

    number: int  # from 1, in reading order
    paper: Paper
    announce_type: AnnounceType
    score: Score
    pinned_author: str = ""  # the pinned name that let it in, if any
    topic: str = ""  # the profile's topic that it meets, as far as the scorer says
    is_nearest: bool = False  # it is below a cut-off, and shown because too few papers passed
    follows: SentPaper | None = None  # the paper sent before whose line of work it goes on with


@dataclass(frozen=True, slots=True)
class EarlierEntry:
    """An entry of an earlier digest of the same subscriber."""

    digest_on: date
    entry: DigestEntry


@dataclass(frozen=True, slots=True)
class PaperUpdate:
    """A later version of a paper that the same subscriber was sent, or that it is withdrawn (`paper.withdrawal`)."""

    paper: Paper  # as it is now
    known: Paper  # as they were sent it, or told of it last
    sent: SentPaper


@dataclass(frozen=True, slots=True)
class FoundPaper:
    """Where a paper that was searched for stands in a reader's archive."""

    digest_on: date
    number: int  # in the digest of that date


@dataclass(frozen=True, slots=True)
class UnsentPaper:
    """A paper that passed and is in no digest, because `max_papers` cut before it: enough to list it."""

    arxiv_id: str
    title: str  # as arXiv has it, TeX and all
    relevance: int  # 1–10
    novelty: int | None  # 1–10; None: no model judged it
    url: str = ""  # where it can be opened; empty: its id says it


@dataclass(frozen=True, slots=True)
class Counts:
    """Unique papers. passed ≤ relevant ≤ scanned ≤ announced."""

    announced: int  # in the subscriber's categories, all announce types
    scanned: int  # of the announce types asked for and not mailed before: what was scored, or could not be
    relevant: int  # passed both cut-offs, or a pinned author
    shown: int  # those that passed, as far as `max_papers` lets them in, and the nearest
    not_scored: int
    nearest: int = 0  # of those shown: below a cut-off

    @property
    def passed(self) -> int:
        """How many of the shown papers are relevant."""
        return self.shown - self.nearest


@dataclass(frozen=True, slots=True)
class Digest:
    """One subscriber's content for one date."""

    subscriber: Subscriber
    digest_on: date
    announced_on: tuple[date, ...]  # the arXiv days it covers, oldest first
    entries: tuple[DigestEntry, ...]  # in reading order, the nearest behind those that passed
    counts: Counts
    scorer: str
    usage: Usage | None
    notices: tuple[Notice | str, ...] = ()  # digests of earlier versions have whole sentences
    prompt: str = ""  # what the model was told before the papers; empty without a model
    widening: Notice | str = ""  # how this reader would be sent more: in a first digest for which nothing passed
    unsent: tuple[UnsentPaper, ...] = ()  # best first, the best 500 alone; empty in digests of before it was kept
    weekly_best: tuple[EarlierEntry, ...] = ()  # sent before, and shown once more; in none of the counts
    updates: tuple[PaperUpdate, ...] = ()  # of papers sent before, withdrawn ones first; in none of the counts

    @property
    def is_empty(self) -> bool:
        return not self.entries

    @property
    def is_by_words(self) -> bool:
        """Tells whether words alone ranked the papers, with no model or with one that failed altogether."""
        return self.scorer == WORD_RANKER

    @property
    def judged(self) -> int:
        """How many of its papers have a novelty, which only a model gives."""
        return sum(entry.score.novelty is not None for entry in self.entries)


@dataclass(frozen=True, slots=True)
class RenderedDigest:
    """A digest as a reader sees it. `html` is pure ASCII; `text` and `subject` are Unicode."""

    subject: str
    html: str
    text: str
