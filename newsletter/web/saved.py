"""`/s/TOKEN`: the link beside each paper by which its reader saves it, and the button that takes it off the list again.

A link only opens a page with a button. Keeping the list is services/saved.py's business, showing it web/archive/'s.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import flask

from newsletter.papers import readable
from newsletter.services import MOST_SAVED, SaveState, find_mailed, find_saved, save
from newsletter.signing import Purpose, Signer, read_save_token
from newsletter.stores import Store
from newsletter.web.app import Page
from newsletter.web.request_limits import RequestLimits
from newsletter.web.token_page import TokenPage, posted_wish

_TEMPLATE = "save.html"
PAGE = TokenPage("saved", "/s", read_save_token, RequestLimits(per_link=60, per_client=600), ("dead_save.html", {}))
SAMPLES: tuple[Page, ...] = (
    PAGE.dead_link,
    *(
        (_TEMPLATE, {"state": state, "title": title, "list_url": url, "most": MOST_SAVED, "is_removed": is_removed})
        for state in SaveState
        for title, url, is_removed in (("T", "/archive/x/saved", False), ("", "", True))
    ),
)


def blueprint(
    store: Store, signer: Signer, now: Callable[[], datetime], *, has_archive: bool = False
) -> flask.Blueprint:
    """Serves the page; with an archive it links to the list."""
    return PAGE.blueprint(signer, now, partial(_answer, store, signer, now, has_archive))


def _answer(store: Store, signer: Signer, now: Callable[[], datetime], has_archive: bool, link: tuple[str, str]) -> str:
    subscriber_id, arxiv_id = link
    wish = posted_wish("save", "remove")
    paper = find_mailed(store, subscriber_id, arxiv_id)  # before it is taken off: nothing else may know it
    state = SaveState.OFF
    if wish == "save":
        state = save(store, subscriber_id, arxiv_id, now())
    elif wish == "remove":
        store.drop_saved(subscriber_id, arxiv_id)
    elif find_saved(store, subscriber_id, arxiv_id):
        state = SaveState.SAVED
    list_url = f"/archive/{signer.link(Purpose.ARCHIVE, subscriber_id)}/saved" if has_archive else ""
    return flask.render_template(
        _TEMPLATE,
        state=state,
        title=readable(paper.title) if paper else "",
        list_url=list_url,
        most=MOST_SAVED,
        is_removed=wish == "remove",
    )
