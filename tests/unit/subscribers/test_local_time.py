"""What a wrong time zone or time may mean: places of that very offset, and never a name that turns the sign round."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.subscribers.local_time import PLACES, places_at, time_hint, zone_hint, zone_note, zones

PLACE = re.compile(r"(?:Africa|America|Asia|Atlantic|Australia|Europe|Pacific)/[A-Za-z_/]+")


def proposed(text: str) -> list[str]:
    """The places in a sentence, behind the example that each has."""
    return PLACE.findall(text.partition(";")[2])


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("GMT+8", 480),
        ("GMT+08:00", 480),
        ("gmt +8", 480),
        ("UTC+0800", 480),
        ("+8", 480),
        ("UTC+5:30", 330),
        ("UTC+5.5", 330),
        ("UTC-3", -180),
        ("UTC\N{MINUS SIGN}3", -180),
        ("GMT-3:30", -210),
        ("GMT-8", -480),
        ("UTC+12:45", 765),
    ],
)
def test_an_offset_is_answered_with_cities_of_that_offset(written: str, minutes: int) -> None:
    """GMT+8 is east of Greenwich to people, and west of it in `Etc/GMT+8`."""
    cities = proposed(zone_hint(written))
    assert cities
    for city in cities:
        offsets = {datetime(2026, month, 15, tzinfo=ZoneInfo(city)).utcoffset() for month in (1, 7)}
        assert timedelta(minutes=minutes) in offsets, city


@given(st.integers(-14, 14), st.sampled_from(["", ":00", ":30", ":45"]), st.sampled_from(["UTC", "GMT", "utc ", ""]))
def test_no_offset_is_answered_with_etc_or_an_abbreviation(hours: int, minutes: str, prefix: str) -> None:
    said = zone_hint(f"{prefix}{hours:+}{minutes}")
    assert "Etc/" not in said
    assert proposed(said) or said.endswith(("no city", "Berlin"))


@pytest.mark.parametrize(
    ("written", "city"),
    [
        ("EST", "America/New_York"),
        ("EDT", "America/New_York"),
        ("PST8PDT", "America/Los_Angeles"),
        ("CST", "Asia/Shanghai"),  # as well as America/Chicago
        ("CST", "America/Chicago"),
        ("IST", "Asia/Kolkata"),
        ("CEST", "Europe/Berlin"),
        ("MESZ", "Europe/Berlin"),
        ("BST", "Europe/London"),
        ("AEDT", "Australia/Sydney"),
        ("JST", "Asia/Tokyo"),
        ("SGT", "Asia/Singapore"),
        ("ET", "America/New_York"),
        ("Beijing", "Asia/Shanghai"),
        ("India", "Asia/Kolkata"),
        ("San Francisco", "America/Los_Angeles"),
        ("Europe/Munich", "Europe/Berlin"),
        ("Tokio", "Asia/Tokyo"),
        ("europe/berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
    ],
)
def test_an_abbreviation_a_country_or_a_city_is_answered_with_a_place(written: str, city: str) -> None:
    assert city in proposed(zone_hint(written))


@pytest.mark.parametrize("written", ["GMT+15", "UTC-14:30", "+23", "EST+99"])
def test_an_offset_that_no_clock_has_is_answered_with_no_place(written: str) -> None:
    assert "London" not in zone_hint(written)


@pytest.mark.parametrize("written", ["../etc/passwd", "UTC+15", "sometime", "", "Mars/Olympus"])
def test_what_means_nothing_is_answered_with_the_example_alone(written: str) -> None:
    assert zone_hint(written) == "an IANA time zone such as Europe/Berlin"


@pytest.mark.parametrize("zone", ["Etc/GMT-8", "EST", "CET", "PST8PDT", "GMT", "HST", "Etc/GMT+3"])
def test_a_valid_name_that_is_easily_misunderstood_is_noted(zone: str) -> None:
    assert zone in zones()
    cities = PLACE.findall(zone_note(zone))
    assert cities
    year = [datetime(2026, month, 15) for month in (1, 7)]  # noqa: DTZ001 (the zone is what is compared)
    offsets = {at.replace(tzinfo=ZoneInfo(zone)).utcoffset() for at in year}
    for city in cities:
        assert offsets & {at.replace(tzinfo=ZoneInfo(city)).utcoffset() for at in year}, city


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Calcutta"])
def test_places_and_utc_are_not_noted(zone: str) -> None:
    assert zone_note(zone) == ""


def test_the_places_are_in_the_database_and_cover_every_whole_hour_where_people_live() -> None:
    assert set(PLACES) <= zones()
    assert all(places_at(timedelta(hours=hours)) for hours in range(-11, 15))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("7:5", "07:05 or 07:50"),
        ("7 pm", "19:00"),
        ("7PM", "19:00"),
        ("7:30 p.m.", "19:30"),
        ("12 am", "00:00"),
        ("12pm", "12:00"),
        ("19.30", "19:30"),
        ("19h30", "19:30"),
        ("0730", "07:30"),
        ("7", "07:00"),
        ("7 Uhr", "07:00"),
        ("19:30:00", "19:30"),
        ("19：30", "19:30"),
        ("noon", "12:00"),
        ("24:00", "23:59"),
    ],
)
def test_a_time_that_is_written_otherwise_is_answered_with_that_time(written: str, meant: str) -> None:
    assert time_hint(written).partition(";")[2].endswith(meant)


@pytest.mark.parametrize("written", ["25:00", "7:60", "early", "", "7:30 tomorrow"])
def test_what_is_no_time_is_answered_with_the_example_alone(written: str) -> None:
    assert time_hint(written) == "a time of day from 00:00 to 23:59, such as 07:40"
