"""A memory that began anew is refused, on what its sender or an event tells of it, until the operator's word."""

from datetime import date, timedelta

import pytest

from newsletter.errors import StoreError
from newsletter.model import EventKind, MailEvent
from newsletter.services import lost_memory
from newsletter.services.lost_memory import SentBefore
from tests import make
from tests.contract.stores.memories import run_report
from tests.fakes import MemoryStore

TODAY = date(2026, 11, 29)
REMEDY = r"newsletter restore FILE.+newsletter begin-anew' goes on without it"


def started(store: MemoryStore, digests: int | None = 0, *, is_passing: bool = False) -> str:
    return lost_memory.require_known(store, TODAY, lambda since: SentBefore(digests, "why not", is_passing))


def asked_again(since: date) -> SentBefore:
    raise AssertionError("asked for no need")


def event(on: date) -> MailEvent:
    return MailEvent(EventKind.BOUNCED_HARD, "s_abcd2345", on, make.NOW)


def test_a_new_memory_is_refused_where_digests_left_before_it() -> None:
    store = MemoryStore()
    for _ in range(2):
        with pytest.raises(StoreError, match=rf"1,234 digests of this newsletter left since 2026-10-25.+{REMEDY}"):
            started(store, 1_234)
    lost_memory.begin_anew(store, TODAY)
    assert lost_memory.require_known(store, TODAY, asked_again) == ""


@pytest.mark.parametrize("digests", [0, None])
def test_where_none_left_or_nobody_can_say_it_begins_and_asks_no_more(digests: int | None) -> None:
    store = MemoryStore()
    assert started(store, digests) == "why not"
    assert lost_memory.require_known(store, TODAY, asked_again) == ""


def test_who_could_not_be_reached_is_asked_again() -> None:
    store = MemoryStore()
    started(store, None, is_passing=True)
    with pytest.raises(StoreError, match="is new"):
        started(store, 7)


def test_a_memory_with_runs_is_not_asked_about() -> None:
    store = MemoryStore()
    store.record_run(run_report("r1"))
    assert lost_memory.require_known(store, TODAY, asked_again) == ""
    assert not lost_memory.note_unknown(store, event(date(2020, 1, 1)))
    lost_memory.require_whole(store)


def test_who_only_looks_notes_nothing() -> None:
    store = MemoryStore()
    lost_memory.require_known(store, TODAY, lambda since: SentBefore(0), is_noted=False)
    assert store.get_document(lost_memory.DOCUMENT) is None


@pytest.mark.parametrize(("days", "is_lost"), [(-40, True), (0, True), (1, False)])
def test_an_event_of_a_mail_that_is_older_than_the_memory_tells_of_its_loss(days: int, is_lost: bool) -> None:
    store = MemoryStore()
    started(store)
    on = TODAY + timedelta(days=days)
    assert lost_memory.note_unknown(store, event(on)) == is_lost
    if is_lost:
        with pytest.raises(StoreError, match=rf"does not know the mail s_abcd2345/{on}.+{REMEDY}"):
            lost_memory.require_whole(store)
        with pytest.raises(StoreError):
            lost_memory.require_known(store, TODAY, asked_again)
    lost_memory.begin_anew(store, TODAY)
    assert not lost_memory.note_unknown(store, event(on))
    lost_memory.require_whole(store)


def test_before_anything_was_noted_an_event_tells_nothing() -> None:
    store = MemoryStore()
    assert not lost_memory.note_unknown(store, event(TODAY))
    store.put_document(lost_memory.DOCUMENT, "written by a later version")
    assert not lost_memory.note_unknown(store, event(TODAY))
    lost_memory.require_whole(store)
