"""`/pause/TOKEN`: no mail for a while, and mail again; the page behind `/u/TOKEN` offers the same.

Only a POST with all its fields changes something: `wish=pause` with `weeks` or `until`, or `wish=resume`. A pause says
nothing about suppressions, lifts none, and ends by itself. Writes Standing.paused_until; the morning honours it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import flask

from newsletter.delivery import suppression
from newsletter.model import AddressStatus
from newsletter.signing import Purpose, Signer
from newsletter.stores import Store
from newsletter.web.app import Page
from newsletter.web.rate_limit import Limit, guard

WEEKS = (1, 2, 4)
LONGEST = timedelta(days=366)
PER_LINK, PER_CLIENT = 30, 300  # a minute


@dataclass(frozen=True, slots=True)
class PauseView:
    """What a page shows of a pause. `until` is empty while mail comes."""

    until: str = ""
    first: str = ""  # for the date field
    last: str = ""
    typed: str = ""  # a date that cannot be
    is_done: bool = False  # the request paused or resumed
    weeks: tuple[int, ...] = WEEKS  # to choose from; none: nothing can be paused


_VIEWS = (
    PauseView(first="2026-01-01", last="2027-01-01", typed="2020-01-01"),
    PauseView("Tuesday, 6 January 2026"),
    PauseView(is_done=True),
)
PAGES: tuple[Page, ...] = (
    *(("pause.html", {"pause": view, "is_suppressed": False}) for view in _VIEWS),
    ("pause.html", {"pause": _VIEWS[0], "is_suppressed": True}),
)


def blueprint(store: Store, signer: Signer | None, now: Callable[[], datetime]) -> flask.Blueprint:
    pages = flask.Blueprint("pausing", __name__)
    pages.before_request(guard(Limit(PER_LINK, now), Limit(PER_CLIENT, now)))

    def answer(token: str) -> str:
        subscriber_id = signer.read_link(Purpose.PAUSE, token) if signer else None
        if subscriber_id is None:
            return flask.render_template("dead_link.html", word="pause")
        standing, view = take_wish(store, subscriber_id, now())
        return flask.render_template("pause.html", pause=view, is_suppressed=standing.suppression is not None)

    pages.add_url_rule("/pause/<rest:token>", "link", answer, methods=["GET", "POST"])
    pages.add_url_rule("/pause", "cut", lambda: answer(""), methods=["GET", "POST"])
    return pages


def take_wish(store: Store, subscriber_id: str, now: datetime) -> tuple[AddressStatus, PauseView]:
    """Do what the request says about a pause, if it says something, and show what is the case then."""
    form, today = flask.request.form, now.astimezone(UTC).date()
    wish = form.get("wish", "") if flask.request.method == "POST" else ""
    until = wished_day(form.get("weeks", ""), form.get("until", ""), today) if wish == "pause" else None
    if until is not None:
        standing = store.change_address_status(subscriber_id, lambda known: suppression.pause(known, until))
    elif wish == "resume":
        standing = store.change_address_status(subscriber_id, suppression.resume)
    else:
        standing = store.get_address_status(subscriber_id)
    is_refused = wish == "pause" and until is None
    view = view_of(standing, today, typed=form.get("until", "")[:20] if is_refused else "")
    return standing, replace(view, is_done=until is not None or wish == "resume")


def wished_day(weeks: str, until: str, today: date) -> date | None:
    """The day on which mail comes again; None for a wish that does not say it, or a day that is too near or too far."""
    if weeks:
        return today + timedelta(weeks=int(weeks)) if weeks in map(str, WEEKS) else None
    try:
        day = date.fromisoformat(until)
    except ValueError:
        return None
    return day if today < day <= today + LONGEST else None


def view_of(standing: AddressStatus, today: date, *, typed: str = "") -> PauseView:
    until = standing.paused_until
    is_paused = until is not None and until > today
    return PauseView(
        until=f"{until:%A}, {until.day} {until:%B %Y}" if until is not None and is_paused else "",
        first=(today + timedelta(days=1)).isoformat(),
        last=(today + LONGEST).isoformat(),
        typed=typed,
    )
