"""What every Store promises about welcomes: begun once, kept for good, and each changed in one step."""

from dataclasses import replace
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.model import PromisedMail, Welcome
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from tests.contract.stores.memories import NOW, WHO, Memory, SharedMemory, race

WAITING = Welcome(WHO, NOW, PromisedMail.WAITING)
OTHER = Welcome("s_other234", NOW + timedelta(hours=1), PromisedMail.NONE)


def test_nothing_is_known_before_the_beginning_and_a_beginning_with_nobody_is_one(memory: Memory, store: Store) -> None:
    assert store.get_welcomes() is None
    assert not store.has_begun_welcomes()
    assert store.begin_welcomes([])
    assert memory.another().get_welcomes() == []
    assert memory.another().has_begun_welcomes()


def test_they_begin_once(memory: Memory, store: Store) -> None:
    assert store.begin_welcomes([OTHER, WAITING])
    assert not store.begin_welcomes([])
    assert not memory.another().begin_welcomes([replace(OTHER, mail=PromisedMail.SENT)])
    assert memory.another().get_welcomes() == [WAITING, OTHER]


def test_one_is_changed_in_one_step_and_can_be_dropped(memory: Memory, store: Store) -> None:
    store.begin_welcomes([OTHER])
    assert store.change_welcome(WHO, lambda known: WAITING if known is None else None) == WAITING
    held = replace(WAITING, tries=3, retry_at=NOW + timedelta(minutes=5), held_by="a-run")
    assert store.change_welcome(WHO, lambda known: held) == held
    assert memory.another().get_welcomes() == [held, OTHER]
    assert store.change_welcome(WHO, lambda known: None) is None
    assert store.change_welcome("s_nobody22", lambda known: known) is None
    assert memory.another().get_welcomes() == [OTHER]


def test_a_change_may_ask_which_runs_live(memory: Memory, store: Store) -> None:
    memory.another().start_run("a-run")
    store.begin_welcomes([WAITING])
    store.change_welcome(WHO, lambda known: replace(WAITING, tries=store.is_running("a-run") + 1))
    assert store.get_welcomes() == [replace(WAITING, tries=2)]


def test_who_is_forgotten_is_not_welcomed_again_by_that(store: Store) -> None:
    store.begin_welcomes([WAITING])
    store.forget_enrolled(WHO)
    assert store.get_welcomes() == [WAITING]


def test_of_racing_processes_one_begins_and_no_change_is_lost(shared: SharedMemory) -> None:
    def work(number: int, barrier: Barrier) -> None:
        store = shared.another()
        barrier.wait()
        store.begin_welcomes([replace(WAITING, tries=0)])
        for _ in range(5):
            store.change_welcome(WHO, lambda known: known and replace(known, tries=known.tries + 1))

    race(work)
    assert shared.another().get_welcomes() == [replace(WAITING, tries=20)]


def test_a_damaged_file_is_never_taken_for_nobody(tmp_path: Path) -> None:
    store = TinyStore(tmp_path / "state")
    store.begin_welcomes([WAITING])
    path = tmp_path / "state/welcomes/all.json"
    path.write_bytes(path.read_bytes()[:-9])
    for use in (store.get_welcomes, lambda: store.change_welcome(WHO, lambda known: None)):
        with pytest.raises(StoreError, match="put this file back from a backup"):
            use()
    assert not store.begin_welcomes([])
