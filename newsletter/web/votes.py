"""`/v/TOKEN`: the links beside each paper in a mail, by which its reader asks for more or less of its kind.

A link only opens a page with a button; the next page can undo a vote, or turn it round. Keeping votes is
services/votes.py's business.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import flask

from newsletter.papers import readable
from newsletter.services import cast, current_vote, find_paper
from newsletter.signing import Signer, read_vote_token
from newsletter.stores import Store
from newsletter.subscribers import LESS, MORE, NEITHER
from newsletter.web.app import Page
from newsletter.web.request_limits import RequestLimits
from newsletter.web.token_page import TokenPage, posted_wish

PAGE = TokenPage("votes", "/v", read_vote_token, RequestLimits(per_link=60, per_client=600), ("dead_vote.html", {}))
SAMPLES: tuple[Page, ...] = (
    PAGE.dead_link,
    *(("vote.html", {"wish": w, "title": t, "is_undone": u}) for w, t, u in (("more", "T", False), ("less", "", True))),
    *(("voted.html", {"wish": w, "title": t}) for w, t in (("more", "T"), ("less", ""))),
)
_WISHES = {"more": MORE, "less": LESS, "undo": NEITHER}


def blueprint(store: Store, signer: Signer, now: Callable[[], datetime]) -> flask.Blueprint:
    return PAGE.blueprint(signer, now, partial(_answer, store, now))


def _answer(store: Store, now: Callable[[], datetime], link: tuple[str, str, int]) -> str:
    subscriber_id, arxiv_id, value = link
    wish = posted_wish(*_WISHES)
    if wish:
        cast(store, subscriber_id, arxiv_id, _WISHES[wish], now())
    vote = current_vote(store, subscriber_id, arxiv_id)
    paper = find_paper(store, subscriber_id, arxiv_id)
    title = readable(paper.title) if paper else ""
    if vote and (wish or vote.value == value):
        return flask.render_template("voted.html", wish=_name(vote.value), title=title)
    return flask.render_template("vote.html", wish=_name(value), title=title, is_undone=wish == "undo")


def _name(value: int) -> str:
    return "more" if value == MORE else "less"
