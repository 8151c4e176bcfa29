"""Prepares a digest for templates: its papers (paper_view.py) and all around them; nothing is escaped yet. Pure.

A `DigestView` is built once for a digest, with every paper whole; `at` gives the same one as a mail shows it: an entry
of each paper in the contents, the best few in full, and less of them where the mail would be cut (size_budget.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from newsletter import formatting
from newsletter.mail import wording
from newsletter.mail.cost import CostView, cost_view
from newsletter.mail.earlier import WeekPaper, week_views
from newsletter.mail.inbound.command_words import Command
from newsletter.mail.message import MailLinks
from newsletter.mail.notices import write_notice, write_notices
from newsletter.mail.paper_view import DigestPaper, at_level, best_first, paper_view
from newsletter.mail.responses import word
from newsletter.mail.size_budget import Detail
from newsletter.mail.updates import UpdateView, update_views
from newsletter.model import Counts, Digest, Subscriber
from newsletter.papers import acknowledgements
from newsletter.texts import Texts, write_date, write_number

PREHEADER_CHARS = 140
MOST_IN_FULL = 3  # where the reader asks for no number
MOST_MINUTES = 8  # of a mail that has papers in full, likewise
# Silent reading of prose takes a minute for 238 words (Brysbaert 2019, https://doi.org/10.1016/j.jml.2019.104047), here
# of 7 characters with the blank.
CHARS_A_MINUTE = 1650
REASON_CHARS = 160  # of the best paper's comment, in the lead
WANTED_CHARS = 600  # of the reader's own words, in a mail that has no page to show them on
PINNED_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Brand:
    """What the operator calls the newsletter, where replies go, and the lines at a mail's end (a postal address)."""

    name: str
    reply_address: str
    footer: str = ""


@dataclass(frozen=True, slots=True)
class TopicGroup:
    """Papers of one topic, or the nearest; in a digest that is not grouped, those that passed have no name."""

    name: str
    papers: tuple[DigestPaper, ...]


@dataclass(frozen=True, slots=True)
class TopicCount:
    """How many of the papers meet a topic."""

    name: str
    papers: int


