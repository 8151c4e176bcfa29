"""Send times across the clock changes of all zones, weekdays and pauses."""

import zoneinfo
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from newsletter.model import Frequency, Subscriber
from newsletter.papers import arxiv_day
from newsletter.run.schedule import (
    Timing,
    due_at,
    is_due,
    is_paused,
    is_too_late,
    last_arxiv_day,
    local_date,
    mail_date,
    mails_on,
    next_mail_at,
    next_moments,
)
from tests import make

ADA = make.subscriber(subscriber_id="s_z7qa3xsg")  # at 07:10 in Berlin, daily
SUNDAY = date(2026, 11, 22)
MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)
HALF_A_DAY = Timing(latest=timedelta(hours=12))


def due(zone: str, on: str, at: str) -> str:
    """The due moment as that zone's wall clock shows it, with its offset."""
    subscriber = replace(ADA, zone=zone, send_at=time.fromisoformat(at))
    return due_at(subscriber, date.fromisoformat(on)).astimezone(ZoneInfo(zone)).isoformat()


# --- dates


def test_the_local_date_is_that_of_the_zone() -> None:
    now = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
    zones = ("Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago")
    assert [local_date(now, zone).day for zone in zones] == [23, 22, 22]
    assert local_date(now - timedelta(hours=1), "Pacific/Pago_Pago").day == 21


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        local_date(datetime(2026, 11, 22, 11, 30), "UTC")  # noqa: DTZ001 - what is tested


# --- which days bring mail


@pytest.mark.parametrize(
    ("frequency", "days"),
    [(Frequency.DAILY, [0, 1, 2, 3, 4, 5, 6]), (Frequency.WEEKDAYS, [0, 1, 2, 3, 4]), (Frequency.WEEKLY, [4])],
)
def test_the_frequency_picks_the_days_of_the_week(frequency: Frequency, days: list[int]) -> None:
    subscriber = replace(ADA, frequency=frequency, weekday=4)
    week = [MONDAY + timedelta(days=n) for n in range(7)]
    assert [on.weekday() for on in week if mails_on(subscriber, on)] == days


@given(st.dates(), st.integers(0, 6))
def test_seven_days_in_a_row_hold_one_weekly_mail(start: date, weekday: int) -> None:
    start = min(start, date.max - timedelta(days=6))
    subscriber = replace(ADA, frequency=Frequency.WEEKLY, weekday=weekday)
    assert sum(mails_on(subscriber, start + timedelta(days=n)) for n in range(7)) == 1


def test_mail_comes_again_on_the_day_the_pause_ends() -> None:
    subscriber = replace(ADA, paused_until=MONDAY)
    assert is_paused(subscriber, SUNDAY)
    assert not is_paused(subscriber, MONDAY)
    assert not is_paused(ADA, SUNDAY)


# --- the send time on days when the clock changes


@pytest.mark.parametrize(
    ("zone", "on", "at", "expected"),
    [
        ("Europe/Berlin", "2026-11-22", "07:10", "2026-11-22T07:10:00+01:00"),
        ("Asia/Kathmandu", "2026-11-22", "07:10", "2026-11-22T07:10:00+05:45"),
        # clocks go forward: 02:00 to 03:00
        ("Europe/Berlin", "2027-03-28", "01:59", "2027-03-28T01:59:00+01:00"),
        ("Europe/Berlin", "2027-03-28", "02:00", "2027-03-28T03:00:00+02:00"),
        ("Europe/Berlin", "2027-03-28", "02:59", "2027-03-28T03:00:00+02:00"),
        ("Europe/Berlin", "2027-03-28", "03:00", "2027-03-28T03:00:00+02:00"),
        # clocks go back: 03:00 to 02:00
        ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T02:30:00+02:00"),
        ("Europe/Berlin", "2026-10-25", "03:00", "2026-10-25T03:00:00+01:00"),
        # by half an hour only
        ("Australia/Lord_Howe", "2026-10-04", "02:10", "2026-10-04T02:30:00+11:00"),
        # at midnight: the day begins at 01:00
        ("America/Santiago", "2026-09-06", "00:20", "2026-09-06T01:00:00-03:00"),
        # back over midnight: 23:30 comes twice, on the same date
        ("America/Santiago", "2026-04-04", "23:30", "2026-04-04T23:30:00-03:00"),
        # 00:01 back to 23:01 of the day before
        ("America/St_Johns", "2010-11-07", "00:00", "2010-11-07T00:00:00-02:30"),
        # a gap over midnight, 23:30 to 00:30: the last moment of the day
        ("America/Toronto", "1919-03-30", "23:45", "1919-03-30T23:29:59.999999-05:00"),
        ("America/Toronto", "1919-03-31", "00:10", "1919-03-31T00:30:00-04:00"),
        # a day that never was
        ("Pacific/Apia", "2011-12-30", "07:10", "2011-12-31T00:00:00+14:00"),
    ],
)
def test_the_mail_is_due_at(zone: str, on: str, at: str, expected: str) -> None:
    assert due(zone, on, at) == expected


