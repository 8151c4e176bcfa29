"""What is read of readers before their turn comes: as much as a mail depends on, however old it is."""

from datetime import date, timedelta

import pytest

from newsletter.delivery import ledger
from newsletter.model import AnnouncementDay, AnnounceType, FeedOutcome, FeedReport, Subscriber
from newsletter.run.context import Morning
from newsletter.run.lookup import ReaderLookup
from newsletter.run.select import read_history, select, select_from
from newsletter.stores import Store
from tests import make
from tests.fakes import MemoryStore
from tests.unit.test_flow import Morning as Edges
from tests.unit.test_flow import morning

OLD = "2401.00017"
NEW = "2601.00001"


def mail(store: Store, who: str, on: date, *papers: str) -> None:
    store.start_run(f"r{on}")
    row = make.handed_over(store, who, on, run_id=f"r{on}", paper_ids=papers)
    store.move(ledger.accept(row, "receipt", make.NOW))
    store.end_run(f"r{on}")


def readers(count: int) -> list[Subscriber]:
    types = (AnnounceType.NEW, AnnounceType.CROSS, AnnounceType.REPLACE)
    return [make.subscriber(subscriber_id=f"s_reader{n:02}", announce_types=types) for n in range(count)]


def given_years(store: Store, who: str) -> None:
    """A mail a week for two years, one with the old paper."""
    for week in range(1, 105):
        mail(store, who, make.TUESDAY - timedelta(weeks=week), OLD if week == 80 else f"25{week % 12 + 1:02}.{week:05}")


def known(given: Edges) -> Morning:
    shown = (make.announcement(NEW), make.announcement(OLD, AnnounceType.REPLACE))
    reports = (FeedReport("cs.LG", FeedOutcome.ANNOUNCED, 2),)
    return Morning("run", AnnouncementDay(make.TUESDAY, shown, reports), (), make.TUESDAY)


@pytest.mark.parametrize("has_years", [False, True])
def test_a_lookup_selects_as_one_look_at_everything_does(has_years: bool) -> None:
    given = morning()
    one, other = readers(2)
    if has_years:
        given_years(given.store, one.subscriber_id)
    lookup = ReaderLookup(given.context, known(given), [one, other])
    for reader in (one, other):
        assert lookup.why_no_mail(reader, make.TUESDAY) is None
        found = select(given.context, known(given), reader, make.TUESDAY, lookup.history(reader, make.TUESDAY))
        everything = read_history(given.store, reader.subscriber_id)
        whole = select_from(everything, known(given), reader, make.TUESDAY, history_days=7)
        assert (found.candidates, found.days, found.is_first) == (whole.candidates, whole.days, whole.is_first)
        assert set(found.mailed) <= set(whole.mailed)
        seen = has_years and reader is one
        assert [each.paper.arxiv_id for each in found.candidates] == ([NEW] if seen else [NEW, OLD])


class Counting(MemoryStore):
    """How often a store is asked for many readers at once, and for one."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def get_histories(self, subscriber_ids, **given):  # type: ignore[no-untyped-def]
        self.asked.append(len(subscriber_ids))
        return super().get_histories(subscriber_ids, **given)


def test_readers_are_read_in_parts_and_again_when_that_is_a_while_ago() -> None:
    given = morning(store=Counting())
    people = readers(99) + [make.subscriber(subscriber_id=f"s_other{n:03}") for n in range(151)]
    lookup = ReaderLookup(given.context, known(given), people)
    for place, reader in enumerate(people):
        if place == 50:
            given.now += timedelta(minutes=2)
        assert lookup.why_no_mail(reader, make.TUESDAY) is None
        lookup.history(reader, make.TUESDAY)
    assert given.store.asked == [200, 200]  # type: ignore[attr-defined]