@dataclass(frozen=True, slots=True)
class DigestView:
    """All a template may show."""

    brand: Brand
    name: str  # the subscriber's
    email: str
    date: str
    announced: str  # "7 October 2025", or the first and the last of several days
    papers: tuple[DigestPaper, ...]  # those of the contents
    in_full: tuple[DigestPaper, ...]  # those that stand below them, the best first
    all_papers: tuple[DigestPaper, ...]  # of the digest, whole, whatever there is room for
    week: tuple[WeekPaper, ...]  # the best that were sent since Monday; empty on other days
    updates: tuple[UpdateView, ...]  # what is new in papers that were sent before
    topics: tuple[TopicCount, ...]  # that are met, the most often first; empty where a profile has no two
    is_grouped: bool
    other_papers: str  # over those that meet no topic, in a digest by topic
    is_nearest_only: bool  # nothing passed
    nearest_heading: str  # over the nearest papers, as a title or, where nothing passed, as a sentence; empty without
    is_met: bool  # something that the profile wants was found in one of the nearest
    nearest: int  # how many these are
    passed: int  # how many of the others there are
    widening: str  # what would bring more, in a first mail for which nothing passed
    left_out: int  # papers of the digest that found no room
    minutes: int  # to read it
    counts: Counts  # in numbers, which decide about plural forms
    counts_announced: str
    counts_scanned: str
    counts_relevant: str
    counts_shown: str
    counts_passed: str
    counts_nearest: str
    not_scored: int
    hidden: int  # relevant, but over max_papers
    is_by_words: bool  # no model judged any of the papers
    scorer: str
    cost: CostView | None  # None: no model was asked, or none answered
    notices: tuple[str, ...]
    looked_through: str  # on which days, in which categories
    categories: str
    wanted: str  # the reader's topics and words, on one line
    profile: str  # the selection profile as the scorer saw it; of a model, the whole prompt but for the papers
    is_prompt: bool
    cut_offs: str
    pinned_authors: str
    reply_to: str
    leave_word: str  # what a reply says to leave, and to get the profile
    profile_word: str
    unsubscribe_url: str  # empty: only a reply unsubscribes
    reads_replies: bool  # this program does, so that a word is enough
    votes_by_reply: bool  # "+3 -5": where there are no links, and this program reads replies
    profile_url: str  # empty: there is no web part
    web_url: str  # of this digest's page; empty: there is no web part
    more_papers_url: str  # to the page that sends more papers a day; empty: there is no web part
    fewer_papers_url: str
    preheader: str  # what a list of mails shows behind the subject: the next best titles
    thanks: tuple[str, ...]  # to those whose papers these are, in English

    @property
    def groups(self) -> tuple[TopicGroup, ...]:
        nearest = tuple(paper for paper in self.papers if paper.is_nearest)
        passed = self.papers[: len(self.papers) - len(nearest)]
        by_topic = groupby(passed, lambda paper: paper.topic if self.is_grouped else "")
        groups = [
            TopicGroup(topic or (self.other_papers if self.is_grouped else ""), tuple(papers))
            for topic, papers in by_topic
        ]
        if nearest:
            groups.append(TopicGroup("" if self.is_nearest_only else self.nearest_heading, nearest))
        return tuple(groups)

    @property
    def has_novelty(self) -> bool:
        """Tells whether a model judged any of these papers; of the others there is no novelty to show."""
        return any(paper.novelty is not None for paper in self.all_papers)

    @property
    def best(self) -> DigestPaper | None:
        """The paper that the subject names; None in a digest without papers."""
        return self.all_papers[self.all_best_first[0]] if self.all_papers else None

    @property
    def all_best_first(self) -> tuple[int, ...]:
        """The places of all papers, the best one's first."""
        return best_first(self.all_papers)

    @property
    def default_full(self) -> int:
        """How many of the best papers are shown in full to a reader who asks for no number.

        As many as leave the mail short, three at most: who has thirty entries to read has no time for abstracts at
        their end.
        """
        best = [self.all_papers[place] for place in self.all_best_first[:MOST_IN_FULL]]
        while best and _minutes(self.all_papers, best, (*self.week, *self.updates)) > MOST_MINUTES:
            best.pop()
        return len(best)

    @property
    def reason(self) -> str:
        """Why the best paper is here, in a line: its comment, or the author who is followed."""
        if self.best and not self.best.comment and self.best.pinned:
            return f"★ {self.best.pinned}"
        return formatting.cut_at_clause(self.best.comment, REASON_CHARS) if self.best else ""

    @property
    def whole_text(self) -> DigestView:
        """What the text part shows where no page has the rest: every paper in full, in the order of the contents."""
        papers = tuple(replace(paper, is_in_full=True) for paper in self.all_papers)
        return replace(self, papers=papers, in_full=papers, left_out=0)

    def at(self, levels: Sequence[Detail]) -> DigestView:
        """The same with so much of each paper: what a mail shows of a digest. `levels` are in the papers' order."""
        at_levels = zip(self.all_papers, levels, strict=True)
        shown = [at_level(paper, level) for paper, level in at_levels if level > Detail.LEFT_OUT]
        in_full = [self.all_papers[place] for place in self.all_best_first if levels[place] is Detail.FULL]
        return replace(
            self,
            papers=tuple(shown),
            in_full=tuple(in_full),
            left_out=len(self.all_papers) - len(shown),
            minutes=_minutes(shown, in_full, (*self.week, *self.updates)),
        )


