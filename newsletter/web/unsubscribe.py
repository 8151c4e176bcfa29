"""`/u/TOKEN`: the link of each mail by which its reader leaves, with one click and without a login.

Whoever only wants a rest is offered a pause (pause.py). The button of a mail program posts `List-Unsubscribe`
(RFC 8058 §3.1), the buttons of the page post a wish; both mean the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial

import flask

from newsletter.delivery import may_resubscribe, resubscribe, unsubscribe
from newsletter.errors import ReaderUnreadable
from newsletter.model import AddressStatus, SuppressionReason
from newsletter.signing import Purpose, Signer
from newsletter.stores import Store
from newsletter.web.app import Page
from newsletter.web.pause import PauseView, apply_pause_wish, pause_view
from newsletter.web.request_limits import RequestLimits
from newsletter.web.token_page import page_of, posted_wish

ONE_CLICK = ("List-Unsubscribe", "One-Click")  # RFC 8058 §3.1

# a mail provider's machines press the button for many readers
PAGE = page_of(Purpose.UNSUBSCRIBE, "/u", RequestLimits(per_link=60, per_client=600))
_VIEWS = (PauseView(), PauseView(date(2026, 1, 6)), PauseView(weeks=()))
SAMPLES: tuple[Page, ...] = (
    PAGE.dead_link,
    *((name, {"pause": view}) for name in ("leave.html", "back.html") for view in _VIEWS),
    *(("left.html", {"may_return": a, "is_complaint": b}) for a, b in ((True, False), (False, False), (False, True))),
)


def blueprint(store: Store, signer: Signer, now: Callable[[], datetime]) -> flask.Blueprint:
    return PAGE.blueprint(signer, now, partial(_answer, store, now))


def _answer(store: Store, now: Callable[[], datetime], subscriber_id: str) -> str:
    wish = _wish()
    if not wish:
        return _show(store, now(), subscriber_id)
    change = unsubscribe if wish == "leave" else resubscribe
    status = store.change_address_status(subscriber_id, lambda before: change(before, now()))
    return _page(status, pause_view(status, now().astimezone(UTC).date()), is_back=wish == "return")


def _show(store: Store, now: datetime, subscriber_id: str) -> str:
    """Shows the page, after a pause if the request asks for one. The button is there whatever file is damaged."""
    try:
        status, view = apply_pause_wish(store, subscriber_id, now)
    except ReaderUnreadable:
        if flask.request.form.get("wish"):
            raise
        return _page(AddressStatus(subscriber_id), PauseView(weeks=()))
    return _page(status, view)


def _page(status: AddressStatus, pause: PauseView, *, is_back: bool = False) -> str:
    suppression = status.suppression
    if suppression is None and pause.is_done:
        return flask.render_template("pause.html", pause=pause, is_suppressed=False)
    if suppression is None:
        return flask.render_template("back.html" if is_back else "leave.html", pause=pause)
    if suppression.why.weight > SuppressionReason.UNSUBSCRIBED.weight:  # by a bounce, say: leaving says more
        return flask.render_template("leave.html", pause=PauseView(weeks=()))
    return flask.render_template(
        "left.html",
        may_return=may_resubscribe(status),
        is_complaint=suppression.why is SuppressionReason.COMPLAINT,
    )


def _wish() -> str:
    """Reads `leave` or `return`; empty for a request that says neither."""
    request = flask.request
    if request.method == "POST":
        raw = request.get_data(cache=True)
        # the second for a body whose Content-Type does not say that it is a form
        if request.form.get(ONE_CLICK[0]) == ONE_CLICK[1] or raw.strip() == "=".join(ONE_CLICK).encode():
            return "leave"
    return posted_wish("leave", "return")
