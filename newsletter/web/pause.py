"""`/pause/TOKEN`: no mail for a while, and mail again; the page behind `/u/TOKEN` offers the same.

Only a POST with all its fields changes something: `wish=pause` with `weeks` or `until`, or `wish=resume`. A pause says
nothing about suppressions, lifts none, and ends by itself. Writes AddressStatus.paused_until; the morning honours it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import flask

from newsletter.delivery import suppression
from newsletter.model import AddressStatus
from newsletter.signing import Purpose, Signer
from newsletter.stores import Store
from newsletter.web.app import Page
from newsletter.web.request_limits import RequestLimits
from newsletter.web.token_page import page_of, posted_wish

WEEKS = (1, 2, 4)
LONGEST = timedelta(days=366)
PAGE = page_of(Purpose.PAUSE, "/pause", RequestLimits(per_link=30, per_client=300))


@dataclass(frozen=True, slots=True)
class PauseView:
    """What a page shows of a pause; how its language writes a date is the template's business."""

    until: date | None = None  # none: mail comes
    first: date | None = None  # for the date field
    last: date | None = None
    typed: str = ""  # a date that cannot be
    is_done: bool = False  # the request paused or resumed
    weeks: tuple[int, ...] = WEEKS  # to choose from; none: nothing can be paused


_VIEWS = (
    PauseView(first=date(2026, 1, 1), last=date(2027, 1, 1), typed="2020-01-01"),
    PauseView(date(2026, 1, 6)),
    PauseView(is_done=True),
)
SAMPLES: tuple[Page, ...] = (
    PAGE.dead_link,
    *(("pause.html", {"pause": view, "is_suppressed": False}) for view in _VIEWS),
    ("pause.html", {"pause": _VIEWS[0], "is_suppressed": True}),
)


def blueprint(store: Store, signer: Signer, now: Callable[[], datetime]) -> flask.Blueprint:
    return PAGE.blueprint(signer, now, partial(_answer, store, now))


def _answer(store: Store, now: Callable[[], datetime], subscriber_id: str) -> str:
    status, view = apply_pause_wish(store, subscriber_id, now())
    return flask.render_template("pause.html", pause=view, is_suppressed=status.suppression is not None)


def apply_pause_wish(store: Store, subscriber_id: str, now: datetime) -> tuple[AddressStatus, PauseView]:
    """Pauses or resumes if the request says so, and gives what is the case then."""
    form, today, wish = flask.request.form, now.astimezone(UTC).date(), posted_wish("pause", "resume")
    until = resume_day(form.get("weeks", ""), form.get("until", ""), today) if wish == "pause" else None
    if until is not None:
        status = store.change_address_status(subscriber_id, lambda before: suppression.pause(before, until))
    elif wish == "resume":
        status = store.change_address_status(subscriber_id, suppression.resume)
    else:
        status = store.get_address_status(subscriber_id)
    is_refused = wish == "pause" and until is None
    view = pause_view(status, today, typed=form.get("until", "")[:20] if is_refused else "")
    return status, replace(view, is_done=until is not None or wish == "resume")


def resume_day(weeks: str, until: str, today: date) -> date | None:
    """The day on which mail comes again; None for a wish that does not say it, or a day that is too near or too far."""
    if weeks:
        return today + timedelta(weeks=int(weeks)) if weeks in map(str, WEEKS) else None
    try:
        day = date.fromisoformat(until)
    except ValueError:
        return None
    return day if today < day <= today + LONGEST else None


def pause_view(status: AddressStatus, today: date, *, typed: str = "") -> PauseView:
    until = status.paused_until
    return PauseView(
        until=until if until is not None and until > today else None,
        first=today + timedelta(days=1),
        last=today + LONGEST,
        typed=typed,
    )
