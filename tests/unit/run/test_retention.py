"""What is forgotten and when: as a rule by age, and never by a clock that is wrong for an hour."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.model import Grading, ModelBatch, ModelCall, PaperVector, SignUp
from newsletter.run.retention import (
    DOCUMENT,
    EVIDENCE_DAYS,
    MOST_DAYS,
    RETENTION_RULES,
    RetentionRule,
    evidence,
    forget_expired,
)
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from tests import make
from tests.fakes import MemoryStore

DAY = date(2026, 11, 24)
WRONG = date(2028, 1, 4)
ONE = timedelta(days=1)
KINDS = ("announcements", "vectors", "calls", "judgements", "batches", "claims", "sign-ups")


@pytest.fixture(params=["tiny", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return TinyStore(tmp_path / "state") if request.param == "tiny" else MemoryStore()


@pytest.fixture
def quick() -> Store:
    """For long times; the bound that both stores keep has a test of its own."""
    return MemoryStore()


def noon(on: date) -> datetime:
    return datetime.combine(on, time(12), UTC)


def call(on: date, cost: str = "0.04") -> ModelCall:
    return ModelCall(
        f"c{on}", noon(on), "a-model", "standard", "profile", ("2611.00001",), "sha256:ab", cost_usd=Decimal(cost)
    )


def fill(store: Store, on: date) -> None:
    """One thing of each kind."""
    store.remember_day(make.day(on, [make.announcement()]))
    store.put_vectors([PaperVector(f"{on:%y%m}.{on.day:05}", 1, "m", on, "AAEC")])
    store.begin_call(call(on), budget_usd=None)
    store.put_gradings([Grading(f"{on:%y%m}.{on.day:05}", 1, "profile", "m", "p", 7, 5, "Good.", False, noon(on))])
    store.begin_batch(ModelBatch(f"b{on}", noon(on), "r", on, "profile", "m", "p", 6), (), budget_usd=None)
    store.claim_once("mail", "key", on=on)
    store.add_sign_up(SignUp(f"s_{on:%Y%m%d}", noon(on), "ada@example.org", "Ada", ("cs.LG",), "words"))


def kept(store: Store, on: date) -> set[str]:
    """The kinds of which that day's thing is still there."""
    found = {
        "announcements": store.get_day(on) is not None,
        "vectors": bool(store.get_vectors("m", [(f"{on:%y%m}.{on.day:05}", 1)])),
        "calls": bool(store.get_calls(since=on, until=on)),
        "judgements": noon(on) in [one.at for one in store.get_gradings("profile", since=date.min)],
        "batches": f"b{on}" in [one.batch_id for one in store.get_batches(since=date.min)],
        "sign-ups": store.get_sign_up(f"s_{on:%Y%m%d}", on) is not None,
    }
    return {kind for kind, is_there in found.items() if is_there}


DATED = set(KINDS) - {"claims"}  # whether a claim is there can only be asked by claiming it


def live(store: Store, first: date, days: int, *, runs: int = 1) -> None:
    """A newsletter that runs on each of these days, some times a day."""
    for number in range(days):
        on = first + number * ONE
        fill(store, on)
        for _ in range(runs):
            forget_expired(store, on)


def must_be_kept(days_old: int) -> set[str]:
    return DATED if days_old <= 7 else DATED - {"sign-ups"}


def test_every_kind_a_store_can_forget_has_its_time() -> None:
    """But who is enrolled: a person decides that."""
    store = MemoryStore()
    names = {name for name in dir(Store) if name.startswith("forget_")} - {"forget_enrolled"}
    assert {each.forget(store).__name__ for each in RETENTION_RULES} == names
    assert all(each.why and each.days >= timedelta(days=7) for each in RETENTION_RULES)


def test_in_a_year_as_it_should_be_each_kind_is_kept_for_its_time_and_not_much_longer(quick: Store) -> None:
    live(quick, DAY - 90 * ONE, 91, runs=2)
    late = (EVIDENCE_DAYS - 1) * ONE
    assert kept(quick, DAY - 60 * ONE) == DATED - {"sign-ups"}
    assert kept(quick, DAY - 61 * ONE - late) == set()
    assert kept(quick, DAY - 7 * ONE) == DATED
    assert "sign-ups" not in kept(quick, DAY - 8 * ONE - late)
    assert quick.claim_once("mail", "key", on=DAY - 61 * ONE - late)
    assert not quick.claim_once("mail", "key", on=DAY - 60 * ONE)


def test_after_a_pause_the_rest_goes_a_few_days_at_a_time(quick: Store) -> None:
    for number in range(30):
        fill(quick, DAY - (200 - number) * ONE)
    live(quick, DAY - 2 * ONE, 3)
    gone = [number for number in range(30) if not kept(quick, DAY - (200 - number) * ONE)]
    assert gone == list(range(MOST_DAYS))  # the oldest
    live(quick, DAY + ONE, 10)
    assert not kept(quick, DAY - 171 * ONE)


