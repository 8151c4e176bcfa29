"""Merging feeds into a day, read once or several times, and the kind of a paper as a reader sees it."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.model import Announcement, AnnouncementDay, AnnounceType, Feed, FeedOutcome, FeedReport, Paper
from newsletter.papers.announcements import (
    add_feeds,
    concerns,
    find_announced,
    find_candidates,
    merge_feeds,
    seen_from,
)

MONDAY = date(2025, 10, 6)
TUESDAY = date(2025, 10, 7)
NEW, CROSS, REPLACE, REPLACE_CROSS = AnnounceType


def paper(arxiv_id: str, version: int = 1, primary: str = "cs.LG") -> Paper:
    return Paper(arxiv_id, version, f"Title of {arxiv_id}v{version}", ("A. B",), "Words.", (primary, "cs.XY"))


def show(
    arxiv_id: str,
    kind: AnnounceType = NEW,
    *feeds: str,
    version: int = 1,
    primary: str = "cs.LG",
) -> Announcement:
    return Announcement(paper(arxiv_id, version, primary), kind, feeds or ("cs.LG",))


def feed(*announcements: Announcement, on: date = TUESDAY, warnings: tuple[str, ...] = ()) -> Feed:
    category = announcements[0].feeds[0] if announcements else "cs.LG"
    return Feed(category, on, announcements, warnings)


def day(*announcements: Announcement, on: date = MONDAY) -> AnnouncementDay:
    return AnnouncementDay(on, announcements, ())


# --- merging ------------------------------------------------------------------------------------------


def test_a_paper_in_two_feeds_is_one_with_the_better_kind_and_both_feeds() -> None:
    merged = merge_feeds([feed(show("1", CROSS, "cs.LG")), feed(show("1", NEW, "cs.AI"))])
    assert merged == (show("1", NEW, "cs.AI", "cs.LG"),)


def test_the_latest_version_is_kept() -> None:
    merged = merge_feeds([feed(show("1", REPLACE, version=3)), feed(show("1", REPLACE_CROSS, "cs.AI", version=2))])
    assert merged == (show("1", REPLACE, "cs.AI", "cs.LG", version=3),)


def test_papers_stay_in_the_order_first_seen() -> None:
    merged = merge_feeds([feed(show("2"), show("1")), feed(show("3", CROSS, "cs.AI"), show("2", CROSS, "cs.AI"))])
    assert [shown.paper.arxiv_id for shown in merged] == ["2", "1", "3"]


def test_what_was_known_of_the_day_comes_first_and_is_merged_too() -> None:
    merged = merge_feeds([feed(show("2"), show("1"))], (show("1", CROSS, "cs.AI"),))
    assert merged == (show("1", NEW, "cs.AI", "cs.LG"), show("2"))


CATEGORIES = ("cs.AI", "cs.CL", "cs.LG")
IDS = ("2510.00001", "2510.00002", "hep-th/9901001", "2510.00003")


SHOWN = [(paper(arxiv_id, version), kind) for arxiv_id in IDS for version in (1, 2, 3) for kind in AnnounceType]


def feeds() -> st.SearchStrategy[Feed]:
    return st.builds(
        lambda category, shown: Feed(category, TUESDAY, tuple(Announcement(*one, (category,)) for one in shown)),
        st.sampled_from(CATEGORIES),
        st.lists(st.sampled_from(SHOWN), max_size=6),
    )


@settings(deadline=None)
@given(st.lists(feeds(), max_size=5), st.integers(0, 4))
def test_the_order_of_feeds_changes_only_the_order_of_papers(some: list[Feed], start: int) -> None:
    turned = [*some[start:], *some[:start]]
    assert set(merge_feeds(turned)) == set(merge_feeds(some)) == set(merge_feeds(turned[::-1]))


@settings(deadline=None)
@given(st.lists(feeds(), max_size=5))
def test_merging_what_is_merged_changes_nothing(some: list[Feed]) -> None:
    assert merge_feeds([], merge_feeds(some)) == merge_feeds(some)
    assert merge_feeds(some, merge_feeds(some)) == merge_feeds(some)


@settings(deadline=None)
@given(st.lists(feeds(), max_size=4), st.lists(feeds(), max_size=4))
def test_feeds_may_be_merged_in_portions(some: list[Feed], more: list[Feed]) -> None:
    assert merge_feeds(more, merge_feeds(some)) == merge_feeds([*some, *more])


@settings(deadline=None)
@given(st.lists(feeds(), max_size=5))
def test_no_paper_is_lost_or_doubled(some: list[Feed]) -> None:
    ids = [shown.paper.arxiv_id for shown in merge_feeds(some)]
    assert sorted(ids) == sorted({shown.paper.arxiv_id for one in some for shown in one.announcements})


# --- a feed that is read again ------------------------------------------------------------------------


def read(*days_feeds: Feed) -> AnnouncementDay:
    stored = AnnouncementDay(TUESDAY, (), ())
    for one in days_feeds:
        stored = add_feeds(stored, [one], [FeedReport(one.category, FeedOutcome.HALF_STALE, len(one.announcements))])
    return stored


def test_what_a_feed_shows_later_is_marked_with_the_reading() -> None:
    first, second = feed(show("1")), feed(show("1"), show("2"))
    stored = read(first, second)
    assert [each.later for each in stored.announcements] == [(), (("cs.LG", 2),)]
    assert stored.feeds[0].readings == 2
    assert read(first, second, second) == stored


def test_a_paper_keeps_the_reading_of_each_feed() -> None:
    from_ai = Feed("cs.AI", TUESDAY, (show("1", NEW, "cs.AI", primary="cs.AI"),))
    from_lg = feed(show("2"))
    late = feed(show("1", CROSS, "cs.LG", primary="cs.AI"))
    [both] = [each for each in read(from_ai, from_lg, late).announcements if each.paper.arxiv_id == "1"]
    assert (both.reading("cs.AI"), both.reading("cs.LG")) == (1, 2)


# --- as readers see it --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "at_home", "elsewhere"),
    [
        (NEW, NEW, CROSS),
        (CROSS, CROSS, CROSS),
        (REPLACE, REPLACE, REPLACE_CROSS),
        (REPLACE_CROSS, REPLACE_CROSS, REPLACE_CROSS),
    ],
)
def test_the_kind_depends_on_whether_the_primary_category_is_wanted(
    kind: AnnounceType, at_home: AnnounceType, elsewhere: AnnounceType
) -> None:
    shown = show("1", kind, "cs.AI", "cs.LG", primary="cs.LG")
    assert seen_from(shown, ("cs.LG", "cs.CV")) is at_home
    assert seen_from(shown, ("cs",)) is at_home
    assert seen_from(shown, ("cs.AI",)) is elsewhere


def test_a_paper_concerns_those_whose_feed_showed_it() -> None:
    shown = show("1", NEW, "cs.LG")
    assert concerns(shown, ("cs.AI", "cs.LG"))
    assert not concerns(shown, ("cs.XY",))  # one of its categories, but that feed was not read
    assert not concerns(shown, ())


def test_candidates_are_of_the_kinds_asked_for_as_seen_from_the_categories() -> None:
    both = show("1", NEW, "cs.AI", "cs.LG", primary="cs.AI")
    own, old = show("2", NEW, "cs.LG"), show("3", REPLACE, "cs.LG", version=2)
    today = day(both, own, old, show("4", NEW, "cs.CV", primary="cs.CV"))
    assert find_candidates(find_announced([today], ("cs.LG",)), (NEW,)) == (own,)
    assert find_candidates(find_announced([today], ("cs.LG",)), (NEW, CROSS)) == (
        replace(both, announce_type=CROSS),
        own,
    )
    assert find_candidates(find_announced([today], ("cs.AI",)), (NEW,)) == (both,)
    assert [shown.paper.arxiv_id for shown in find_announced([today], ("cs.LG",))] == ["1", "2", "3"]


def test_a_paper_mailed_before_is_announced_but_no_candidate() -> None:
    today = day(show("1"), show("2"))
    assert find_candidates(find_announced([today], ("cs.LG",)), (NEW,), without={"1"}) == (show("2"),)
    assert len(find_announced([today], ("cs.LG",))) == 2


def test_a_paper_new_on_monday_and_replaced_on_tuesday_is_new_once_in_its_latest_version() -> None:
    days = [day(show("1")), day(show("1", REPLACE, version=2), on=TUESDAY)]
    assert find_candidates(find_announced(days, ("cs.LG",)), (NEW,)) == (show("1", NEW, version=2),)
