"""`/archive/TOKEN/…`: a reader's digests as pages, or `/archive/NAME/…` where the operator made them public.

A page is a day (`2026-11-22`), a month (`2026-11`), `saved`, or a file (`2026-11-22.bib`); `archive/pages.py` makes
them. GET and HEAD alone, and nothing changes: a reader's own pages have the links of their mails that vote, save and
change how many papers come, which ask first on pages of their own; a public archive has none. A reader's own pages are
in their language, public ones in the visitor's. What does not exist is 404, with a page that says what to do.
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
from newsletter.web.app import HEADERS, for_everybody
from newsletter.web.archive.editions import ArchivedDigests, Edition
from newsletter.web.archive.pages import BIBTEX, ENDINGS, MARKDOWN, RIS, Pages
from newsletter.web.archive.urls import ArchiveUrls, ReaderLinks
from newsletter.web.languages import LANGUAGES, asked_language, language_query, page_language, speak_to
from newsletter.web.request_limits import RequestLimits, limited_blueprint

LIMITS = RequestLimits(per_link=600, per_client=240)  # a link may be shared, and one page can follow another quickly
MOST_CHOSEN = 500
PUBLIC_AGE_S = 300
OK = 200

_POLICY = HEADERS["Content-Security-Policy"].replace("default-src 'none';", "default-src 'none'; script-src 'self';")
_SLUG = re.compile(r"[a-z0-9-]{1,40}")  # a token has a full stop
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MONTH = re.compile(r"\d{4}-\d\d")
_FILE = re.compile(rf"({_DAY.pattern})\.({'|'.join(ENDINGS)})")
_SAVED_FILE = re.compile(rf"saved\.({BIBTEX}|{RIS}|atom)")
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


def blueprint(
    store: Store,
    signer: Signer,
    archives: Archives,
    now: Callable[[], datetime],
    *,
    has_amounts: bool = False,
) -> flask.Blueprint:
    """Serves the pages. `has_amounts` says whether there is a page that sends more papers, or fewer."""
    routes = _Routes(store, signer, archives, has_amounts)
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
    has_amounts: bool

    def list_public(self) -> flask.Response:
        public, query = sorted(self.archives.public().items()), language_query()
        editions = [(self._public_edition(slug, subscriber_id), f"{slug}/{query}") for slug, subscriber_id in public]
        urls = ArchiveUrls(is_public=True, query=query, languages=LANGUAGES)
        return _for_visitors(_html(self.archives.pages.listing(editions, urls, page_language())))

    def answer(self, token: str, page: str = "") -> flask.Response:
        edition = self._find_edition(token)
        if edition is None:
            return _missing(self.archives.pages.missing(None, language=page_language()))
        response = self._make_page(edition, page)
        if edition.urls.is_public and response.status_code == OK:
            return _for_visitors(response)
        return response

    def _make_page(self, edition: Edition, page: str) -> flask.Response:
        pages = self.archives.pages
        if page == edition.urls.feed_page:
            feed = pages.feed(edition)
            return _missing(pages.missing(edition)) if feed is None else _respond(feed, "application/atom+xml")
        if match := _SAVED_FILE.fullmatch(page):
            return self._saved_file(edition, match[1])
        if (match := _FILE.fullmatch(page)) and (on := _date(match[1])):
            return self._file(edition, on, match[2])
        html = self._make_html(edition, page)
        return _missing(pages.missing(edition, _date(page))) if html is None else _html(html)

    def _make_html(self, edition: Edition, page: str) -> str | None:
        pages = self.archives.pages
        if not page:
            return pages.overview(edition)
        if page == edition.urls.search_page:
            args = flask.request.args
            return pages.search(edition, args.get("q", ""), args.get("page", 1, type=int))
        if page == edition.urls.saved:
            return pages.saved(edition)
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

    def _saved_file(self, edition: Edition, ending: str) -> flask.Response:
        content = self.archives.pages.saved_file(edition, ending)
        if content is None:
            return _missing(self.archives.pages.missing(edition))
        if ending == "atom":
            return _respond(content, "application/atom+xml")
        response = _respond(content, _TYPES[ending])
        response.headers.set("Content-Disposition", "attachment", filename=f"saved.{ending}")
        return response

    def _find_edition(self, token: str) -> Edition | None:
        subscriber_id = self.signer.read_link(Purpose.ARCHIVE, token)
        if subscriber_id is not None:
            return self._own_edition(token, subscriber_id)
        public = self.archives.public() if _SLUG.fullmatch(token) else {}
        return self._public_edition(token, public[token]) if token in public else None

    def _own_edition(self, token: str, subscriber_id: str) -> Edition:
        speak_to(subscriber_id)
        acts = ReaderLinks(self.signer, subscriber_id, self.has_amounts)
        urls = ArchiveUrls(base_url=self._address(token), acts=acts)
        return Edition(ArchivedDigests(self.store, subscriber_id), urls, page_language())

    def _public_edition(self, slug: str, subscriber_id: str) -> Edition:
        urls = ArchiveUrls(
            base_url=self._address(slug),
            is_public=True,
            listing_page="../",
            query=language_query(),
            languages=LANGUAGES,
        )
        return Edition(ArchivedDigests(self.store, subscriber_id, slug), urls, page_language())

    def _address(self, token: str) -> str:
        """Gives the archive's address if ours is set: a Host header, which anybody may write, stays out of a feed."""
        return f"{self.archives.base_url}/archive/{token}/" if self.archives.base_url else ""


def _add_slash(token: str) -> Response:
    """Redirects to the folder: links within an archive are relative to it."""
    return flask.redirect(flask.url_for("archive.overview", token=token, lang=asked_language() or None))


def _for_visitors(response: flask.Response) -> flask.Response:
    """Lets caches keep the answer, for each language its own."""
    response.vary.add("Accept-Language")
    response.headers["Content-Language"] = page_language()
    return for_everybody(response, PUBLIC_AGE_S)


def _html(page: str) -> flask.Response:
    response = _respond(page, "text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    return response


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
