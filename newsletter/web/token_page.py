"""A page behind a signed link of a mail, such as `/u/TOKEN`: what all of them share, so that each says what differs.

Link scanners follow every link, and some post to what they find. So a GET changes nothing, and a POST only what it
says in full; doing it twice is doing it once. A link that is not ours, or was cut by a mail program, gets a page that
says what to do instead, and never an error: it will not get better by being asked again. A page is in the language of
the reader whom its link names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import flask

from newsletter.signing import Purpose, Signer
from newsletter.web.app import Page
from newsletter.web.languages import speak_to
from newsletter.web.request_limits import RequestLimits, limited_blueprint

_METHODS = ["GET", "POST"]

# What a token says: whose link it is, and what else
Link = TypeVar("Link", bound=str | tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class TokenPage(Generic[Link]):
    name: str  # of its blueprint
    path: str  # before the token
    read: Callable[[Signer, str], Link | None]  # None for a token that is not ours
    limits: RequestLimits
    dead_link: Page
    names_reader: bool = True  # a link is a reader's; else whoever answers says the language (`speak`)

    def blueprint(self, signer: Signer, now: Callable[[], datetime], answer: Callable[[Link], str]) -> flask.Blueprint:
        """Serves the page. `answer` does what the request says, and gives the page for what the token says."""
        pages = limited_blueprint(self.name, self.limits, now)

        def respond(token: str = "") -> str:
            link = self.read(signer, token)
            if link is None:
                template, values = self.dead_link
                return flask.render_template(template, **values)
            if self.names_reader:
                speak_to(link if isinstance(link, str) else link[0])
            return answer(link)

        pages.add_url_rule(f"{self.path}/<rest:token>", "link", respond, methods=_METHODS)
        pages.add_url_rule(self.path, "cut", respond, methods=_METHODS)
        return pages


def page_of(purpose: Purpose, path: str, limits: RequestLimits) -> TokenPage[str]:
    """A page whose links say no more than whose they are; a mail with the purpose as its subject does the same."""
    dead_link = ("dead_link.html", {"word": str(purpose)})
    return TokenPage(purpose, path, lambda signer, token: signer.read_link(purpose, token), limits, dead_link)


def posted_wish(*wishes: str) -> str:
    """Reads which of these wishes the request posts; empty for a GET, and for a POST with none of them."""
    wish = flask.request.form.get("wish", "") if flask.request.method == "POST" else ""
    return wish if wish in wishes else ""
