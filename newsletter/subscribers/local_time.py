"""Understands a time of day or a time zone that is written in another way than subscribers.yaml wants it.

Gives the words of a hint and decides nothing (schema.py does). Of time zones only names of places are
proposed: `Etc/GMT+8` is eight hours *west* of UTC (POSIX turns the sign round), and an abbreviation such as CST names
several clocks and knows no summer time.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from newsletter.phrases import Phrase, join

TIME_OF_DAY = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)

# The cities to name for an offset or an abbreviation, those that most people mean first.
PLACES = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Anchorage"),
    *("Europe/London", "Europe/Lisbon", "Europe/Berlin", "Europe/Paris", "Europe/Athens", "Europe/Helsinki"),
    *("Europe/Istanbul", "Europe/Moscow", "Africa/Accra", "Africa/Lagos", "Africa/Cairo", "Africa/Johannesburg"),
    *("Africa/Nairobi", "Asia/Kolkata", "Asia/Shanghai", "Asia/Singapore", "Asia/Hong_Kong", "Asia/Tokyo"),
    *("Asia/Seoul", "Australia/Perth", "Asia/Manila", "Asia/Jerusalem", "Asia/Tehran", "Asia/Dubai", "Asia/Kabul"),
    *("Asia/Karachi", "Asia/Tashkent", "Asia/Kathmandu", "Asia/Dhaka", "Asia/Yangon", "Asia/Bangkok"),
    *("Asia/Jakarta", "Australia/Eucla", "Australia/Adelaide", "Australia/Darwin", "Australia/Sydney"),
    *("Australia/Brisbane", "Australia/Lord_Howe", "Pacific/Noumea", "Pacific/Auckland", "Pacific/Fiji"),
    *("Pacific/Chatham", "Pacific/Tongatapu", "Pacific/Kiritimati", "Atlantic/Reykjavik", "Europe/Dublin"),
    *("Atlantic/Azores", "Atlantic/Cape_Verde", "America/Nuuk", "Atlantic/South_Georgia", "America/Sao_Paulo"),
    *("America/Argentina/Buenos_Aires", "America/St_Johns", "America/Halifax", "America/Puerto_Rico"),
    *("America/Toronto", "America/Bogota", "America/Panama", "America/Mexico_City", "America/Phoenix"),
    *("America/Tijuana", "Pacific/Marquesas", "Pacific/Honolulu", "Pacific/Pago_Pago"),
)
# Cities and countries that people write, and that are no names of zones.
_LIES_IN = {
    "Asia/Kolkata": "india delhi new_delhi mumbai bangalore bengaluru chennai hyderabad pune",
    "Asia/Shanghai": "china beijing peking shenzhen guangzhou hangzhou nanjing wuhan",
    "Asia/Tokyo": "kyoto osaka",
    "Asia/Karachi": "pakistan lahore islamabad",
    "Asia/Ho_Chi_Minh": "vietnam hanoi",
    "Asia/Seoul": "korea south_korea daejeon",
    "Europe/Berlin": "germany deutschland munich münchen hamburg cologne köln frankfurt stuttgart heidelberg leipzig",
    "Europe/London": "uk england britain united_kingdom oxford cambridge edinburgh manchester",
    "Europe/Paris": "france lyon grenoble toulouse",
    "Europe/Zurich": "switzerland geneva lausanne basel bern zürich",
    "Europe/Vienna": "austria wien graz",
    "Europe/Rome": "italy milan turin pisa trieste",
    "Europe/Madrid": "spain barcelona valencia",
    "Europe/Amsterdam": "netherlands leiden utrecht delft",
    "Europe/Warsaw": "poland krakow kraków",
    "Asia/Jerusalem": "haifa rehovot",
    "America/New_York": "boston washington philadelphia princeton pittsburgh atlanta baltimore eastern et",
    "America/Chicago": "houston dallas austin minneapolis madison central ct",
    "America/Denver": "boulder salt_lake_city mountain mt",
    "America/Los_Angeles": "california san_francisco berkeley palo_alto stanford san_diego seattle pasadena pacific pt",
    "America/Toronto": "montreal ottawa waterloo",
    "America/Sao_Paulo": "brazil brasil rio_de_janeiro brasilia",
    "Australia/Sydney": "canberra",
}
_MORE_ABBREVIATIONS = {
    "MEZ": ("Europe/Berlin",), "MESZ": ("Europe/Berlin",), "MET": ("Europe/Berlin",), "SGT": ("Asia/Singapore",),
    "BRT": ("America/Sao_Paulo",), "ART": ("America/Argentina/Buenos_Aires",), "GST": ("Asia/Dubai",),
    "ICT": ("Asia/Bangkok",), "TRT": ("Europe/Istanbul",), "IRST": ("Asia/Tehran",), "NPT": ("Asia/Kathmandu",),
    "NT": ("America/St_Johns",), "AT": ("America/Halifax",), "AKT": ("America/Anchorage",),
}  # fmt: skip
_REGIONS = {
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"),
}
_UTC = {"UTC", "UCT", "Zulu", "Universal", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "Etc/Universal"}
_MOST = 3  # names in a hint
_OFFSET = re.compile(r"(?:ETC/)?(?:UTC?|GMT|Z)?\s*([+-]?)\s*(\d{1,2})(?:[:.]?([0-5]\d)|([.,]\d{1,2}))?", re.ASCII)
_ABBREVIATION = re.compile(r"(?:US/)?([A-Z]{2,5})(?:[+-]?\d{1,2}([A-Z]{3,5})?)?", re.ASCII)
# A winter and a summer of both halves of the earth; the lesser offset of the two is the standard time.
_SEASONS = (datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC))


# --- time zones ---------------------------------------------------------------------------------------


@cache
def zones() -> frozenset[str]:
    """Lists all IANA names, the old ones included."""
    return frozenset(zoneinfo.available_timezones())


def zone_hint(found: str) -> str:
    """Says what was expected in place of this text, with names of places that it may mean."""
    return join(Phrase("an IANA time zone such as Europe/Berlin"), _meaning(found))


@dataclass(frozen=True, slots=True)
class FixedZone:
    """What a name of a zone means that names no place."""

    offset: str  # "UTC+08:00", in summer, too; empty for an abbreviation
    places: tuple[str, ...]  # the best known that may be meant


def read_fixed_zone(zone: str) -> FixedZone | None:
    """Explains a valid name that is easily misunderstood; None for the others.

    `Etc/GMT-8` is UTC+08:00, and EST is UTC-05:00 in summer, too.
    """
    if zone in _UTC:
        return None
    if zone.startswith(("Etc/", "GMT")):
        offset = _standard_offset(zone)
        return FixedZone(_utc(offset), tuple(places_at(offset)[:_MOST]))
    places = _places_of_abbreviation(zone)
    return FixedZone("", tuple(places[:_MOST])) if places else None


def zone_note(zone: str) -> str:
    """Says to the operator what `read_fixed_zone` finds; nothing for the other names."""
    fixed = read_fixed_zone(zone)
    if fixed is None:
        return ""
    meaning = f"{fixed.offset}, in summer, too" if fixed.offset else "an abbreviation"
    return f"is {meaning}{_name_a_city(list(fixed.places))}"


def places_at(offset: timedelta) -> list[str]:
    """Lists those of `PLACES` whose standard time is so far east of UTC."""
    return [place for place in PLACES if _standard_offset(place) == offset]


def _name_a_city(places: list[str]) -> str:
    return f"; name a city, if you live by its clock: {_listed(places)}" if places else ""


def nearest_zones(found: str) -> list[str]:
    """Names zones that this text may mean, at most three; none for a text that is like none."""
    return _read(found)[2][:_MOST]


def _meaning(found: str) -> str:
    text, kind, zones_meant = _read(found)
    if kind == "offset":
        offset = _utc(_offset(text) or timedelta())
        if not zones_meant:
            return Phrase("; {offset} is the standard time of no city", offset=offset)
        return Phrase("; {offset} is the standard time of {places}", offset=offset, places=_listed(zones_meant))
    if kind == "abbreviation":
        return Phrase("; {zone} is the time in {places}", zone=text.upper(), places=_listed(zones_meant))
    return Phrase("; nearest: {word}", word=_listed(zones_meant)) if zones_meant else ""


def _read(found: str) -> tuple[str, str, list[str]]:
    """Gives the text without typography, what it is (a name, an offset, an abbreviation), and the zones it may mean."""
    text = unicodedata.normalize("NFKC", found).strip().replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")
    if _key(text) == "utc":
        return text, "name", ["UTC"]
    if cities := _cities(text):
        return text, "name", cities
    offset = _offset(text)
    if offset is not None:
        return text, "offset", places_at(offset)
    if _OFFSET.fullmatch(text.upper()):
        return text, "name", []  # no clock is so far from UTC
    if places := _places_of_abbreviation(text.upper()):
        return text, "abbreviation", places
    near = difflib.get_close_matches(_key(text), _by_key(), n=1, cutoff=0.8)
    return text, "name", [_by_key()[near[0]]] if near else []


def _cities(text: str) -> list[str]:
    city = _key(text.rpartition("/")[2])
    if _key(text) in _by_key():
        return [zone for zone in _real_places() if _key(text) in (_key(zone), _key(zone.rpartition("/")[2]))]
    return [zone for zone, names in _LIES_IN.items() if city in names.split()]


def _key(text: str) -> str:
    return re.sub(r"[\s_-]+", "_", text.casefold())


@cache
def _real_places() -> list[str]:
    return sorted(zone for zone in zones() if zone.partition("/")[0] in _REGIONS and "/" in zone)


@cache
def _by_key() -> dict[str, str]:
    """Maps whole names, and cities alone, to zones."""
    cities = {_key(zone.rpartition("/")[2]): zone for zone in _real_places()}
    return cities | {_key(zone): zone for zone in _real_places()}


def _offset(text: str) -> timedelta | None:
    """Reads an offset as people mean it: GMT+8 is east of Greenwich. None for what is no offset of this world."""
    match = _OFFSET.fullmatch(text.upper())
    if not match or not any(match.groups()):
        return None
    hours = int(match[2]) + float((match[4] or "0").replace(",", "."))
    offset = timedelta(hours=hours, minutes=int(match[3] or 0))
    if offset > timedelta(hours=14):
        return None
    return -offset if match[1] == "-" else offset


def _places_of_abbreviation(text: str) -> list[str]:
    """Lists places by the clocks of this name, such as PST, EDT or PST8PDT, the first one of each clock first."""
    match = _ABBREVIATION.fullmatch(text)
    if not match:
        return []
    names = {match[1], match[2] or match[1]}
    places = [*_MORE_ABBREVIATIONS.get(match[1], ()), *(p for p in PLACES if names <= _abbreviations(p))]
    by_offset: dict[timedelta, list[str]] = {}
    for place in places:
        by_offset.setdefault(_standard_offset(place), []).append(place)
    return [*(group[0] for group in by_offset.values()), *(p for g in by_offset.values() for p in g[1:])]


@cache
def _abbreviations(place: str) -> frozenset[str]:
    zone = zoneinfo.ZoneInfo(place)
    return frozenset(at.astimezone(zone).tzname() or "" for at in _SEASONS)


@cache
def _standard_offset(place: str) -> timedelta:
    zone = zoneinfo.ZoneInfo(place)
    return min(at.astimezone(zone).utcoffset() or timedelta() for at in _SEASONS)


def _utc(offset: timedelta) -> str:
    minutes = int(abs(offset).total_seconds()) // 60
    return f"UTC{'-' if offset < timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _listed(places: Iterable[str]) -> str:
    return ", ".join([*places][:_MOST])


# --- times of day -------------------------------------------------------------------------------------

_TIME = re.compile(
    r"(\d{1,2})(?:[:.h ]?([0-5]\d))?(?::[0-5]\d)?\s*(?:([ap])\.?\s?m\.?|h|uhr|o'?clock)?", re.ASCII | re.I
)
_ONE_DIGIT = re.compile(r"([01]?\d|2[0-3])[:.]([0-5])", re.ASCII)
_NAMED = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}


def time_hint(found: str) -> str:
    """Says what was expected in place of this text, with the time that it may mean."""
    return join(Phrase("a time of day from 00:00 to 23:59, such as 07:40"), _time_meant(found))


def _time_meant(found: str) -> str:
    text = unicodedata.normalize("NFKC", found).strip().lower()
    if match := _ONE_DIGIT.fullmatch(text):
        hour, digit = f"{int(match[1]):02}", match[2]
        one, other = f"{hour}:0{digit}", f"{hour}:{digit}0"
        return Phrase("; with two digits for the minutes: {one} or {other}", one=one, other=other)
    if re.fullmatch(r"24[:.h]?00", text):
        return Phrase("; a day begins at 00:00 and ends with 23:59")
    proposal = _NAMED.get(text) or _on_the_24_hour_clock(text)
    return Phrase("; write {proposal}", proposal=proposal) if proposal else ""


def _on_the_24_hour_clock(text: str) -> str:
    match = _TIME.fullmatch(text)
    if not match:
        return ""
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    return f"{hour:02}:{minute:02}" if hour < 24 else ""
