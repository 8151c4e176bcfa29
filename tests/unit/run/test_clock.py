"""The clock's loop on a clock of its own: nobody sleeps, weeks pass in no time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import pytest

from newsletter.errors import ConfigError, StoreError
from newsletter.model import Subscriber
from newsletter.run.clock import next_check, run_clock
from newsletter.run.schedule import Timing, is_due, mail_date
from tests import make

MIDNIGHT = datetime(2026, 1, 6, tzinfo=UTC)


@dataclass
class World:
    """Time that goes on only when somebody waits or works, and a tick that mails whoever is due once a date."""

    readers: Sequence[Subscriber]
    until: datetime
    now: datetime = MIDNIGHT
    work: timedelta = timedelta(seconds=2)  # that one tick takes
    timing: Timing = Timing(0, timedelta(hours=12))  # noqa: RUF009 - frozen
    troubles: dict[datetime, Exception] = field(default_factory=dict)  # raised by the first tick from then on
    ticks: list[datetime] = field(default_factory=list)
    mailed: list[tuple[str, datetime]] = field(default_factory=list)
    served: set[tuple[str, date]] = field(default_factory=set)
    failures: list[Exception] = field(default_factory=list)
    slept: Callable[[float], float] = lambda seconds: seconds

    def tick(self) -> Sequence[Subscriber]:
        self.ticks.append(self.now)
        for moment in sorted(self.troubles):
            if moment <= self.now:
                raise self.troubles.pop(moment)
        for reader in self.readers:
            key = reader.subscriber_id, mail_date(reader, self.now, self.timing)
            if is_due(reader, self.now, self.timing) and key not in self.served:
                self.served.add(key)
                self.mailed.append((reader.subscriber_id, self.now))
        self.now += self.work
        return self.readers

    def wait(self, seconds: float) -> bool:
        assert seconds >= 0
        self.now += timedelta(seconds=self.slept(seconds))
        return self.now >= self.until

    def pass_(self) -> World:
        run_clock(
            tick=self.tick,
            report_failure=self.failures.append,
            now=lambda: self.now,
            wait=self.wait,
            timing=self.timing,
        )
        return self


def reader(at: str, **changes: object) -> Subscriber:
    return make.subscriber(
        zone="UTC", send_at=time.fromisoformat(at), subscriber_id=f"s_{at.replace(':', ''):>08}", **changes
    )


def test_each_mail_leaves_at_its_moment_day_after_day() -> None:
    readers = [reader("07:10"), reader("07:11"), reader("23:40")]
    world = World(readers, MIDNIGHT + timedelta(days=14), timing=Timing(0, timedelta(minutes=19))).pass_()
    for each in readers:
        at = [moment for who, moment in world.mailed if who == each.subscriber_id]
        assert [moment.time() for moment in at] == [each.send_at] * 14


def test_between_mails_it_looks_a_few_times_an_hour_and_never_on_the_hour() -> None:
    world = World([], MIDNIGHT + timedelta(days=1)).pass_()
    assert world.ticks[0] == MIDNIGHT, "at once after its start"
    assert {moment.minute for moment in world.ticks[1:]} == {7, 22, 37, 52}
    assert len(world.ticks) == 1 + 24 * 4


def test_a_moment_that_comes_while_a_tick_works_is_looked_at_right_after_it() -> None:
    readers = [reader("07:10"), reader("07:12"), reader("07:14")]
    world = World(readers, MIDNIGHT + timedelta(hours=9), work=timedelta(minutes=3)).pass_()
    assert [f"{moment:%H:%M}" for _, moment in world.mailed] == ["07:10", "07:13", "07:16"]


def test_what_was_missed_in_a_sleep_of_the_machine_is_one_tick() -> None:
    """The machine sleeps from 06:52 to 10:00, and the wait of some minutes ends three hours late."""
    readers = [reader("07:10"), reader("08:10"), reader("09:10")]
    woke = MIDNIGHT + timedelta(hours=10)

    def slept(seconds: float) -> float:
        return (woke - world.now).total_seconds() if f"{world.now:%H:%M}" == "06:52" else seconds

    world = World(readers, MIDNIGHT + timedelta(hours=11), slept=slept)
    world.pass_()
    assert {moment for _, moment in world.mailed} == {woke}
    assert len(world.mailed) == 3
    assert [moment for moment in world.ticks if moment.hour == 10][:2] == [woke, woke.replace(minute=7)]


def test_a_clock_that_was_down_all_day_mails_nobody_late_and_goes_on_the_next_day() -> None:
    world = World([reader("07:10")], MIDNIGHT + timedelta(days=2), now=MIDNIGHT + timedelta(hours=20)).pass_()
    assert [moment.date() for _, moment in world.mailed] == [date(2026, 1, 7)]


@pytest.mark.parametrize("error", [StoreError("the disk is full"), ConfigError("no subscribers"), ZeroDivisionError()])
def test_a_tick_that_breaks_is_told_and_the_clock_goes_on(error: Exception) -> None:
    world = World([reader("07:10")], MIDNIGHT + timedelta(hours=9), troubles={MIDNIGHT + timedelta(hours=7): error})
    world.pass_()
    assert world.failures == [error]
    assert [f"{moment:%H:%M}" for _, moment in world.mailed] == ["07:10"]


def test_it_knows_nobody_until_a_tick_has_told_and_tries_again_at_the_next_mark() -> None:
    world = World([reader("00:03")], MIDNIGHT + timedelta(hours=1), troubles={MIDNIGHT: ConfigError("broken")}).pass_()
    assert [f"{moment:%H:%M}" for _, moment in world.mailed] == ["00:07"]


def test_it_ends_when_it_is_asked_to_and_begins_no_other_tick() -> None:
    world = World([], MIDNIGHT)
    world.pass_()
    assert world.ticks == [MIDNIGHT]


def test_a_wait_that_ends_a_little_early_is_made_up_for() -> None:
    world = World([reader("07:10")], MIDNIGHT + timedelta(hours=8), slept=lambda seconds: max(seconds * 0.999, 0.001))
    world.work = timedelta(0)
    world.pass_()
    [(_, moment)] = world.mailed
    assert timedelta(0) <= moment - (MIDNIGHT + timedelta(hours=7, minutes=10)) < timedelta(seconds=1)


def test_the_next_mark_is_always_ahead() -> None:
    assert next_check(MIDNIGHT.replace(minute=52)) == MIDNIGHT.replace(hour=1, minute=7)
    assert next_check(MIDNIGHT.replace(hour=23, minute=59)) == MIDNIGHT + timedelta(days=1, minutes=7)
    assert next_check(MIDNIGHT.replace(minute=7)) == MIDNIGHT.replace(minute=22)
