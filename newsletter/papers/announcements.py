"""Makes one arXiv day out of several feeds, and tells an old batch from a new one. Pure.

arXiv dates its feeds by the day of the request, so a date proves nothing: whether a feed is fresh is judged by
what it shows. `new` and `replace` depend on who asks; they are worked out anew for each set of categories.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from newsletter.model import Announcement, AnnouncementDay, AnnounceType, Feed, FeedOutcome, FeedReport, Paper

# arXiv announces a version once in a category. Measured on 21 days of autumn 2025, a fresh day repeats 0 to 0.6 %
# of what was shown before; an old batch repeats all of it. Between the two we rather read on: papers mailed before
# are not mailed again anyway, while a new paper in a feed called stale would be lost. Of fewer than five entries,
# all must be known.
STALE_SHARE = 0.8

# arXiv wants few requests, and its feeds turn once a day: so long an answer without papers stands.
ASK_AGAIN = {
    FeedOutcome.NO_ANNOUNCEMENT: timedelta(hours=1),
    FeedOutcome.STALE: timedelta(hours=1),
    FeedOutcome.FAILED: timedelta(minutes=15),
}

_LONG_AGO = datetime.min.replace(tzinfo=UTC)  # reports of older versions do not say when

_AS_SEEN_ELSEWHERE = {
    AnnounceType.NEW: AnnounceType.CROSS,
    AnnounceType.REPLACE: AnnounceType.REPLACE_CROSS,
}


def merge_announcements(announcements: Iterable[Announcement]) -> tuple[Announcement, ...]:
    """Merges announcements so that each paper is there once, in the order first seen.

    A paper keeps its best announce type, its latest version, and every feed that showed it.
    """
    merged: dict[str, Announcement] = {}
    for shown in announcements:
        first = merged.get(shown.paper.arxiv_id)
        merged[shown.paper.arxiv_id] = _joined(first, shown) if first else shown
    return tuple(merged.values())


def merge_feeds(feeds: Iterable[Feed], known: Iterable[Announcement] = ()) -> tuple[Announcement, ...]:
    """Merges what feeds show into what is `known` of the same day."""
    return merge_announcements([*known, *(shown for feed in feeds for shown in feed.announcements)])


def add_feeds(day: AnnouncementDay, feeds: Iterable[Feed], reports: Iterable[FeedReport]) -> AnnouncementDay:
    """Adds to a day what these feeds brought: what was read stays read, in whatever order it comes."""
    known = {report.category: report for report in day.feeds}
    for report in reports:
        known[report.category] = _more_telling(known.get(report.category, report), report)
    merged = merge_feeds(feeds, day.announcements)
    return replace(day, announcements=merged, feeds=tuple(known[category] for category in sorted(known)))


def _more_telling(one: FeedReport, other: FeedReport) -> FeedReport:
    """Chooses papers over none, else the later answer; but no failure over an answer that is current."""
    earlier, later = sorted((one, other), key=lambda report: report.fetched_at or _LONG_AGO)
    if earlier.outcome is FeedOutcome.ANNOUNCED and later.outcome is not FeedOutcome.ANNOUNCED:
        return earlier
    is_failure = later.outcome is FeedOutcome.FAILED and earlier.outcome is not FeedOutcome.FAILED
    return earlier if is_failure and later.fetched_at and is_current(earlier, later.fetched_at) else later


def build_feed_report(feed: Feed, known: Iterable[AnnouncementDay]) -> FeedReport:
    """Reports whether this feed announces something; it is stale if an earlier day had nearly all of it."""
    outcome, detail = _outcome(feed, known)
    papers = len({shown.paper.arxiv_id for shown in feed.announcements})
    return FeedReport(feed.category, outcome, papers, " ".join(filter(None, (detail, *feed.warnings))))


def is_current(report: FeedReport, now: datetime) -> bool:
    """Whether this answer still counts: papers for the day, anything else for a while. `now` may have gone back."""
    if report.outcome is FeedOutcome.ANNOUNCED:
        return True
    return report.fetched_at is not None and timedelta(0) <= now - report.fetched_at < ASK_AGAIN[report.outcome]


def _outcome(feed: Feed, known: Iterable[AnnouncementDay]) -> tuple[FeedOutcome, str]:
    entries = _marks(feed.announcements, feed.category)
    if not entries:
        return FeedOutcome.NO_ANNOUNCEMENT, f"arXiv announced nothing in {feed.category} on {feed.announced_on}."
    for day in known:
        repeated = len(entries & _marks(day.announcements, feed.category))
        if day.announced_on < feed.announced_on and repeated >= STALE_SHARE * len(entries):
            return FeedOutcome.STALE, (
                f"The feed of {feed.category} is an old one: {repeated} of its {len(entries)} entries were already"
                f" announced on {day.announced_on}; run again later, when arXiv has renewed it."
            )
    return FeedOutcome.ANNOUNCED, ""


def seen_from(announcement: Announcement, categories: Collection[str]) -> AnnounceType:
    """Works out the kind for a reader of these categories: a new paper at home elsewhere is a cross-list to them."""
    primary = announcement.paper.primary
    if primary in categories or primary.partition(".")[0] in categories:
        return announcement.announce_type
    return _AS_SEEN_ELSEWHERE.get(announcement.announce_type, announcement.announce_type)


def concerns(announcement: Announcement, categories: Collection[str]) -> bool:
    """Whether the feed of one of these categories showed it."""
    return any(feed in categories for feed in announcement.feeds)


def find_announced(days: Iterable[AnnouncementDay], categories: Collection[str]) -> tuple[Announcement, ...]:
    """Finds the papers that these days brought to these categories, each once, with its kind as seen from there."""
    return merge_announcements(
        _as_seen_from(shown, categories) for day in days for shown in day.announcements if concerns(shown, categories)
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


def _joined(one: Announcement, other: Announcement) -> Announcement:
    return Announcement(
        paper=latest(one.paper, other.paper),
        announce_type=min(one.announce_type, other.announce_type, key=lambda kind: kind.precedence),
        feeds=tuple(sorted({*one.feeds, *other.feeds})),
    )


def latest(one: Paper, other: Paper) -> Paper:
    """Chooses the later version; of equal ones the one that says that it is withdrawn, and else the first."""
    return max(one, other, key=lambda paper: (paper.version, paper.is_withdrawn))


def _marks(announcements: Sequence[Announcement], category: str) -> frozenset[tuple[str, int, AnnounceType]]:
    """The entries of a category's feed, comparable with a merged day: the kind is as seen from that category."""
    return frozenset(
        (shown.paper.arxiv_id, shown.paper.version, seen_from(shown, (category,)))
        for shown in announcements
        if category in shown.feeds
    )