# --- laws

ZONES = st.sampled_from(sorted(zoneinfo.available_timezones()))
DATES = st.dates(date(1900, 1, 2), date(2100, 12, 30))
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))


def exists(on: date, zone: str) -> bool:
    """Whether the zone's calendar has that date at all; looks at every half hour around it."""
    start = datetime(on.year, on.month, on.day, tzinfo=UTC) - timedelta(hours=16)
    return any(local_date(start + timedelta(minutes=30 * n), zone) == on for n in range(120))


@given(ZONES, DATES, TIMES)
@example("Pacific/Apia", date(2011, 12, 30), time(7, 10))
@example("America/Toronto", date(1919, 3, 30), time(23, 45))
@example("America/St_Johns", date(2010, 11, 7), time(0, 0))
def test_the_mail_of_a_date_is_due_on_that_date(zone: str, on: date, at: time) -> None:
    moment = due_at(replace(ADA, zone=zone, send_at=at), on)
    assert moment.tzinfo is UTC
    assert (local_date(moment, zone) == on) is exists(on, zone)


@given(ZONES, DATES, TIMES)
@example("Pacific/Apia", date(2011, 12, 29), time(0, 0))
@example("Pacific/Apia", date(2011, 12, 30), time(0, 0))
def test_later_dates_are_due_later(zone: str, on: date, at: time) -> None:
    subscriber = replace(ADA, zone=zone, send_at=at)
    today, tomorrow = due_at(subscriber, on), due_at(subscriber, on + timedelta(days=1))
    assert today < tomorrow or not exists(on, zone)
    assert today <= tomorrow


@given(ZONES, DATES, TIMES, TIMES)
def test_a_later_send_time_is_never_due_earlier(zone: str, on: date, one: time, other: time) -> None:
    early, late = (due_at(replace(ADA, zone=zone, send_at=at), on) for at in sorted((one, other)))
    assert early <= late


@given(ZONES, DATES, TIMES)
def test_a_mail_becomes_due_at_its_moment_and_not_before(zone: str, on: date, at: time) -> None:
    assume(exists(on, zone))
    subscriber = replace(ADA, zone=zone, send_at=at)
    moment = due_at(subscriber, on)
    assert is_due(subscriber, moment)
    before = moment - timedelta(microseconds=1)
    assert not is_due(subscriber, before) or local_date(before, zone) != on


# --- now or not now


@pytest.mark.parametrize("at", [time(7, 10), time(21, 30), time(23, 59)])
def test_a_mail_is_due_from_the_send_time_for_as_long_as_it_is_news_also_past_midnight(at: time) -> None:
    midnight = datetime(2026, 11, 22, 23, tzinfo=UTC)  # in Berlin, the beginning of Monday
    weekly = replace(ADA, send_at=at, frequency=Frequency.WEEKLY, weekday=0)
    due_minutes = [n for n in range(48 * 60) if is_due(weekly, midnight + timedelta(minutes=n), HALF_A_DAY)]
    begin = at.hour * 60 + at.minute
    assert due_minutes == list(range(begin, begin + 12 * 60 + 1))
    assert {mail_date(weekly, midnight + timedelta(minutes=n), HALF_A_DAY) for n in due_minutes} == {MONDAY}


def test_a_mail_is_not_due_on_a_day_without_mail_or_in_a_pause() -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert not is_due(replace(ADA, frequency=Frequency.WEEKDAYS), noon)
    assert is_due(replace(ADA, frequency=Frequency.WEEKDAYS), noon + timedelta(days=1))
    assert not is_due(replace(ADA, paused_until=MONDAY), noon)
    assert is_due(replace(ADA, paused_until=SUNDAY), noon)


def test_weekdays_are_those_of_the_subscriber() -> None:
    """Sunday noon in London is Monday morning on Kiritimati."""
    noon = datetime(2026, 11, 22, 20, tzinfo=UTC)
    subscriber = replace(ADA, frequency=Frequency.WEEKDAYS)
    assert is_due(replace(subscriber, zone="Pacific/Kiritimati"), noon)
    assert not is_due(replace(subscriber, zone="Europe/London"), noon)


