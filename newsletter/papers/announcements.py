"""Makes one arXiv day out of several feeds, and finds what it brought to whom. Pure.

Whether a feed is fresh is freshness.py's business. `new` and `replace` depend on who asks; they are worked out anew for
each set of categories.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set
from dataclasses import replace
from datetime import UTC, date, datetime

from newsletter.model import Announcement, AnnouncementDay, AnnounceType, Feed, FeedOutcome, FeedReport, Paper
from newsletter.papers.categories import is_arxiv
from newsletter.papers.feed_retries import is_current

_LONG_AGO = datetime.min.replace(tzinfo=UTC)  # reports of older versions do not say when

_AS_SEEN_ELSEWHERE = {
    AnnounceType.NEW: AnnounceType.CROSS,
    AnnounceType.REPLACE: AnnounceType.REPLACE_CROSS,
}


def merge_announcements(announcements: Iterable[Announcement]) -> tuple[Announcement, ...]:
    """Merges announcements so that each paper is there once, in the order first seen.

    A paper keeps its best announce type, its latest version, and every feed that showed it. What arXiv says of a paper
    of its own counts more than what somebody's feed says.
    """
    merged: dict[str, Announcement] = {}
    for shown in announcements:
        first = merged.get(shown.paper.arxiv_id)
        merged[shown.paper.arxiv_id] = join(first, shown, latest(first.paper, shown.paper)) if first else shown
    return tuple(merged.values())


def merge_feeds(feeds: Iterable[Feed], known: Iterable[Announcement] = ()) -> tuple[Announcement, ...]:
    """Merges what feeds show into what is `known` of the same day."""
    return merge_announcements([*known, *(shown for feed in feeds for shown in feed.announcements)])


def add_feeds(day: AnnouncementDay, feeds: Iterable[Feed], reports: Iterable[FeedReport]) -> AnnouncementDay:
    """Adds to a day what these feeds brought: what was read stays read, in whatever order it comes.

    Papers that a category shows only after an earlier reading of that day are marked with the number of theirs.
    """
    known = {report.category: report for report in day.feeds}
    readings = {category: report.last_reading for category, report in known.items()}
    for feed in feeds:
        before = {shown.paper.arxiv_id for shown in day.announcements if feed.category in shown.feeds}
        number = max(readings.get(feed.category, 0), int(bool(before))) + 1
        if not before.issuperset(shown.paper.arxiv_id for shown in feed.announcements):
            readings[feed.category] = number
        day = replace(day, announcements=merge_feeds([_marked(feed, number)], day.announcements))
    for report in reports:
        known[report.category] = _more_telling(known.get(report.category, report), report)
    told = [replace(known[category], readings=readings.get(category, 0)) for category in sorted(known)]
    answered = {report.category for report in reports}
    asking = tuple(each for each in day.asking if each.category not in answered)
    return replace(day, feeds=tuple(told), asking=asking)


def _marked(feed: Feed, number: int) -> Feed:
    """Notes in what a feed shows that it is its reading of this number; of the first there is nothing to note."""
    if number == 1:
        return feed
    later = ((feed.category, number),)
    return replace(feed, announcements=tuple(replace(shown, later=later) for shown in feed.announcements))


def _more_telling(one: FeedReport, other: FeedReport) -> FeedReport:
    """Chooses papers over none, else the later answer; but no failure over an answer that is current.

    Half of today's papers are papers: a later answer without any changes only when the feed is asked again.
    """
    earlier, later = sorted((one, other), key=lambda report: report.fetched_at or _LONG_AGO)
    if _worth(earlier) > _worth(later):
        if earlier.outcome is FeedOutcome.ANNOUNCED:
            return earlier
        return replace(earlier, fetched_at=later.fetched_at, tries=later.tries, ask_again_at=later.ask_again_at)
    is_failure = later.outcome is FeedOutcome.FAILED and earlier.outcome is not FeedOutcome.FAILED
    return earlier if is_failure and later.fetched_at and is_current(earlier, later.fetched_at) else later


def _worth(report: FeedReport) -> int:
    return (FeedOutcome.HALF_STALE, FeedOutcome.ANNOUNCED).index(report.outcome) + 1 if has_papers(report) else 0


def has_papers(report: FeedReport) -> bool:
    """Whether this answer brought papers of today, all of them or some."""
    return report.outcome in (FeedOutcome.ANNOUNCED, FeedOutcome.HALF_STALE)


def seen_from(announcement: Announcement, categories: Collection[str]) -> AnnounceType:
    """Works out the kind for a reader of these categories: a new paper at home elsewhere is a cross-list to them."""
    primary = announcement.paper.primary
    is_at_home = primary in categories or primary.partition(".")[0] in categories
    if is_at_home or any(feed in categories and not is_arxiv(feed) for feed in announcement.feeds):
        return announcement.announce_type
    return _AS_SEEN_ELSEWHERE.get(announcement.announce_type, announcement.announce_type)


def concerns(announcement: Announcement, categories: Collection[str]) -> bool:
    """Whether the feed of one of these categories showed it."""
    return any(feed in categories for feed in announcement.feeds)


def mark_of(shown: Announcement) -> str:
    """Gives what is new once: a paper, and each later version of it.

    A new paper has no version in it: a day that was back-filled has the latest one, and its feed had the first.
    """
    return shown.paper.arxiv_id if shown.is_new else f"{shown.paper.arxiv_id}v{shown.paper.version}"


def marks_of(day: AnnouncementDay, category: str) -> frozenset[str]:
    """Gives the marks of what that category's feed showed on a day."""
    return frozenset(mark_of(shown) for shown in day.announcements if category in shown.feeds)


