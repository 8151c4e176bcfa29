"""No more mails in a minute than allowed, whoever sends them, and none later than need be."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import StoreError
from newsletter.senders.paced import PacedSender, Turns
from tests.contract.senders.test_sender import message
from tests.fakes import FlakySender


class Time:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now_s += seconds


class SharedPace:
    """What stores/sql/paces.py does, on the processes' common time."""

    def __init__(self) -> None:
        self.busy_until_s = 0.0
        self.asked = 0

    def reserve(self, now_s: float, amount_s: float) -> float:
        self.asked += 1
        begin_s = max(self.busy_until_s, now_s)
        self.busy_until_s = begin_s + amount_s
        return begin_s - now_s


@given(
    per_minute=st.sampled_from([1, 7, 60, 600, 6000]),
    slowness=st.lists(st.sampled_from([0.0, 0.01, 1.0, 30.0]), min_size=1, max_size=5),
    seed=st.integers(0, 1000),
)
def test_several_processes_together_keep_the_pace(per_minute: int, slowness: list[float], seed: int) -> None:
    """Each process has a time of its own; whoever is furthest behind goes on."""
    pace, chance = SharedPace(), random.Random(seed)
    times = [Time() for _ in slowness]
    turns = [Turns(per_minute, lambda s, at=at: pace.reserve(at(), s), at) for at in times]
    left: list[float] = []
    for _ in range(120):
        behind = min(range(len(times)), key=lambda number: times[number].now_s)
        if wait_s := turns[behind].take():
            times[behind].sleep(wait_s)
        left.append(times[behind].now_s)
        times[behind].now_s += slowness[behind] * chance.random()
    left.sort()
    gap_s = 60 / per_minute
    for first, at in enumerate(left):
        within = sum(at <= other < at + 60 for other in left[first:])
        assert within <= 60 / gap_s + 2, "one turn may be used at its end and the next but 60 s at its beginning"


def test_one_process_sends_at_the_pace_and_asks_once_in_many_mails() -> None:
    pace, at = SharedPace(), Time()
    sender = FlakySender(lambda: datetime.now(UTC))
    paced = PacedSender(sender, Turns(600, lambda s: pace.reserve(at(), s), at), at.sleep)
    for _ in range(100):
        paced.send(message())
    assert at.now_s - 1000 == pytest.approx(9.9, abs=0.11)
    assert pace.asked == 5
    assert paced.name == sender.name


def test_a_mail_without_a_turn_does_not_leave() -> None:
    def reserve(_amount_s: float) -> float:
        raise StoreError("the database is away; try again")

    sender, at = FlakySender(lambda: datetime.now(UTC)), Time()
    with pytest.raises(StoreError):
        PacedSender(sender, Turns(60, reserve, at), at.sleep).send(message())
    assert sender.find(message().delivery_id).accepted is not True
