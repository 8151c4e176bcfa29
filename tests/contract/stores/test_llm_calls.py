"""What every Store promises about a model's answers and calls: remembered by key and UTC day, and never over budget."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import StoreError
from newsletter.model import Grading, ModelCall
from newsletter.model.spending import spent
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from tests.contract.stores.memories import Memory, SharedMemory, race
from tests.contract.stores.test_tinydb_crash import run_and_die_at
from tests.fakes import MemoryStore, no_more_than

DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 6, 47, tzinfo=UTC)
PROFILE = "p_0123456789abcdef"
TWO_SECONDS = timedelta(seconds=2)


def judgement(arxiv_id: str = "2511.00001", at: datetime = NOW, relevance: int = 7, version: int = 1) -> Grading:
    comment = "Meets “attention”, with \x00 and \ud800 in it."
    return Grading(arxiv_id, version, PROFILE, "gpt-6-luna", "k1", relevance, 5, comment, was_random=False, at=at)


def call(call_id: str = "c1", at: datetime = NOW, cost: str | None = "0.04") -> ModelCall:
    cost_usd = None if cost is None else Decimal(cost)
    papers = ("2511.00001", "hep-th/9901001")
    return ModelCall(call_id, at, "gpt-6-luna", "flex", PROFILE, papers, "sha256:ab", cost_usd=cost_usd)


def ended(pending: ModelCall, cost: str = "0.01") -> ModelCall:
    return replace(
        pending,
        outcome="ok",
        prompt_tokens=1200,
        cached_tokens=1000,
        cache_write_tokens=100,
        completion_tokens=80,
        cost_usd=Decimal(cost),
        seconds=1.5,
        answer='{"papers": []} \x00 \ud800',
    )


def of_day(store: Store, day: date = DAY) -> list[ModelCall]:
    return store.get_calls(since=day, until=day)


# --- judgements ---------------------------------------------------------------------------------------


def test_judgements_come_back_as_they_were_put_oldest_first(memory: Memory) -> None:
    old, new = judgement(at=NOW - timedelta(days=3)), judgement("hep-th/9901001", version=2)
    memory.store.put_gradings([new, old])
    assert memory.another().get_gradings(PROFILE, since=DAY - timedelta(days=3)) == [old, new]


def test_judgements_before_the_first_day_asked_for_stay_away(store: Store) -> None:
    store.put_gradings([judgement(at=NOW - timedelta(days=1)), judgement("2511.00002")])
    assert [each.arxiv_id for each in store.get_gradings(PROFILE, since=DAY)] == ["2511.00002"]


def test_nothing_is_known_of_a_profile_nobody_judged_for(store: Store) -> None:
    store.put_gradings([judgement()])
    store.put_gradings([])
    assert store.get_gradings("p_ffffffffffffffff", since=date(2020, 1, 1)) == []


def test_related_judgements_are_those_of_all_profiles_whose_keys_begin_alike(memory: Memory) -> None:
    keys = ("aaaa1111", "aaaa2222", "bbbb1111")
    first, second, other = (replace(judgement(at=NOW + n * TWO_SECONDS), profile_key=k) for n, k in enumerate(keys))
    memory.store.put_gradings([second, first, other])
    store = memory.another()
    assert store.get_related_gradings("aaaa", since=DAY) == [first, second]
    assert store.get_related_gradings("aaaa1111", since=DAY) == [first]
    assert store.get_related_gradings("cccc", since=DAY) == []
    assert store.get_related_gradings("aaaa", since=DAY + timedelta(days=1)) == []


@pytest.mark.parametrize("later", [TWO_SECONDS, timedelta(days=2)], ids=["same day", "another day"])
def test_an_answer_with_the_same_key_takes_the_earlier_ones_place(store: Store, later: timedelta) -> None:
    store.put_gradings([judgement(relevance=3), judgement("2511.00002")])
    again = judgement(relevance=9, at=NOW + later)
    store.put_gradings([again])
    assert store.get_gradings(PROFILE, since=DAY) == [judgement("2511.00002"), again]


@pytest.mark.parametrize(
    "other",
    [
        replace(judgement(), model="gpt-6.1-terra"),
        replace(judgement(), prompt_key="k2"),
        replace(judgement(), version=2),
    ],
    ids=["model", "prompt", "version"],
)
def test_another_model_prompt_or_version_is_another_judgement(store: Store, other: Grading) -> None:
    store.put_gradings([other])
    store.put_gradings([judgement()])
    assert store.get_gradings(PROFILE, since=DAY) == [judgement(), other], "of one moment: always alike"


def test_putting_the_same_judgements_again_changes_nothing(store: Store) -> None:
    for _ in range(2):
        store.put_gradings([judgement(), judgement("2511.00002")])
    assert len(store.get_gradings(PROFILE, since=DAY)) == 2


# --- calls --------------------------------------------------------------------------------------------


def test_a_call_is_pending_until_it_ends(memory: Memory) -> None:
    pending = call()
    assert memory.store.begin_call(pending, budget_usd=None)
    assert of_day(memory.another()) == [pending]
    memory.store.end_call(ended(pending))
    assert of_day(memory.another()) == [ended(pending)]


def test_calls_come_oldest_first_from_all_days_asked_for(store: Store) -> None:
    made = [call(f"c{days}", NOW + timedelta(days=days)) for days in range(4)]
    for each in reversed(made):
        store.begin_call(each, budget_usd=None)
    assert store.get_calls(since=DAY + timedelta(days=1), until=DAY + timedelta(days=2)) == made[1:3]
    assert store.get_calls(since=date.min, until=date.max) == made


def test_a_call_that_spans_midnight_is_found_by_the_day_it_began(store: Store) -> None:
    late = call(at=datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC))
    store.begin_call(late, budget_usd=None)
    store.end_call(replace(ended(late), seconds=7.0))
    (found,) = store.get_calls(since=date.min, until=date.max)
    assert (found.outcome, found.seconds) == ("ok", 7.0)
    assert of_day(store, DAY + timedelta(days=1)) == []


def test_the_day_is_utcs_wherever_the_clock_is(store: Store) -> None:
    """23:30 in New York is the next day in UTC, where its budget is."""
    evening = datetime(2026, 11, 22, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert store.begin_call(call(cost="0.10"), budget_usd=Decimal("0.10"))
    assert store.begin_call(call("c2", evening, "0.10"), budget_usd=Decimal("0.10"))
    assert [each.call_id for each in of_day(store, date(2026, 11, 23))] == ["c2"]


def test_beginning_or_ending_a_call_again_changes_nothing(store: Store) -> None:
    pending = call(cost="0.10")
    for _ in range(2):
        assert store.begin_call(pending, budget_usd=Decimal("0.10"))
    for _ in range(2):
        store.end_call(ended(pending))
    assert store.begin_call(pending, budget_usd=Decimal("0.10"))
    assert of_day(store) == [ended(pending)]


# --- the budget ---------------------------------------------------------------------------------------


def test_a_call_that_could_pass_the_budget_is_refused_and_not_written(store: Store) -> None:
    assert store.begin_call(call("c1"), budget_usd=Decimal("0.10"))
    assert store.begin_call(call("c2"), budget_usd=Decimal("0.10"))
    assert not store.begin_call(call("c3"), budget_usd=Decimal("0.10"))
    assert store.begin_call(call("c4", cost="0.02"), budget_usd=Decimal("0.10"))
    assert [each.call_id for each in of_day(store)] == ["c1", "c2", "c4"]


def test_what_a_call_did_not_use_of_its_highest_cost_is_free_again(store: Store) -> None:
    first = call("c1", cost="0.09")
    assert store.begin_call(first, budget_usd=Decimal("0.10"))
    assert not store.begin_call(call("c2"), budget_usd=Decimal("0.10"))
    store.end_call(ended(first, "0.01"))
    assert store.begin_call(call("c2"), budget_usd=Decimal("0.10"))


def test_each_day_has_a_budget_of_its_own(store: Store) -> None:
    assert store.begin_call(call("c1", cost="0.10"), budget_usd=Decimal("0.10"))
    assert store.begin_call(call("c2", NOW + timedelta(days=1), "0.10"), budget_usd=Decimal("0.10"))


def test_a_call_without_a_known_price_passes_without_a_budget_only(store: Store) -> None:
    assert not store.begin_call(call(cost=None), budget_usd=Decimal(100))
    assert store.begin_call(call(cost=None), budget_usd=None)


def test_a_call_whose_process_was_killed_counts_at_its_highest_cost(memory: Memory) -> None:
    memory.die_after(lambda store: store.begin_call(call("c1", cost="0.08"), budget_usd=Decimal("0.10")))
    store = memory.another()
    assert [each.outcome for each in of_day(store)] == ["pending"]
    assert not store.begin_call(call("c2"), budget_usd=Decimal("0.10"))
    assert store.begin_call(call("c3", cost="0.02"), budget_usd=Decimal("0.10"))


def test_of_calls_begun_by_racing_processes_no_sum_passes_the_budget(shared: SharedMemory) -> None:
    """Four processes, ten calls each at 0.01, and a budget of 0.17: exactly 17 begin, whoever asks."""
    budget = Decimal("0.17")

    def spend(who: int, barrier: Barrier) -> None:
        store = shared.another()
        barrier.wait()
        for number in range(10):
            store.begin_call(call(f"c{who}-{number}", cost="0.01"), budget_usd=budget)

    race(spend)
    begun = of_day(shared.another())
    assert len(begun) == 17
    assert spent(begun) == budget


steps = st.lists(
    st.tuples(st.sampled_from(["begin", "end"]), st.integers(0, 5), st.integers(0, 60), st.integers(0, 60)), max_size=15
)


@given(steps)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@pytest.mark.parametrize("kind", ["tiny", "memory"])
def test_whatever_begins_and_ends_the_days_sum_stays_within_the_budget(
    kind: str, tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[str, int, int, int]]
) -> None:
    """Ending means: at no more than was said at the beginning."""
    store: Store = TinyStore(tmp_path_factory.mktemp("state")) if kind == "tiny" else MemoryStore()
    budget = Decimal("1.00")
    for move, number, cents, used in moves:
        pending = call(f"c{number}", cost=str(Decimal(cents) / 100))
        known = {each.call_id: each for each in of_day(store)}
        if move == "begin":
            store.begin_call(pending, budget_usd=budget)
        elif pending.call_id in known and known[pending.call_id].outcome == "pending":
            highest = known[pending.call_id].cost_usd or Decimal(0)
            store.end_call(ended(pending, str(min(highest, Decimal(used) / 100))))
        assert spent(of_day(store)) <= budget


# --- forgetting ---------------------------------------------------------------------------------------


def test_forgetting_drops_judgements_and_calls_before_the_day_and_keeps_the_rest(memory: Memory) -> None:
    yesterday = NOW - timedelta(days=1)
    memory.store.put_gradings([judgement(at=yesterday), judgement("2511.00002")])
    memory.store.begin_call(call("c1", yesterday), budget_usd=None)
    memory.store.begin_call(call("c2"), budget_usd=None)
    for _ in range(2):
        memory.store.forget_calls(before=DAY)
    store = memory.another()
    assert store.get_gradings(PROFILE, since=date.min) == [judgement("2511.00002")]
    assert [each.call_id for each in store.get_calls(since=date.min, until=date.max)] == ["c2"]


def test_a_profile_without_judgements_leaves_no_folder_behind(tmp_path: Path) -> None:
    store = TinyStore(tmp_path)
    store.put_gradings([judgement()])
    store.forget_calls(before=DAY + timedelta(days=1))
    assert list((tmp_path / "judgements").iterdir()) == []


# --- the folder ---------------------------------------------------------------------------------------


def test_the_files_are_where_the_state_page_says(tmp_path: Path) -> None:
    store = TinyStore(tmp_path)
    store.put_gradings([judgement()])
    store.begin_call(call(), budget_usd=None)
    kept = json.loads((tmp_path / "judgements" / PROFILE / "2026-11-22.json").read_bytes())
    assert list(kept["judgements"]) == ["gpt-6-luna/k1/2511.00001v1"]
    assert list(json.loads((tmp_path / "calls" / "2026-11-22.json").read_bytes())["calls"]) == ["c1"]


@pytest.mark.parametrize("name", ["../escape", "a/b", "", ".hidden"])
def test_a_profile_key_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    store = TinyStore(tmp_path)
    with pytest.raises(StoreError, match="file name"):
        store.put_gradings([replace(judgement(), profile_key=name)])
    with pytest.raises(StoreError, match="file name"):
        store.get_gradings(name, since=DAY)


def test_a_broken_file_of_calls_stops_the_next_call_instead_of_forgetting_what_was_spent(tmp_path: Path) -> None:
    store = TinyStore(tmp_path)
    (tmp_path / "calls" / "2026-11-22.json").write_text('{"format": 1, "calls": {"c1": {"cost')
    with pytest.raises(StoreError, match=r"2026-11-22\.json cannot be read"):
        store.begin_call(call(), budget_usd=Decimal(1))


def test_a_full_disk_refuses_the_call_before_it_is_made(tmp_path: Path) -> None:
    store = TinyStore(tmp_path)
    with no_more_than(100), pytest.raises(StoreError, match="free space"):
        store.begin_call(call(), budget_usd=None)
    assert of_day(store) == []


# --- killed at any line -------------------------------------------------------------------------------


def kill_at_every_line(work: Callable[[], object], check: Callable[[], None]) -> None:
    """Runs `work` in children killed at their first, second, … line, until one gets to its end."""
    line = 1
    while run_and_die_at(line, work):
        check()
        line += 1 + line // 20  # each of the first lines, then ever fewer of the many
    check()


def test_killed_while_judgements_are_written_the_whole_batch_is_there_or_nothing_of_it(tmp_path: Path) -> None:
    store = TinyStore(tmp_path)
    before = [judgement("2511.00001", relevance=2)]
    batch = [judgement(f"2511.{number:05d}") for number in range(1, 4)]
    store.put_gradings(before)
    seen = []

    def check() -> None:
        kept = store.get_gradings(PROFILE, since=DAY)
        assert kept in (before, batch)
        seen.append(kept == batch)

    kill_at_every_line(lambda: TinyStore(tmp_path).put_gradings(batch), check)
    assert set(seen) == {False, True}


def test_killed_between_begin_and_end_a_call_is_never_lost_or_half(tmp_path: Path) -> None:
    """Whenever the next process looks, the call is not begun, pending at its highest cost, or ended."""
    store = TinyStore(tmp_path)
    pending = call(cost="0.08")
    seen = set()

    def work() -> None:
        opened = TinyStore(tmp_path)  # a lock is not inherited by a forked child
        opened.begin_call(pending, budget_usd=Decimal("0.10"))
        opened.end_call(ended(pending))

    def check() -> None:
        kept = of_day(store)
        assert kept in ([], [pending], [ended(pending)])
        seen.add(kept[0].outcome if kept else "none")
        store.forget_calls(before=DAY + timedelta(days=1))

    kill_at_every_line(work, check)
    assert seen == {"none", "pending", "ok"}
