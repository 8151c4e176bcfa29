"""Judges whether a feed shows today's papers, an old batch, half of each, or nothing, by its entries. Pure.

arXiv dates its feeds by the day of the request, so a date of today proves nothing; an older one does, since somebody on
the way kept an old answer. Of a category that nobody read before, the ids tell: arXiv gives them one after the other,
whatever the category, shortly before it announces.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, timedelta

from newsletter.model import Announcement, AnnouncementDay, AnnounceType, Feed, FeedOutcome, FeedReport
from newsletter.papers.announcement_schedule import is_weekday
from newsletter.papers.announcements import has_papers, mark_of, marks_of
from newsletter.papers.holidays import holiday_of

# arXiv announces a version once in a category, and an old batch repeats all of it. Of 757 fresh days of a category (21
# days of autumn 2025) 702 repeated nothing, 47 one entry, eight two to four; where it was more than one, it was at most
# 2.3 % of the feed, and where it was one, at most a quarter; none of the 157 feeds with one to three entries repeated
# any. So these never call a fresh one half-stale; and what is new in a half-stale one is read all the same.
HALF_STALE_SHARE = 0.1  # of a feed with two such entries or more
HALF_STALE_SMALL_SHARE = 0.3  # of a feed with one

# Of new papers, the share whose ids come before the last of an earlier day. By the ids of one other category it was
# nothing of today's batch, at least 0.57 of that of the day before (21 days of autumn 2025, 540 comparisons each).
EARLIER_IDS_SHARE = 0.3
LEAST_EARLIER_IDS = 2  # one alone may be a paper that moderators held back
_ID = re.compile(r"\d{4}\.\d{5}")  # since 2015: as texts they are in order

SURE_PAPERS, SURE_DAYS, LEAST_DAYS = 4, 5, 3  # by which an empty feed is late, and not just quiet

# A feed of one of so many days before is one that somebody on the way has kept; an older one is a recording.
KEPT_FOR = timedelta(days=4)


def read_feed(feed: Feed, known: Iterable[AnnouncementDay], on: date) -> tuple[Feed, FeedReport]:
    """Gives what a feed, served on that arXiv day, shows that no `known` earlier day did, and reports how fresh it is.

    All known: stale. A good part known: half-stale. `papers` of the report counts what is new, of a stale one all.
    """
    entries = {mark_of(shown) for shown in feed.announcements}
    earlier = [day for day in known if day.announced_on < on]
    shown_on = {mark: day.announced_on for day in earlier for mark in marks_of(day, feed.category) & entries}
    new = tuple(shown for shown in feed.announcements if mark_of(shown) not in shown_on)
    if entries:
        outcome, is_awaited, detail = _judge(feed, len(entries), shown_on.values(), on)
        if outcome is FeedOutcome.ANNOUNCED and (why := _explain_early_ids(feed, earlier)):
            outcome, is_awaited, detail = FeedOutcome.HALF_STALE, is_weekday(on) and not holiday_of(on), why
    else:
        outcome, is_awaited, detail = FeedOutcome.NO_ANNOUNCEMENT, *_explain_empty(feed.category, earlier, on)
    papers = len({shown.paper.arxiv_id for shown in (new or feed.announcements)})
    words = " ".join(filter(None, (detail, *feed.warnings)))
    return replace(feed, announcements=new), FeedReport(feed.category, outcome, papers, words, is_awaited=is_awaited)


def _judge(feed: Feed, entries: int, shown_on: Collection[date], on: date) -> tuple[FeedOutcome, bool, str]:
    """Judges a feed of so many entries by the earlier days that showed some of them: a day for each.

    Also says whether more is to come: a holiday, where there is a hint at one, lets an old batch stand for a day.
    """
    repeated, holiday = len(shown_on), holiday_of(on)
    is_kept = on - KEPT_FOR <= feed.announced_on < on
    if repeated == entries:
        what, outcome, is_awaited = "an old one", FeedOutcome.STALE, is_weekday(on) and not holiday
    elif is_kept and not repeated:
        return (
            FeedOutcome.HALF_STALE,
            is_weekday(on),
            (
                f"The feed of {feed.category} says that it is of {feed.announced_on}, and today is {on} at arXiv; its"
                f" {entries} entries were not known yet, and it is asked again."
            ),
        )
    elif is_kept or _is_good_part(repeated, entries):
        what, outcome, is_awaited = "half an old one", FeedOutcome.HALF_STALE, is_weekday(on)
    else:
        return FeedOutcome.ANNOUNCED, False, ""
    why = f" perhaps because of {holiday};" if holiday else ""
    detail = (
        f"The feed of {feed.category} is {what}: {repeated} of its {entries} entries were already announced,"
        f" the latest on {max(shown_on)};{why} it is asked again."
    )
    return outcome, is_awaited, detail


def _explain_early_ids(feed: Feed, earlier: Iterable[AnnouncementDay]) -> str:
    """Says that a good part of the new papers has ids from before an earlier day's; "" if not, or if nothing tells.

    Where the category itself was read on that day, what it repeats of it has told already.
    """
    newest_first = sorted(earlier, key=lambda day: day.announced_on, reverse=True)
    latest = next((day for day in newest_first if _new_ids(day.announcements)), None)
    if latest is None or marks_of(latest, feed.category):
        return ""
    ids = _new_ids(feed.announcements)
    last = max(_new_ids(latest.announcements))
    early = sum(each <= last for each in ids)
    if early < max(LEAST_EARLIER_IDS, EARLIER_IDS_SHARE * len(ids)):
        return ""
    return (
        f"The feed of {feed.category} is an old one, or half of it is: {early} of its {len(ids)} new papers have ids"
        f" from before the last that was announced on {latest.announced_on}; it is asked again."
    )


def _new_ids(announcements: Iterable[Announcement]) -> list[str]:
    return [
        shown.paper.arxiv_id
        for shown in announcements
        if shown.announce_type is AnnounceType.NEW and _ID.fullmatch(shown.paper.arxiv_id)
    ]


def _is_good_part(repeated: int, entries: int) -> bool:
    return repeated > 0 and repeated >= (HALF_STALE_SHARE if repeated > 1 else HALF_STALE_SMALL_SHARE) * entries


def _explain_empty(category: str, earlier: Iterable[AnnouncementDay], on: date) -> tuple[bool, str]:
    """Says whether an empty feed should have papers, and why it has none, as far as one can tell."""
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
    read = [day for day in earlier if any(_has_read(report, category) for report in day.feeds)]
    counts = [sum(category in shown.feeds for shown in day.announcements) for day in read[-SURE_DAYS:]]
    return len(counts) >= LEAST_DAYS and min(counts) >= SURE_PAPERS


def _has_read(report: FeedReport, category: str) -> bool:
    is_answer = has_papers(report) or report.outcome is FeedOutcome.NO_ANNOUNCEMENT
    return report.category == category and is_answer
