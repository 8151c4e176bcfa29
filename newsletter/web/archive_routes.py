"""`/archive/TOKEN/…`: a reader's digests as pages, or `/archive/NAME/…` where the operator made them public.

Who has the link can read, and do nothing else. A page is a day (`2026-11-22`), a month (`2026-11`) or a file
(`2026-11-22.bib`); `archive/pages.py` makes them. GET and HEAD alone, and nothing changes. What does not exist is 404,
with a page that says what to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import flask
from werkzeug.wrappers import Response

from newsletter.signing import Purpose, Signer
from newsletter.stores import Store
from newsletter.web.app import for_everybody
from newsletter.web.archive.editions import ArchivedDigests, Edition
from newsletter.web.archive.pages import BIBTEX, ENDINGS, MARKDOWN, RIS, Pages
from newsletter.web.archive.urls import ArchiveUrls
from newsletter.web.request_limits import RequestLimits, limited_blueprint

LIMITS = RequestLimits(per_link=600, per_client=240)  # a link may be shared, and one page can follow another quickly
MOST_CHOSEN = 500
PUBLIC_AGE_S = 300
OK = 200

_SLUG = re.compile(r"[a-z0-9-]{1,40}")  # a token has a full stop
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MONTH = re.compile(r"\d{4}-\d\d")
_FILE = re.compile(rf"({_DAY.pattern})\.({'|'.join(ENDINGS)})")
_TYPES = {
    BIBTEX: "application/x-bibtex",
    RIS: "application/x-research-info-systems",
    MARKDOWN: "text/markdown",
}


@dataclass(frozen=True, slots=True)
class Archives:
    """What the pages of archives are made with."""

    pages: Pages
    base_url: str = ""  # of the web part, without a slash at its end
    public: Callable[[], Mapping[str, str]] = dict  # whose archive anybody may read: subscribers by its name


def blueprint(store: Store, signer: Signer, archives: Archives, now: Callable[[], datetime]) -> flask.Blueprint:
    routes = _Routes(store, signer, archives)
    site = limited_blueprint("archive", LIMITS, now)
    site.add_url_rule("/archive", "root", lambda: flask.redirect(flask.url_for("archive.listing")))
    site.add_url_rule("/archive/", "listing", routes.list_public)
    site.add_url_rule("/archive/<token>", "cut", _add_slash)
    site.add_url_rule("/archive/<token>/", "overview", routes.answer)
    site.add_url_rule("/archive/<token>/<page>", "page", routes.answer)
    return site


@dataclass(frozen=True, slots=True)
class _Routes:
    store: Store
    signer: Signer
    archives: Archives

    def list_public(self) -> flask.Response:
        public = sorted(self.archives.public().items())
        editions = [(self._public_edition(slug, subscriber_id), f"{slug}/") for slug, subscriber_id in public]
        return for_everybody(_html(self.archives.pages.listing(editions, ArchiveUrls(is_public=True))), PUBLIC_AGE_S)

    def answer(self, token: str, page: str = "") -> flask.Response:
        edition = self._find_edition(token)
        if edition is None:
            return _missing(self.archives.pages.missing(None))
        response = self._make_page(edition, page)
        if edition.urls.is_public and response.status_code == OK:
            return for_everybody(response, PUBLIC_AGE_S)
        return response

    def _make_page(self, edition: Edition, page: str) -> flask.Response:
        pages = self.archives.pages
        if page == edition.urls.feed:
            feed = pages.feed(edition)
            return _missing(pages.missing(edition)) if feed is None else _respond(feed, "application/atom+xml")
        if (match := _FILE.fullmatch(page)) and (on := _date(match[1])):
            return self._file(edition, on, match[2])
        html = self._make_html(edition, page)
        return _missing(pages.missing(edition, page)) if html is None else _html(html)

    def _make_html(self, edition: Edition, page: str) -> str | None:
        pages = self.archives.pages
        if not page:
            return pages.overview(edition)
        if page == edition.urls.search:
            args = flask.request.args
            return pages.search(edition, args.get("q", ""), args.get("page", 1, type=int))
        if _MONTH.fullmatch(page) and (month := _date(f"{page}-01")):
            return pages.month(edition, month)
        return pages.day(edition, on) if _DAY.fullmatch(page) and (on := _date(page)) else None

    def _file(self, edition: Edition, on: date, ending: str) -> flask.Response:
        chosen = frozenset(flask.request.args.getlist("paper")[:MOST_CHOSEN])
        content = self.archives.pages.file(edition, on, ending, chosen)
        if content is None:
            return _missing(self.archives.pages.missing(edition))
        response = _respond(content, _TYPES[ending])
        response.headers.set("Content-Disposition", "attachment", filename=f"papers-{on}.{ending}")
        return response

    def _find_edition(self, token: str) -> Edition | None:
        subscriber_id = self.signer.read_link(Purpose.ARCHIVE, token)
        if subscriber_id is not None:
            return Edition(ArchivedDigests(self.store, subscriber_id), ArchiveUrls(base_url=self._address(token)))
        public = self.archives.public() if _SLUG.fullmatch(token) else {}
        return self._public_edition(token, public[token]) if token in public else None

    def _public_edition(self, slug: str, subscriber_id: str) -> Edition:
        urls = ArchiveUrls(base_url=self._address(slug), is_public=True, listing="../")
        return Edition(ArchivedDigests(self.store, subscriber_id, slug), urls)

    def _address(self, token: str) -> str:
        """Gives the archive's address if ours is set: a Host header, which anybody may write, stays out of a feed."""
        return f"{self.archives.base_url}/archive/{token}/" if self.archives.base_url else ""


def _add_slash(token: str) -> Response:
    """Redirects to the folder: links within an archive are relative to it."""
    return flask.redirect(flask.url_for("archive.overview", token=token))


def _html(page: str) -> flask.Response:
    return _respond(page, "text/html")


def _respond(text: str, kind: str) -> flask.Response:
    """Answers in UTF-8. Half of a surrogate pair, which JSON can hold and UTF-8 cannot, becomes a question mark."""
    return flask.Response(text.encode("utf-8", "replace"), content_type=f"{kind}; charset=utf-8")


def _missing(page: str) -> flask.Response:
    response = _html(page)
    response.status_code = 404
    return response


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
