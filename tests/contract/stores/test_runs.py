"""What every Store promises about runs: alive until they end, however they end, and reported newest first."""

import threading
from datetime import date, timedelta
from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from tests.contract.stores.memories import DAY, NOW, Memory, run_report


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


def test_a_second_process_cannot_start_the_same_run(tiny: TinyStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="r1 is already running"):
        TinyStore(tmp_path / "state").start_run("r1")


def test_a_run_may_end_in_another_thread_than_it_began(tiny: TinyStore) -> None:
    thread = threading.Thread(target=tiny.end_run, args=("r1",))
    thread.start()
    thread.join()
    assert not tiny.is_running("r1")
