"""Tells when a subscriber's mail is due: local dates, send times across clock changes, pauses. Pure; takes `now`.

Facts about zones come from the system's IANA data, or from the tzdata package. Whether a mail went out already is
the ledger's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsletter.model import Frequency, Subscriber

_TICK = timedelta(microseconds=1)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_SATURDAY = 5
_HORIZON_DAYS = 8  # a week and a day: every weekly reader has a mail in it


@dataclass(frozen=True, slots=True)
class Timing:
    """How exactly send times are kept: by default on the minute, and for half a day."""

    jitter_minutes: int = 0  # a mail leaves up to so many minutes after its send time
    latest: timedelta = timedelta(hours=12)  # after its due moment; then a digest is no news any more


ON_THE_MINUTE = Timing()


def local_date(now: datetime, zone: str) -> date:
    """Gives the calendar day in that zone. Raises ValueError for a `now` without a time zone."""
    if now.tzinfo is None:
        raise ValueError("now has no time zone; give an aware datetime")
    return now.astimezone(ZoneInfo(zone)).date()


def is_paused(subscriber: Subscriber, on: date) -> bool:
    """Tells whether mail is paused on that local date: it is before `paused_until`, and that day it comes again."""
    return subscriber.paused_until is not None and on < subscriber.paused_until


def mails_on(subscriber: Subscriber, on: date) -> bool:
    """Tells whether the subscriber's frequency asks for a mail on that local date. Pauses are `is_paused`."""
    match subscriber.frequency:
        case Frequency.DAILY:
            return True
        case Frequency.WEEKDAYS:
            return on.weekday() < _SATURDAY
        case Frequency.WEEKLY:
            return on.weekday() == subscriber.weekday


