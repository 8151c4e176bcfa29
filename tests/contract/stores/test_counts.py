"""What a store counts is what it would give."""

from datetime import timedelta
from decimal import Decimal

import pytest

from newsletter.delivery import ledger
from newsletter.model import DeliveryState
from newsletter.model.llm_calls import ModelCall
from newsletter.stores import Store
from tests import make


@pytest.mark.parametrize(("days_back", "expected"), [(0, (1, 1, 0)), (1, (1, 1, 1)), (9, (2, 1, 1))])
def test_deliveries_are_counted_by_state_from_a_date_on(
    store: Store, days_back: int, expected: tuple[int, int, int]
) -> None:
    store.start_run("r1")
    for who, days in (("s_1", 0), ("s_1", 9)):
        row = make.handed_over(store, who, make.TUESDAY - timedelta(days=days))
        store.move(ledger.accept(row, "receipt", make.NOW))
    store.claim("s_2", make.TUESDAY, run_id="r1", now=make.NOW)
    make.handed_over(store, "s_3", make.TUESDAY - timedelta(days=1))
    counted = store.count_deliveries(since=make.TUESDAY - timedelta(days=days_back))
    states = (DeliveryState.ACCEPTED, DeliveryState.CLAIMED, DeliveryState.HANDED_OVER)
    assert tuple(counted.get(state, 0) for state in states) == expected
    assert sum(counted.values()) == sum(expected)


def test_a_memory_of_nothing_counts_nothing(store: Store) -> None:
    assert sum(store.count_deliveries(since=make.TUESDAY).values()) == 0
    assert store.sum_costs(called_on=make.TUESDAY) == 0


def test_costs_are_added_up_exactly_for_one_day_of_utc(store: Store) -> None:
    for number, (hours, cost) in enumerate([(0, "0.1"), (1, "0.2"), (2, None), (23, "5"), (-7, "7")]):
        at = make.NOW + timedelta(hours=hours)
        price = None if cost is None else Decimal(cost)
        call = ModelCall(
            f"c{number}", at, "gpt-6-luna", "flex", "profile", ("2601.00001",), "sha256:ab", cost_usd=price
        )
        store.begin_call(call, budget_usd=None)
    assert store.sum_costs(called_on=make.TUESDAY) == Decimal("0.3")
    assert store.sum_costs(called_on=make.WEDNESDAY) == Decimal(5)
