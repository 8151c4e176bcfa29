"""`/u/TOKEN`: the link of each mail by which its reader leaves, with one click and without a login.

Whoever only wants a rest is offered a pause (pause.py). Only a POST that says what it wants changes something: link
scanners follow every link, and some post to what they find. Doing it twice is doing it once. A link that is not ours
gets a page that says what to do instead, and never an error: it will not get better by being asked again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import flask

from newsletter.delivery import may_resubscribe, resubscribe, unsubscribe
from newsletter.errors import ReaderUnreadable
from newsletter.model import AddressStatus, SuppressionReason
from newsletter.signing import Purpose, Signer
from newsletter.stores import Store
from newsletter.web.app import Page
from newsletter.web.pause import PauseView, take_wish, view_of
from newsletter.web.rate_limit import Limit, guard

PER_LINK, PER_CLIENT = 60, 600  # a minute; a mail provider's machines press the button for many readers
ONE_CLICK = ("List-Unsubscribe", "One-Click")  # RFC 8058 §3.1

_VIEWS = (PauseView(), PauseView("Tuesday, 6 January 2026"), PauseView(weeks=()))
PAGES: tuple[Page, ...] = (
    *((name, {"pause": view}) for name in ("leave.html", "back.html") for view in _VIEWS),
    *(("dead_link.html", {"word": word}) for word in ("unsubscribe", "pause", "profile")),
    *(("left.html", {"may_return": a, "is_complaint": b}) for a, b in ((True, False), (False, False), (False, True))),
)


def blueprint(store: Store, signer: Signer | None, now: Callable[[], datetime]) -> flask.Blueprint:
    desk = _Desk(store, signer, now)
    pages = flask.Blueprint("unsubscribe", __name__)
    pages.before_request(guard(Limit(PER_LINK, now), Limit(PER_CLIENT, now)))
    pages.add_url_rule("/u/<rest:token>", "link", desk.answer, methods=["GET", "POST"])
    pages.add_url_rule("/u", "cut", lambda: desk.answer(""), methods=["GET", "POST"])  # by a mail program
    return pages


@dataclass(frozen=True, slots=True)
class _Desk:
    store: Store
    signer: Signer | None
    now: Callable[[], datetime]

    def answer(self, token: str) -> str:
        subscriber_id = self.signer.read_link(Purpose.UNSUBSCRIBE, token) if self.signer else None
        if subscriber_id is None:
            return flask.render_template("dead_link.html", word="unsubscribe")
        wish = _wish()
        if wish == "leave":
            standing = self.store.change_address_status(subscriber_id, lambda known: unsubscribe(known, self.now()))
        elif wish == "return":
            standing = self.store.change_address_status(subscriber_id, lambda known: resubscribe(known, self.now()))
        else:
            return self._look(subscriber_id)
        return _page(standing, view_of(standing, self.now().astimezone(UTC).date()), is_back=wish == "return")

    def _look(self, subscriber_id: str) -> str:
        """The page, and a pause if the request asks for one. Who leaves has to find the button whatever is damaged."""
        try:
            standing, view = take_wish(self.store, subscriber_id, self.now())
        except ReaderUnreadable:
            if flask.request.form.get("wish"):
                raise
            return _page(AddressStatus(subscriber_id), PauseView(weeks=()))
        return _page(standing, view)


def _page(standing: AddressStatus, pause: PauseView, *, is_back: bool = False) -> str:
    suppression = standing.suppression
    if suppression is None and pause.is_done:
        return flask.render_template("pause.html", pause=pause, is_suppressed=False)
    if suppression is None:
        return flask.render_template("back.html" if is_back else "leave.html", pause=pause)
    if suppression.why.weight > SuppressionReason.UNSUBSCRIBED.weight:  # by a bounce, say: leaving says more
        return flask.render_template("leave.html", pause=PauseView(weeks=()))
    return flask.render_template(
        "left.html",
        may_return=may_resubscribe(standing),
        is_complaint=suppression.why is SuppressionReason.COMPLAINT,
    )


def _wish() -> str:
    """`leave`, `return`, or empty for a request that does not say."""
    request = flask.request
    if request.method != "POST":
        return ""
    raw = request.get_data(cache=True)
    # the second for a body whose Content-Type does not say that it is a form
    if request.form.get(ONE_CLICK[0]) == ONE_CLICK[1] or raw.strip() == "=".join(ONE_CLICK).encode():
        return "leave"
    wish = request.form.get("wish", "")
    return wish if wish in {"leave", "return"} else ""
