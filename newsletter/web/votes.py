"""`/v/TOKEN`: the links beside each paper in a mail, by which its reader asks for more or less of its kind.

A link only opens a page with a button: link scanners follow every link, and some post to what they find. The next page
can undo a vote, or turn it round. Doing it twice is doing it once. A link that is not ours gets a page that says what
to do instead, and never an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import flask

from newsletter.papers import readable
from newsletter.services import cast, current_vote, find_paper
from newsletter.signing import Signer, read_vote_token
from newsletter.stores import Store
from newsletter.subscribers import LESS, MORE, NEITHER
from newsletter.web.app import Page
from newsletter.web.rate_limit import Limit, guard

PER_LINK, PER_CLIENT = 60, 600  # a minute
_WISHES = {"more": MORE, "less": LESS, "undo": NEITHER}

PAGES: tuple[Page, ...] = (
    ("dead_vote.html", {}),
    *(("vote.html", {"wish": w, "title": t, "is_undone": u}) for w, t, u in (("more", "T", False), ("less", "", True))),
    *(("voted.html", {"wish": w, "title": t}) for w, t in (("more", "T"), ("less", ""))),
)


def blueprint(store: Store, signer: Signer | None, now: Callable[[], datetime]) -> flask.Blueprint:
    booth = _Booth(store, signer, now)
    pages = flask.Blueprint("votes", __name__)
    pages.before_request(guard(Limit(PER_LINK, now), Limit(PER_CLIENT, now)))
    pages.add_url_rule("/v/<rest:token>", "link", booth.answer, methods=["GET", "POST"])
    pages.add_url_rule("/v", "cut", lambda: booth.answer(""), methods=["GET", "POST"])  # by a mail program
    return pages


@dataclass(frozen=True, slots=True)
class _Booth:
    store: Store
    signer: Signer | None
    now: Callable[[], datetime]

    def answer(self, token: str) -> str:
        meant = read_vote_token(self.signer, token) if self.signer else None
        if meant is None:
            return flask.render_template("dead_vote.html")
        subscriber_id, arxiv_id, value = meant
        wish = _wish()
        if wish:
            cast(self.store, subscriber_id, arxiv_id, _WISHES[wish], self.now())
        held = current_vote(self.store, subscriber_id, arxiv_id)
        paper = find_paper(self.store, subscriber_id, arxiv_id)
        title = readable(paper.title) if paper else ""
        if held and (wish or held.value == value):
            return flask.render_template("voted.html", wish=_name(held.value), title=title)
        return flask.render_template("vote.html", wish=_name(value), title=title, is_undone=wish == "undo")


def _name(value: int) -> str:
    return "more" if value == MORE else "less"


def _wish() -> str:
    """`more`, `less`, `undo`, or empty for a request that does not say."""
    request = flask.request
    wish = request.form.get("wish", "") if request.method == "POST" else ""
    return wish if wish in _WISHES else ""
