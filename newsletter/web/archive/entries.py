"""Prepares one paper for the pages of the archive: text that is readable and not yet escaped. Pure.

Mathematics is set by `set_text`, in one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from newsletter.mail import PAPER_AUTHORS, wording
from newsletter.model import DigestEntry, SentPaper
from newsletter.papers import (
    PaperLinks,
    TypesetPart,
    key_sentence,
    paper_links,
    readable,
    readable_name,
    show_category,
    typeset,
)
from newsletter.texts import Texts, write_day, write_short_date
from newsletter.web.archive.wording import lang_of

Pieces = tuple[TypesetPart, ...]


def set_text(text: str) -> Pieces:
    return tuple(typeset(text))


@dataclass(frozen=True, slots=True)
class EntryView:
    number: int
    arxiv_id: str
    title: Pieces
    authors: str
    few_authors: str
    first_authors: str  # fewer still, as in a mail's contents
    sentence: str  # of the abstract, the one that says what the paper does or finds
    abstract: Pieces
    comment: Pieces
    comment_language: str  # empty for that of the page
    relevance: int
    novelty: int | None  # None: no model judged it
    is_by_words: bool  # to be said of this one, since a model judged others
    category: str
    more_categories: str
    kind: str
    topic: str  # empty where it would say nothing
    begins: str  # the heading of the papers that begin with this one: their topic, or that they are the nearest
    pinned: str
    is_nearest: bool  # it was below a cut-off
    follows: SentPaper | None  # the paper sent before whose line of work it goes on with
    follows_day: str  # on which that one was sent
    links: PaperLinks


@dataclass(frozen=True, slots=True)
class EntryLinkView:
    """An entry shown away from its digest, to which it links."""

    on: date
    day: str
    paper: EntryView


def entry_view(
    entry: DigestEntry,
    t: Texts,
    *,
    is_brief: bool,
    language: str,
    topic: str = "",
    begins: str = "",
    is_by_words: bool = False,
) -> EntryView:
    """Shows an entry; a brief one has no abstract, which takes the longest. `language` is the comment's."""
    paper = entry.paper
    names = [readable_name(name) for name in paper.authors]
    links = paper_links(paper)
    short = [name.split(" (")[0] for name in names]
    return EntryView(
        number=entry.number,
        arxiv_id=paper.arxiv_id,
        title=set_text(paper.title),
        authors=", ".join(names),
        few_authors=wording.join_names(t, short, PAPER_AUTHORS),
        first_authors=wording.short_authors(short),
        sentence="" if is_brief else key_sentence(readable(paper.title), readable(paper.abstract)),
        abstract=() if is_brief else set_text(paper.abstract),
        comment=set_text(entry.score.comment),
        comment_language=lang_of(language, t),
        relevance=entry.score.relevance,
        novelty=entry.score.novelty,
        is_by_words=is_by_words,
        category=show_category(paper.primary, feed_title=links.name),
        more_categories=", ".join(map(show_category, paper.categories[1:])),
        kind=wording.kind_label(t, entry.announce_type, paper.version),
        topic=topic,
        begins=begins,
        pinned=entry.pinned_author,
        is_nearest=entry.is_nearest,
        follows=entry.follows,
        follows_day=write_day(entry.follows.digest_on, t.language) if entry.follows else "",
        links=links,
    )


def entry_link(on: date, entry: DigestEntry, t: Texts, *, language: str = "en") -> EntryLinkView:
    """Shows an entry of the digest of that date, in brief."""
    return EntryLinkView(on, write_short_date(on, t.language), entry_view(entry, t, is_brief=True, language=language))