def view_of(
    digest: Digest, brand: Brand, mail_links: MailLinks, profile: str, t: Texts, notice_texts: Texts
) -> DigestView:
    """Shows the whole digest. `mail_links` are those of this very mail; `profile` is the text that the scorer saw."""
    subscriber, counts = digest.subscriber, digest.counts
    is_nearest_only = counts.nearest > 0 and not counts.passed
    names_topics = len(subscriber.profile.topics) > 1
    papers = tuple(
        paper_view(entry, mail_links, t, has_topic=names_topics, is_by_words=digest.is_by_words)
        for entry in digest.entries
    )
    week = week_views(digest.weekly_best, mail_links.web_url, t)
    updates = update_views(digest, mail_links.web_url, t)
    return DigestView(
        brand=brand,
        name=subscriber.name,
        email=subscriber.email,
        date=write_date(digest.digest_on, t.language),
        announced=wording.date_range(t, digest.announced_on),
        papers=papers,
        in_full=papers,
        all_papers=papers,
        week=week,
        updates=updates,
        topics=_topics(papers),
        is_grouped=subscriber.group_by_topic and names_topics,
        other_papers=t["group_other"],
        is_nearest_only=is_nearest_only,
        nearest_heading=wording.nearest_heading(t, digest),
        is_met=formatting.is_met(digest),
        nearest=counts.nearest,
        passed=counts.passed,
        widening=write_notice(digest.widening, notice_texts),
        left_out=0,
        minutes=_minutes(papers, papers, (*week, *updates)),
        counts=counts,
        counts_announced=write_number(counts.announced, t.language),
        counts_scanned=write_number(counts.scanned, t.language),
        counts_relevant=write_number(counts.relevant, t.language),
        counts_shown=write_number(counts.shown, t.language),
        counts_passed=write_number(counts.passed, t.language),
        counts_nearest=write_number(counts.nearest, t.language),
        not_scored=counts.not_scored,
        hidden=counts.relevant - counts.passed,
        is_by_words=digest.is_by_words,
        scorer=t["no_result"] if digest.is_by_words else digest.scorer,
        cost=cost_view(digest, t.language, t["not_known"]),
        notices=write_notices(digest.notices, notice_texts),
        looked_through=wording.looked_through(t, digest),
        categories=wording.category_names(digest),
        wanted=_wanted(subscriber),
        profile=profile,
        is_prompt=bool(digest.prompt),
        cut_offs=wording.cut_offs(t, digest),
        pinned_authors=wording.join_names(t, [*map(formatting.isolate, subscriber.pinned_authors)], PINNED_SHOWN),
        reply_to=mail_links.reply_to,
        leave_word=word(Command.UNSUBSCRIBE, t.language),
        profile_word=word(Command.PROFILE, t.language),
        unsubscribe_url=mail_links.unsubscribe_url,
        reads_replies=mail_links.is_read,
        votes_by_reply=mail_links.is_read and mail_links.vote_links is None,
        profile_url=mail_links.profile_url,
        web_url=mail_links.web_url,
        more_papers_url=mail_links.more_papers_url,
        fewer_papers_url=mail_links.fewer_papers_url,
        preheader=_preheader(papers, is_first_named=not is_nearest_only or formatting.is_met(digest)),
        thanks=acknowledgements(
            [entry.paper for entry in (*digest.entries, *(each.entry for each in digest.weekly_best))],
            subscriber.categories,
        ),
    )


def _preheader(papers: Sequence[DigestPaper], *, is_first_named: bool) -> str:
    """Gives the titles of the best three papers, without the one that the subject names."""
    shown = best_first(papers)[int(is_first_named) :][:3]
    return one_line(" · ".join(papers[place].title for place in shown), PREHEADER_CHARS)


def one_line(text: str, most: int) -> str:
    """One line of at most `most` printable characters, cut at a word with an ellipsis."""
    printable = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    line = " ".join(printable.split())
    return line if len(line) <= most else line[: most - 1].rsplit(" ", 1)[0].rstrip(" ,.:;·–—") + "…"


def _minutes(
    entries: Sequence[DigestPaper], in_full: Sequence[DigestPaper], earlier: Sequence[WeekPaper | UpdateView]
) -> int:
    chars = sum(len(paper.title) + len(paper.sentence) + len(paper.comment) for paper in entries)
    chars += sum(len(paper.abstract) for paper in in_full) + sum(paper.chars for paper in earlier)
    return max(1, round(chars / CHARS_A_MINUTE))


def _topics(papers: Sequence[DigestPaper]) -> tuple[TopicCount, ...]:
    counts = Counter(paper.topic for paper in papers if paper.topic)
    return tuple(TopicCount(name, number) for name, number in counts.most_common())


def _wanted(subscriber: Subscriber) -> str:
    profile = subscriber.profile
    words = [*(topic.name for topic in profile.topics), *profile.like]
    return one_line(", ".join(words), WANTED_CHARS)
