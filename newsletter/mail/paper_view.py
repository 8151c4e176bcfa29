"""Prepares a paper of a digest for templates: its TeX is readable, and it is as long as a mail has room for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from newsletter import formatting
from newsletter.mail import wording
from newsletter.mail.earlier import FollowedPaper, followed_view
from newsletter.mail.message import MailLinks
from newsletter.mail.size_budget import Detail
from newsletter.model import DigestEntry, Paper
from newsletter.papers import PaperLinks, key_sentence, paper_links, readable, readable_name, show_category
from newsletter.subscribers import names_topic
from newsletter.texts import Texts

PAPER_AUTHORS = 6  # the web edition has them all


@dataclass(frozen=True, slots=True)
class DigestPaper:
    """All a template may show of a paper."""

    number: int
    arxiv_id: str
    version: int
    links: PaperLinks
    title: str
    toc_authors: str
    authors: str
    all_authors: str
    abstract: str
    sentence: str  # of the abstract: what the paper does or finds; empty for want of room
    comment: str  # why it is here; empty for want of room
    relevance: int
    novelty: int | None  # None: no model judged it
    is_by_words: bool  # to be said of this one, since a model judged others
    category: str
    kind: str
    topic: str  # empty where it would say nothing
    names_topic: bool  # the head of the comment names the topic, so that it need not be said again
    pinned: str
    is_nearest: bool  # it is below a cut-off
    follows: FollowedPaper | None  # the paper sent before whose line of work it goes on with
    more_url: str  # empty without a web part, or for want of room
    less_url: str
    save_url: str = ""
    has_links: bool = True  # there is room for topic, PDF and code
    has_authors: bool = True  # there is room for them
    is_in_full: bool = False  # it stands below the contents, too

    @property
    def url(self) -> str:
        return self.links.abstract


def _merit(paper: DigestPaper) -> tuple[bool, int, int, int]:
    """What passed before the nearest, then as digest.reading_order, by what is left of it: of equal ones the first."""
    return (not paper.is_nearest, paper.relevance, paper.novelty or 0, -paper.number)


def best_first(papers: Sequence[DigestPaper]) -> tuple[int, ...]:
    """Gives the places of these papers, the best one's first."""
    return tuple(sorted(range(len(papers)), key=lambda place: _merit(papers[place]), reverse=True))


def at_level(paper: DigestPaper, level: Detail) -> DigestPaper:
    """The paper's entry in the contents, with so much of it."""
    if level >= Detail.ENTRY:
        return replace(paper, is_in_full=level is Detail.FULL)
    return replace(
        paper,
        more_url="",
        less_url="",
        save_url="",
        has_links=level >= Detail.LINKS,
        sentence=paper.sentence if level >= Detail.SENTENCE else "",
        has_authors=level >= Detail.SENTENCE,
        comment=paper.comment if level >= Detail.REASON else "",
        names_topic=paper.names_topic and level >= Detail.REASON,
    )


@dataclass(frozen=True, slots=True)
class _Readable:
    title: str
    names: tuple[str, ...]  # without affiliations
    all_authors: str
    abstract: str
    sentence: str
    links: PaperLinks


@lru_cache(maxsize=2048)  # a morning's readers share its papers; about 10 MB
def _readable(paper: Paper) -> _Readable:
    names = [readable_name(name) for name in paper.authors]
    title, abstract = readable(paper.title), readable(paper.abstract)
    return _Readable(
        title=formatting.isolate(title),
        names=tuple(formatting.isolate(name.split(" (")[0]) for name in names),
        all_authors=", ".join(map(formatting.isolate, names)),
        abstract=abstract,
        sentence=key_sentence(title, abstract),
        links=paper_links(paper),
    )


_comment = lru_cache(maxsize=2048)(readable)  # equal profiles share them


def paper_view(entry: DigestEntry, links: MailLinks, t: Texts, *, has_topic: bool, is_by_words: bool) -> DigestPaper:
    """Shows the whole paper. `has_topic`: there are several topics, so that each says something."""
    paper, text, votes = entry.paper, _readable(entry.paper), links.vote_links
    comment, topic = _comment(entry.score.comment), readable(entry.topic) if has_topic else ""
    return DigestPaper(
        number=entry.number,
        arxiv_id=paper.arxiv_id,
        version=paper.version,
        links=text.links,
        title=text.title,
        toc_authors=wording.short_authors(text.names),
        authors=wording.join_names(t, text.names, PAPER_AUTHORS),
        all_authors=text.all_authors,
        abstract=text.abstract,
        sentence=text.sentence,
        comment=comment,
        relevance=entry.score.relevance,
        novelty=entry.score.novelty,
        is_by_words=entry.score.novelty is None and not is_by_words,
        category=show_category(paper.primary, feed_title=text.links.name),
        kind=wording.kind_label(t, entry.announce_type, paper.version),
        topic=formatting.isolate(topic),
        names_topic=bool(topic) and names_topic(comment, topic),
        pinned=formatting.isolate(entry.pinned_author),
        is_nearest=entry.is_nearest,
        follows=followed_view(entry.follows, links.web_url, t),
        more_url=votes.url(paper.arxiv_id, 1) if votes else "",
        less_url=votes.url(paper.arxiv_id, -1) if votes else "",
        save_url=votes.save_url(paper.arxiv_id) if votes else "",
    )
