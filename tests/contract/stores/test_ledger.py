"""What every Store promises about the ledger: one claim wins, each move is kept, and papers count as sent."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from newsletter.delivery import ledger
from newsletter.errors import LedgerError, StoreConflict
from newsletter.model import Delivery, DeliveryState
from newsletter.stores import Store
from tests.contract.stores.memories import DAY, NOW, PAPERS, WHO, Memory, SharedMemory, claim, handed_over, race
from tests.make import present

S = DeliveryState


@pytest.fixture
def store(memory: Memory) -> Store:
    memory.store.start_run("r1")
    return memory.store


def die_after(memory: Memory, begin: Callable[..., Delivery]) -> None:
    """A run that is killed after that; then "r1" goes on."""

    def work(dying: Store) -> None:
        dying.start_run("dead")
        begin(dying, run_id="dead")

    memory.die_after(work)
    memory.store.start_run("r1")


# --- claims


def test_a_claim_is_had_once(memory: Memory, store: Store) -> None:
    row = claim(store)
    assert (row.state, row.attempts, row.run_id) == (S.CLAIMED, 1, "r1")
    assert store.get_delivery(WHO, DAY) == row
    other = memory.another()
    other.start_run("r2")
    assert other.claim(WHO, DAY, run_id="r2", now=NOW) is None
    assert store.claim(WHO, DAY, run_id="r1", now=NOW) is None
    assert store.get_delivery(WHO, DAY) == row
    assert other.claim(WHO, DAY + timedelta(days=1), run_id="r2", now=NOW) is not None


def test_the_claim_of_a_killed_run_is_free_at_once(memory: Memory, store: Store) -> None:
    die_after(memory, claim)
    row = claim(store)
    assert (row.attempts, row.run_id) == (2, "r1")


def test_the_hand_over_of_a_killed_run_becomes_in_doubt(memory: Memory, store: Store) -> None:
    die_after(memory, handed_over)
    assert store.claim(WHO, DAY, run_id="r1", now=NOW) is None
    row = present(store.get_delivery(WHO, DAY))
    assert (row.state, row.paper_ids) == (S.IN_DOUBT, PAPERS)
    assert store.claim(WHO, DAY, run_id="r1", now=NOW) is None
    assert store.get_sent(WHO) == set(PAPERS)


def test_a_run_that_was_not_started_cannot_claim(store: Store) -> None:
    with pytest.raises(LedgerError, match="start_run"):
        store.claim(WHO, DAY, run_id="r9", now=NOW)
    assert store.get_delivery(WHO, DAY) is None


def test_a_deferred_delivery_is_claimed_again_when_its_time_has_come(store: Store) -> None:
    store.move(ledger.defer(claim(store), "greylisted", NOW + timedelta(minutes=5), NOW))
    assert store.claim(WHO, DAY, run_id="r1", now=NOW) is None
    assert claim(store, now=NOW + timedelta(minutes=5)).attempts == 2


def test_of_racing_threads_one_has_each_claim(memory: Memory) -> None:
    won: list[tuple[str, str]] = []
    start = threading.Barrier(4, timeout=30)  # who waits for a thread that failed, fails too

    def work(run_id: str) -> None:
        store = memory.another()
        store.start_run(run_id)
        start.wait()
        won.extend((f"s_{n}", run_id) for n in range(10) if store.claim(f"s_{n}", DAY, run_id=run_id, now=NOW))
        start.wait()  # nobody's run ends while others still ask

    threads = [threading.Thread(target=work, args=(f"r_{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(who for who, _ in won) == [f"s_{n}" for n in range(10)]


# --- moves


def test_each_move_is_kept_with_its_steps(memory: Memory, store: Store) -> None:
    row = ledger.accept(handed_over(store), "outbox/x.eml", NOW + timedelta(seconds=1))
    store.move(row)
    kept = memory.another().get_delivery(WHO, DAY)
    assert kept == row
    assert [step.state for step in kept.steps] == [S.CLAIMED, S.HANDED_OVER, S.ACCEPTED]


def test_a_move_may_be_repeated(store: Store) -> None:
    row = handed_over(store)
    store.move(row)
    assert store.get_delivery(WHO, DAY) == row


def test_a_move_made_from_an_old_row_is_a_conflict(store: Store) -> None:
    row = handed_over(store)
    store.move(ledger.accept(row, "receipt", NOW))
    with pytest.raises(StoreConflict):
        store.move(ledger.doubt(row, "no answer", NOW))
    assert present(store.get_delivery(WHO, DAY)).state is S.ACCEPTED


def test_who_lost_the_claim_cannot_move_the_row(memory: Memory, store: Store) -> None:
    die_after(memory, claim)
    stale = present(store.get_delivery(WHO, DAY))
    mine = claim(store)
    with pytest.raises(StoreConflict):
        store.move(ledger.skip(stale, "nothing relevant", NOW))
    assert store.get_delivery(WHO, DAY) == mine


def test_a_row_that_was_never_claimed_cannot_be_moved(store: Store) -> None:
    row = ledger.skip(ledger.first_claim(WHO, DAY, "r1", NOW), "nothing relevant", NOW)
    with pytest.raises(StoreConflict):
        store.move(row)
    assert store.get_deliveries() == []


# --- asking the ledger


def test_rows_are_found_by_subscriber_date_and_state(store: Store) -> None:
    for who in ("s_b", "s_a"):
        for on in (date(2026, 12, 1), date(2026, 11, 30)):
            handed_over(store, who=who, on=on)
    claim(store, who="s_a", on=date(2026, 11, 2))

    def found(**conditions: object) -> list[str]:
        return [row.delivery_id for row in store.get_deliveries(**conditions)]  # type: ignore[arg-type]

    everything = ["s_a/2026-11-02", "s_a/2026-11-30", "s_b/2026-11-30", "s_a/2026-12-01", "s_b/2026-12-01"]
    assert found() == everything
    assert found(subscriber_id="s_b") == ["s_b/2026-11-30", "s_b/2026-12-01"]
    assert found(digest_on=date(2026, 12, 1)) == ["s_a/2026-12-01", "s_b/2026-12-01"]
    assert found(states=[S.CLAIMED]) == ["s_a/2026-11-02"]
    assert found(states=[S.CLAIMED, S.HANDED_OVER], subscriber_id="s_a", digest_on=date(2026, 11, 30)) == [
        "s_a/2026-11-30"
    ]
    assert found(subscriber_id="s_nobody") == []
    assert found(digest_on=date(2020, 1, 1)) == []


def test_papers_count_as_sent_unless_the_mail_was_surely_not_accepted(store: Store) -> None:
    ends: dict[str, Callable[[Delivery], Delivery | None]] = {
        "accepted": lambda row: ledger.accept(row, "x", NOW),
        "handed-over": lambda _row: None,
        "in-doubt": lambda row: ledger.doubt(row, "x", NOW),
        "deferred": lambda row: ledger.defer(row, "x", NOW, NOW),
        "rejected": lambda row: ledger.reject(row, "x", NOW),
    }
    for number, (name, end) in enumerate(ends.items()):
        row = handed_over(store, papers=(name,), on=DAY - timedelta(days=20 * number))
        moved = end(row)
        if moved is not None:
            store.move(moved)
    claim(store, on=DAY + timedelta(days=1))
    handed_over(store, papers=("of-somebody-else",), who="s_other")
    assert store.get_sent(WHO) == {"accepted", "handed-over", "in-doubt"}
    assert store.get_sent("s_nobody") == frozenset()


# --- several processes


def test_of_racing_processes_one_has_each_claim(shared: SharedMemory, tmp_path: Path) -> None:
    processes, deliveries = 4, 50

    def work(number: int, barrier: Barrier) -> None:
        store = shared.another()
        store.start_run(f"r_{number}")
        barrier.wait()
        won = [f"s_{n}" for n in range(deliveries) if store.claim(f"s_{n}", DAY, run_id=f"r_{number}", now=NOW)]
        barrier.wait()  # nobody's run ends while others still ask
        (tmp_path / f"won-{number}").write_text("\n".join(won))

    race(work, processes)

    won = {n: (tmp_path / f"won-{n}").read_text().split() for n in range(processes)}
    rows = shared.another().get_deliveries()
    assert sorted(who for names in won.values() for who in names) == sorted(f"s_{n}" for n in range(deliveries))
    assert {(row.subscriber_id, row.run_id) for row in rows} == {
        (who, f"r_{n}") for n, names in won.items() for who in names
    }
    assert {row.attempts for row in rows} == {1}
