"""Prepares the page of one digest, and its entry in the feed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from newsletter.mail import CostView, UpdateView, cost_view, templates, update_views, wording, write_notices
from newsletter.model import Counts, Digest, PaperId, UnsentPaper
from newsletter.papers import acknowledgements, readable
from newsletter.subscribers import names_topic
from newsletter.texts import Texts, pick, write_date, write_number
from newsletter.web.archive.entries import EntryLinkView, EntryView, Pieces, entry_link, entry_view, set_text


@dataclass(frozen=True, slots=True)
class UnsentView:
    """A paper that passed and found no place, by its title."""

    title: Pieces
    url: str
    relevance: int
    novelty: int | None  # None: no model judged it


@dataclass(frozen=True, slots=True)
class DayView:
    on: date
    title: str
    announced: str
    papers: tuple[EntryView, ...]
    week: tuple[EntryLinkView, ...]  # the best of the days before, on Fridays, for who wants it
    updates: tuple[UpdateView, ...]  # what became of papers that were sent before
    counts: tuple[str, str, str]  # announced, scanned, relevant
    numbers: Counts  # the same, which decide about plural forms
    is_nearest_only: bool  # nothing passed
    nearest_heading: str  # over the nearest papers; empty without any
    hidden: int  # relevant, but over max_papers
    unsent: tuple[UnsentView, ...]  # those of the hidden papers that the digest remembers, best first
    most: int  # that a mail has
    not_scored: int
    notices: tuple[str, ...]
    is_by_words: bool  # no model judged any of the papers
    scorer: str
    cost: CostView | None  # None: no model was asked, or none answered
    looked_through: str  # on which days, in which categories
    thanks: tuple[str, ...]  # to those whose papers these are, in English
    cut_offs: str
    pinned_authors: str
    profile: str
    is_prompt: bool
    earlier: date | None
    later: date | None

    @property
    def has_novelty(self) -> bool:
        """Tells whether a model judged any of these papers; of the others there is no novelty to show."""
        return any(paper.novelty is not None for paper in self.papers)


def day_view(
    digest: Digest, profile: str, t: Texts, *, earlier: date | None, later: date | None, is_brief: bool = False
) -> DayView:
    """Shows one digest. `profile` is the prompt as it was sent, or the profile's words."""
    subscriber, counts = digest.subscriber, digest.counts
    language = subscriber.profile.language
    return DayView(
        on=digest.digest_on,
        title=write_date(digest.digest_on, t.language),
        announced=wording.date_range(t, digest.announced_on),
        papers=tuple(_papers_of(digest, t, is_brief=is_brief)),
        week=tuple(entry_link(each.digest_on, each.entry, t, language=language) for each in digest.weekly_best),
        updates=() if is_brief else update_views(digest, "", t),
        counts=_written(t, counts.announced, counts.scanned, counts.relevant),
        numbers=counts,
        is_nearest_only=counts.nearest > 0 and not counts.passed,
        nearest_heading=wording.nearest_heading(t, digest),
        hidden=counts.relevant - counts.passed,
        unsent=() if is_brief else tuple(map(_unsent_view, digest.unsent)),
        most=subscriber.max_papers,
        not_scored=counts.not_scored,
        notices=write_notices(digest.notices, pick(templates.load_notices(), t.language)),
        is_by_words=digest.is_by_words,
        scorer=t["no_result"] if digest.is_by_words else digest.scorer,
        cost=cost_view(digest, t.language, t["not_known"]),
        looked_through=wording.looked_through(t, digest),
        thanks=acknowledgements([entry.paper for entry in digest.entries], subscriber.categories),
        cut_offs=wording.cut_offs(t, digest),
        pinned_authors=", ".join(subscriber.pinned_authors),
        profile=profile,
        is_prompt=bool(digest.prompt),
        earlier=earlier,
        later=later,
    )


def _written(t: Texts, announced: int, scanned: int, relevant: int) -> tuple[str, str, str]:
    return write_number(announced, t.language), write_number(scanned, t.language), write_number(relevant, t.language)


def _unsent_view(paper: UnsentPaper) -> UnsentView:
    url = paper.url or PaperId.read(paper.arxiv_id).url
    return UnsentView(set_text(paper.title), url, paper.relevance, paper.novelty)


def _papers_of(digest: Digest, t: Texts, *, is_brief: bool) -> Iterator[EntryView]:
    """Shows the papers, with their topics if the profile has several, where neither heading nor comment says them."""
    has_topics = len(digest.subscriber.profile.topics) > 1
    is_grouped = has_topics and digest.subscriber.group_by_topic
    nearest_heading = wording.nearest_heading(t, digest) if digest.counts.passed else ""
    before = None
    for entry in digest.entries:
        topic = readable(entry.topic) if has_topics else ""
        group = nearest_heading if entry.is_nearest else (topic or t["group_other"]) if is_grouped else ""
        begins = group if group != before else ""
        language = digest.subscriber.profile.language
        is_by_words = entry.score.novelty is None and not digest.is_by_words
        yield entry_view(
            entry,
            t,
            is_brief=is_brief,
            topic="" if group == topic or names_topic(readable(entry.score.comment), topic) else topic,
            begins=begins,
            language=language,
            is_by_words=is_by_words,
        )
        before = group
