"""An arXiv day that several collect at once: on every Store, what one of them read is not lost by another."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from newsletter.errors import SourceError
from newsletter.model import AnnouncementDay, Feed, FeedOutcome, FeedReport
from newsletter.run.collect import collect
from newsletter.run.context import RunContext
from newsletter.stores import Store
from newsletter.stores.sql import SqlStore
from newsletter.stores.tinydb import TinyStore
from tests import make
from tests.contract.stores.memories import Memory, SharedMemory, race

DAY = make.TUESDAY
NOW = datetime(2026, 1, 6, 6, 0, tzinfo=UTC)
CATEGORIES = ("cs.AI", "cs.CL", "cs.CV", "cs.LG")

Opener = Callable[[], Store]


@pytest.fixture
def opened(memory: Memory) -> Opener:
    """Opens one memory, as often as it is called."""
    return memory.another


def feed(category: str, *ids: str) -> Feed:
    return Feed(category, DAY, tuple(make.announcement(one, categories=(category,)) for one in ids))


def report(category: str, outcome: FeedOutcome, *, minutes: int = 0) -> FeedReport:
    return FeedReport(category, outcome, 0, fetched_at=NOW + timedelta(minutes=minutes))


def outcomes(day: AnnouncementDay | None) -> dict[str, FeedOutcome]:
    assert day is not None
    return {one.category: one.outcome for one in day.feeds}


def ids(day: AnnouncementDay | None) -> set[str]:
    assert day is not None
    return {shown.paper.arxiv_id for shown in day.announcements}


def test_feeds_are_merged_into_the_day_and_the_day_comes_back(opened: Opener) -> None:
    first = opened().add_feeds(DAY, [feed("cs.LG", "2601.00001")], [report("cs.LG", FeedOutcome.ANNOUNCED)])
    assert ids(first) == {"2601.00001"}
    both = opened().add_feeds(DAY, [feed("cs.CV", "2601.00002")], [report("cs.CV", FeedOutcome.ANNOUNCED)])
    assert ids(both) == {"2601.00001", "2601.00002"}
    assert opened().get_day(DAY) == both
    assert outcomes(both) == {"cs.CV": FeedOutcome.ANNOUNCED, "cs.LG": FeedOutcome.ANNOUNCED}
    again = opened().add_feeds(DAY, [feed("cs.CV", "2601.00002")], [report("cs.CV", FeedOutcome.ANNOUNCED)])
    assert again == both


@pytest.mark.parametrize("minutes", [0, 1, 600])
def test_a_failure_does_not_take_papers_away_however_late_it_comes(opened: Opener, minutes: int) -> None:
    store = opened()
    store.add_feeds(DAY, [feed("cs.LG", "2601.00001")], [report("cs.LG", FeedOutcome.ANNOUNCED)])
    for outcome in (FeedOutcome.FAILED, FeedOutcome.STALE, FeedOutcome.NO_ANNOUNCEMENT):
        day = store.add_feeds(DAY, [], [report("cs.LG", outcome, minutes=minutes)])
        assert (outcomes(day), ids(day)) == ({"cs.LG": FeedOutcome.ANNOUNCED}, {"2601.00001"})
    earlier = store.add_feeds(DAY, [], [report("cs.LG", FeedOutcome.FAILED, minutes=-minutes)])
    assert outcomes(earlier) == {"cs.LG": FeedOutcome.ANNOUNCED}


@pytest.mark.parametrize(
    ("first", "second", "minutes", "kept"),
    [
        (FeedOutcome.NO_ANNOUNCEMENT, FeedOutcome.FAILED, 1, FeedOutcome.NO_ANNOUNCEMENT),
        (FeedOutcome.STALE, FeedOutcome.FAILED, 14, FeedOutcome.STALE),
        (FeedOutcome.NO_ANNOUNCEMENT, FeedOutcome.FAILED, 61, FeedOutcome.FAILED),
        (FeedOutcome.FAILED, FeedOutcome.NO_ANNOUNCEMENT, 1, FeedOutcome.NO_ANNOUNCEMENT),
        (FeedOutcome.FAILED, FeedOutcome.ANNOUNCED, 1, FeedOutcome.ANNOUNCED),
        (FeedOutcome.STALE, FeedOutcome.NO_ANNOUNCEMENT, 1, FeedOutcome.NO_ANNOUNCEMENT),
    ],
)
def test_the_later_answer_counts_and_a_failure_only_when_the_answer_is_old(
    opened: Opener, first: FeedOutcome, second: FeedOutcome, minutes: int, kept: FeedOutcome
) -> None:
    reports = [report("cs.LG", first), report("cs.LG", second, minutes=minutes)]
    for number, order in enumerate((reports, reports[::-1])):  # whoever writes last
        on = DAY + timedelta(days=number)
        for one in order:
            opened().add_feeds(on, [], [one])
        assert outcomes(opened().get_day(on)) == {"cs.LG": kept}


def test_a_report_of_an_older_version_says_no_time_and_is_taken_for_the_earlier_one(opened: Opener) -> None:
    store = opened()
    store.add_feeds(DAY, [], [FeedReport("cs.LG", FeedOutcome.NO_ANNOUNCEMENT, 0)])
    assert outcomes(store.add_feeds(DAY, [], [report("cs.LG", FeedOutcome.FAILED)])) == {"cs.LG": FeedOutcome.FAILED}


class Source:
    """Serves each category its own papers, or fails, once all who ask are there."""

    def __init__(self, together: Callable[[], object], *, fails: bool = False) -> None:
        self._together = together
        self._fails = fails

    def day(self, now: datetime) -> date:
        return DAY

    def fetch(self, category: str) -> Feed:
        self._together()
        if self._fails:
            raise SourceError(category, "status 429")
        return feed(category, f"2601.0000{CATEGORIES.index(category)}")


class Silent:
    """A scorer without a history, and a progress listener."""

    history_days = 0

    def begin(self, step: str, total: int) -> None: ...

    def step(self, done: object) -> None: ...


def morning_of(store: Store, source: Source, category: str) -> AnnouncementDay:
    context = RunContext(source, Silent(), None, store, None, None, lambda: NOW)  # type: ignore[arg-type]
    return collect(context, [make.subscriber(categories=(category,))], Silent()).today  # type: ignore[arg-type]


@pytest.mark.parametrize("failing", [(), (0,), (0, 1, 2)])
def test_of_collectors_at_once_each_keeps_what_all_have_read(opened: Opener, failing: tuple[int, ...]) -> None:
    barrier = threading.Barrier(len(CATEGORIES), timeout=30)
    days: list[AnnouncementDay] = []

    def run(number: int) -> None:
        source = Source(barrier.wait, fails=number in failing)
        days.append(morning_of(opened(), source, CATEGORIES[number]))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(CATEGORIES))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = opened().get_day(DAY)
    assert ids(kept) == {f"2601.0000{number}" for number in range(len(CATEGORIES)) if number not in failing}
    assert set(outcomes(kept)) == set(CATEGORIES)
    assert kept in days  # the last one goes on with the whole day


@pytest.mark.parametrize("fails_last", [True, False])
def test_one_who_fails_and_one_who_reads_the_same_category_keep_the_papers(opened: Opener, fails_last: bool) -> None:
    together, first_wrote = threading.Barrier(2, timeout=30), threading.Event()

    def run(fails: bool) -> None:
        def meet() -> None:
            together.wait()
            if fails is fails_last:
                first_wrote.wait(30)

        today = morning_of(opened(), Source(meet, fails=fails), "cs.LG")
        if fails is fails_last:
            assert ids(today) == {"2601.00003"}
        first_wrote.set()

    threads = [threading.Thread(target=run, args=(fails,)) for fails in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (ids(opened().get_day(DAY)), outcomes(opened().get_day(DAY))) == (
        *({"2601.00003"}, {"cs.LG": FeedOutcome.ANNOUNCED}),
    )


def test_of_racing_processes_none_loses_a_paper(shared: SharedMemory) -> None:
    rounds = 15

    def work(number: int, barrier: Barrier) -> None:
        store = shared.another()
        barrier.wait()
        for paper in range(rounds):
            shown = feed(CATEGORIES[number], f"26{number + 1:02}.{paper:05}")
            store.add_feeds(DAY, [shown], [report(shown.category, FeedOutcome.ANNOUNCED, minutes=paper)])

    race(work, len(CATEGORIES))
    assert len(ids(shared.another().get_day(DAY))) == rounds * len(CATEGORIES)


# --- who asks for a feed


def test_a_feed_is_asked_for_by_one_run_until_it_has_answered(opened: Opener) -> None:
    first, second = opened(), opened()
    first.start_run("r1")
    second.start_run("r2")
    assert first.begin_asking(DAY, "cs.LG", run_id="r1", now=NOW)
    assert first.begin_asking(DAY, "cs.LG", run_id="r1", now=NOW), "a repeated call"
    assert not second.begin_asking(DAY, "cs.LG", run_id="r2", now=NOW)
    assert second.begin_asking(DAY, "cs.AI", run_id="r2", now=NOW)
    day = first.add_feeds(DAY, [], [report("cs.LG", FeedOutcome.FAILED)])
    assert [each.category for each in day.asking] == ["cs.AI"]
    assert not second.begin_asking(DAY, "cs.LG", run_id="r2", now=NOW + timedelta(minutes=14)), "it has just failed"
    assert second.begin_asking(DAY, "cs.LG", run_id="r2", now=NOW + timedelta(minutes=15))


def test_whoever_ended_or_asks_for_too_long_is_passed_over(opened: Opener) -> None:
    first, second = opened(), opened()
    first.start_run("r1")
    second.start_run("r2")
    assert first.begin_asking(DAY, "cs.LG", run_id="r1", now=NOW)
    assert second.begin_asking(DAY, "cs.LG", run_id="r2", now=NOW + timedelta(minutes=30))
    second.end_run("r2")
    assert first.begin_asking(DAY, "cs.LG", run_id="r1", now=NOW + timedelta(minutes=31))


def test_a_feed_with_papers_is_not_asked_for(opened: Opener) -> None:
    store = opened()
    store.start_run("r1")
    store.add_feeds(DAY, [feed("cs.LG", "2601.00001")], [report("cs.LG", FeedOutcome.ANNOUNCED)])
    assert not store.begin_asking(DAY, "cs.LG", run_id="r1", now=NOW + timedelta(hours=9))


def test_who_asks_is_noted_apart_from_the_day_which_takes_long_to_write(opened: Opener) -> None:
    store = opened()
    store.start_run("r1")
    store.add_feeds(DAY, [feed("cs.LG", "2601.00001")], [report("cs.LG", FeedOutcome.ANNOUNCED)])
    before = store.get_day(DAY)
    assert store.begin_asking(DAY, "cs.AI", run_id="r1", now=NOW)
    assert opened().get_day(DAY) == before


def test_a_day_that_is_remembered_whole_is_not_asked_for(opened: Opener) -> None:
    store = opened()
    store.start_run("r1")
    assert store.begin_asking(DAY, "cs.LG", run_id="r1", now=NOW)
    store.remember_day(AnnouncementDay(DAY, (), (report("cs.LG", FeedOutcome.ANNOUNCED),)))
    assert not opened().begin_asking(DAY, "cs.LG", run_id="r1", now=NOW)


def test_of_an_earlier_day_nothing_is_noted_that_another_day_needs(opened: Opener) -> None:
    """A back-fill and a morning go on side by side."""
    first, second = opened(), opened()
    first.start_run("r1")
    second.start_run("r2")
    assert first.begin_asking(DAY, "cs.LG", run_id="r1", now=NOW)
    earlier = DAY - timedelta(days=1)
    assert second.begin_asking(earlier, "cs.LG", run_id="r2", now=NOW)
    second.add_feeds(earlier, [feed("cs.LG", "2601.00001")], [report("cs.LG", FeedOutcome.ANNOUNCED)])
    assert not second.begin_asking(DAY, "cs.LG", run_id="r2", now=NOW)
    assert not second.begin_asking(earlier, "cs.LG", run_id="r2", now=NOW)


def test_of_the_next_day_nothing_is_noted_that_today_needs(opened: Opener) -> None:
    """Nor does it cost more than that day's note if the clock was a year ahead for a while."""
    first, second = opened(), opened()
    first.start_run("r1")
    second.start_run("r2")
    for days in (400, 1, 0):
        on = DAY + timedelta(days=days)
        assert first.begin_asking(on, "cs.LG", run_id="r1", now=NOW)
        assert not second.begin_asking(on, "cs.LG", run_id="r2", now=NOW)


