"""What jobs hand on: each has its own, lent again until it is too old, or was there when something failed."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from newsletter.worker.kept_parts import KEEP_FOR, KeptParts

BEGIN = datetime(2026, 11, 27, 6, tzinfo=UTC)


class Shelf:
    """Parts are numbers, in the order in which they were made."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.parts = KeptParts(count(1).__next__, lambda: self.now)

    def take(self) -> int:
        with self.parts.borrow() as part:
            return part


def test_the_next_job_gets_what_the_last_one_had() -> None:
    shelf = Shelf()
    assert [shelf.take(), shelf.take()] == [1, 1]


def test_two_jobs_at_once_share_nothing() -> None:
    shelf = Shelf()
    with shelf.parts.borrow() as one, shelf.parts.borrow() as other:
        assert one != other
    assert {shelf.take(), shelf.take()} <= {one, other}


@pytest.mark.parametrize(
    ("later", "expected"), [(KEEP_FOR - timedelta(seconds=1), 1), (KEEP_FOR, 2), (-timedelta(hours=1), 2)]
)
def test_it_is_kept_for_a_while_also_if_the_clock_is_set_back(later: timedelta, expected: int) -> None:
    shelf = Shelf()
    shelf.take()
    shelf.now = BEGIN + later
    assert shelf.take() == expected


def test_using_it_again_makes_it_no_younger() -> None:
    shelf = Shelf()
    taken = []
    for _ in range(4):
        taken.append(shelf.take())
        shelf.now += KEEP_FOR / 2
    assert taken == [1, 1, 2, 2]


def test_what_was_there_when_a_job_failed_is_not_lent_again() -> None:
    shelf = Shelf()
    with suppress(ZeroDivisionError), shelf.parts.borrow():
        _ = 1 / 0
    assert shelf.take() == 2


def test_what_is_dropped_is_made_anew_and_what_is_in_hand_is_lent_again() -> None:
    shelf = Shelf()
    shelf.take()
    shelf.parts.drop()
    with shelf.parts.borrow() as in_hand:
        shelf.parts.drop()
    assert [in_hand, shelf.take()] == [2, 2]
