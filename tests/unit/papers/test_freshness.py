"""Whether a feed is fresh, stale or half-stale: by the share of its entries that earlier days had, and by its date."""

import gzip
import json
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from newsletter.model import Announcement, AnnouncementDay, AnnounceType, Feed, FeedOutcome, FeedReport
from newsletter.papers import read_feed
from newsletter.papers.announcements import merge_feeds
from tests import SHARED
from tests.unit.papers.test_announcements import MONDAY, TUESDAY, day, feed, show

NEW, CROSS, REPLACE, REPLACE_CROSS = AnnounceType


def read(shown: Feed, known: list[AnnouncementDay], on: date = TUESDAY) -> tuple[Feed, FeedReport]:
    return read_feed(shown, known, on)


def test_a_feed_of_unknown_papers_is_an_announcement_and_needs_no_words() -> None:
    report = read(feed(show("1"), show("2")), [day(show("3"))])[1]
    assert (report.outcome, report.papers, report.detail) == (FeedOutcome.ANNOUNCED, 2, "")


def test_a_feed_without_entries_is_no_announcement() -> None:
    report = read(Feed("cs.LG", TUESDAY, ()), [day(show("1"))])[1]
    assert (report.outcome, report.papers) == (FeedOutcome.NO_ANNOUNCEMENT, 0)
    assert report.detail == "arXiv announced nothing in cs.LG on 2025-10-07."


def test_yesterdays_batch_under_todays_date_is_stale() -> None:
    batch = [show(str(i)) for i in range(10)]
    report = read(feed(*batch), [day(show("99"), on=MONDAY - timedelta(3)), day(*batch)])[1]
    assert (report.outcome, report.papers) == (FeedOutcome.STALE, 10)
    assert "10 of its 10 entries were already announced, the latest on 2025-10-06" in report.detail
    assert report.detail.endswith("it is asked again.")
    assert report.is_awaited


@pytest.mark.parametrize(
    ("known", "papers", "outcome"),
    [
        (0, 1, FeedOutcome.ANNOUNCED),
        (1, 1, FeedOutcome.STALE),
        (1, 2, FeedOutcome.HALF_STALE),
        (2, 2, FeedOutcome.STALE),
        (1, 3, FeedOutcome.HALF_STALE),
        (1, 4, FeedOutcome.ANNOUNCED),
        (2, 4, FeedOutcome.HALF_STALE),
        (2, 20, FeedOutcome.HALF_STALE),
        (2, 21, FeedOutcome.ANNOUNCED),
        (10, 101, FeedOutcome.ANNOUNCED),
        (99, 100, FeedOutcome.HALF_STALE),
        (100, 100, FeedOutcome.STALE),
    ],
)
def test_the_share_of_known_entries_tells_a_fresh_feed_from_an_old_one(
    known: int, papers: int, outcome: FeedOutcome
) -> None:
    batch = [show(str(i)) for i in range(papers)]
    new, report = read(feed(*batch), [day(*batch[:known])])
    assert (report.outcome, new.announcements) == (outcome, tuple(batch[known:]))
    assert report.papers == (papers - known or papers)


def test_a_feed_that_repeats_several_days_is_as_stale_as_one_that_repeats_a_day() -> None:
    batch = [show(str(i)) for i in range(6)]
    earlier = [day(*batch[:3], on=MONDAY - timedelta(3)), day(*batch[3:])]
    assert read(feed(*batch), earlier)[1].outcome is FeedOutcome.STALE


def test_a_first_version_is_known_where_a_back_filled_day_has_a_later_one() -> None:
    assert read(feed(show("1")), [day(show("1", version=3))])[1].outcome is FeedOutcome.STALE


@pytest.mark.parametrize(
    ("dated", "outcome"),
    [
        (TUESDAY, FeedOutcome.ANNOUNCED),
        (MONDAY, FeedOutcome.HALF_STALE),
        (TUESDAY - timedelta(days=4), FeedOutcome.HALF_STALE),
        (TUESDAY - timedelta(days=5), FeedOutcome.ANNOUNCED),  # a recording
        (TUESDAY + timedelta(days=1), FeedOutcome.ANNOUNCED),  # our clock is behind
    ],
)
def test_unknown_papers_under_an_older_date_are_read_and_todays_are_awaited(dated: date, outcome: FeedOutcome) -> None:
    new, report = read(feed(show("1"), show("2"), on=dated), [])
    assert (report.outcome, report.papers, len(new.announcements)) == (outcome, 2, 2)
    assert report.is_awaited is (outcome is FeedOutcome.HALF_STALE)


def test_an_old_batch_is_stale_under_its_own_date_as_well() -> None:
    batch = [show(str(i)) for i in range(10)]
    report = read(feed(*batch, on=MONDAY), [day(*batch)])[1]
    assert (report.outcome, report.is_awaited) == (FeedOutcome.STALE, True)
    one_more = read(feed(*batch, show("77"), on=MONDAY), [day(*batch)])
    assert (one_more[1].outcome, one_more[0].announcements) == (FeedOutcome.HALF_STALE, (show("77"),))


def test_the_same_day_read_twice_is_not_stale() -> None:
    batch = (show("1"), show("2"))
    assert read(feed(*batch), [day(*batch, on=TUESDAY)])[1].outcome is FeedOutcome.ANNOUNCED


def test_papers_another_category_showed_earlier_are_not_stale_here() -> None:
    yesterday = day(show("1", NEW, "cs.AI", primary="cs.AI"))
    today = feed(show("1", CROSS, "cs.LG", primary="cs.AI"))
    assert read(today, [yesterday])[1].outcome is FeedOutcome.ANNOUNCED


