"""Makes one arXiv day out of several feeds, and tells an old batch from a new one. Pure.

arXiv dates its feeds by the day of the request, so a date proves nothing: whether a feed is fresh is judged by
what it shows. `new` and `replace` depend on who asks; they are worked out anew for each set of categories.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set
from dataclasses import replace
from datetime import UTC, date, datetime

from newsletter.model import Announcement, AnnouncementDay, AnnounceType, Feed, FeedOutcome, FeedReport, Paper
from newsletter.papers.announcement_schedule import is_weekday
from newsletter.papers.categories import is_arxiv
from newsletter.papers.feed_retries import is_current
from newsletter.papers.holidays import holiday_of

# arXiv announces a version once in a category, and an old batch repeats all of it. Of 757 fresh days of a category (21
# days of autumn 2025) 702 repeated nothing, 47 one entry, eight two to four; where it was more than one, it was at most
# 2.3 % of the feed, and where it was one, at most a quarter; none of the 157 feeds with one to three entries repeated
# any. So these never call a fresh one half-stale; and what is new in a half-stale one is read all the same.
HALF_STALE_SHARE = 0.1  # of a feed with two such entries or more
HALF_STALE_SMALL_SHARE = 0.3  # of a feed with one

SURE_PAPERS, SURE_DAYS, LEAST_DAYS = 4, 5, 3  # by which an empty feed is late, and not just quiet

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
        merged[shown.paper.arxiv_id] = _joined(first, shown) if first else shown
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


def read_feed(feed: Feed, known: Iterable[AnnouncementDay]) -> tuple[Feed, FeedReport]:
    """Gives what a feed shows that no `known` earlier day did, and reports how fresh it is.

    All known: stale. A good part known: half-stale. `papers` of the report counts what is new, of a stale one all.
    """
    entries = {_mark(shown, feed.category) for shown in feed.announcements}
    earlier = [day for day in known if day.announced_on < feed.announced_on]
    shown_on = {mark: day.announced_on for day in earlier for mark in _marks(day, feed.category) & entries}
    new = tuple(shown for shown in feed.announcements if _mark(shown, feed.category) not in shown_on)
    if entries:
        outcome, is_awaited, detail = _judge(feed, len(entries), shown_on.values())
    else:
        outcome, is_awaited, detail = FeedOutcome.NO_ANNOUNCEMENT, *_explain_empty(feed, earlier)
    papers = len({shown.paper.arxiv_id for shown in (new or feed.announcements)})
    words = " ".join(filter(None, (detail, *feed.warnings)))
    return replace(feed, announcements=new), FeedReport(feed.category, outcome, papers, words, is_awaited=is_awaited)


def _judge(feed: Feed, entries: int, shown_on: Collection[date]) -> tuple[FeedOutcome, bool, str]:
    """Judges a feed of so many entries by the earlier days that showed some of them: a day for each.

    Also says whether more is to come: a holiday, where there is a hint at one, lets an old batch stand for a day.
    """
    repeated, on = len(shown_on), feed.announced_on
    holiday = holiday_of(on)
    if repeated == entries:
        what, outcome, is_awaited = "an old one", FeedOutcome.STALE, is_weekday(on) and not holiday
    elif repeated >= (HALF_STALE_SHARE if repeated > 1 else HALF_STALE_SMALL_SHARE) * entries and repeated:
        what, outcome, is_awaited = "half an old one", FeedOutcome.HALF_STALE, is_weekday(on)
    else:
        return FeedOutcome.ANNOUNCED, False, ""
    why = f" perhaps because of {holiday};" if holiday else ""
    return (
        outcome,
        is_awaited,
        (
            f"The feed of {feed.category} is {what}: {repeated} of its {entries} entries were already announced,"
            f" the latest on {max(shown_on)};{why} it is asked again."
        ),
    )


def _explain_empty(feed: Feed, earlier: Iterable[AnnouncementDay]) -> tuple[bool, str]:
    """Says whether an empty feed should have papers, and why it has none, as far as one can tell."""
    category, on = feed.category, feed.announced_on
    nothing = f"arXiv announced nothing in {category} on {on}"
    if not is_weekday(on):
        return False, f"{nothing}, a {on:%A}."
    if holiday := holiday_of(on):
        return False, f"{nothing}, perhaps because of {holiday}."
    if _brings_papers_daily(category, earlier):
        return True, f"arXiv has announced nothing yet in {category} on {on}; it is asked again."
    return False, f"{nothing}."


def _brings_papers_daily(category: str, earlier: Iterable[AnnouncementDay]) -> bool:
    """Whether a category had papers on each of the latest days on which it was read, and never just a few.

    Who has SURE_PAPERS or more on each of five days has seven or so on average, and none on one day of a thousand.
    """
    read = [day for day in earlier if any(report.category == category for report in day.feeds)][-SURE_DAYS:]
    counts = [sum(category in shown.feeds for shown in day.announcements) for day in read]
    return len(counts) >= LEAST_DAYS and min(counts) >= SURE_PAPERS


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


def _joined(one: Announcement, other: Announcement) -> Announcement:
    return Announcement(
        paper=latest(one.paper, other.paper),
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


def _marks(day: AnnouncementDay, category: str) -> frozenset[tuple[str, int]]:
    """The marks of what a category's feed showed on a day."""
    return frozenset(_mark(shown, category) for shown in day.announcements if category in shown.feeds)


def _mark(shown: Announcement, category: str) -> tuple[str, int]:
    """What tells an entry of a category's feed from others: the paper, and of replacements the version.

    A day that was back-filled has the latest version of a new paper, and its feed had the first.
    """
    is_first = seen_from(shown, (category,)) in (AnnounceType.NEW, AnnounceType.CROSS)
    return shown.paper.arxiv_id, 0 if is_first else shown.paper.version
