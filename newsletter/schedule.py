"""When a subscriber's mail is due: local dates, send times across clock changes, pauses. Pure; takes `now`.

Facts about zones come from the system's IANA data, or from the tzdata package. Whether a mail went out already is
the ledger's business.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from newsletter.model import Frequency, Subscriber

_TICK = timedelta(microseconds=1)
_SATURDAY = 5


def local_date(now: datetime, zone: str) -> date:
    """The calendar day in that zone. Raises ValueError for a `now` without a time zone."""
    if now.tzinfo is None:
        raise ValueError("now has no time zone; give an aware datetime")
    return now.astimezone(ZoneInfo(zone)).date()


def is_paused(subscriber: Subscriber, on: date) -> bool:
    """True before `paused_until`; on that day mail comes again."""
    return subscriber.paused_until is not None and on < subscriber.paused_until


def mails_on(subscriber: Subscriber, on: date) -> bool:
    """Whether the subscriber's frequency asks for a mail on that local date. Pauses are `is_paused`."""
    match subscriber.frequency:
        case Frequency.DAILY:
            return True
        case Frequency.WEEKDAYS:
            return on.weekday() < _SATURDAY
        case Frequency.WEEKLY:
            return on.weekday() == subscriber.weekday


def due_at(subscriber: Subscriber, on: date) -> datetime:
    """The UTC moment of the send time on that local date.

    A time that comes twice (clocks go back) means the first one. A time that is skipped (clocks go forward) means
    the first moment after the gap; if the gap reaches into the next day, the last moment before it. A date that a
    zone skipped as a whole (Samoa had no 30 December 2011) has only the first moment after it.
    """
    zone = ZoneInfo(subscriber.zone)
    wall = datetime.combine(on, subscriber.send_at)
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _wall_clock(moment, zone) == wall:
        return moment
    after = _end_of_gap(wall, zone)
    before = after - _TICK
    if _wall_clock(after, zone).date() != on and _wall_clock(before, zone).date() == on:
        return before
    return after


def is_due(subscriber: Subscriber, now: datetime) -> bool:
    """Whether the subscriber's mail of today, by their own calendar, may go out now."""
    today = local_date(now, subscriber.zone)
    return mails_on(subscriber, today) and not is_paused(subscriber, today) and now >= due_at(subscriber, today)


def next_due(subscriber: Subscriber, now: datetime) -> datetime | None:
    """The UTC moment of the next send time after `now`, if it is today or tomorrow by the subscriber's calendar."""
    today = local_date(now, subscriber.zone)
    for on in (today, today + timedelta(days=1)):
        if mails_on(subscriber, on) and not is_paused(subscriber, on) and due_at(subscriber, on) > now:
            return due_at(subscriber, on)
    return None


def _wall_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first UTC moment whose wall clock is not before `wall`, a time inside a gap.

    Read with the offset after the gap (fold=1), such a time lies before it, and the other way round (PEP 495).
    """
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    late = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    while late - early > _TICK:
        middle = early + (late - early) // 2
        if _wall_clock(middle, zone) < wall:
            early = middle
        else:
            late = middle
    return late
