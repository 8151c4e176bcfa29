"""The contract of what a store says of many readers at once, and of the hand-over, which asks once more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from newsletter.delivery import ledger, suppression
from newsletter.errors import ReaderUnreadable, StoreConflict
from newsletter.model import (
    AddressStatus,
    Delivery,
    Digest,
    EventKind,
    MailEvent,
    PastMail,
    ReaderHistory,
    ReaderWishes,
    RevisionOrigin,
    Suppression,
    SuppressionReason,
    Vote,
)
from newsletter.stores import Store
from tests import make
from tests.archives import digest
from tests.contract.stores.memories import DAY, NOW, WHO, Memory, SharedMemory, claim, doubted, handed_over, race

OTHERS = ("s_aaaa2222", "s_bbbb3333")
NOBODY = "s_nobody22"


@pytest.fixture
def store(memory: Memory) -> Store:
    memory.store.start_run("r1")
    return memory.store


def leave(store: Store, who: str = WHO) -> None:
    why = Suppression(SuppressionReason.UNSUBSCRIBED, NOW)
    store.change_address_status(who, lambda status: suppression.suppress(status, why))


def next_row(row: Delivery) -> Delivery:
    return ledger.hand_over(row, paper_ids=("2511.00001",), announced_on=(DAY,), message_id="<m@x.org>", now=NOW)


def digest_of(who: str = WHO) -> Digest:
    return digest(DAY, subscriber=make.subscriber(subscriber_id=who))


# --- reading


def test_the_wishes_of_many_are_those_of_each(store: Store) -> None:
    leave(store)
    for text in ("topics: []", "topics: [] # again"):
        store.add_revision(OTHERS[0], text, origin=RevisionOrigin.WEB, now=NOW)
    asked = [WHO, *OTHERS, NOBODY]
    found = store.get_wishes(asked)
    assert found == {who: ReaderWishes(store.get_address_status(who), tuple(store.get_revisions(who))) for who in asked}
    assert found[NOBODY] == ReaderWishes(AddressStatus(NOBODY))
    assert store.get_wishes([]) == {}


def back(days: int) -> date:
    return DAY - timedelta(days=days)


def histories(store: Store, asked: Sequence[str]) -> Mapping[str, ReaderHistory | ReaderUnreadable]:
    return store.get_histories(asked, digest_on=DAY, since=back(20), mailed_since=back(60))


def test_the_histories_of_many_are_those_of_each(store: Store) -> None:
    for who in OTHERS:
        for days in range(3):
            handed_over(store, who=who, on=back(days))
    for number, value in enumerate((1, -1, 0)):
        store.put_vote(Vote(OTHERS[0], f"2511.0000{number}", value, NOW - timedelta(minutes=number)))
    asked = [WHO, *OTHERS]
    found = histories(store, asked)
    assert found == {
        who: ReaderHistory(tuple(store.get_deliveries(subscriber_id=who)), tuple(store.get_votes(who))) for who in asked
    }
    assert [len(found[who].deliveries) for who in asked] == [0, 3, 3]  # type: ignore[union-attr]


def accepted(store: Store, days: int, *papers: str) -> Delivery:
    row = ledger.accept(handed_over(store, papers, on=back(days)), "taken", NOW)
    store.move(row)
    return row


def test_of_years_a_history_has_the_latest_weeks_and_what_was_mailed_in_the_months_before(store: Store) -> None:
    accepted(store, 700, "2401.00001")
    latest_accepted = accepted(store, 30, "2510.00030")
    store.move(ledger.skip(claim(store, on=back(25)), "nothing relevant", NOW))
    doubtful = doubted(store, on=back(40))
    rows = [accepted(store, days, "2511.00001") for days in (20, 1)]
    found = histories(store, [WHO])[WHO]
    assert found == ReaderHistory(
        deliveries=(latest_accepted, *rows),
        mailed=(PastMail(back(40), doubtful.paper_ids), PastMail(back(30), ("2510.00030",))),
    )


def test_where_no_mail_was_accepted_a_history_has_the_latest_row_of_any_kind(store: Store) -> None:
    for days in (300, 200):
        store.move(ledger.skip(claim(store, on=back(days)), "nothing relevant", NOW))
    found = histories(store, [WHO])[WHO]
    assert isinstance(found, ReaderHistory)
    assert [row.digest_on for row in found.deliveries] == [back(200)]
    assert not found.mailed


def test_papers_are_found_in_mails_of_any_age(store: Store) -> None:
    old = {"hep-th/9901001", "doi:10.1101/2024.01.02.573", 'doi:10.1002/"ä"\\<1::AID>'}
    accepted(store, 700, "2401.00001", *old)
    accepted(store, 400, "2409.00001")
    accepted(store, 1, "2511.00009")
    for some in ({"2409.00001"}, old, {*old, "2409.00001"}):
        assert store.find_sent([WHO, OTHERS[0]], some | {"2511.00009", "2401.0000"}, before=back(60)) == {
            WHO: frozenset(some),
            OTHERS[0]: frozenset(),
        }
    assert store.find_sent([WHO], frozenset(), before=back(60)) == {WHO: frozenset()}


def test_digests_of_several_dates(store: Store) -> None:
    for days in (3, 1, 2):
        store.put_digest(digest(back(days), subscriber=make.subscriber(subscriber_id=WHO)))
    found = store.get_digests(WHO, [back(1), back(3), back(9)])
    assert [one.digest_on for one in found] == [back(3), back(1)]
    assert store.get_digests(WHO, []) == []


def test_so_many_readers_that_one_statement_could_not_hold_them(store: Store) -> None:
    leave(store)
    claimed = claim(store)
    asked = [WHO, *(f"s_{number:08d}" for number in range(1200))]
    assert [who for who, wishes in store.get_wishes(asked).items() if wishes.status.suppression] == [WHO]  # type: ignore[union-attr]
    assert len(histories(store, asked)) == len(asked)
    many = [*(f"s_{number:08d}" for number in range(70_000)), WHO]
    assert store.get_deliveries(subscriber_ids=many, digest_on=DAY) == [claimed]


def test_deliveries_of_several_readers(store: Store) -> None:
    for who in (WHO, *OTHERS):
        claim(store, who=who)
    found = store.get_deliveries(subscriber_ids=[WHO, OTHERS[1], NOBODY], digest_on=DAY)
    assert [row.subscriber_id for row in found] == sorted([WHO, OTHERS[1]])
    assert store.get_deliveries(subscriber_ids=[]) == []
    assert store.get_deliveries(subscriber_id=WHO, subscriber_ids=OTHERS) == []


# --- handing over


def test_a_hand_over_keeps_digest_and_row(store: Store) -> None:
    row, shown = next_row(claim(store)), digest_of()
    assert store.hand_over(row, shown)
    assert (store.get_delivery(WHO, DAY), store.get_digest(WHO, DAY)) == (row, shown)
    assert store.hand_over(row, shown), "done again it changes nothing"
    assert store.get_delivery(WHO, DAY) == row


def test_who_has_left_since_the_claim_is_handed_no_mail(store: Store) -> None:
    claimed = claim(store)
    leave(store)
    assert not store.hand_over(next_row(claimed), digest_of())
    assert store.get_delivery(WHO, DAY) == claimed
    assert store.get_digest(WHO, DAY) is None


def test_a_second_try_replaces_the_digest_of_the_first(store: Store) -> None:
    first = next_row(claim(store))
    store.hand_over(first, digest_of())
    store.move(ledger.defer(first, "busy", NOW, NOW))
    later = replace(digest_of(), scorer="another")
    assert store.hand_over(next_row(claim(store)), later)
    assert store.get_digest(WHO, DAY) == later


def change_nothing(_store: Store, row: Delivery) -> Delivery:
    return ledger.reclaim(row, "r2", NOW)  # which the store has not heard of


def claim_anew(store: Store, row: Delivery) -> Delivery:
    store.move(ledger.defer(row, "later", NOW, NOW))
    claim(store)
    return row


@pytest.mark.parametrize("stale", [change_nothing, claim_anew])
def test_nobody_hands_over_what_is_not_theirs(store: Store, stale: Callable[[Store, Delivery], Delivery]) -> None:
    row = stale(store, claim(store))
    before = store.get_delivery(WHO, DAY)
    with pytest.raises(StoreConflict):
        store.hand_over(next_row(row), digest_of())
    assert (store.get_delivery(WHO, DAY), store.get_digest(WHO, DAY)) == (before, None)


def test_of_racing_hand_overs_and_departures_no_mail_follows_a_departure(shared: SharedMemory) -> None:
    """Whoever comes second sees what the first one did."""
    shared.store.start_run("r1")
    rows = {who: next_row(claim(shared.store, who=who)) for who in (f"s_race{number:04d}" for number in range(12))}

    def work(number: int, barrier: object) -> None:
        store = shared.another()
        for who, row in rows.items():
            barrier.wait()  # type: ignore[attr-defined]
            if number % 2:
                leave(store, who)
            else:
                is_handed_over = store.hand_over(row, digest_of(who))
                assert is_handed_over or store.get_address_status(who).suppression

    race(work, 2)
    for who, row in rows.items():
        stored = shared.store.get_delivery(who, DAY)
        assert stored is not None
        assert (shared.store.get_digest(who, DAY) is not None) == (stored == row)


# --- events


def test_events_settle_those_deliveries_that_they_are_about(store: Store) -> None:
    rows = [handed_over(store, who=who) for who in (WHO, *OTHERS)]
    store.take_event(MailEvent(EventKind.DELIVERED, WHO, DAY, NOW, "mx"), now=NOW)  # overtakes the sender's answer
    for row in rows:
        store.move(ledger.accept(row, "taken", NOW))
    store.settle_all_by_events([(row.subscriber_id, DAY) for row in rows], now=NOW)
    assert [store.get_delivery(row.subscriber_id, DAY).state for row in rows] == ["delivered", "accepted", "accepted"]  # type: ignore[union-attr]
    store.settle_all_by_events([], now=NOW)
    doubted(store, who=NOBODY)
    store.settle_all_by_events([(NOBODY, DAY), ("s_unknown2", DAY)], now=NOW)
    assert store.get_delivery(NOBODY, DAY).state == "in_doubt"  # type: ignore[union-attr]


def test_another_process_reads_the_same(memory: Memory) -> None:
    memory.store.start_run("r1")
    handed_over(memory.store)
    asked = [WHO, NOBODY]
    assert histories(memory.another(), asked) == histories(memory.store, asked)
