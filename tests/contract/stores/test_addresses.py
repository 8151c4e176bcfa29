"""What every Store promises about events: kept once each, with what follows for the delivery and the address."""

import random
from datetime import date, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from newsletter.delivery import ledger, suppression
from newsletter.errors import StoreConflict
from newsletter.model import AddressStatus, DeliveryState, EventKind, MailEvent, Suppression, SuppressionReason
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from tests.contract.stores.memories import DAY, NOW, PAPERS, WHO, Memory, SharedMemory, handed_over, race
from tests.make import present

K = EventKind


@pytest.fixture
def store(memory: Memory) -> Store:
    memory.store.start_run("r1")
    return memory.store


def event(kind: EventKind, minutes: int = 0, who: str = WHO, on: date = DAY, detail: str = "") -> MailEvent:
    return MailEvent(kind, who, on, NOW + timedelta(minutes=minutes), detail)


def accepted(store: Store) -> None:
    store.move(ledger.accept(handed_over(store), "receipt", NOW))


def state_of(store: Store) -> DeliveryState:
    return present(store.get_delivery(WHO, DAY)).state


def test_an_event_of_no_delivery_of_ours_is_refused_and_leaves_nothing(store: Store) -> None:
    assert store.take_event(event(K.COMPLAINED), now=NOW) is False
    assert store.get_events(WHO, DAY) == []
    assert store.get_address_status(WHO) == AddressStatus(WHO)


def test_an_event_moves_the_delivery_and_is_there_for_others(memory: Memory, store: Store) -> None:
    accepted(store)
    told = event(K.DELIVERED, detail="250 \x00 \ud800 ok")
    assert store.take_event(told, now=NOW)
    other = memory.another()
    assert other.get_events(WHO, DAY) == [told]
    assert state_of(other) is DeliveryState.DELIVERED


def test_copies_count_once_and_the_earliest_is_kept(store: Store) -> None:
    accepted(store)
    for minutes in (5, 3, 8, 3):
        store.take_event(event(K.DEFERRED, minutes), now=NOW)
    assert store.get_events(WHO, DAY) == [event(K.DEFERRED, 3)]


def test_events_come_oldest_first_and_only_those_of_the_delivery(store: Store) -> None:
    accepted(store)
    handed_over(store, on=DAY + timedelta(days=1))
    store.take_event(event(K.DELIVERED, 9), now=NOW)
    store.take_event(event(K.PROCESSED, 1), now=NOW)
    store.take_event(event(K.PROCESSED, 2, on=DAY + timedelta(days=1)), now=NOW)
    assert [each.kind for each in store.get_events(WHO, DAY)] == [K.PROCESSED, K.DELIVERED]


def test_a_complaint_suppresses_in_the_same_step(memory: Memory, store: Store) -> None:
    accepted(store)
    store.take_event(event(K.COMPLAINED, detail="abuse"), now=NOW)
    expected = AddressStatus(WHO, Suppression(SuppressionReason.COMPLAINT, NOW, "abuse"))
    assert memory.another().get_address_status(WHO) == expected
    assert memory.another().get_address_statuses() == [expected]


def test_an_event_that_overtakes_the_answer_waits_for_the_run(store: Store) -> None:
    row = handed_over(store)
    store.take_event(event(K.DELIVERED), now=NOW)
    assert state_of(store) is DeliveryState.HANDED_OVER
    store.move(ledger.accept(row, "receipt", NOW))
    settled = present(store.settle_by_events(WHO, DAY, now=NOW))
    assert settled.state is state_of(store) is DeliveryState.DELIVERED


def test_an_event_ends_the_doubt_a_dead_run_left(memory: Memory) -> None:
    def work(store: Store) -> None:
        store.start_run("r0")
        handed_over(store, run_id="r0")

    memory.die_after(work)
    assert memory.store.take_event(event(K.PROCESSED), now=NOW)
    assert state_of(memory.store) is DeliveryState.ACCEPTED


@pytest.mark.parametrize("kind", [K.PROCESSED, K.DELIVERED, K.BOUNCED_SOFT])
def test_what_an_event_proves_to_have_left_is_not_to_be_had_again(store: Store, kind: EventKind) -> None:
    """Whether it came before the row was deferred or after."""
    for on, is_early in ((DAY, True), (DAY + timedelta(days=1), False)):
        row = handed_over(store, on=on)
        if is_early:
            store.take_event(event(kind, on=on), now=NOW)
        store.move(ledger.defer(row, "no answer", NOW, NOW))
        if not is_early:
            store.take_event(event(kind, on=on), now=NOW)
        assert store.claim(WHO, on, run_id="r1", now=NOW + timedelta(hours=1)) is None
    assert store.get_sent(WHO) == (set() if kind is K.BOUNCED_SOFT else {*PAPERS})