@pytest.mark.parametrize("days_before", [2, 5, 80])
@pytest.mark.parametrize("wrong_days", [1, 2])
@pytest.mark.parametrize("wrong", [WRONG, DAY + 61 * ONE, DAY + 400 * ONE, date(9999, 12, 30)])
def test_a_clock_that_runs_ahead_for_an_hour_forgets_nothing(
    quick: Store, days_before: int, wrong_days: int, wrong: date
) -> None:
    """An hour may have a midnight in it, and a tick each minute."""
    live(quick, DAY - days_before * ONE, days_before + 1)
    young = range(min(days_before, 55) + 1)  # by the right clock, all of it is still to be kept
    for number in range(wrong_days):
        for _ in range(60):
            forget_expired(quick, wrong + number * ONE)
    assert all(kept(quick, DAY - number * ONE) >= must_be_kept(number) for number in young)
    for _ in range(3):
        forget_expired(quick, DAY)
    live(quick, DAY + ONE, 3)  # and right again
    assert all(kept(quick, DAY - number * ONE) >= must_be_kept(number + 3) for number in young)


def test_one_run_in_another_year_forgets_nothing(store: Store) -> None:
    live(store, DAY - ONE, 2)
    live(store, WRONG, 1, runs=3)
    live(store, DAY + ONE, 2)
    assert all(kept(store, DAY + number * ONE) == DATED for number in (-1, 0, 1, 2))
    assert not store.claim_once("mail", "key", on=DAY - ONE)


def test_a_clock_that_is_wrong_for_a_week_forgets_a_few_days_at_most(quick: Store) -> None:
    live(quick, DAY - 59 * ONE, 60)
    live(quick, WRONG, 7, runs=1_000)
    gone = [number for number in range(60) if "announcements" not in kept(quick, DAY - (59 - number) * ONE)]
    assert gone == list(range(MOST_DAYS * (7 - EVIDENCE_DAYS + 1)))


@pytest.mark.parametrize("wrong", [date(1970, 1, 1), date(2000, 1, 1), DAY - 400 * ONE, DAY - ONE])
def test_a_clock_that_goes_back_and_is_right_again_forgets_nothing_of_the_right_days(quick: Store, wrong: date) -> None:
    live(quick, DAY - 40 * ONE, 41)
    for _ in range(5):
        live(quick, wrong, 1, runs=10)
        forget_expired(quick, DAY)
    live(quick, DAY + ONE, 5)
    assert all(kept(quick, DAY - number * ONE) >= must_be_kept(number + 5) for number in range(41))


def test_a_days_budget_is_not_spent_twice_by_a_clock_that_jumps(store: Store) -> None:
    live(store, DAY - 4 * ONE, 4)
    assert store.begin_call(call(DAY, "0.90"), budget_usd=Decimal(1))
    for on in (WRONG, WRONG + ONE, date(1999, 1, 1), DAY - ONE, DAY):
        forget_expired(store, on)
    assert not store.begin_call(
        ModelCall("again", noon(DAY), "a-model", "standard", "profile", (), "sha256:ab", cost_usd=Decimal("0.20")),
        budget_usd=Decimal(1),
    )


@pytest.mark.parametrize("text", ["", "nonsense\n", "2026-13-99\n2026-11-22", "\x00", "2026-11-22\n" * 1_000])
def test_without_readable_evidence_nothing_is_forgotten(store: Store, text: str) -> None:
    fill(store, DAY - 100 * ONE)
    store.put_document(DOCUMENT, text)
    forget_expired(store, DAY)
    assert kept(store, DAY - 100 * ONE) == DATED


@settings(deadline=None)
@given(st.lists(st.dates(), max_size=8), st.dates())
def test_the_evidence_is_of_the_past_and_ends_today(known: list[date], today: date) -> None:
    days = evidence(known, today)
    assert days == sorted(set(days))
    assert days[-1] == today
    assert len(days) == min(EVIDENCE_DAYS, len({day for day in known if day < today}) + 1)


@pytest.mark.parametrize("each", RETENTION_RULES, ids=lambda each: each.what)
def test_a_bound_takes_the_oldest_days(store: Store, each: RetentionRule) -> None:
    for number in range(5):
        fill(store, DAY + number * ONE)
    forget = each.forget(store)
    everything = {number: kept(store, DAY + number * ONE) for number in range(5)}
    forget(before=DAY + 4 * ONE, most_days=0)
    assert {number: kept(store, DAY + number * ONE) for number in range(5)} == everything
    forget(before=DAY + 4 * ONE, most_days=2)
    changed = [number for number in range(5) if kept(store, DAY + number * ONE) != everything[number]]
    assert changed == ([] if each.what == "claims" else [0, 1])
    assert store.claim_once("mail", "key", on=DAY + ONE) == (each.what == "claims")
    assert not store.claim_once("mail", "key", on=DAY + 2 * ONE)
    forget(before=DAY + 3 * ONE)
    changed = [number for number in range(5) if kept(store, DAY + number * ONE) != everything[number]]
    assert changed == ([] if each.what == "claims" else [0, 1, 2])
