"""What events do to an address: at once or after too many, in any order, however often they are told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter import suppress
from newsletter.model import EventKind, MailEvent, Standing, Suppression, SuppressionReason

WHO = "s_abcd2345"
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
K = EventKind


def event(kind: EventKind, days: float = 0, detail: str = "") -> MailEvent:
    return MailEvent(kind, WHO, date(2026, 11, 2), NOON + timedelta(days=days), detail)


def after_all(events: list[MailEvent], standing: Standing | None = None) -> Standing:
    standing = standing or Standing(WHO)
    for each in events:
        standing = suppress.after(standing, each)
    return standing


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
    assert after_all([event(kind, detail="550 5.1.1")]).suppression == Suppression(why, NOON, "550 5.1.1")


@pytest.mark.parametrize("kind", [K.PROCESSED, K.DELIVERED, K.DEFERRED, K.REFUSED])
def test_others_never_do(kind: EventKind) -> None:
    assert after_all([event(kind, days) for days in range(30)]) == Standing(WHO)


def test_five_days_of_soft_bounces_are_too_many_and_four_are_not() -> None:
    assert after_all([event(K.BOUNCED_SOFT, day) for day in range(4)]).suppression is None
    found = after_all([event(K.BOUNCED_SOFT, day) for day in range(5)]).suppression
    assert found is not None
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
        found = suppress.after(before, later).suppression
        assert found is not None
        assert found.why.weight <= before.suppression.why.weight


@given(st.lists(events, max_size=12))
def test_what_was_forgiven_stays_forgiven_when_it_is_told_again(told: list[MailEvent]) -> None:
    lifted = suppress.lift(after_all(told), NOON + timedelta(days=31))
    assert after_all(told, lifted) == lifted
    again = suppress.after(lifted, event(K.COMPLAINED, 32))
    assert again.suppression is not None


def test_a_complaint_outweighs_an_unsubscription_and_not_the_other_way_round() -> None:
    for told in ([K.UNSUBSCRIBED, K.COMPLAINED], [K.COMPLAINED, K.UNSUBSCRIBED]):
        found = after_all([event(kind) for kind in told]).suppression
        assert found is not None
        assert found.why is SuppressionReason.COMPLAINT
