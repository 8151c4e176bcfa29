"""No more mails in a minute than allowed, whoever sends them, and none later than need be."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SendDeferred, StoreError, TurnsHeld
from newsletter.senders.paced import LOOK_S, MOST_REST_S, MailTurns, PacedSender, Rest
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
    turns = [MailTurns(per_minute, lambda s, at=at: pace.reserve(at(), s), at) for at in times]
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
    paced = PacedSender(sender, nobody_rests(at), MailTurns(600, lambda s: pace.reserve(at(), s), at), at.sleep)
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
        PacedSender(sender, nobody_rests(at), MailTurns(60, reserve, at), at.sleep).send(message())
    assert sender.find(message().delivery_id).accepted is not True


class SharedRest:
    """What the memory keeps of a rest, on the processes' common time."""

    def __init__(self, at: Time) -> None:
        self.until_s, self.looks, self.is_away = 0.0, 0, False
        self._at = at

    def look(self) -> float:
        self.looks += 1
        self._require()
        return max(0.0, self.until_s - self._at())

    def tell(self, seconds: float) -> None:
        self._require()
        self.until_s = max(self.until_s, self._at() + seconds)

    def _require(self) -> None:
        if self.is_away:
            raise StoreError("the database is away; try again")

    def opened(self) -> Rest:
        return Rest(self.look, self.tell, self._at)


def nobody_rests(at: Time) -> Rest:
    return SharedRest(at).opened()


def test_what_one_process_is_told_all_wait_for() -> None:
    at = Time()
    shared = SharedRest(at)
    told, other = shared.opened(), shared.opened()
    assert other.left() == 0
    told.hold(60)
    told.hold(10)
    assert told.left() == 60
    assert other.left() == 0, "it has looked just now"
    at.sleep(LOOK_S)
    assert other.left() == 60 - LOOK_S
    sender = FlakySender(lambda: datetime.now(UTC))
    PacedSender(sender, other, None, at.sleep).send(message())
    assert at.now_s == 1060


def test_the_memory_is_asked_once_in_many_mails() -> None:
    at = Time()
    shared = SharedRest(at)
    rest = shared.opened()
    for _ in range(100):
        rest.left()
        at.sleep(LOOK_S / 20)
    assert shared.looks == pytest.approx(5, abs=1)


def test_while_the_memory_is_away_each_goes_by_what_it_was_told() -> None:
    at = Time()
    shared = SharedRest(at)
    shared.is_away = True
    told, other = shared.opened(), shared.opened()
    told.hold(60)
    assert (told.left(), other.left()) == (60, 0)


@pytest.mark.parametrize("per_minute", [None, 600])
def test_a_mail_that_would_have_to_wait_long_is_put_off_and_not_offered(per_minute: int | None) -> None:
    at, pace = Time(), SharedPace()
    rest = nobody_rests(at)
    turns = MailTurns(per_minute, lambda s: pace.reserve(at(), s), at) if per_minute else None
    rest.hold(3600)
    sender = FlakySender(lambda: datetime.now(UTC))
    with pytest.raises(SendDeferred, match="to be left alone for 60 minutes; a later run sends it") as raised:
        PacedSender(sender, rest, turns, at.sleep).send(message())
    assert (raised.value.retry_after_s, raised.value.strikes, at.now_s) == (3600, 2, 1000)
    assert sender.find(message().delivery_id).accepted is not True


@pytest.mark.parametrize("processes", [2, 10])
def test_a_turn_behind_many_others_is_waited_for(processes: int) -> None:
    """At one mail in a minute ten senders wait for ten minutes; if they gave up, their turns would be lost."""
    pace, at = SharedPace(), Time()
    for number in range(processes):
        own = Time()
        turns = MailTurns(1, lambda s: pace.reserve(at(), s), own)
        PacedSender(FlakySender(lambda: datetime.now(UTC)), nobody_rests(own), turns, own.sleep).send(message())
        assert own() - at() == 60 * number


def test_a_rest_that_begins_between_the_look_and_the_turn_is_no_turn_to_wait_for() -> None:
    """Nor is its end, which all would take for theirs: who comes then takes a turn."""
    at = Time()
    asked: list[float] = []

    def reserve(amount_s: float) -> float:
        asked.append(amount_s)
        if len(asked) == 1:
            raise TurnsHeld("mails", 3600)
        return 0.0

    sender = FlakySender(lambda: datetime.now(UTC))
    paced = PacedSender(sender, nobody_rests(at), MailTurns(60, reserve, at), at.sleep)
    with pytest.raises(SendDeferred, match="60 minutes"):
        paced.send(message())
    assert at.now_s == 1000
    assert sender.find(message().delivery_id).accepted is not True
    at.sleep(3600)
    paced.send(message())
    assert len(asked) == 2


def test_a_rest_that_is_made_longer_again_and_again_ends_the_patience() -> None:
    at = Time()
    rest = Rest(look=lambda: 50.0, tell=lambda _seconds: None, monotonic=at)
    with pytest.raises(SendDeferred):
        PacedSender(FlakySender(lambda: datetime.now(UTC)), rest, None, at.sleep).send(message())
    assert at.now_s - 1000 == MOST_REST_S
