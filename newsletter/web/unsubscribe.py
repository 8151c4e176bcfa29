"""`/u/TOKEN`: the link of each mail by which its reader leaves, with one click and without a login.

Only a POST that says what it wants changes something: link scanners follow every link, and some post to what they
find. Doing it twice is doing it once. A link that is not ours gets a page that says what to do instead, and never an
error: it will not get better by being asked again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import flask

from newsletter import suppress
from newsletter.model import Standing, Suppression, SuppressionReason
from newsletter.stores import Store
from newsletter.tokens import Purpose, Signer
from newsletter.web.site import Page, want_little

ONE_CLICK = ("List-Unsubscribe", "One-Click")  # RFC 8058 §3.1
BY_LINK = "by the link in a mail"
_OTHER_REASON_BEFORE = f"{BY_LINK}, before that: "

PAGES: tuple[Page, ...] = (
    *((name, {}) for name in ("leave.html", "back.html", "dead_link.html")),
    *(("left.html", {"may_return": a, "is_complaint": b}) for a, b in ((True, False), (False, False), (False, True))),
)


def blueprint(store: Store, signer: Signer | None, now: Callable[[], datetime]) -> flask.Blueprint:
    desk = _Desk(store, signer, now)
    pages = flask.Blueprint("unsubscribe", __name__)
    pages.before_request(want_little)
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
            return flask.render_template("dead_link.html")
        wish = _wish()
        if wish == "leave":
            standing = self.store.change_standing(subscriber_id, lambda known: left(known, self.now()))
        elif wish == "return":
            standing = self.store.change_standing(subscriber_id, lambda known: returned(known, self.now()))
        else:
            standing = self.store.get_standing(subscriber_id)
        return _page(standing, is_back=wish == "return")


def left(standing: Standing, now: datetime) -> Standing:
    """Unsubscribed by the reader. What kept mail away before is remembered in the detail."""
    before = standing.suppression
    detail = f"{_OTHER_REASON_BEFORE}{before.why}" if before else BY_LINK
    return suppress.suppress(standing, Suppression(SuppressionReason.UNSUBSCRIBED, now, detail))


def returned(standing: Standing, now: datetime) -> Standing:
    """Mailed again, if it was the reader alone who kept mail away."""
    return suppress.lift(standing, now) if may_return(standing) else standing


def may_return(standing: Standing) -> bool:
    why = standing.suppression
    return (
        why is not None
        and why.why is SuppressionReason.UNSUBSCRIBED
        and not why.detail.startswith(_OTHER_REASON_BEFORE)
    )


def _page(standing: Standing, *, is_back: bool) -> str:
    suppression = standing.suppression
    if suppression is None:
        return flask.render_template("back.html" if is_back else "leave.html")
    if suppression.why.weight > SuppressionReason.UNSUBSCRIBED.weight:  # by a bounce, say: leaving says more
        return flask.render_template("leave.html")
    return flask.render_template(
        "left.html",
        may_return=may_return(standing),
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