def find_announced(days: Iterable[AnnouncementDay], categories: Collection[str]) -> tuple[Announcement, ...]:
    """Finds the papers that these days brought to these categories, each once, with its kind as seen from there."""
    return merge_announcements(
        _as_seen_from(shown, categories) for day in days for shown in day.announcements if concerns(shown, categories)
    )


def find_elsewhere(
    shown: Iterable[Announcement],
    among: Iterable[AnnouncementDay],
    days: Iterable[AnnouncementDay],
    categories: Collection[str],
) -> tuple[tuple[date, Announcement], ...]:
    """Finds on which of `days`, but for those `among` which they are, the new ones of `shown` were new as well.

    So a paper that is cross-listed on a later day than it was announced on is known to whoever reads both categories.
    """
    new = {each.paper.arxiv_id for each in shown if each.is_new}
    own = {(day.announced_on, each.paper.arxiv_id) for day in among for each in day.announcements}
    return tuple(
        (day.announced_on, each)
        for day in days
        for each in day.announcements
        if each.paper.arxiv_id in new
        and each.is_new
        and (day.announced_on, each.paper.arxiv_id) not in own
        and concerns(each, categories)
    )


def find_candidates(
    shown: Iterable[Announcement], announce_types: Collection[AnnounceType], *, without: Set[str] = frozenset()
) -> tuple[Announcement, ...]:
    """Finds those of a kind asked for, without the papers whose ids are `without`, and without withdrawn ones."""
    return tuple(
        each
        for each in shown
        if each.announce_type in announce_types and each.paper.arxiv_id not in without and not each.paper.is_withdrawn
    )


def _as_seen_from(shown: Announcement, categories: Collection[str]) -> Announcement:
    kind = seen_from(shown, categories)
    return shown if kind is shown.announce_type else replace(shown, announce_type=kind)


def join(one: Announcement, other: Announcement, paper: Paper) -> Announcement:
    """Makes one announcement, of this paper, of two that show the same: of the better kind, by the feeds of both."""
    return Announcement(
        paper=paper,
        announce_type=min(one.announce_type, other.announce_type, key=lambda kind: kind.precedence),
        feeds=_feeds(one, other),
        later=_joined_later(one, other),
    )


def latest(one: Paper, other: Paper) -> Paper:
    """Chooses arXiv's, and the later version; of equal ones the one that says that it is withdrawn, else the first."""
    return max(one, other, key=lambda paper: (is_arxiv(paper.primary), paper.version, paper.is_withdrawn))


def _joined_later(one: Announcement, other: Announcement) -> tuple[tuple[str, int], ...]:
    """Joins what feeds showed later than in their first reading: what a feed has shown already, it shows no later."""
    if not (one.later or other.later):
        return ()
    first = {
        feed: min(each.reading(feed) for each in (one, other) if feed in each.feeds) for feed in _feeds(one, other)
    }
    return tuple(sorted((feed, number) for feed, number in first.items() if number > 1))


def _feeds(one: Announcement, other: Announcement) -> tuple[str, ...]:
    return tuple(sorted({*one.feeds, *other.feeds}))
