"""Tells what is new in a feed that goes on showing its earlier papers, as all but arXiv's do. Pure.

New is what no kept day saw in that feed: not what its dates say, since journals add papers with the date of an issue,
and weeks late. Only at a first look dates count, lest a new reader be mailed the whole feed. A conference publishes
thousands of papers in one day; they come in portions, one a day, so that each paper has a fair chance to be chosen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from newsletter.model import Announcement, AnnouncementDay, Feed, FeedOutcome, FeedReport
from newsletter.papers.announcements import mark_of, marks_of
from newsletter.papers.categories import is_openreview, show_category

FIRST_LOOK = timedelta(days=3)  # how old a paper may be that is new at a first look: a weekend, and the day after it
FIRST_LOOK_AT_VENUE = timedelta(days=30)  # a conference is read for weeks after its papers came out
MOST_NEW = 200  # of a venue in a day; the busiest categories of arXiv have more, and no venue but a large conference
FIRST_UNDATED = 5  # so many papers without a date are new then, the first of the feed


def take_new(feed: Feed, earlier: Iterable[AnnouncementDay]) -> tuple[Feed, FeedReport]:
    """Gives the feed with its new papers, and new versions, alone, and its report, which remembers all that it showed.

    `earlier` are the kept days before the one the feed was read on. May be repeated: what was new on the same day
    stays new. What is left for the next days is not remembered as shown.
    """
    days = [day for day in earlier if day.announced_on < feed.announced_on]
    seen = {paper_id for day in days for paper_id in _seen_in(day, feed.category)}
    is_known = any(report.category == feed.category and report.showed for day in days for report in day.feeds)
    is_venue = is_openreview(feed.category)
    since = feed.announced_on - (FIRST_LOOK_AT_VENUE if is_venue else FIRST_LOOK)
    unseen = [
        shown
        for place, shown in enumerate(feed.announcements)
        if mark_of(shown) not in seen and (is_known or _is_recent(shown, place, since))
    ]
    new = tuple(unseen[:MOST_NEW] if is_venue else unseen)
    outcome = FeedOutcome.ANNOUNCED if new else FeedOutcome.NO_ANNOUNCEMENT
    details = (_explain(feed, len(new), len(unseen)), *feed.warnings)
    later = {mark_of(shown) for shown in unseen[len(new) :]}
    showed = tuple(mark for mark in map(mark_of, feed.announcements) if mark not in later)
    words = " ".join(filter(None, details))
    report = FeedReport(feed.category, outcome, len(new), words, showed=showed, left=len(later))
    return replace(feed, announcements=new), report


def _explain(feed: Feed, new: int, unseen: int) -> str:
    name = show_category(feed.category)
    if not new:
        return f"There is nothing new in {name}."
    if unseen > new:
        return f"{name} has {unseen:,} new papers: {new:,} come now, and {unseen - new:,} on the next days."
    return ""


def _seen_in(day: AnnouncementDay, category: str) -> Iterable[str]:
    for report in day.feeds:
        if report.category == category:
            yield from report.showed
    yield from marks_of(day, category)


def _is_recent(shown: Announcement, place: int, since: date) -> bool:
    published_on = shown.paper.published_on
    return place < FIRST_UNDATED if published_on is None else published_on >= since
