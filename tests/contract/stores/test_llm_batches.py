"""What every Store promises about batches of calls, and what the folder store promises when it is killed."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from newsletter.model import BatchedPaper, BatchLine, BatchState, ModelBatch, ModelCall
from newsletter.model.spending import spent
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from tests.contract.stores.memories import Memory, SharedMemory, race
from tests.contract.stores.test_llm_calls import kill_at_every_line

DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 5, 22, tzinfo=UTC)
PROFILE = "p_0123456789abcdef"


def batch(batch_id: str = "b1", at: datetime = NOW, **changes: object) -> ModelBatch:
    papers = (BatchedPaper("2511.00001-k3q", "2511.00001", 2, was_random=True),)
    lines = (BatchLine(f"{batch_id}-c1", papers, 1200, 4170), BatchLine(f"{batch_id}-c2", papers, 900, 4170))
    plain = ModelBatch(batch_id, at, "r1", DAY, PROFILE, "gpt-6-luna", "k7", 7, lines)
    return replace(plain, **changes)  # type: ignore[arg-type]


def calls_of(one: ModelBatch, cost: str | None = "0.04") -> list[ModelCall]:
    cost_usd = None if cost is None else Decimal(cost)
    papers = ("2511.00001",)
    return [
        ModelCall(line.call_id, one.at, one.model, "batch", PROFILE, papers, "ab", cost_usd=cost_usd)
        for line in one.lines
    ]


def of_day(store: Store, day: date = DAY) -> list[ModelCall]:
    return store.get_calls(since=day, until=day)


def test_a_batch_comes_back_with_its_calls(memory: Memory) -> None:
    assert memory.store.get_batches(since=date.min) == []
    assert memory.store.begin_batch(batch(), calls_of(batch()), budget_usd=None)
    assert memory.another().get_batches(since=DAY) == [batch()]
    assert of_day(memory.another()) == calls_of(batch())


def test_beginning_the_same_batch_again_changes_nothing(store: Store) -> None:
    for _ in range(2):
        assert store.begin_batch(batch(), calls_of(batch()), budget_usd=Decimal("0.08"))
    assert (len(store.get_batches(since=DAY)), len(of_day(store))) == (1, 2)


@pytest.mark.parametrize("state", list(BatchState))
def test_a_question_is_asked_in_one_batch_whatever_became_of_it(store: Store, state: BatchState) -> None:
    store.begin_batch(batch(), (), budget_usd=None)
    store.move_batch(batch(state=state))
    later = batch("b2", NOW + timedelta(hours=1))
    assert not store.begin_batch(later, calls_of(later), budget_usd=None)
    assert store.get_batches(since=DAY) == [batch(state=state)]
    assert of_day(store) == []


@pytest.mark.parametrize(
    "other",
    [
        {"profile_key": "p_fedcba9876543210"},
        {"model": "gpt-6.1-terra"},
        {"prompt_key": "k5"},
        {"announced_on": DAY + timedelta(days=1)},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_profile_model_prompt_or_day_is_another_question(store: Store, other: dict[str, object]) -> None:
    assert store.begin_batch(batch(), (), budget_usd=None)
    assert store.begin_batch(batch("b2", **other), (), budget_usd=None)


def test_a_batch_that_could_pass_the_budget_is_refused_as_a_whole(store: Store) -> None:
    assert not store.begin_batch(batch(), calls_of(batch()), budget_usd=Decimal("0.079"))
    assert not store.begin_batch(batch(), calls_of(batch(), None), budget_usd=Decimal(9))
    assert (store.get_batches(since=DAY), of_day(store)) == ([], [])
    assert store.begin_batch(batch(), calls_of(batch()), budget_usd=Decimal("0.08"))
    assert spent(of_day(store)) == Decimal("0.08")


def test_calls_of_the_day_and_of_batches_share_the_budget(store: Store) -> None:
    single = calls_of(batch("b9"))[0]
    assert store.begin_call(single, budget_usd=Decimal("0.11"))
    assert not store.begin_batch(batch(), calls_of(batch()), budget_usd=Decimal("0.11"))
    assert store.begin_batch(batch(), calls_of(batch()), budget_usd=Decimal("0.12"))
    assert not store.begin_call(calls_of(batch("b8"))[0], budget_usd=Decimal("0.12"))


def test_a_batch_moves_until_it_has_ended(memory: Memory) -> None:
    store = memory.store
    store.begin_batch(batch(), (), budget_usd=None)
    submitted = batch(state=BatchState.SUBMITTED, provider_id="batch_68")
    ended = replace(submitted, state=BatchState.ENDED, detail="expired")
    for each in (submitted, ended, submitted):  # the last: another process, which has not seen that it ended
        store.move_batch(each)
    assert memory.another().get_batches(since=DAY) == [ended]
    store.move_batch(replace(ended, is_in_mail=True))
    assert memory.another().get_batches(since=DAY) == [replace(ended, is_in_mail=True)]


def test_batches_come_oldest_first_from_the_days_asked_for(store: Store) -> None:
    made = [batch(f"b{n}", NOW + timedelta(days=n), announced_on=DAY + timedelta(days=n)) for n in range(3)]
    for each in reversed(made):
        store.begin_batch(each, (), budget_usd=None)
    assert store.get_batches(since=DAY + timedelta(days=1)) == made[1:]
    store.forget_calls(before=DAY + timedelta(days=2))
    assert store.get_batches(since=date.min) == made[2:]


def test_of_batches_begun_by_racing_processes_one_wins(shared: SharedMemory) -> None:

    def begin(who: int, barrier: Barrier) -> None:
        store = shared.another()
        mine = batch(f"b{who}")
        barrier.wait()
        store.begin_batch(mine, calls_of(mine), budget_usd=None)

    race(begin)
    (won,) = shared.another().get_batches(since=DAY)
    assert of_day(shared.another()) == calls_of(won)


def test_the_file_is_where_the_state_page_says(tmp_path: Path) -> None:
    TinyStore(tmp_path).begin_batch(batch(), (), budget_usd=None)
    assert list(json.loads((tmp_path / "batches" / "2026-11-24.json").read_bytes())["batches"]) == ["b1"]


def test_killed_while_it_begins_a_batch_has_all_of_its_calls_or_none(tmp_path: Path) -> None:
    store = TinyStore(tmp_path)
    seen = set()

    def check() -> None:
        batches, calls = store.get_batches(since=DAY), of_day(store)
        assert batches in ([], [batch()])
        assert calls in ([], calls_of(batch()))
        assert batches or not calls, "calls without a batch would never end"
        seen.add((len(batches), len(calls)))
        store.forget_calls(before=DAY + timedelta(days=1))

    kill_at_every_line(
        lambda: TinyStore(tmp_path).begin_batch(batch(), calls_of(batch()), budget_usd=Decimal(1)), check
    )
    assert {(0, 0), (1, 2)} <= seen