def test_yesterdays_mail_is_in_hand_until_todays_is_due() -> None:
    due = due_at(replace(ADA, send_at=time(0, 30)), MONDAY)
    for minutes, on in ((-1, SUNDAY), (0, MONDAY)):
        reader, now = replace(ADA, send_at=time(0, 30)), due + timedelta(minutes=minutes)
        assert mail_date(reader, now, Timing(latest=timedelta(hours=24))) == on


def test_yesterdays_mail_knows_nothing_that_arxiv_announced_since_it_was_due() -> None:
    """23:30 in New York; arXiv's day turns at midnight there."""
    reader = replace(ADA, zone="America/New_York", send_at=time(23, 30))
    due = due_at(reader, MONDAY)
    for minutes, on, last in ((10, MONDAY, MONDAY), (40, MONDAY, MONDAY), (24 * 60, MONDAY + DAY, MONDAY + DAY)):
        now = due + timedelta(minutes=minutes)
        assert mail_date(reader, now, HALF_A_DAY) == on
        assert last_arxiv_day(reader, on, now, HALF_A_DAY, arxiv_day) == last


# --- jitter, and the moment after which a digest is no news

JITTERS = st.integers(0, 60)
WHO = st.builds("s_{:08}".format, st.integers(0, 10**8 - 1))
READERS = st.builds(
    lambda who, zone, at, frequency, weekday: replace(
        ADA, subscriber_id=who, zone=zone, send_at=at, frequency=frequency, weekday=weekday
    ),
    WHO,
    ZONES,
    TIMES,
    st.sampled_from(Frequency),
    st.integers(0, 6),
)


@given(READERS, DATES, JITTERS)
@example(replace(ADA, zone="Pacific/Apia", send_at=time(23, 59)), date(2011, 12, 29), 60)
@example(replace(ADA, zone="America/Santiago", send_at=time(23, 30)), date(2026, 4, 4), 60)
@example(replace(ADA, zone="Australia/Lord_Howe", send_at=time(1, 55)), date(2026, 10, 4), 60)
def test_the_jitter_is_bounded_the_same_each_time_and_stays_on_the_date(
    reader: Subscriber, on: date, minutes: int
) -> None:
    plain, moment = due_at(reader, on), due_at(reader, on, minutes)
    assert moment == due_at(reader, on, minutes)
    assert timedelta(0) <= moment - plain <= timedelta(minutes=minutes)
    assert local_date(moment, reader.zone) == local_date(plain, reader.zone)


def test_the_jitter_spreads_subscribers_over_its_minutes_and_differs_from_day_to_day() -> None:
    readers = [replace(ADA, subscriber_id=f"s_{n:08}") for n in range(300)]
    spread = {due_at(reader, MONDAY, 9) - due_at(reader, MONDAY) for reader in readers}
    assert spread == {timedelta(minutes=n) for n in range(10)}
    assert len({due_at(ADA, MONDAY + timedelta(days=n), 9).minute for n in range(30)}) > 3


def test_close_to_midnight_the_jitter_leaves_time_to_send() -> None:
    readers = [replace(ADA, send_at=time(23, 50), subscriber_id=f"s_{n:08}") for n in range(100)]
    assert max(due_at(reader, MONDAY, 60) for reader in readers) == due_at(readers[0], MONDAY) + timedelta(minutes=5)
    assert due_at(replace(ADA, send_at=time(23, 59)), MONDAY, 60).minute == 59


def test_a_digest_is_too_late_after_its_hours_and_not_before() -> None:
    timing = Timing(latest=timedelta(hours=12))
    due = due_at(ADA, MONDAY)
    assert is_due(ADA, due + timedelta(hours=12), timing)
    late = due + timedelta(hours=12, seconds=1)
    assert not is_due(ADA, late, timing)
    assert is_too_late(ADA, late, timing)
    assert not is_too_late(ADA, due - timedelta(minutes=1), timing)


def test_twelve_hours_are_twelve_hours_on_the_day_the_clock_changes() -> None:
    timing = Timing(latest=timedelta(hours=4))
    for on, last in ((date(2027, 3, 28), "05:00"), (date(2026, 10, 25), "03:00")):  # from 00:00, in Berlin
        reader = replace(ADA, send_at=time(0, 0))
        end = due_at(reader, on) + timedelta(hours=4)
        assert f"{end.astimezone(ZoneInfo(ADA.zone)):%H:%M}" == last
        assert is_due(reader, end, timing)
        assert not is_due(reader, end + timedelta(minutes=1), timing)


