"""What every Store promises (newsletter/stores/__init__.py), and what the folder store promises on top."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.delivery import ledger
from newsletter.errors import LedgerError, StoreConflict, StoreError
from newsletter.model import (
    Announcement,
    AnnouncementDay,
    AnnounceType,
    Counts,
    Delivery,
    DeliveryState,
    FeedOutcome,
    FeedReport,
    Paper,
    RunOutcome,
    RunReport,
    SubscriberReport,
)
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from newsletter.stores.tinydb.locks import FolderLock
from tests.fakes import MemoryStore, no_more_than

S = DeliveryState
WHO = "s_8k2mpq4x"
DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 6, 47, tzinfo=UTC)
PAPERS = ("2511.00001", "hep-th/9901001")

fork = multiprocessing.get_context("fork")  # a child that starts in milliseconds


class Memory(Protocol):
    """One implementation with what a test needs around it."""

    store: Store

    def another(self) -> Store:
        """The same memory, opened once more."""

    def die_after(self, work: Callable[[Store], None]) -> None:
        """Do this in a process that is killed right afterwards."""


class TinyMemory:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store: Store = TinyStore(folder)

    def another(self) -> Store:
        return TinyStore(self.folder)

    def die_after(self, work: Callable[[Store], None]) -> None:
        def run() -> None:
            work(TinyStore(self.folder))
            os.kill(os.getpid(), signal.SIGKILL)

        child = fork.Process(target=run)
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL


class FakeMemory:
    def __init__(self) -> None:
        self.fake = MemoryStore()
        self.store: Store = self.fake

    def another(self) -> Store:
        return self.fake

    def die_after(self, work: Callable[[Store], None]) -> None:
        work(self.fake)
        self.fake.crash()


@pytest.fixture(params=["tiny", "memory"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Memory:
    return TinyMemory(tmp_path / "state") if request.param == "tiny" else FakeMemory()


@pytest.fixture
def store(memory: Memory) -> Store:
    memory.store.start_run("r1")
    return memory.store


@pytest.fixture
def tiny(tmp_path: Path) -> TinyStore:
    store = TinyStore(tmp_path / "state")
    store.start_run("r1")
    return store


def paper(arxiv_id: str = "2511.00001") -> Paper:
    return Paper(arxiv_id, 1, "A title with $x^2$", ("A. Author (Somewhere)",), "Our words.", ("cs.LG", "stat.ML"))


def day(announced_on: date, papers: int = 1) -> AnnouncementDay:
    shown = tuple(Announcement(paper(f"2511.{number:05d}"), AnnounceType.NEW, ("cs.LG",)) for number in range(papers))
    return AnnouncementDay(announced_on, shown, (FeedReport("cs.LG", FeedOutcome.ANNOUNCED, papers),))


def run_report(run_id: str, digest_on: date = DAY, started_at: datetime = NOW) -> RunReport:
    one = SubscriberReport(WHO, RunOutcome.SENT, Counts(9, 8, 3, 2, 1), "outbox/x.eml")
    return RunReport(run_id, digest_on, started_at, started_at + timedelta(seconds=3), (), (one,))


def claim(store: Store, who: str = WHO, on: date = DAY, run_id: str = "r1", now: datetime = NOW) -> Delivery:
    row = store.claim(who, on, run_id=run_id, now=now)
    assert row is not None
    return row


def handed_over(store: Store, papers: tuple[str, ...] = PAPERS, **where: object) -> Delivery:
    row = ledger.hand_over(
        claim(store, **where),  # type: ignore[arg-type]
        paper_ids=papers,
        announced_on=(DAY,),
        not_scored_ids=("2601.00099",),
        message_id="<m@example.org>",
        now=NOW,
    )
    store.move(row)
    return row


# --- announcements


def test_a_day_comes_back_as_it_went_in(memory: Memory) -> None:
    memory.store.remember_day(day(DAY, 3))
    assert memory.store.get_day(DAY) == day(DAY, 3)
    assert memory.another().get_day(DAY) == day(DAY, 3)
    assert memory.store.get_day(DAY - timedelta(days=1)) is None


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
    row = claim(store)
    store.forget_days(before=date(2026, 11, 20))
    store.forget_days(before=date(2026, 11, 20))
    assert [one.announced_on.day for one in memory.another().get_days(before=DAY, limit=9)] == [20, 21]
    assert store.get_day(date(2026, 11, 19)) is None
    assert store.get_delivery(WHO, DAY) == row


# --- claims


def test_a_claim_is_had_once(memory: Memory, store: Store) -> None:
    row = claim(store)
    assert (row.state, row.attempts, row.run_id) == (S.CLAIMED, 1, "r1")
    assert store.get_delivery(WHO, DAY) == row
    other = memory.another()
    other.start_run("r2")
    assert other.claim(WHO, DAY, run_id="r2", now=NOW) is None
    assert store.claim(WHO, DAY, run_id="r1", now=NOW) is None
    assert store.get_delivery(WHO, DAY) == row
    assert other.claim(WHO, DAY + timedelta(days=1), run_id="r2", now=NOW) is not None


def test_the_claim_of_a_killed_run_is_free_at_once(memory: Memory, store: Store) -> None:
    def work(dying: Store) -> None:
        dying.start_run("dead")
        claim(dying, run_id="dead")

    memory.die_after(work)
    store.start_run("r1")
    row = claim(store)
    assert (row.attempts, row.run_id) == (2, "r1")


def test_the_hand_over_of_a_killed_run_becomes_in_doubt(memory: Memory, store: Store) -> None:
    def work(dying: Store) -> None:
        dying.start_run("dead")
        handed_over(dying, run_id="dead")

    memory.die_after(work)
    store.start_run("r1")
    assert store.claim(WHO, DAY, run_id="r1", now=NOW) is None
    row = store.get_delivery(WHO, DAY)
    assert row is not None
    assert (row.state, row.paper_ids) == (S.IN_DOUBT, PAPERS)
    assert store.claim(WHO, DAY, run_id="r1", now=NOW) is None
    assert store.get_sent(WHO) == set(PAPERS)


def test_a_run_that_was_not_started_cannot_claim(store: Store) -> None:
    with pytest.raises(LedgerError, match="start_run"):
        store.claim(WHO, DAY, run_id="r9", now=NOW)
    assert store.get_delivery(WHO, DAY) is None


def test_a_deferred_delivery_is_claimed_again_when_its_time_has_come(store: Store) -> None:
    store.move(ledger.defer(claim(store), "greylisted", NOW + timedelta(minutes=5), NOW))
    assert store.claim(WHO, DAY, run_id="r1", now=NOW) is None
    assert claim(store, now=NOW + timedelta(minutes=5)).attempts == 2


def test_of_racing_threads_one_has_each_claim(memory: Memory) -> None:
    won: list[tuple[str, str]] = []
    start = threading.Barrier(4, timeout=30)  # who waits for a thread that failed, fails too

    def work(run_id: str) -> None:
        store = memory.another()
        store.start_run(run_id)
        start.wait()
        won.extend((f"s_{n}", run_id) for n in range(10) if store.claim(f"s_{n}", DAY, run_id=run_id, now=NOW))
        start.wait()  # nobody's run ends while others still ask

    threads = [threading.Thread(target=work, args=(f"r_{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(who for who, _ in won) == [f"s_{n}" for n in range(10)]


# --- moves


def test_each_move_is_kept_with_its_steps(memory: Memory, store: Store) -> None:
    row = ledger.accept(handed_over(store), "outbox/x.eml", NOW + timedelta(seconds=1))
    store.move(row)
    kept = memory.another().get_delivery(WHO, DAY)
    assert kept == row
    assert [step.state for step in kept.steps] == [S.CLAIMED, S.HANDED_OVER, S.ACCEPTED]


def test_a_move_may_be_repeated(store: Store) -> None:
    row = handed_over(store)
    store.move(row)
    assert store.get_delivery(WHO, DAY) == row


def test_a_move_made_from_an_old_row_is_a_conflict(store: Store) -> None:
    row = handed_over(store)
    store.move(ledger.accept(row, "receipt", NOW))
    with pytest.raises(StoreConflict):
        store.move(ledger.doubt(row, "no answer", NOW))
    kept = store.get_delivery(WHO, DAY)
    assert kept is not None
    assert kept.state is S.ACCEPTED


def test_who_lost_the_claim_cannot_move_the_row(memory: Memory, store: Store) -> None:
    def work(dying: Store) -> None:
        dying.start_run("dead")
        claim(dying, run_id="dead")

    memory.die_after(work)
    store.start_run("r1")
    stale = store.get_delivery(WHO, DAY)
    assert stale is not None
    mine = claim(store)
    with pytest.raises(StoreConflict):
        store.move(ledger.skip(stale, "nothing relevant", NOW))
    assert store.get_delivery(WHO, DAY) == mine


def test_a_row_that_was_never_claimed_cannot_be_moved(store: Store) -> None:
    row = ledger.skip(ledger.first_claim(WHO, DAY, "r1", NOW), "nothing relevant", NOW)
    with pytest.raises(StoreConflict):
        store.move(row)
    assert store.get_deliveries() == []


# --- asking the ledger


def test_rows_are_found_by_subscriber_date_and_state(store: Store) -> None:
    for who in ("s_b", "s_a"):
        for on in (date(2026, 12, 1), date(2026, 11, 30)):
            handed_over(store, who=who, on=on)
    claim(store, who="s_a", on=date(2026, 11, 2))

    def found(**conditions: object) -> list[str]:
        return [row.delivery_id for row in store.get_deliveries(**conditions)]  # type: ignore[arg-type]

    everything = ["s_a/2026-11-02", "s_a/2026-11-30", "s_b/2026-11-30", "s_a/2026-12-01", "s_b/2026-12-01"]
    assert found() == everything
    assert found(subscriber_id="s_b") == ["s_b/2026-11-30", "s_b/2026-12-01"]
    assert found(digest_on=date(2026, 12, 1)) == ["s_a/2026-12-01", "s_b/2026-12-01"]
    assert found(states=[S.CLAIMED]) == ["s_a/2026-11-02"]
    assert found(states=[S.CLAIMED, S.HANDED_OVER], subscriber_id="s_a", digest_on=date(2026, 11, 30)) == [
        "s_a/2026-11-30"
    ]
    assert found(subscriber_id="s_nobody") == []
    assert found(digest_on=date(2020, 1, 1)) == []


def test_papers_count_as_sent_unless_the_mail_was_surely_not_accepted(store: Store) -> None:
    ends: dict[str, Callable[[Delivery], Delivery | None]] = {
        "accepted": lambda row: ledger.accept(row, "x", NOW),
        "handed-over": lambda _row: None,
        "in-doubt": lambda row: ledger.doubt(row, "x", NOW),
        "deferred": lambda row: ledger.defer(row, "x", NOW, NOW),
        "rejected": lambda row: ledger.reject(row, "x", NOW),
    }
    for number, (name, end) in enumerate(ends.items()):
        row = handed_over(store, papers=(name,), on=DAY - timedelta(days=20 * number))
        moved = end(row)
        if moved is not None:
            store.move(moved)
    claim(store, on=DAY + timedelta(days=1))
    handed_over(store, papers=("of-somebody-else",), who="s_other")
    assert store.get_sent(WHO) == {"accepted", "handed-over", "in-doubt"}
    assert store.get_sent("s_nobody") == frozenset()


# --- runs


def test_the_current_run_is_the_one_started_last_that_has_not_ended(store: Store) -> None:
    store.start_run("r1")
    store.start_run("r2")
    assert store.current_run() == "r2"
    store.end_run("r2")
    assert store.current_run() == "r1"
    store.end_run("r1")
    assert store.current_run() == ""


def test_a_run_is_running_until_it_ends(memory: Memory) -> None:
    other = memory.another()
    assert not other.is_running("r7")
    memory.store.start_run("r7")
    memory.store.start_run("r7")
    assert memory.store.is_running("r7")
    assert other.is_running("r7")
    memory.store.end_run("r7")
    memory.store.end_run("r7")
    assert not memory.store.is_running("r7")
    assert not other.is_running("r7")


def test_a_run_is_not_running_after_its_process_was_killed(memory: Memory) -> None:
    memory.die_after(lambda dying: dying.start_run("dead"))
    assert not memory.store.is_running("dead")


def test_runs_come_newest_first_and_are_replaced_by_their_id(store: Store) -> None:
    store.record_run(run_report("a", DAY - timedelta(days=1)))
    store.record_run(run_report("b", started_at=NOW))
    store.record_run(run_report("c", started_at=NOW + timedelta(hours=1)))
    store.record_run(run_report("b", started_at=NOW + timedelta(minutes=1)))
    assert store.get_runs() == [
        run_report("c", started_at=NOW + timedelta(hours=1)),
        run_report("b", started_at=NOW + timedelta(minutes=1)),
        run_report("a", DAY - timedelta(days=1)),
    ]
    assert [run.run_id for run in store.get_runs(limit=2)] == ["c", "b"]
    assert [run.run_id for run in store.get_runs(digest_on=DAY - timedelta(days=1))] == ["a"]
    assert store.get_runs(digest_on=date(2020, 1, 1)) == []


# --- documents


def test_a_document_comes_back_unchanged(memory: Memory) -> None:
    text = "subscribers:\r\n- naïve\n\x00\ud800 end"
    assert memory.store.get_document("subscribers.yaml") is None
    memory.store.put_document("subscribers.yaml", "old")
    memory.store.put_document("subscribers.yaml", text)
    assert memory.another().get_document("subscribers.yaml") == text


# --- the folder store: values of every shape

foreign_text = st.text(st.characters() | st.characters(categories=["Cs"]) | st.just("\x00"), max_size=12)
instants = st.datetimes(timezones=st.just(UTC))
papers = st.builds(
    Paper,
    *(foreign_text, st.integers(1, 99), foreign_text, st.lists(foreign_text, max_size=3).map(tuple)),
    *(foreign_text, st.lists(foreign_text, min_size=1, max_size=3).map(tuple)),
)
announcements = st.builds(
    Announcement, papers, st.sampled_from(AnnounceType), st.lists(foreign_text, max_size=2).map(tuple)
)
feeds = st.builds(FeedReport, foreign_text, st.sampled_from(FeedOutcome), st.integers(0, 3000), foreign_text)
counts = st.none() | st.builds(Counts, *[st.integers(0, 9999)] * 5)
subscribers = st.builds(SubscriberReport, foreign_text, st.sampled_from(RunOutcome), counts, foreign_text, foreign_text)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[TinyStore, TinyStore]:
    """Two stores on one folder: what one writes, the other reads from the disk."""
    folder = tmp_path_factory.mktemp("shared")
    return TinyStore(folder), TinyStore(folder)


lawful = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@lawful
@given(st.dates(), st.lists(announcements, max_size=3), st.lists(feeds, max_size=2))
def test_every_announcement_day_round_trips(
    shared: tuple[TinyStore, TinyStore], on: date, shown: list[Announcement], reports: list[FeedReport]
) -> None:
    value = AnnouncementDay(on, tuple(shown), tuple(reports))
    shared[0].remember_day(value)
    assert shared[1].get_day(on) == value


@lawful
@given(
    st.builds(
        RunReport,
        *(st.just("r1"), st.dates(), instants, instants),
        *(st.lists(feeds, max_size=2).map(tuple), st.lists(subscribers, max_size=3).map(tuple)),
    )
)
def test_every_run_report_round_trips(shared: tuple[TinyStore, TinyStore], value: RunReport) -> None:
    shared[0].record_run(value)
    kept = shared[1].get_runs(digest_on=value.digest_on)
    assert kept == [value]
    assert kept[0].started_at.utcoffset() == timedelta(0)


@lawful
@given(instants, foreign_text, st.lists(foreign_text, max_size=3), st.integers(0, 10**6))
def test_every_delivery_round_trips(
    shared: tuple[TinyStore, TinyStore], now: datetime, text: str, ids: list[str], number: int
) -> None:
    writer, reader = shared
    who = f"s_{number}"
    on = DAY + timedelta(days=len(reader.get_deliveries(subscriber_id=who)))
    writer.start_run("r1")
    row = ledger.hand_over(
        claim(writer, who=who, on=on, now=now),
        paper_ids=tuple(ids),
        announced_on=(on,),
        message_id=text,
        now=now,
    )
    row = ledger.defer(row, text, now, now)
    writer.move(row)
    assert reader.get_delivery(who, on) == row


# --- the folder store: several processes


def test_of_racing_processes_one_has_each_claim(tmp_path: Path) -> None:
    processes, deliveries = 4, 50
    barrier = fork.Barrier(processes, timeout=30)

    def work(number: int, barrier: Barrier) -> None:
        store = TinyStore(tmp_path / "state")
        store.start_run(f"r_{number}")
        barrier.wait()
        won = [f"s_{n}" for n in range(deliveries) if store.claim(f"s_{n}", DAY, run_id=f"r_{number}", now=NOW)]
        barrier.wait()  # nobody's run ends while others still ask
        (tmp_path / f"won-{number}").write_text("\n".join(won))

    children = [fork.Process(target=work, args=(number, barrier)) for number in range(processes)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * processes

    won = {n: (tmp_path / f"won-{n}").read_text().split() for n in range(processes)}
    rows = TinyStore(tmp_path / "state").get_deliveries()
    assert sorted(who for names in won.values() for who in names) == sorted(f"s_{n}" for n in range(deliveries))
    assert {(row.subscriber_id, row.run_id) for row in rows} == {
        (who, f"r_{n}") for n, names in won.items() for who in names
    }
    assert {row.attempts for row in rows} == {1}


def test_a_second_process_cannot_start_the_same_run(tiny: TinyStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="r1 is already running"):
        TinyStore(tmp_path / "state").start_run("r1")


def test_a_run_may_end_in_another_thread_than_it_began(tiny: TinyStore) -> None:
    thread = threading.Thread(target=tiny.end_run, args=("r1",))
    thread.start()
    thread.join()
    assert not tiny.is_running("r1")


def test_waiting_for_a_stopped_process_ends_with_a_sentence(tmp_path: Path) -> None:
    stuck, waiting = FolderLock(tmp_path / "folder.lock"), FolderLock(tmp_path / "folder.lock", wait_s=0.0)
    with stuck.held(), pytest.raises(StoreError, match=r"held by another process.*end it"), waiting.held():
        pytest.fail("two holders")


def test_opening_removes_leftovers_and_spares_the_living(tiny: TinyStore, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    (folder / "tmp" / ".2026-11.json.abc.tmp").write_text("{ half")
    (folder / "locks" / "run-dead.lock").touch()
    TinyStore(folder)
    assert list((folder / "tmp").iterdir()) == []
    assert sorted(path.name for path in (folder / "locks").iterdir()) == ["folder.lock", "run-r1.lock"]
    assert tiny.is_running("r1")


# --- the folder store: what is on the disk


def test_the_folder_and_its_files_are_private(tiny: TinyStore, tmp_path: Path) -> None:
    tiny.remember_day(day(DAY))
    tiny.put_document("subscribers.yaml", "x")
    tiny.record_run(run_report("r1"))
    claim(tiny)
    folder = tmp_path / "state"
    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_file_is_replaced_and_never_written_into(tiny: TinyStore, tmp_path: Path) -> None:
    """Who has the old file open, or a second name for it, keeps the old content whole."""
    folder = tmp_path / "state"
    tiny.put_document("subscribers.yaml", "old")
    tiny.remember_day(day(DAY, 1))
    tiny.record_run(run_report("a"))
    row = claim(tiny)
    written = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "locks"]
    for number, path in enumerate(written):
        os.link(path, tmp_path / str(number))
    old = [path.read_bytes() for path in written]
    tiny.put_document("subscribers.yaml", "new")
    tiny.remember_day(day(DAY, 2))
    tiny.record_run(run_report("b"))
    tiny.move(ledger.skip(row, "nothing relevant", NOW))
    assert len(written) == 4
    for number, path in enumerate(written):
        assert (tmp_path / str(number)).read_bytes() == old[number] != path.read_bytes()


def test_the_files_are_where_the_documentation_says(tiny: TinyStore, tmp_path: Path) -> None:
    tiny.remember_day(day(DAY))
    tiny.put_document("subscribers.yaml", "x")
    tiny.record_run(run_report("r1"))
    claim(tiny)
    folder = tmp_path / "state"
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        "announcements/2026-11-22.json",
        "deliveries/s_8k2mpq4x/2026-11.json",
        "documents/subscribers.yaml",
        "locks/folder.lock",
        "locks/run-r1.lock",
        "runs/2026-11-22.json",
    ]


Damage = Callable[[str], str]

DAMAGES: dict[str, Damage] = {
    "torn": lambda text: text[: len(text) // 2],
    "empty": lambda _text: "",
    "zeroes": lambda text: "\x00" * len(text),
    "not an object": lambda _text: "[]",
    "without a format": lambda text: json.dumps({k: v for k, v in json.loads(text).items() if k != "format"}),
    "a table that is none": lambda text: json.dumps(json.loads(text) | {"deliveries": 3}),
    "a value that is none": lambda text: json.dumps(json.loads(text) | {"deliveries": {f"{WHO}/{DAY}": 3}}),
    "an unknown state": lambda text: text.replace('"claimed"', '"posted"'),
    "a field missing": lambda text: text.replace('"run_id"', '"run"'),
    "of somebody else": lambda text: text.replace(f'"subscriber_id":"{WHO}"', '"subscriber_id":"s_other"'),
    "nested without end": lambda _text: "[" * 100_000,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_an_error_and_never_an_empty_one(tiny: TinyStore, tmp_path: Path, damage: Damage) -> None:
    claim(tiny)
    path = tmp_path / "state" / "deliveries" / WHO / "2026-11.json"
    damaged = damage(path.read_text())
    assert damaged != path.read_text()
    path.write_text(damaged)
    for use in (
        lambda: tiny.get_delivery(WHO, DAY),
        lambda: tiny.get_sent(WHO),
        lambda: tiny.claim(WHO, DAY, run_id="r1", now=NOW),
    ):
        with pytest.raises(StoreError, match=r"2026-11\.json.*from a backup"):
            use()
    assert path.read_text() == damaged


def test_a_damaged_day_and_document_are_errors_too(tiny: TinyStore, tmp_path: Path) -> None:
    tiny.remember_day(day(DAY))
    tiny.put_document("subscribers.yaml", "x")
    (tmp_path / "state" / "announcements" / "2026-11-22.json").write_text("{")
    (tmp_path / "state" / "documents" / "subscribers.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(StoreError, match=r"2026-11-22\.json"):
        tiny.get_days(before=date(2027, 1, 1), limit=1)
    with pytest.raises(StoreError, match=r"subscribers\.yaml"):
        tiny.get_document("subscribers.yaml")


def test_a_file_of_a_later_format_is_refused(tiny: TinyStore, tmp_path: Path) -> None:
    claim(tiny)
    path = tmp_path / "state" / "deliveries" / WHO / "2026-11.json"
    path.write_text(path.read_text().replace('"format":1', '"format":2'))
    with pytest.raises(StoreError, match=r"format 2 .* install"):
        tiny.get_sent(WHO)


def test_stray_files_are_left_alone(tiny: TinyStore, tmp_path: Path) -> None:
    claim(tiny)
    for name in ("deliveries/.DS_Store", f"deliveries/{WHO}/2026-11.json~", "announcements/notes.txt"):
        (tmp_path / "state" / name).write_text("mine")
    assert len(tiny.get_deliveries()) == 1
    assert tiny.get_days(before=DAY, limit=3) == []


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".hidden", "a\x00b", "a\n", "ä", "x" * 101])
def test_an_id_that_could_lead_out_of_the_folder_is_refused(tiny: TinyStore, name: str) -> None:
    tiny_uses: tuple[Callable[[], object], ...] = (
        lambda: tiny.put_document(name, "x"),
        lambda: tiny.get_document(name),
        lambda: tiny.start_run(name),
        lambda: tiny.claim(name, DAY, run_id="r1", now=NOW),
        lambda: tiny.claim(WHO, DAY, run_id=name, now=NOW),
        lambda: tiny.get_sent(name),
    )
    for use in tiny_uses:
        with pytest.raises(StoreError, match="cannot be a file name"):
            use()


def test_a_disk_that_fills_up_leaves_the_old_row_whole(tiny: TinyStore, tmp_path: Path) -> None:
    row = claim(tiny)
    with no_more_than(100), pytest.raises(StoreError, match="check the disk's free space"):
        tiny.move(ledger.skip(row, "nothing relevant", NOW))
    assert tiny.get_delivery(WHO, DAY) == row
    assert list((tmp_path / "state" / "tmp").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the way")
    with pytest.raises(StoreError, match=r"state.*check the disk"):
        TinyStore(tmp_path / "state")


def test_a_day_that_is_not_asked_for_is_not_read(tiny: TinyStore, tmp_path: Path) -> None:
    for number in (18, 19, 20, 21):
        tiny.remember_day(day(date(2026, 11, number)))
    (tmp_path / "state" / "announcements" / "2026-11-18.json").write_text("not read")
    (tmp_path / "state" / "announcements" / "2026-11-21.json").write_text("not read")
    found = tiny.get_days(before=date(2026, 11, 21), limit=2)
    assert [one.announced_on.day for one in found] == [19, 20]
