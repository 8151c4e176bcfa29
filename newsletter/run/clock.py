"""The clock: when to check who is due, all day and every day, and what happens when a check fails.

Has no time and no sleep of its own: `now` and `wait` come in. Who is due is schedule.py's business, what a tick does is
the caller's. Whatever was missed (a suspended machine, a restart) is one tick, not one for each moment missed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from newsletter.model import Subscriber
from newsletter.run.schedule import Timing, next_moments

# At least so often, for mails to be tried again, a changed subscribers.yaml, a clock that was set. At odd minutes: on
# the hour everybody asks arXiv.
CHECK_MINUTES = (7, 22, 37, 52)


def run_clock(
    *,
    tick: Callable[[], Sequence[Subscriber]],
    report_failure: Callable[[Exception], None],
    now: Callable[[], datetime],
    wait: Callable[[float], bool],
    timing: Timing,
) -> None:
    """Ticks now, at each due moment and at CHECK_MINUTES, until `wait` (seconds) says that the clock is to stop.

    A tick returns the subscribers it knows; if it raises, `report_failure` gets the error, and the clock goes on with
    what the last one told.
    """
    moments: Sequence[datetime] = ()  # all that is kept of the subscribers until the next tick
    while True:
        began_at = now()
        try:
            moments = next_moments(tick(), began_at, timing)
        except Exception as error:  # noqa: BLE001 - tomorrow's mails do not hang on today's bug; it is reported
            report_failure(error)
        if wait(max(0.0, (next_tick_at(moments, began_at, now()) - now()).total_seconds())):
            return


def next_tick_at(moments: Sequence[datetime], began_at: datetime, ended_at: datetime) -> datetime:
    """Gives when to tick again: at the first of these moments, or else to check.

    A moment that came while the last tick was at work is in the past: at once.
    """
    return min([next_check(ended_at), *(moment for moment in moments if moment > began_at)])


def next_check(now: datetime) -> datetime:
    """Gives the first minute of CHECK_MINUTES after `now`."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    checks = [hour + timedelta(minutes=minute) for minute in (*CHECK_MINUTES, CHECK_MINUTES[0] + 60)]
    return next(check for check in checks if check > now)
