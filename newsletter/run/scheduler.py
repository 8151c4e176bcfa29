"""The clock: when to look who is due, all day and every day, and what happens when a look ends badly.

Has no time and no sleep of its own: `now` and `wait` come in. Who is due is schedule.py's business, what a look does is
the caller's. Whatever was missed (a suspended machine, a restart) is one look, not one for each moment missed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from newsletter.model import Subscriber
from newsletter.run.schedule import ON_THE_MINUTE, Timing, next_due

# At least so often, for mails to be tried again, a changed subscribers.yaml, a clock that was set. At odd minutes: on
# the hour everybody asks arXiv.
CHECK_MINUTES = (7, 22, 37, 52)


def run_scheduler(
    *,
    tick: Callable[[], Sequence[Subscriber]],
    failed: Callable[[Exception], None],
    now: Callable[[], datetime],
    wait: Callable[[float], bool],
    timing: Timing = ON_THE_MINUTE,
) -> None:
    """Tick now, at each due moment and at the marks, until `wait` (seconds) says that the clock is to stop.

    A tick returns the subscribers it knows; if it raises, `failed` is told, and the clock goes on.
    """
    known: Sequence[Subscriber] = ()
    while True:
        began_at = now()
        try:
            known = tick()
        except Exception as error:  # noqa: BLE001 - tomorrow's mails do not hang on today's bug; `failed` makes it seen
            failed(error)
        if wait(max(0.0, (next_tick_at(known, began_at, now(), timing) - now()).total_seconds())):
            return


def next_tick_at(subscribers: Sequence[Subscriber], began_at: datetime, ended_at: datetime, timing: Timing) -> datetime:
    """When to look again. A moment that came while the last tick was at work is in the past: look at once."""
    due = next_due(subscribers, began_at, timing)
    mark = next_check(ended_at)
    return min(due, mark) if due else mark


def next_check(now: datetime) -> datetime:
    """The first minute of MARKS after `now`."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    marks = [hour + timedelta(minutes=minute) for minute in (*CHECK_MINUTES, CHECK_MINUTES[0] + 60)]
    return next(mark for mark in marks if mark > now)