def due_at(subscriber: Subscriber, on: date, jitter_minutes: int = 0) -> datetime:
    """Gives the UTC moment of the send time on that local date, with the subscriber's jitter of that date.

    A time that comes twice (clocks go back) means the first one. A time that is skipped (clocks go forward) means
    the first moment after the gap; if the gap reaches into the next day, the last moment before it. A date that a
    zone skipped as a whole (Samoa had no 30 December 2011) has only the first moment after it. The jitter never
    reaches the next date, and leaves a run at least as much time before it.
    """
    zone = ZoneInfo(subscriber.zone)
    moment = _first_moment(datetime.combine(on, subscriber.send_at), zone)
    if not jitter_minutes:
        return moment
    left = _first_moment(datetime.combine(on + _DAY, time.min), zone) - moment
    most = max(0, min(jitter_minutes, left // 2 // _MINUTE))
    return moment + _draw(f"{subscriber.subscriber_id}/{on.isoformat()}", most) * _MINUTE


def mail_date(subscriber: Subscriber, now: datetime, timing: Timing = ON_THE_MINUTE) -> date:
    """Gives the local date of the mail that is in hand: today, or yesterday as long as its mail may still go out.

    A mail that is due late in the evening is not lost when the next look at it, or the next try, comes after midnight.
    As soon as today's is due that is the one.
    """
    today = local_date(now, subscriber.zone)
    yesterday = today - _DAY
    if _may_leave(subscriber, yesterday, now, timing) and not _may_leave(subscriber, today, now, timing):
        return yesterday
    return today


def is_due(subscriber: Subscriber, now: datetime, timing: Timing = ON_THE_MINUTE) -> bool:
    """Tells whether the subscriber's mail of `mail_date` may go out now."""
    return _may_leave(subscriber, mail_date(subscriber, now, timing), now, timing)


def last_arxiv_day(
    subscriber: Subscriber, on: date, now: datetime, timing: Timing, arxiv_day: Callable[[datetime], date]
) -> date:
    """Gives the last of arXiv's days (`arxiv_day` at a moment) that the mail of that local date may be about.

    It is the present one, but for yesterday's mail: what arXiv announced since that was due is for today's.
    """
    if on >= local_date(now, subscriber.zone):
        return arxiv_day(now)
    return arxiv_day(min(now, due_at(subscriber, on, timing.jitter_minutes)))


def _may_leave(subscriber: Subscriber, on: date, now: datetime, timing: Timing) -> bool:
    if not mails_on(subscriber, on) or is_paused(subscriber, on):
        return False
    due = due_at(subscriber, on, timing.jitter_minutes)
    exists = local_date(due, subscriber.zone) == on  # a date that was skipped brings no mail
    return exists and due <= now <= due + timing.latest


def is_too_late(subscriber: Subscriber, now: datetime, timing: Timing) -> bool:
    """Tells whether today's digest, by the subscriber's calendar, is no news any more."""
    today = local_date(now, subscriber.zone)
    return now > due_at(subscriber, today, timing.jitter_minutes) + timing.latest


def next_mail_at(subscriber: Subscriber, now: datetime, timing: Timing = ON_THE_MINUTE) -> datetime | None:
    """Gives the first due moment after `now`; None if there is none within a week, which is so in a long pause only."""
    today = local_date(now, subscriber.zone)
    for on in (today + timedelta(days=n) for n in range(_HORIZON_DAYS)):
        if mails_on(subscriber, on) and not is_paused(subscriber, on):
            due = due_at(subscriber, on, timing.jitter_minutes)
            if due > now and local_date(due, subscriber.zone) == on:  # a date that was skipped brings no mail
                return due
    return None


def first_mail_at(
    subscriber: Subscriber,
    now: datetime,
    timing: Timing,
    arxiv_day: Callable[[datetime], date],
    *,
    due_only: bool,
) -> datetime | None:
    """Gives when a newcomer's first mail may come: `now` if that is so at once; None as in `next_mail_at`.

    Days on which arXiv announces nothing bring none: its Saturdays and Sundays (`arxiv_day` gives its day at a moment).
    `due_only`: not before their send time.
    """
    on = mail_date(subscriber, now, timing) if due_only else local_date(now, subscriber.zone)
    is_mailed = (
        is_due(subscriber, now, timing) if due_only else mails_on(subscriber, on) and not is_paused(subscriber, on)
    )
    if is_mailed and last_arxiv_day(subscriber, on, now, timing, arxiv_day).weekday() < _SATURDAY:
        return now
    at = next_mail_at(subscriber, now, timing)
    while at is not None and arxiv_day(at).weekday() >= _SATURDAY and at - now < timedelta(days=2 * _HORIZON_DAYS):
        at = next_mail_at(subscriber, at, timing)
    return at


def next_moments(subscribers: Iterable[Subscriber], now: datetime, timing: Timing = ON_THE_MINUTE) -> list[datetime]:
    """Gives the next due moment of each after `now`, in order: of any number of readers there are few.

    Each is a minute of the next days, and stands once. Who has none is left out, see `next_mail_at`.
    """
    if not timing.jitter_minutes:  # else everybody has moments of their own
        times = {(one.zone, one.send_at, one.frequency, one.weekday, one.paused_until): one for one in subscribers}
        subscribers = times.values()
    moments = {next_mail_at(subscriber, now, timing) for subscriber in subscribers}
    return sorted(moment for moment in moments if moment)


def _draw(what: str, most: int) -> int:
    """Draws a number from 0 to `most`, always the same for the same thing."""
    return int.from_bytes(hashlib.sha256(what.encode()).digest()[:8]) % (most + 1)


def _first_moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """Gives the UTC moment at which that wall clock time comes, as `due_at` says."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _wall_clock(moment, zone) == wall:
        return moment
    after = _end_of_gap(wall, zone)
    before = after - _TICK
    if _wall_clock(after, zone).date() != wall.date() and _wall_clock(before, zone).date() == wall.date():
        return before
    return after


def _wall_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """Gives the first UTC moment whose wall clock is not before `wall`, a time inside a gap.

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