def test_a_note_is_kept_until_a_later_day_is_asked_for(shared: SharedMemory, tmp_path: Path) -> None:
    store, days = shared.another(), [DAY + timedelta(days=number) for number in range(3)]
    store.start_run("r1")
    for on in days:
        assert store.begin_asking(on, "cs.LG", run_id="r1", now=NOW)
        store.add_feeds(on, [], [report("cs.LG", FeedOutcome.NO_ANNOUNCEMENT)])

    def is_noted(on: date) -> bool:
        if isinstance(store, SqlStore):
            return store.get_document(f"feeds of {on}") is not None
        return (tmp_path / "state" / "locks" / f"asking-{on}").exists()

    assert [is_noted(on) for on in days] == [False, False, True]


@pytest.mark.parametrize("left", [b"", b"\xff{", b'{"announced_on": 7}'])
def test_a_note_that_cannot_be_read_is_made_anew(tiny: TinyStore, tmp_path: Path, left: bytes) -> None:
    tiny.start_run("r1")
    (tmp_path / "state" / "locks" / f"asking-{DAY}").write_bytes(left)
    assert tiny.begin_asking(DAY, "cs.LG", run_id="r1", now=NOW)
    assert not tiny.begin_asking(DAY, "cs.LG", run_id="r2", now=NOW)


def test_of_racing_processes_one_asks_for_each_feed(shared: SharedMemory) -> None:
    wanted = [f"cs.{number:02}" for number in range(8)]

    def work(number: int, barrier: Barrier) -> None:
        store = shared.another()
        store.start_run(f"r{number}")
        barrier.wait()
        for place, category in enumerate(wanted):
            if store.begin_asking(DAY, category, run_id=f"r{number}", now=NOW):
                store.add_feeds(DAY, [feed(category, f"26{number + 1:02}.{place:05}")], [])  # no answer yet
        barrier.wait()

    race(work)
    assert len(ids(shared.another().get_day(DAY))) == len(wanted)
