"""Shows news of papers that the reader was sent before: a later version, or a withdrawal. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from newsletter.formatting import isolate
from newsletter.mail.earlier import page_url
from newsletter.model import Digest, Paper, PaperUpdate
from newsletter.papers import Mark, Piece, find_difference, readable, shorten, version_url, words_of
from newsletter.texts import Texts, write_day, write_short_date

MOST_CHANGES = 3  # of one abstract
CHANGE_CHARS = 320  # of each
TITLE_CHARS = 300


@dataclass(frozen=True, slots=True)
class ChangeView:
    """What changed in one sentence. In one that is new or gone there is a single piece."""

    pieces: tuple[Piece, ...]

    @property
    def is_new(self) -> bool:
        return len(self.pieces) == 1 and self.pieces[0].is_added

    @property
    def is_gone(self) -> bool:
        return len(self.pieces) == 1 and self.pieces[0].is_removed

    @property
    def before(self) -> str:
        """The sentence without what was added; empty for a new one."""
        return words_of(self.pieces, without=Mark.ADDED)

    @property
    def after(self) -> str:
        """The sentence without what was removed; empty for one that is gone."""
        return words_of(self.pieces, without=Mark.REMOVED)


@dataclass(frozen=True, slots=True)
class UpdateView:
    """One paper that was sent before, and what is new in it. All of it is readable, and not escaped."""

    arxiv_id: str
    title: str
    url: str
    version: str  # "v3"
    version_url: str
    sent_on: date  # of the mail that had the paper
    number: int  # that it had there
    day: str  # the same date, in words
    page_url: str  # where it stands on that day's page; empty: there is no web part
    notice: str  # that it is withdrawn; empty: it is not
    former_title: str  # empty where it stayed
    changes: tuple[ChangeView, ...]
    more: int  # changes that are not shown
    is_same: bool  # title and abstract stayed
    is_whole: bool = True  # there is room for more than title and version

    @property
    def chars(self) -> int:
        """How long it takes to read, in characters."""
        return len(self.title) + len(self.notice) + sum(len(p.text) for c in self.changes for p in c.pieces)


def update_views(digest: Digest, web_url: str, t: Texts) -> tuple[UpdateView, ...]:
    """Shows what a digest tells of papers that were sent. `web_url` is that of its page; empty without a web part."""
    return tuple(_view(update, digest.digest_on, web_url, t) for update in digest.updates)


def _view(update: PaperUpdate, digest_on: date, web_url: str, t: Texts) -> UpdateView:
    paper, known, sent_on = update.paper, update.known, update.sent.digest_on
    write = write_day if sent_on.year == digest_on.year else write_short_date
    changes, former_title = _changes(known, paper)
    return UpdateView(
        arxiv_id=paper.arxiv_id,
        title=isolate(readable(paper.title)),
        url=paper.abs_url,
        version=f"v{paper.version}",
        version_url=version_url(paper),
        sent_on=sent_on,
        number=update.sent.number,
        day=write(sent_on, t.language),
        page_url=page_url(web_url, sent_on, update.sent.number),
        notice=readable(paper.withdrawal),
        former_title=former_title,
        changes=tuple(changes[:MOST_CHANGES]),
        more=max(0, len(changes) - MOST_CHANGES),
        is_same=not (changes or former_title or paper.withdrawal),
    )


def _changes(known: Paper, paper: Paper) -> tuple[list[ChangeView], str]:
    """Gives the changes of the abstract, and the former title; of a withdrawn paper the notice says enough."""
    if paper.is_withdrawn:
        return [], ""
    difference = find_difference(known, paper)
    changes = [ChangeView(shorten(change, CHANGE_CHARS)) for change in difference.changes]
    return changes, isolate(readable(known.title)[:TITLE_CHARS]) if difference.title else ""
