"""Prepares the page and the feed of a reader's saved papers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from newsletter.mail import PAPER_AUTHORS, wording
from newsletter.model import SavedPaper
from newsletter.papers import PaperLinks, key_sentence, paper_links, readable, readable_name
from newsletter.texts import Texts, write_short_date
from newsletter.web.archive.entries import Pieces, set_text


@dataclass(frozen=True, slots=True)
class SavedView:
    arxiv_id: str
    title: Pieces
    few_authors: str
    sentence: str
    abstract: Pieces
    day: str  # on which it was saved
    save_url: str  # to the page that takes it off the list
    links: PaperLinks
    feed_id: str
    updated: str  # for the feed: when it was saved


def saved_views(
    saved: Sequence[SavedPaper], save: Callable[[str], str], feed_id: str, t: Texts
) -> tuple[SavedView, ...]:
    """Shows saved papers, the latest first."""
    return tuple(_saved_view(each, save(each.paper.arxiv_id), feed_id, t) for each in reversed(saved))


def _saved_view(saved: SavedPaper, save_url: str, feed_id: str, t: Texts) -> SavedView:
    paper = saved.paper
    names = [readable_name(name).split(" (")[0] for name in paper.authors]
    return SavedView(
        arxiv_id=paper.arxiv_id,
        title=set_text(paper.title),
        few_authors=wording.join_names(t, names, PAPER_AUTHORS),
        sentence=key_sentence(readable(paper.title), readable(paper.abstract)),
        abstract=set_text(paper.abstract),
        day=write_short_date(saved.at.astimezone(UTC).date(), t.language),
        save_url=save_url,
        links=paper_links(paper),
        feed_id=f"{feed_id}/{paper.arxiv_id}",
        updated=atom_time(saved.at),
    )


def atom_time(at: datetime) -> str:
    """Writes a time as Atom wants it (RFC 4287 §3.3)."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
