"""The rule of the daily budget, and that bills add up."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import ModelCall, Usage
from newsletter.model.spending import (
    Bill,
    add_up,
    are_within_budget,
    is_within_budget,
    share_out,
    spent,
    sum_usage,
    total,
    utc_day,
)

NOW = datetime(2026, 11, 22, 6, 47, tzinfo=UTC)
costs = st.none() | st.decimals("0", "5", places=4)
calls = st.builds(
    ModelCall,
    call_id=st.uuids().map(str),
    at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    model=st.sampled_from(["gpt-6-luna", "gpt-6.1-terra"]),
    tier=st.sampled_from(["standard", "flex"]),
    subject=st.sampled_from(["p1", "p2"]),
    paper_ids=st.just(("2511.00001",)),
    request_hash=st.just("h"),
    outcome=st.sampled_from(["pending", "ok", "refused"]),
    prompt_tokens=st.integers(0, 10**6),
    cached_tokens=st.integers(0, 10**5),
    cache_write_tokens=st.integers(0, 10**5),
    completion_tokens=st.integers(0, 10**5),
    cost_usd=costs,
)
SUMS = [field.name for field in fields(Bill) if field.name != "name"]


def call(cost: str | None, outcome: str = "pending") -> ModelCall:
    return ModelCall(
        "c",
        NOW,
        "gpt-6-luna",
        "flex",
        "p1",
        ("2511.00001",),
        "h",
        outcome=outcome,
        cost_usd=None if cost is None else Decimal(cost),
    )


@given(st.lists(st.builds(Bill, st.sampled_from("pqr"), cost_usd=costs.filter(bool)), unique_by=lambda bill: bill.name))
def test_what_is_shared_out_is_the_whole_bill_in_equal_parts(bills: list[Bill]) -> None:
    shares = share_out(bills, {"p": ["s_1", "s_2"], "q": ["s_3"]})
    assert sum((share.cost_usd for share in shares), Decimal(0)) == sum((bill.cost_usd for bill in bills), Decimal(0))
    for bill in bills:
        of_bill = [share for share in shares if share.profile == bill.name]
        expected = {"p": ["s_1", "s_2"], "q": ["s_3"], "r": [""]}[bill.name]
        assert [share.subscriber_id for share in of_bill] == expected
        assert {share.cost_usd for share in of_bill} == {bill.cost_usd / len(expected)}


def test_the_last_cent_of_the_budget_may_be_spent_and_not_one_more() -> None:
    assert is_within_budget(call(".04"), [call(".06")], Decimal(".10"))
    assert not is_within_budget(call(".05"), [call(".06")], Decimal(".10"))


def test_a_call_without_a_known_price_never_fits_a_budget() -> None:
    assert not is_within_budget(call(None), [], Decimal(1000))
    assert is_within_budget(call(None), [], None)
    assert is_within_budget(call("1"), [call(None)], Decimal(1))


def test_a_budget_of_nothing_lets_only_free_calls_pass() -> None:
    assert is_within_budget(call("0"), [], Decimal(0))
    assert not is_within_budget(call("0.000001"), [], Decimal(0))


@given(st.lists(calls, max_size=20), st.decimals("0", "10", places=2))
def test_calls_let_in_one_after_another_never_pass_the_budget(wanted: list[ModelCall], budget: Decimal) -> None:
    begun: list[ModelCall] = []
    for each in wanted:
        if is_within_budget(each, begun, budget):
            begun.append(each)
    assert spent(begun) <= budget


@given(st.lists(calls, max_size=20), st.sampled_from(["model", "subject", "tier", "outcome"]))
def test_the_bills_of_the_parts_are_the_bill_of_the_whole(made: list[ModelCall], field: str) -> None:
    bills = add_up(made, lambda each: str(getattr(each, field)))
    for name in SUMS:
        assert sum((getattr(bill, name) for bill in bills), Decimal(0)) == getattr(total(made), name)


def test_a_bill_counts_failed_pending_and_unpriced_calls() -> None:
    bill = total([call("1"), call("2", "ok"), call(None, "refused")])
    assert (bill.calls, bill.failed, bill.pending, bill.without_price, bill.cost_usd) == (3, 1, 1, 1, 3)


def test_the_day_of_a_call_is_the_utc_day_wherever_its_clock_is() -> None:
    evening = datetime(2026, 11, 22, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    late = ModelCall("c", evening, "m", "standard", "p", (), "h")
    assert utc_day(late).isoformat() == "2026-11-23"


@given(st.lists(calls, max_size=5), st.lists(calls, max_size=5), st.decimals("0", "20", places=2))
def test_several_calls_fit_if_their_sum_does_and_each_has_a_price(
    new: list[ModelCall], begun: list[ModelCall], budget: Decimal
) -> None:
    have_prices = all(each.cost_usd is not None for each in new)
    fits = not new or (have_prices and spent(begun) + spent(new) <= budget)
    assert are_within_budget(new, begun, budget) == fits
    assert are_within_budget(new, begun, None)


def test_usages_add_up_and_a_cost_that_is_not_known_stays_so() -> None:
    known = Usage(100, 10, 50, Decimal("0.01"), Decimal("0.02"))
    assert sum_usage(known, known) == Usage(200, 20, 100, Decimal("0.02"), Decimal("0.04"))
    assert sum_usage(known, Usage(1, 1)) == Usage(101, 11, 50)
    budget = Decimal("0.10")
    limited = Usage(1, 1, daily_budget_usd=budget)
    pairs = ((known, limited), (limited, known), (known, known))
    assert [(usage := sum_usage(*pair)) and usage.daily_budget_usd for pair in pairs] == [budget, budget, None]
    assert sum_usage(None, known) == sum_usage(known, None) == known
    assert sum_usage(None, None) is None
