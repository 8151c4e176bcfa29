"""What every Store promises about mails whose fate is open: they are found, and settled ones are not."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from newsletter.delivery import ledger
from newsletter.model import Delivery, DeliveryState, EventKind, MailEvent
from newsletter.stores import Store
from tests.contract.stores.memories import DAY, NOW, WHO, Memory, claim, doubted, handed_over

S = DeliveryState


@pytest.fixture
def store(memory: Memory) -> Store:
    memory.store.start_run("r1")
    return memory.store


def test_open_rows_come_by_date_then_subscriber_and_no_others(store: Store) -> None:
    opened = [
        doubted(store, "s_b", DAY - timedelta(days=400)),
        handed_over(store, who="s_a"),
        doubted(store, "s_b"),
    ]
    claim(store, who="s_c")
    store.move(ledger.accept(handed_over(store, who="s_d"), "receipt", NOW))
    assert store.get_open_deliveries() == opened
    assert store.get_deliveries(states=ledger.OPEN_STATES) == opened
    assert store.get_deliveries(states=[S.IN_DOUBT], subscriber_id="s_b", since=DAY) == [opened[2]]
    assert store.get_deliveries(states=[S.HANDED_OVER], digest_on=DAY) == [opened[1]]


ENDS: dict[str, Callable[[Store, Delivery], object]] = {
    "accepted": lambda store, row: store.move(ledger.settle(row, True, "found", NOW)),
    "deferred": lambda store, row: store.move(ledger.settle(row, False, "not found", NOW)),
    "an event": lambda store, _row: store.take_event(MailEvent(EventKind.DELIVERED, WHO, DAY, NOW), now=NOW),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_is_settled_is_open_no_more(store: Store, end: Callable[[Store, Delivery], object]) -> None:
    end(store, doubted(store))
    assert store.get_open_deliveries() == []


def test_rows_since_a_date(store: Store) -> None:
    for on in (date(2026, 9, 30), date(2026, 10, 31), date(2026, 11, 1), DAY):
        claim(store, on=on)
    assert [row.digest_on for row in store.get_deliveries(since=date(2026, 10, 31))] == [
        *(date(2026, 10, 31), date(2026, 11, 1), DAY)
    ]