def test_an_old_batch_is_recognised_although_the_day_was_merged_from_several_feeds() -> None:
    from_lg = feed(show("1", CROSS, "cs.LG", primary="cs.AI"), show("2"))
    from_ai = feed(show("1", NEW, "cs.AI", primary="cs.AI"), show("2", CROSS, "cs.AI"))
    yesterday = AnnouncementDay(MONDAY, merge_feeds([from_lg, from_ai]), ())
    for repeated in (from_lg, from_ai):
        assert read(repeated, [yesterday])[1].outcome is FeedOutcome.STALE


def test_a_new_version_of_a_known_paper_is_an_announcement() -> None:
    assert read(feed(show("1", REPLACE, version=2)), [day(show("1"))])[1].outcome is FeedOutcome.ANNOUNCED


def test_warnings_of_the_feed_reach_the_operator_with_the_outcome() -> None:
    fresh = read(feed(show("1"), warnings=("First.", "Second.")), [])[1]
    assert fresh.detail == "First. Second."
    empty = read(Feed("cs.LG", TUESDAY, (), ("First.",)), [])[1]
    assert empty.detail.endswith("2025-10-07. First.")


OTHER = "astro-ph.CO"


def batch(first: int, count: int, kind: AnnounceType = NEW) -> list[Announcement]:
    return [show(f"2510.{number:05}", kind) for number in range(first, first + count)]


def elsewhere(*announcements: Announcement) -> AnnouncementDay:
    """Monday, on which another category alone was read."""
    monday = day(*announcements)
    return replace(monday, announcements=tuple(replace(each, feeds=(OTHER,)) for each in monday.announcements))


@pytest.mark.parametrize(
    ("shown", "outcome"),
    [
        (batch(5000, 10), FeedOutcome.HALF_STALE),  # all of Monday's ids
        (batch(4990, 3) + batch(6000, 7), FeedOutcome.HALF_STALE),
        (batch(4990, 2) + batch(6000, 8), FeedOutcome.ANNOUNCED),  # held back by moderators
        (batch(6000, 10), FeedOutcome.ANNOUNCED),
        (batch(5000, 10, CROSS), FeedOutcome.ANNOUNCED),  # of any age
        (batch(5000, 10, REPLACE), FeedOutcome.ANNOUNCED),
        ([show("hep-th/9901001")], FeedOutcome.ANNOUNCED),
        (batch(5000, 2), FeedOutcome.HALF_STALE),
        (batch(4990, 1) + batch(6000, 1), FeedOutcome.ANNOUNCED),  # held back, on a quiet day
        (batch(4990, 1), FeedOutcome.ANNOUNCED),
    ],
)
def test_a_category_read_for_the_first_time_is_judged_by_the_ids_of_others(
    shown: list[Announcement], outcome: FeedOutcome
) -> None:
    new, report = read(feed(*shown), [elsewhere(*batch(5000, 20))])
    assert report.outcome is outcome
    assert new.announcements == tuple(shown)  # what is not known is read, and asked for again
    assert report.is_awaited == (outcome is FeedOutcome.HALF_STALE)
    assert ("ids from before" in report.detail) == report.is_awaited


def test_of_a_category_that_was_read_the_day_before_what_it_repeats_tells_and_no_ids() -> None:
    late = batch(4990, 5)  # all held back: none of Monday's papers comes again
    assert read(feed(*late), [day(*batch(5000, 20))])[1].outcome is FeedOutcome.ANNOUNCED


def test_where_nothing_was_read_before_nothing_tells() -> None:
    assert read(feed(*batch(5000, 10)), [])[1].outcome is FeedOutcome.ANNOUNCED
    holiday = date(2025, 11, 28)
    late = read(feed(*batch(5000, 10), on=holiday), [elsewhere(*batch(5000, 20))], on=holiday)[1]
    assert (late.outcome, late.is_awaited) == (FeedOutcome.HALF_STALE, False)


CORPUS = sorted((SHARED / "corpus" / "days").glob("*.jsonl.gz"))
WANTED = ("cs.LG", "cs.AI", "cs.CL", "cs.CV", "astro-ph.GA", "astro-ph.CO")


@pytest.mark.skipif(not CORPUS, reason="no ../shared beside this checkout: recorded days are not at hand")
@pytest.mark.parametrize("read_before", ["cs.LG", "astro-ph.CO"])
def test_on_recorded_days_ids_tell_todays_batch_from_the_one_before(read_before: str) -> None:
    """Of a category that was never read, by what a single other one announced the day before."""
    batches = {path.name[:10]: new_of_day(path) for path in CORPUS}
    judged = Counter[tuple[str, FeedOutcome]]()
    for (before, old), (on, new) in pairwise(batches.items()):
        if date.fromisoformat(on) - date.fromisoformat(before) > timedelta(days=3):
            continue
        known = AnnouncementDay(date.fromisoformat(before), tuple(old.get(read_before, ())), ())
        for category in set(WANTED) - {read_before}:
            for what, batch in (("today's", new), ("an old", old)):
                shown = Feed(category, date.fromisoformat(on), tuple(batch.get(category, ())))
                judged[what, read_feed(shown, [known], date.fromisoformat(on))[1].outcome] += 1
    assert judged.keys() == {("today's", FeedOutcome.ANNOUNCED), ("an old", FeedOutcome.HALF_STALE)}
    assert judged.total() > 100


def new_of_day(path: Path) -> dict[str, list[Announcement]]:
    """The new papers of a recorded day by their primary category."""
    found = defaultdict[str, list[Announcement]](list)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["listed"] == "new":
                found[row["primary"]].append(show(row["id"], NEW, row["primary"], primary=row["primary"]))
    return found
