"""Somebody vanished from the list and a newcomer has their name: asked for two weeks, and of nobody else."""

from datetime import date, timedelta

import pytest

from newsletter.model import Subscriber
from newsletter.subscribers import listing_history
from newsletter.subscribers.listing_history import (
    KEEP_VANISHED,
    NEW_FOR,
    ListingHistory,
    find_possible_moves,
    read,
    update,
    write,
)
from tests import make

TODAY = date(2026, 1, 6)


def after(*days: dict[str, str], first: ListingHistory | None = None) -> ListingHistory:
    """Lists of (id: name), a day apart, the last one today."""
    known = first or {}
    for number, names in enumerate(days):
        on = TODAY - timedelta(days=len(days) - 1 - number)
        known = update(known, [make.subscriber(subscriber_id=who, name=name) for who, name in names.items()], on)
        known = read(write(known))
    return known


BOTH = {"s_old": "Ada Lovelace", "s_emmy": "Emmy Noether"}


@pytest.mark.parametrize("name", ["Ada Lovelace", "ada  LOVELACE", " Ada Lovelace "])
def test_a_changed_address_is_seen(name: str) -> None:
    assert find_possible_moves(after(BOTH, {"s_emmy": "Emmy Noether", "s_new": name}), TODAY) == [("s_old", "s_new")]


def test_the_two_halves_of_the_change_may_lie_apart() -> None:
    gone_first = after(BOTH, {"s_emmy": "Emmy Noether"}, {"s_emmy": "Emmy Noether", "s_new": "Ada Lovelace"})
    new_first = after(BOTH, BOTH | {"s_new": "Ada Lovelace"}, {"s_emmy": "Emmy Noether", "s_new": "Ada Lovelace"})
    assert find_possible_moves(gone_first, TODAY) == find_possible_moves(new_first, TODAY) == [("s_old", "s_new")]


@pytest.mark.parametrize(
    "lists",
    [
        [BOTH],
        [{}, BOTH],
        [BOTH, BOTH | {"s_new": "Ada Lovelace"}],  # two of one name
        [BOTH, {"s_emmy": "Emmy Noether", "s_new": "Ada King"}],
        [{"s_old": "", "s_emmy": "E"}, {"s_new": "", "s_emmy": "E"}],
        [BOTH | {"s_new": "Ada Lovelace"}, {"s_new": "Ada Lovelace"}],  # who was there all along is not new
        [BOTH, {"s_emmy": "Emmy Noether"}, BOTH],
    ],
)
def test_nobody_is_asked_about_without_reason(lists: list[dict[str, str]]) -> None:
    assert find_possible_moves(after(*lists), TODAY) == []


def test_it_is_asked_for_two_weeks_and_the_name_is_forgotten_after_two_months() -> None:
    now = after(BOTH, {"s_new": "Ada Lovelace"})
    assert find_possible_moves(now, TODAY + NEW_FOR)
    assert not find_possible_moves(now, TODAY + NEW_FOR + timedelta(days=1))
    listed = [make.subscriber(subscriber_id="s_new", name="Ada Lovelace")]
    assert set(update(now, listed, TODAY + KEEP_VANISHED)) == {"s_old", "s_emmy", "s_new"}
    assert set(update(now, listed, TODAY + KEEP_VANISHED + timedelta(days=1))) == {"s_new"}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"a": 1}', '{"a": {"name": "b", "since": "x", "until": null}}']
)
def test_a_history_that_cannot_be_understood_is_begun_anew(text: str) -> None:
    assert read(text) == {}


class CountedName(str):
    """Knows how often any of its kind was made comparable."""

    looks = 0

    def casefold(self) -> str:
        CountedName.looks += 1
        return super().casefold()


def test_each_name_is_looked_at_once_however_many_come_and_go() -> None:
    before, now = ({f"s_{kind}{n}": CountedName(f"{kind} {n}") for n in range(100)} for kind in ("old", "new"))
    known = update(update({}, _named(before), TODAY - timedelta(days=1)), _named(now), TODAY)
    CountedName.looks = 0
    assert find_possible_moves(known, TODAY) == []
    assert CountedName.looks <= len(before) + len(now)


def _named(names: dict[str, CountedName]) -> list[Subscriber]:
    return [make.subscriber(subscriber_id=who, name=name) for who, name in names.items()]


def test_the_question_names_ids_alone() -> None:
    said = listing_history.describe_possible_move("s_old", "s_new")
    assert "newsletter subscribers move s_old s_new" in said
    assert "@" not in said
