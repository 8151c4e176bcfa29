"""papers/newness.py: of a feed that goes on showing old papers each is new once, and a first look brings few."""

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Announcement, AnnouncementDay, AnnounceType, Feed, FeedOutcome
from newsletter.papers.announcements import add_feeds
from newsletter.papers.newness import FIRST_LOOK, FIRST_LOOK_AT_VENUE, FIRST_UNDATED, MOST_NEW, take_new
from tests import make

FEED = "feed:https://journal.example.org/rss"
DAY = timedelta(days=1)


def feed(on: date, *ids: str, published_on: date | None = None) -> Feed:
    papers = [make.paper(f"feed:{one}", categories=(FEED,), published_on=published_on) for one in ids]
    return Feed(FEED, on, tuple(Announcement(paper, AnnounceType.NEW, (FEED,)) for paper in papers))


def new_ids(read: Feed, earlier: Sequence[AnnouncementDay]) -> list[str]:
    return [shown.paper.arxiv_id.removeprefix("feed:") for shown in take_new(read, earlier)[0].announcements]


def kept(read: Feed, earlier: Sequence[AnnouncementDay]) -> AnnouncementDay:
    new, report = take_new(read, earlier)
    return add_feeds(AnnouncementDay(read.announced_on, (), ()), [new], [report])


def test_a_first_look_brings_what_is_a_few_days_old_and_remembers_the_rest() -> None:
    old = feed(make.TUESDAY, "a", published_on=make.TUESDAY - FIRST_LOOK - DAY)
    young = feed(make.TUESDAY, "b", published_on=make.TUESDAY - FIRST_LOOK)
    both = Feed(FEED, make.TUESDAY, (*old.announcements, *young.announcements))
    assert new_ids(both, []) == ["b"]
    day = kept(both, [])
    later = feed(make.WEDNESDAY, "c", "a", "b", published_on=date(2020, 1, 1))
    assert new_ids(later, [day]) == ["c"]  # however old it says it is


def test_a_first_look_at_a_feed_without_dates_brings_its_first_papers() -> None:
    ids = [f"{n}" for n in range(500)]
    assert new_ids(feed(make.TUESDAY, *ids), []) == ids[:FIRST_UNDATED]


def test_a_feed_with_nothing_new_is_a_quiet_day_and_no_failure() -> None:
    day = kept(feed(make.TUESDAY, "a"), [])
    new, report = take_new(feed(make.WEDNESDAY, "a"), [day])
    assert (new.announcements, report.outcome) == ((), FeedOutcome.NO_ANNOUNCEMENT)
    assert report.showed == ("feed:a",)


def test_what_was_new_today_is_new_when_the_feed_is_read_again_today() -> None:
    day = kept(feed(make.TUESDAY, "a"), [])
    assert new_ids(feed(make.TUESDAY, "b", "a"), [day]) == ["b", "a"]


@given(st.lists(st.lists(st.integers(0, 30), max_size=8, unique=True), max_size=12))
def test_each_paper_is_new_at_most_once_and_at_the_first_sight_of_a_known_feed(mornings: list[list[int]]) -> None:
    days: list[AnnouncementDay] = []
    seen: set[str] = set()
    for number, shown in enumerate(mornings):
        read = feed(make.TUESDAY + number * DAY, *map(str, shown), published_on=make.TUESDAY + number * DAY)
        new = set(new_ids(read, days))
        assert new == set(map(str, shown)) - seen
        seen |= set(map(str, shown))
        days.append(kept(read, days))


VENUE = "openreview:ICLR.cc/2026/Conference"


def accepted(on: date, numbers: Sequence[int], *, published_on: date = make.TUESDAY) -> Feed:
    papers = [make.paper(f"openreview:p{n}", categories=(VENUE,), published_on=published_on) for n in numbers]
    return Feed(VENUE, on, tuple(Announcement(paper, AnnounceType.NEW, (VENUE,)) for paper in papers))


def test_a_conferences_papers_come_in_portions_each_once_and_in_its_order() -> None:
    total, days = 3 * MOST_NEW + 20, list[AnnouncementDay]()
    came = list[str]()
    for number in range(6):
        read = accepted(make.TUESDAY + number * DAY, range(total))
        new, report = take_new(read, days)
        came += [shown.paper.arxiv_id for shown in new.announcements]
        left = total - len(came)
        assert report.left == left
        assert (f"and {left:,} on the next days" in report.detail) == bool(left), report.detail
        days = [kept(read, days)]  # the latest kept day alone says what came
    assert came == [f"openreview:p{n}" for n in range(total)]


def test_what_a_conference_adds_meanwhile_keeps_its_turn_and_loses_none() -> None:
    days = [kept(accepted(make.TUESDAY, range(MOST_NEW + 50)), [])]
    grown = accepted(make.WEDNESDAY, [900, 901, *range(MOST_NEW + 50)], published_on=date(2020, 1, 1))
    assert len(take_new(grown, days)[0].announcements) == 52


def test_a_first_look_at_a_venue_goes_back_some_weeks() -> None:
    young = accepted(make.TUESDAY, [1], published_on=make.TUESDAY - FIRST_LOOK_AT_VENUE)
    old = accepted(make.TUESDAY, [2], published_on=make.TUESDAY - FIRST_LOOK_AT_VENUE - DAY)
    new, _ = take_new(Feed(VENUE, make.TUESDAY, (*young.announcements, *old.announcements)), [])
    assert [shown.paper.arxiv_id for shown in new.announcements] == ["openreview:p1"]
