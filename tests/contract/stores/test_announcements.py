"""What every Store promises about announcement days: as they were, the latest with papers, and forgotten by age."""

from datetime import date, timedelta

from newsletter.model import Announcement, AnnouncementDay, AnnounceType, Feed, FeedOutcome, FeedReport, Origin
from newsletter.stores import Store
from tests import make
from tests.contract.stores.memories import DAY, WHO, Memory, claim, day


def test_a_day_comes_back_as_it_went_in(memory: Memory) -> None:
    memory.store.remember_day(day(DAY, 3))
    assert memory.store.get_day(DAY) == day(DAY, 3)
    assert memory.another().get_day(DAY) == day(DAY, 3)
    assert memory.store.get_day(DAY - timedelta(days=1)) is None


def test_papers_of_other_sources_come_back_with_all_that_is_known_of_them(memory: Memory) -> None:
    origin = Origin(
        "A “Journal”", "https://journal.example.org/1?a=ü", "10.5555/1", "https://a.example/1.pdf", "", "10.5555/2"
    )
    feed = "feed:https://journal.example.org/rss"
    paper = make.paper("doi:10.5555/1", categories=(feed,), published_on=DAY, origin=origin)
    shown = Announcement(paper, AnnounceType.NEW, (feed,))
    report = FeedReport(
        feed, FeedOutcome.ANNOUNCED, 1, readings=1, showed=("doi:10.5555/1", "feed:0123456789abcdef"), left=7
    )
    memory.store.add_feeds(DAY, [Feed(feed, DAY, (shown,))], [report])
    assert memory.another().get_day(DAY) == AnnouncementDay(DAY, (shown,), (report,))


def test_a_day_replaces_what_was_kept_of_it(memory: Memory) -> None:
    reader = memory.another()
    for papers in (3, 0, 2):
        memory.store.remember_day(day(DAY, papers))
        assert reader.get_day(DAY) == day(DAY, papers)


def test_the_latest_days_with_papers_come_oldest_first(store: Store) -> None:
    kept = {number: 0 if number in (18, 20) else 2 for number in range(15, 23)}
    for number, papers in kept.items():
        store.remember_day(day(date(2026, 11, number), papers))
    found = store.get_days(before=DAY, limit=3)
    assert [one.announced_on.day for one in found] == [17, 19, 21]
    assert store.get_days(before=date(2026, 11, 15), limit=3) == []
    assert store.get_days(before=DAY, limit=0) == []
    assert len(store.get_days(before=date(2027, 1, 1), limit=99)) == 6


def test_old_days_are_forgotten_and_what_was_mailed_is_not(memory: Memory, store: Store) -> None:
    for number in (19, 20, 21):
        store.remember_day(day(date(2026, 11, number)))
    store.start_run("r1")
    row = claim(store)
    store.forget_days(before=date(2026, 11, 20))
    store.forget_days(before=date(2026, 11, 20))
    assert [one.announced_on.day for one in memory.another().get_days(before=DAY, limit=9)] == [20, 21]
    assert store.get_day(date(2026, 11, 19)) is None
    assert store.get_delivery(WHO, DAY) == row