def test_an_event_takes_a_mail_out_of_the_hands_of_the_run_that_would_send_it_again(store: Store) -> None:
    store.move(ledger.defer(handed_over(store), "no answer", NOW, NOW))
    mine = present(store.claim(WHO, DAY, run_id="r1", now=NOW))
    store.take_event(event(K.DELIVERED), now=NOW)
    again = ledger.hand_over(mine, paper_ids=("2511.00009",), announced_on=(DAY,), message_id="<n@x>", now=NOW)
    for row in (again, ledger.skip(mine, "nothing relevant", NOW), ledger.defer(mine, "no scores", NOW, NOW)):
        with pytest.raises(StoreConflict):
            store.move(row)
    assert state_of(store) is DeliveryState.DELIVERED
    assert store.get_sent(WHO) == {*PAPERS}


def test_settling_what_is_not_there_or_not_told_changes_nothing(store: Store) -> None:
    assert store.settle_by_events(WHO, DAY, now=NOW) is None
    accepted(store)
    before = store.get_delivery(WHO, DAY)
    assert store.settle_by_events(WHO, DAY, now=NOW) == before == store.get_delivery(WHO, DAY)


def test_a_standing_is_changed_in_one_step_and_can_be_lifted(memory: Memory, store: Store) -> None:
    why = Suppression(SuppressionReason.OPERATOR, NOW, "asked by phone")
    assert store.change_address_status(WHO, lambda standing: suppression.suppress(standing, why)).suppression == why
    assert memory.another().get_address_status(WHO).suppression == why
    store.change_address_status(WHO, lambda standing: suppression.lift(standing, NOW))
    assert memory.another().get_address_status(WHO) == AddressStatus(WHO, lifted_at=NOW)


def test_nobody_is_known_at_first(store: Store) -> None:
    assert store.get_address_statuses() == []
    assert store.get_address_status(WHO) == AddressStatus(WHO)
    store.change_address_status(WHO, lambda standing: standing)
    assert store.get_address_statuses() == []


def test_shuffled_and_repeated_events_end_the_same(tmp_path: Path) -> None:
    told = [event(kind, minutes) for minutes, kind in enumerate(K)] * 2
    ends = set()
    for seed in range(6):
        store = TinyStore(tmp_path / str(seed))
        store.start_run("r1")
        accepted(store)
        random.Random(seed).shuffle(told)
        for each in told:
            store.take_event(each, now=NOW)
        assert store.get_events(WHO, DAY) == [event(kind, minutes) for minutes, kind in enumerate(K)]
        ends.add((state_of(store), store.get_address_status(WHO)))
    assert len(ends) == 1


def test_of_events_told_at_once_by_several_processes_none_is_lost(shared: SharedMemory) -> None:
    store = shared.another()
    store.start_run("r1")
    accepted(store)
    kinds = list(K)

    def tell(number: int, barrier: Barrier) -> None:
        mine = shared.another()
        barrier.wait()
        for minutes, kind in list(enumerate(kinds))[number % 2 :: 2]:
            mine.take_event(event(kind, minutes), now=NOW)

    race(tell)
    assert [each.kind for each in store.get_events(WHO, DAY)] == kinds
    assert state_of(store) is DeliveryState.REJECTED
    assert present(store.get_address_status(WHO).suppression).why is SuppressionReason.COMPLAINT


READERS = [f"s_{letter * 8}" for letter in "abcdefghijkl"]


def mailed(store: Store, readers: list[str] = READERS, on: date = DAY) -> None:
    for who in readers:
        store.move(ledger.accept(handed_over(store, who=who, on=on), "receipt", NOW))


def bounce_all(store: Store, readers: list[str], kind: EventKind = K.BOUNCED_HARD, on: date = DAY) -> None:
    for minutes, who in enumerate(readers):
        store.take_event(event(kind, minutes, who, on, "550 5.1.1 no such user"), now=NOW)


def suppressed(store: Store) -> list[str]:
    return [each.subscriber_id for each in store.get_address_statuses() if each.suppression]


def held(store: Store) -> list[str]:
    return [each.subscriber_id for each in store.get_address_statuses() if each.is_held]