# --- the next moment

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(READERS, MOMENTS, JITTERS)
@example(replace(ADA, zone="Pacific/Apia"), datetime(2011, 12, 29, 20, tzinfo=UTC), 9)
@example(replace(ADA, zone="Pacific/Apia", send_at=time(0, 0)), datetime(2011, 12, 30, 9, 59, tzinfo=UTC), 0)
@example(replace(ADA, zone="Australia/Lord_Howe", send_at=time(2, 10)), datetime(2026, 10, 3, 15, tzinfo=UTC), 0)
@example(replace(ADA, zone="Europe/Berlin", send_at=time(2, 30)), datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 0)
def test_the_next_mail_is_due_at_its_moment_and_at_no_moment_between(
    reader: Subscriber, now: datetime, minutes: int
) -> None:
    timing = Timing(minutes, latest=timedelta(0))  # due at the very moment only
    moment = make.present(next_mail_at(reader, now, timing))
    assert moment > now
    assert is_due(reader, moment, timing)
    days = {local_date(now, reader.zone) + timedelta(days=n) for n in range(-1, 9)}
    others = {due_at(reader, on, minutes) for on in days if mails_on(reader, on)}
    assert not [other for other in others if now < other < moment and is_due(reader, other, timing)]


@given(READERS, st.dates(date(1990, 1, 2), date(2060, 1, 1)), JITTERS)
@example(replace(ADA, zone="Pacific/Apia"), date(2011, 12, 26), 9)
def test_a_clock_that_sleeps_to_the_next_moment_meets_each_mail_of_three_weeks_once(
    reader: Subscriber, start: date, minutes: int
) -> None:
    timing = Timing(minutes, latest=timedelta(0))
    now, end = (datetime(on.year, on.month, on.day, 12, tzinfo=UTC) for on in (start, start + timedelta(days=21)))
    met = []
    while (moment := next_mail_at(reader, now, timing)) and moment < end:
        met.append(local_date(now := moment, reader.zone))
    assert next_mail_at(reader, end, timing) is not None
    days = [start + timedelta(days=n) for n in range(-2, 24)]
    wanted = [on for on in days if mails_on(reader, on) and exists(on, reader.zone)]
    assert met == [on for on in wanted if met and met[0] <= on <= met[-1]]
    gaps = {Frequency.DAILY: 1, Frequency.WEEKDAYS: 3, Frequency.WEEKLY: 7}
    assert len(met) >= 20 // gaps[reader.frequency] - 1


def test_the_next_moments_are_those_of_all_readers_in_order() -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    zones = ("Europe/Berlin", "Asia/Tokyo", "America/New_York")
    readers = [replace(ADA, zone=zone) for zone in (*zones, *zones)]
    assert next_moments(readers, noon) == sorted(make.present(next_mail_at(one, noon)) for one in readers[:3])
    assert next_moments(readers, noon)[0] == datetime(2026, 11, 22, 12, 10, tzinfo=UTC)
    assert next_moments([], noon) == []


@pytest.mark.parametrize("timing", [Timing(), Timing(jitter_minutes=30)])
def test_each_moment_stands_once_however_many_are_due_then(timing: Timing) -> None:
    """That is all that a clock keeps of its readers between two looks."""
    changes: list[dict[str, Any]] = [
        {"zone": "Asia/Tokyo"},
        {"send_at": time(9, 30)},
        {"frequency": Frequency.WEEKDAYS},
        {"frequency": Frequency.WEEKLY, "weekday": 2},
        {"frequency": Frequency.WEEKLY, "weekday": 6},
        {"paused_until": date(2026, 11, 28)},
        {"paused_until": date(2027, 11, 28)},
    ]
    kinds = [{}, *changes, *({**one, **other} for one in changes for other in changes)]
    readers = [make.subscriber(subscriber_id=f"s_{number:08}", **kind) for number, kind in enumerate(kinds * 10)]
    for hours in range(0, 24 * 8, 9):
        now = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(hours=hours)
        moments = next_moments(readers, now, timing)
        assert moments == sorted({at for one in readers if (at := next_mail_at(one, now, timing))})
        assert len(moments) <= len(kinds) + timing.jitter_minutes * len(kinds)


def test_in_a_long_pause_there_is_no_next_moment_and_at_its_end_there_is() -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert next_mail_at(replace(ADA, paused_until=date(2027, 1, 1)), noon) is None
    assert next_mail_at(replace(ADA, paused_until=date(2026, 11, 25)), noon) == due_at(ADA, date(2026, 11, 25))


@given(MOMENTS, ZONES, TIMES)
def test_the_next_mail_of_a_daily_reader_is_the_first_one_to_come(now: datetime, zone: str, at: time) -> None:
    coming = make.present(next_mail_at(replace(ADA, zone=zone, send_at=at), now))
    assert now < coming <= now + timedelta(hours=50 if zone.startswith("Pacific/") else 26)
