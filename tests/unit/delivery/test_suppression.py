"""What events do to an address: at once or after too many, in any order, however often they are told."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery import suppression
from newsletter.model import AddressStatus, EventKind, MailEvent, Suppression, SuppressionReason
from tests.make import present

WHO = "s_abcd2345"
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
K = EventKind
MORNING = date(2026, 11, 2)


def event(kind: EventKind, days: float = 0, detail: str = "") -> MailEvent:
    return MailEvent(kind, WHO, MORNING + timedelta(days=int(days)), NOON + timedelta(days=days), detail)


def after_all(events: list[MailEvent], status: AddressStatus | None = None) -> AddressStatus:
    status = status or AddressStatus(WHO)
    for each in events:
        status = suppression.apply_event(status, each)
    return status


events = st.builds(event, st.sampled_from(list(K)), st.integers(0, 30), st.sampled_from(["", "a", "b"]))


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (K.BOUNCED_HARD, SuppressionReason.HARD_BOUNCE),
        (K.COMPLAINED, SuppressionReason.COMPLAINT),
        (K.DROPPED, SuppressionReason.DROPPED),
        (K.UNSUBSCRIBED, SuppressionReason.UNSUBSCRIBED),
    ],
)
def test_some_events_suppress_at_once(kind: EventKind, why: SuppressionReason) -> None:
    morning = MORNING if why in suppression.BY_BOUNCES else None
    assert after_all([event(kind, detail="550 5.1.1")]).suppression == Suppression(why, NOON, "550 5.1.1", morning)


@pytest.mark.parametrize("kind", [K.PROCESSED, K.DELIVERED, K.DEFERRED, K.REFUSED])
def test_others_never_do(kind: EventKind) -> None:
    assert after_all([event(kind, days) for days in range(30)]) == AddressStatus(WHO)


def test_five_days_of_soft_bounces_are_too_many_and_four_are_not() -> None:
    assert after_all([event(K.BOUNCED_SOFT, day) for day in range(4)]).suppression is None
    found = present(after_all([event(K.BOUNCED_SOFT, day) for day in range(5)]).suppression)
    assert found.why is SuppressionReason.SOFT_BOUNCES
    assert found.since == datetime(2026, 11, 6, tzinfo=UTC)


def test_a_day_counts_once_however_often_it_bounces() -> None:
    assert after_all([event(K.BOUNCED_SOFT, hour / 24) for hour in range(11)]).suppression is None


def test_a_quiet_week_forgets() -> None:
    days = [0, 1, 2, 3, 11, 12, 13, 14]
    assert after_all([event(K.BOUNCED_SOFT, day) for day in days]).suppression is None
    assert after_all([event(K.BOUNCED_SOFT, day) for day in [*days, 15]]).suppression is not None


@given(st.lists(events, max_size=12).flatmap(lambda all_: st.tuples(st.just(all_), st.permutations(all_))))
def test_order_and_copies_mean_nothing(lists: tuple[list[MailEvent], list[MailEvent]]) -> None:
    as_told, shuffled = lists
    assert after_all(as_told) == after_all(shuffled) == after_all(shuffled + as_told)


@given(st.lists(events, max_size=12), events)
def test_nothing_but_the_operator_lets_an_address_in_again(earlier: list[MailEvent], later: MailEvent) -> None:
    before = after_all(earlier)
    if before.suppression is not None:
        found = present(suppression.apply_event(before, later).suppression)
        assert found.why.weight <= before.suppression.why.weight


@given(st.lists(events, max_size=12))
def test_what_was_forgiven_stays_forgiven_when_it_is_told_again(told: list[MailEvent]) -> None:
    lifted = suppression.lift(after_all(told), NOON + timedelta(days=31))
    assert after_all(told, lifted) == lifted
    again = suppression.apply_event(lifted, event(K.COMPLAINED, 32))
    assert again.suppression is not None


def test_a_complaint_outweighs_an_unsubscription_and_not_the_other_way_round() -> None:
    for told in ([K.UNSUBSCRIBED, K.COMPLAINED], [K.COMPLAINED, K.UNSUBSCRIBED]):
        found = present(after_all([event(kind) for kind in told]).suppression)
        assert found.why is SuppressionReason.COMPLAINT


@pytest.mark.parametrize(
    ("bounced", "mailed", "too_many"),
    [(2, 2, False), (3, 3, True), (3, 29, True), (3, 30, False), (4, 30, True), (10, 100, False), (11, 100, True)],
)
def test_three_readers_and_more_than_one_in_ten_are_too_many(bounced: int, mailed: int, too_many: bool) -> None:
    assert suppression.are_too_many(bounced, mailed) is too_many


HARD = event(K.BOUNCED_HARD, detail="550 5.1.1")


def held(status: AddressStatus | None = None) -> AddressStatus:
    return suppression.apply_brake(suppression.apply_event(status or AddressStatus(WHO), HARD), MORNING, too_many=True)


def test_what_is_held_has_no_effect_and_is_not_forgotten() -> None:
    status = held()
    assert status.suppression is None
    assert status.is_held
    assert status.held == (Suppression(SuppressionReason.HARD_BOUNCE, NOON, "550 5.1.1", MORNING),)
    assert suppression.apply_event(status, HARD) == status, "a copy of the bounce suppresses nobody"
    assert suppression.apply_brake(status, MORNING, too_many=True) == status


@pytest.mark.parametrize("kind", [K.COMPLAINED, K.UNSUBSCRIBED])
def test_a_readers_own_word_is_never_held(kind: EventKind) -> None:
    for status in (
        suppression.apply_event(held(), event(kind)),
        held(suppression.apply_event(AddressStatus(WHO), event(kind))),
    ):
        assert status.suppression is not None
        assert not status.is_held
        assert suppression.apply_brake(status, MORNING, too_many=True) == status


def test_another_mornings_bounce_suppresses_in_spite_of_what_is_held() -> None:
    later = MailEvent(K.BOUNCED_HARD, WHO, MORNING + timedelta(days=1), NOON + timedelta(days=1))
    status = suppression.apply_event(held(), later)
    assert status.suppression is not None
    assert suppression.apply_event(status, HARD) == status


def test_confirming_suppresses_and_that_morning_holds_it_no_more() -> None:
    status = suppression.confirm(held())
    assert status.suppression == Suppression(SuppressionReason.HARD_BOUNCE, NOON, "550 5.1.1")
    assert not status.held
    assert suppression.apply_brake(status, MORNING, too_many=True) == status
    assert suppression.apply_event(status, HARD).suppression is not None


def test_releasing_forgives_also_what_is_told_again() -> None:
    status = suppression.release(held(), NOON + timedelta(hours=5))
    assert status == AddressStatus(WHO, lifted_at=NOON + timedelta(hours=5))
    assert suppression.apply_event(status, HARD) == status
    left = suppression.apply_event(AddressStatus(WHO), event(K.UNSUBSCRIBED))
    assert suppression.release(left, NOON) == left


def test_what_is_held_takes_effect_when_it_turns_out_that_few_bounced() -> None:
    status = suppression.apply_brake(held(), MORNING, too_many=False)
    assert status.suppression is not None
    assert not status.held


def test_soft_bounces_are_held_as_well_and_only_the_operator_lets_them_go() -> None:
    status = after_all([event(K.BOUNCED_SOFT, day) for day in range(5)])
    on = date(2026, 11, 6)
    waiting = suppression.apply_brake(status, on, too_many=True)
    assert waiting.is_held
    assert suppression.apply_brake(waiting, on, too_many=False) == waiting
    assert suppression.confirm(waiting).suppression is not None