def test_two_bounces_of_a_morning_suppress_and_the_third_holds_all_three(memory: Memory, store: Store) -> None:
    mailed(store)
    bounce_all(store, READERS[:2])
    assert (suppressed(store), held(store)) == (READERS[:2], [])
    bounce_all(store, READERS[:3])
    assert (suppressed(store), held(store)) == ([], READERS[:3])
    assert held(memory.another()) == READERS[:3], "it survives a restart"
    assert [row.state for row in store.get_deliveries(digest_on=DAY)][:4] == [*[DeliveryState.REJECTED] * 3, "accepted"]


def test_in_any_order_and_with_any_copies_a_bad_morning_suppresses_nobody(memory: Memory, store: Store) -> None:
    mailed(store)
    for seed in range(4):
        told = READERS[:9] * 2
        random.Random(seed).shuffle(told)
        bounce_all(memory.another(), told)
        assert (suppressed(store), held(store)) == ([], READERS[:9])
        store.weigh_bounces(DAY)
        assert (suppressed(store), held(store)) == ([], READERS[:9])


def test_three_of_thirty_are_what_happens(store: Store) -> None:
    many = [f"s_{a}{b}aaaaaa" for a in "abcde" for b in "abcdef"]
    mailed(store, many)
    bounce_all(store, many[:3])
    assert (suppressed(store), held(store)) == (many[:3], [])
    bounce_all(store, many[:4])
    assert (suppressed(store), held(store)) == ([], many[:4])


def test_bounces_of_other_mornings_do_not_count_together(store: Store) -> None:
    for days, who in enumerate(READERS[:4]):
        mailed(store, READERS, DAY + timedelta(days=days))
        bounce_all(store, [who], on=DAY + timedelta(days=days))
    assert (suppressed(store), held(store)) == (READERS[:4], [])


def test_who_left_or_complained_stays_so_and_counts_as_bounced(store: Store) -> None:
    mailed(store)
    store.take_event(event(K.COMPLAINED, 0, READERS[2]), now=NOW)
    store.change_address_status(READERS[1], lambda known: suppression.unsubscribe(known, NOW))
    bounce_all(store, READERS[:3])
    assert (suppressed(store), held(store)) == (READERS[1:3], READERS[:1])
    store.take_event(event(K.COMPLAINED, 0, READERS[0]), now=NOW)
    assert (suppressed(store), held(store)) == (READERS[:3], [])


def test_a_late_bounce_of_a_morning_that_was_released_is_held_as_well(store: Store) -> None:
    mailed(store)
    bounce_all(store, READERS[:5])
    for who in READERS[:5]:
        store.change_address_status(who, lambda known: suppression.release(known, NOW + timedelta(hours=1)))
    bounce_all(store, READERS[:6])
    assert (suppressed(store), held(store)) == ([], READERS[5:6])


def test_what_is_confirmed_stays_suppressed_whatever_bounces_later(store: Store) -> None:
    mailed(store)
    bounce_all(store, READERS[:5])
    store.change_address_status(READERS[0], suppression.confirm)
    bounce_all(store, READERS[:7])
    store.weigh_bounces(DAY)
    assert (suppressed(store), held(store)) == (READERS[:1], READERS[1:7])


def test_once_more_mails_have_left_few_are_few_again(store: Store) -> None:
    """The first three readers of a run are refused in the session, and nobody else."""
    many = [f"s_{a}{b}aaaaaa" for a in "abcde" for b in "abcdef"]
    mailed(store, many[:3])
    bounce_all(store, many[:3])
    assert held(store) == many[:3]
    mailed(store, many[3:])
    store.weigh_bounces(DAY)
    assert (suppressed(store), held(store)) == (many[:3], [])


def test_soft_bounces_that_come_to_five_days_on_one_morning_are_held(store: Store) -> None:
    for days in range(5):
        on = DAY + timedelta(days=days)
        mailed(store, READERS, on)
        for who in READERS[:4]:
            told = MailEvent(K.BOUNCED_SOFT, who, on, NOW + timedelta(days=days), "5.7.26 SPF")
            store.take_event(told, now=NOW)
    assert (suppressed(store), held(store)) == ([], READERS[:4])


def test_several_processes_that_are_told_at_once_hold_all(shared: SharedMemory) -> None:
    store = shared.another()
    store.start_run("r1")
    mailed(store)

    def tell(number: int, barrier: Barrier) -> None:
        mine = shared.another()
        barrier.wait()
        bounce_all(mine, READERS[:9][number::3])

    race(tell, 3)
    assert (suppressed(store), held(store)) == ([], READERS[:9])
