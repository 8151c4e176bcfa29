"""The ledger's table: what may follow what, who may claim when, and what counts as sent."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery import ledger
from newsletter.errors import LedgerError
from newsletter.model import Delivery, DeliveryState, EventKind, MailEvent
from tests.make import present

S = DeliveryState
DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 6, 47, tzinfo=UTC)
PAPERS = ("2511.00001", "hep-th/9901001")


def nobody_runs(_run_id: str) -> bool:
    return False


def everybody_runs(_run_id: str) -> bool:
    return True


Move = Callable[[Delivery, datetime], Delivery]

MOVES: dict[str, Move] = {
    "reclaim": lambda row, now: ledger.reclaim(row, "r2", now),
    "hand_over": lambda row, now: ledger.hand_over(
        row, paper_ids=PAPERS, announced_on=(DAY,), not_scored_ids=("x",), message_id="<m@x>", now=now
    ),
    "accept": lambda row, now: ledger.accept(row, "receipt", now),
    "deliver": lambda row, now: ledger.arrive(row, "event", now),
    "defer": lambda row, now: ledger.defer(row, "later", now + timedelta(hours=1), now),
    "reject": lambda row, now: ledger.reject(row, "never", now),
    "skip": lambda row, now: ledger.skip(row, "nothing relevant", now),
    "doubt": lambda row, now: ledger.doubt(row, "no answer", now),
    "settle_accepted": lambda row, now: ledger.settle(row, True, "found", now),
    "settle_not_accepted": lambda row, now: ledger.settle(row, False, "not found", now),
}

#: The moves that lead from a claim into each state.
PATHS: dict[DeliveryState, tuple[str, ...]] = {
    S.CLAIMED: (),
    S.HANDED_OVER: ("hand_over",),
    S.ACCEPTED: ("hand_over", "accept"),
    S.DELIVERED: ("hand_over", "accept", "deliver"),
    S.DEFERRED: ("hand_over", "defer"),
    S.REJECTED: ("hand_over", "reject"),
    S.SKIPPED: ("skip",),
    S.IN_DOUBT: ("hand_over", "doubt"),
}


def claimed() -> Delivery:
    return ledger.first_claim("s_8k2mpq4x", DAY, "r1", NOW)


def in_state(state: DeliveryState) -> Delivery:
    row = claimed()
    for name in PATHS[state]:
        row = MOVES[name](row, NOW)
    assert row.state is state
    return row


def ask(row: Delivery | None, is_running: Callable[[str], bool], now: datetime = NOW) -> Delivery | None:
    return ledger.claim(row, subscriber_id="s_8k2mpq4x", digest_on=DAY, run_id="mine", now=now, is_running=is_running)


def only_mine(run_id: str) -> bool:
    return run_id == "mine"


# --- the table


@pytest.mark.parametrize("state", list(S))
def test_every_state_can_be_reached_and_is_in_the_table(state: DeliveryState) -> None:
    assert in_state(state).state is state
    assert state in ledger.MOVES


ALLOWED = {
    S.CLAIMED: {"reclaim", "hand_over", "defer", "reject", "skip"},
    S.HANDED_OVER: {"accept", "defer", "reject", "doubt"},
    S.ACCEPTED: {"deliver", "reject"},
    S.DELIVERED: {"reject"},
    S.DEFERRED: {"reclaim", "accept"},  # an event proves that it had left
    S.REJECTED: set[str](),
    S.SKIPPED: {"reclaim"},
    S.IN_DOUBT: {"accept", "defer", "settle_accepted", "settle_not_accepted"},
}


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("name", list(MOVES))
def test_a_move_that_is_not_in_the_table_is_refused(state: DeliveryState, name: str) -> None:
    row = in_state(state)
    if name in ALLOWED[state]:
        assert MOVES[name](row, NOW).steps[:-1] == row.steps
    else:
        with pytest.raises(LedgerError, match=row.delivery_id):
            MOVES[name](row, NOW)


@given(st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.integers(0, 5000)), max_size=30))
def test_any_sequence_of_moves_stays_in_the_table(moves: list[tuple[str, int]]) -> None:
    row, now, was_accepted = claimed(), NOW, False
    for name, seconds in moves:
        before, now = row, now + timedelta(seconds=seconds)
        try:
            row = MOVES[name](row, now)
        except LedgerError:
            assert row is before
            continue
        assert row.state in ledger.MOVES[before.state]
        assert row.steps[: len(before.steps)] == before.steps, "steps only grow"
        assert len(row.steps) == len(before.steps) + 1
        assert (row.steps[-1].state, row.steps[-1].at, row.steps[-1].detail) == (row.state, row.at, row.detail)
        assert row.delivery_id == before.delivery_id
        assert ledger.is_next_of(row, before) == (row.attempts == before.attempts)
        was_accepted = was_accepted or row.state is S.ACCEPTED
        if was_accepted:
            assert not ledger.is_claimable(row, now + timedelta(days=365), nobody_runs)
            assert ledger.counts_as_sent(row.state) or row.state is S.REJECTED, "only a bounce frees the papers"
        if ledger.counts_as_sent(row.state):
            assert row.paper_ids == PAPERS


# --- claiming


def test_a_delivery_without_a_row_is_free() -> None:
    row = present(ask(None, only_mine))
    assert (row.state, row.run_id, row.attempts, len(row.steps)) == (S.CLAIMED, "mine", 1, 1)


@pytest.mark.parametrize("state", [S.HANDED_OVER, S.ACCEPTED, S.DELIVERED, S.REJECTED, S.IN_DOUBT])
def test_what_was_mailed_or_may_have_been_is_never_free(state: DeliveryState) -> None:
    for is_running in (nobody_runs, everybody_runs):
        assert not ledger.is_claimable(in_state(state), NOW + timedelta(days=9), is_running)


def test_a_claim_is_free_when_its_run_has_ended() -> None:
    row = in_state(S.CLAIMED)
    assert ledger.is_claimable(row, NOW, nobody_runs)
    assert not ledger.is_claimable(row, NOW, everybody_runs)
    taken = present(ask(row, only_mine))
    assert (taken.run_id, taken.attempts) == ("mine", 2)


def test_a_deferred_delivery_is_free_from_retry_at_on() -> None:
    row = in_state(S.DEFERRED)
    assert row.retry_at == NOW + timedelta(hours=1)
    assert ask(row, only_mine, row.retry_at - timedelta(microseconds=1)) is None
    assert ask(row, only_mine, row.retry_at) is not None


def test_a_skipped_delivery_may_be_looked_at_again_since_nothing_was_mailed() -> None:
    again = present(ask(in_state(S.SKIPPED), only_mine))
    assert (again.state, again.detail) == (S.CLAIMED, "")


def test_a_stale_hand_over_becomes_in_doubt_instead_of_free() -> None:
    row = present(ask(in_state(S.HANDED_OVER), only_mine))
    assert (row.state, row.run_id, row.paper_ids) == (S.IN_DOUBT, "r1", PAPERS)
    assert "r1" in row.detail


def test_a_hand_over_of_a_living_run_is_left_alone() -> None:
    assert ask(in_state(S.HANDED_OVER), everybody_runs) is None


def test_a_run_that_was_not_started_claims_nothing() -> None:
    """Its claim would look stale to everybody else, and two runs would work on one mail."""
    with pytest.raises(LedgerError, match="start_run"):
        ask(None, nobody_runs)


def test_a_new_claim_keeps_what_the_mail_before_held_until_the_next_is_handed_over() -> None:
    again = ledger.reclaim(in_state(S.DEFERRED), "r2", NOW + timedelta(hours=2))
    assert (again.paper_ids, again.message_id, again.retry_at) == (PAPERS, "<m@x>", None)
    assert not ledger.counts_as_sent(again.state)
    new = ledger.hand_over(again, paper_ids=("2511.00009",), announced_on=(), message_id="<n@x>", now=NOW, sent_by="b")
    assert (new.paper_ids, new.announced_on, new.not_scored_ids, new.message_id) == (("2511.00009",), (), (), "<n@x>")
    assert [step.state for step in again.steps] == [S.CLAIMED, S.HANDED_OVER, S.DEFERRED, S.CLAIMED]


# --- settling


def test_evidence_of_acceptance_settles_a_doubt_for_good() -> None:
    row = ledger.settle(in_state(S.IN_DOUBT), True, "outbox/x.eml", NOW)
    assert (row.state, row.detail, row.paper_ids) == (S.ACCEPTED, "outbox/x.eml", PAPERS)


def test_evidence_against_acceptance_frees_the_delivery_at_once() -> None:
    row = ledger.settle(in_state(S.IN_DOUBT), False, "no such mail", NOW)
    assert (row.state, row.retry_at) == (S.DEFERRED, NOW)
    assert ledger.is_claimable(row, NOW, everybody_runs)
    assert not ledger.counts_as_sent(row.state)


# --- what counts as sent, and times


def test_papers_count_as_sent_from_the_hand_over_on_unless_surely_not_accepted() -> None:
    sent = {state for state in S if ledger.counts_as_sent(state)}
    assert sent == {S.HANDED_OVER, S.ACCEPTED, S.DELIVERED, S.IN_DOUBT}


@pytest.mark.parametrize("name", ["reclaim", "hand_over", "defer", "reject", "skip"])
def test_a_time_without_a_zone_is_refused(name: str) -> None:
    """It could not be compared with `now` later, and one such row would stop every run."""
    with pytest.raises(LedgerError, match="zone"):
        MOVES[name](claimed(), datetime(2026, 11, 22, 6, 47))  # noqa: DTZ001


def test_a_retry_time_without_a_zone_is_refused() -> None:
    with pytest.raises(LedgerError, match="zone"):
        ledger.defer(claimed(), "later", datetime(2026, 11, 22, 8), NOW)  # noqa: DTZ001


# --- succession


def test_a_row_of_an_earlier_claim_is_not_the_next_of_a_later_one() -> None:
    mine = claimed()
    theirs = ledger.reclaim(mine, "r2", NOW)
    assert ledger.is_next_of(MOVES["hand_over"](theirs, NOW), theirs)
    assert not ledger.is_next_of(MOVES["hand_over"](mine, NOW), theirs)
    assert not ledger.is_next_of(mine, mine)


def test_two_runs_that_settle_one_doubt_do_not_both_succeed() -> None:
    doubted = in_state(S.IN_DOUBT)
    first = ledger.settle(doubted, True, "found", NOW)
    second = ledger.settle(doubted, False, "not found", NOW)
    assert ledger.is_next_of(first, doubted)
    assert not ledger.is_next_of(second, first)


# --- events

K = EventKind


def event(kind: EventKind, minutes: int = 0, detail: str = "") -> MailEvent:
    return MailEvent(kind, "s_8k2mpq4x", DAY, NOW + timedelta(minutes=minutes), detail)


def light(row: Delivery, *told: MailEvent, is_running: Callable[[str], bool] = nobody_runs) -> Delivery:
    return ledger.apply_events(row, told, NOW, is_running)


@pytest.mark.parametrize("kind", list(K))
def test_any_event_ends_a_doubt_as_accepted(kind: EventKind) -> None:
    states = [step.state for step in light(in_state(S.IN_DOUBT), event(kind)).steps]
    assert states[:4] == [S.CLAIMED, S.HANDED_OVER, S.IN_DOUBT, S.ACCEPTED]


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ([K.PROCESSED, K.DEFERRED], S.ACCEPTED),
        ([K.UNSUBSCRIBED], S.ACCEPTED),
        ([K.DELIVERED], S.DELIVERED),
        ([K.COMPLAINED], S.DELIVERED),
        ([K.BOUNCED_HARD], S.REJECTED),
        ([K.BOUNCED_SOFT], S.REJECTED),
        ([K.DROPPED], S.REJECTED),
        ([K.REFUSED], S.REJECTED),
        ([K.DELIVERED, K.BOUNCED_HARD], S.REJECTED),
    ],
)
def test_what_events_make_of_an_accepted_mail(kinds: list[EventKind], state: DeliveryState) -> None:
    assert light(in_state(S.ACCEPTED), *map(event, kinds)).state is state


def test_a_bounce_says_why_in_the_ledger() -> None:
    assert light(in_state(S.ACCEPTED), event(K.BOUNCED_HARD, detail="550 5.1.1 no such user")).detail == (
        "bounced hard: 550 5.1.1 no such user"
    )


def test_a_hand_over_is_left_to_the_run_that_waits_for_its_answer() -> None:
    row = in_state(S.HANDED_OVER)
    assert light(row, event(K.DELIVERED), is_running=everybody_runs) is row
    assert light(row, event(K.DELIVERED)).state is S.DELIVERED


#: Rows of a mail that had surely not left, as was thought, and what later runs made of them.
TAKEN_BACK: dict[str, tuple[str, ...]] = {
    "deferred by the sender": ("hand_over", "defer"),
    "in doubt, then not accepted": ("hand_over", "doubt", "settle_not_accepted"),
    "claimed again": ("hand_over", "defer", "reclaim"),
    "claimed again by a run that died": ("hand_over", "defer", "reclaim", "reclaim"),
    "given back before the next mail": ("hand_over", "defer", "reclaim", "defer"),
    "skipped since": ("hand_over", "defer", "reclaim", "skip"),
}
AFTER_ACCEPTANCE = {
    **dict.fromkeys((K.PROCESSED, K.DEFERRED, K.UNSUBSCRIBED), S.ACCEPTED),
    **dict.fromkeys((K.DELIVERED, K.COMPLAINED), S.DELIVERED),
    **dict.fromkeys((K.BOUNCED_HARD, K.BOUNCED_SOFT, K.DROPPED, K.REFUSED), S.REJECTED),
}


def after(moves: tuple[str, ...]) -> Delivery:
    row = claimed()
    for name in moves:
        row = MOVES[name](row, NOW)
    return row


@pytest.mark.parametrize("moves", TAKEN_BACK.values(), ids=TAKEN_BACK)
@pytest.mark.parametrize("kind", list(K))
@pytest.mark.parametrize("is_running", [nobody_runs, everybody_runs])
def test_an_event_proves_that_a_mail_had_left_after_all(
    moves: tuple[str, ...], kind: EventKind, is_running: Callable[[str], bool]
) -> None:
    """Its papers count, and no run sends another, whoever has claimed it meanwhile."""
    row = light(after(moves), event(kind), is_running=is_running)
    assert row.state is AFTER_ACCEPTANCE[kind]
    assert row.paper_ids == PAPERS
    assert not ledger.is_claimable(row, NOW + timedelta(days=9), nobody_runs)
    mine = MOVES["hand_over"](after(moves), NOW) if after(moves).state is S.CLAIMED else None
    assert mine is None or not ledger.is_next_of(mine, row)


@pytest.mark.parametrize(
    "moves", [(), ("defer",), ("skip",), ("defer", "reclaim"), ("reject",), ("hand_over", "reject")]
)
@pytest.mark.parametrize("kind", list(K))
def test_events_do_not_touch_a_row_whose_mail_was_never_handed_over_or_is_over(
    moves: tuple[str, ...], kind: EventKind
) -> None:
    row = after(moves)
    assert light(row, event(kind)) is row


@given(
    st.sampled_from([S.HANDED_OVER, S.IN_DOUBT, S.ACCEPTED, S.DELIVERED, S.DEFERRED]),
    st.lists(st.builds(event, st.sampled_from(list(K)), st.integers(0, 9)), max_size=8).flatmap(
        lambda told: st.tuples(st.just(told), st.permutations(told))
    ),
)
def test_one_by_one_at_once_in_any_order_the_end_is_the_same(
    state: DeliveryState, lists: tuple[list[MailEvent], list[MailEvent]]
) -> None:
    told, shuffled = lists
    at_once = light(in_state(state), *told)
    known: list[MailEvent] = []
    row = in_state(state)
    for each in shuffled:
        known.append(each)
        row = light(row, *known)
    assert row.state is at_once.state
    assert light(row, *told) is row
