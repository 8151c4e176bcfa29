"""`/`, what a stranger sees first; `/sample`, a digest to look at; and what browsers and search engines ask a site for.

Nothing here depends on who asks but the language, so caches may keep it. What the sample is made of is the caller's
business; here it becomes a page, with a line that says what it is. Changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import flask
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from newsletter.texts import TextsByLanguage, pick
from newsletter.web.app import HEADERS, Page, for_everybody
from newsletter.web.languages import ARGUMENT, LANGUAGES, asked_language, load_page_texts, visitor_language
from newsletter.web.request_limits import RequestLimits, limited_blueprint

LIMITS = RequestLimits(per_link=240, per_client=240)
MAX_AGE_S = 300
# Nothing here runs that could connect; checkers that look at the page from within read robots.txt
_POLICY = f"{HEADERS['Content-Security-Policy']}; connect-src 'self'"
# The sample is a mail, whose styles are in its elements; it has no script, no form, and no text of a stranger's
_MAIL_POLICY = HEADERS["Content-Security-Policy"].replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
# A token has a full stop, the name of a public archive has none
_ROBOTS = """\
User-agent: *
Disallow: /u/
Disallow: /v/
Disallow: /s/
Disallow: /amount/
Disallow: /pause/
Disallow: /profile/
Disallow: /confirm/
Disallow: /hooks/
Disallow: /health
Disallow: /ready
Disallow: /metrics
Disallow: /archive/*.*/
"""

_SAMPLE_HEAD = Markup("""\
<meta name="description" content="{}">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/sample.css">
""")

PublicArchives = Callable[[], Mapping[str, str]]  # subscribers by the names of their archives
MakeSample = Callable[[str], str]  # by language: a digest's HTML as it is mailed


@dataclass(frozen=True, slots=True)
class HomeView:
    """What the page shows beside its sentences."""

    language: str
    base_url: str  # empty: not known, and the page has no canonical address
    query: str  # of links to pages in the language that was asked for; empty where the browser says it
    has_sample: bool
    archives: tuple[str, ...]


_SAMPLE_VIEW = HomeView("en", "https://example.org", "?lang=en", has_sample=True, archives=("some-name",))


def samples() -> tuple[Page, ...]:
    """Gives each template in each language. Raises ConfigError as `load_page_texts` does."""
    texts = load_page_texts("home")
    bare = HomeView("en", "", "", has_sample=False, archives=())
    return tuple(
        (template, {"h": view, "t": pick(texts, language), "languages": LANGUAGES})
        for template in ("home.html", "sample_note.html")
        for language in LANGUAGES
        for view in (_SAMPLE_VIEW, bare)
    )


def blueprint(
    now: Callable[[], datetime],
    *,
    base_url: str = "",
    public: PublicArchives = dict,
    make_sample: MakeSample | None = None,
) -> flask.Blueprint:
    """Builds the pages; without `make_sample` there is no sample. Raises ConfigError as `load_page_texts` does."""
    routes = _Routes(load_page_texts("home"), base_url, public, make_sample)
    pages = limited_blueprint("home", LIMITS, now)
    pages.add_url_rule("/", "page", routes.home)
    pages.add_url_rule("/sample", "sample", routes.sample)
    pages.add_url_rule("/robots.txt", "robots", routes.robots)
    return pages


@dataclass(frozen=True, slots=True)
class _Routes:
    texts: TextsByLanguage
    base_url: str
    public: PublicArchives
    make_sample: MakeSample | None

    def home(self) -> flask.Response:
        response = self._answer(self._fill("home.html"))
        response.headers["Content-Security-Policy"] = _POLICY
        return response

    def sample(self) -> flask.Response:
        if self.make_sample is None:
            raise NotFound
        mail = self.make_sample(visitor_language())
        response = self._answer(as_page(mail, self._fill("sample_note.html"), self._sentence("sample_note")))
        response.headers["Content-Security-Policy"] = _MAIL_POLICY
        return response

    def robots(self) -> flask.Response:
        return for_everybody(flask.Response(_ROBOTS, mimetype="text/plain"), MAX_AGE_S)

    def _fill(self, template: str) -> str:
        return flask.render_template(
            template, h=self._view(), t=pick(self.texts, visitor_language()), languages=LANGUAGES
        )

    def _sentence(self, key: str) -> str:
        return pick(self.texts, visitor_language())(key)

    def _view(self) -> HomeView:
        asked = asked_language()
        return HomeView(
            language=visitor_language(),
            base_url=self.base_url,
            query=f"?{ARGUMENT}={asked}" if asked else "",
            has_sample=self.make_sample is not None,
            archives=tuple(sorted(self.public())),
        )

    def _answer(self, html: str) -> flask.Response:
        response = for_everybody(flask.Response(html), MAX_AGE_S)
        response.vary.add("Accept-Language")
        response.headers["Content-Language"] = visitor_language()
        return response


def as_page(mail: str, note: str, description: str) -> str:
    """Makes a page of a mail's HTML: its content is the main landmark, with a note before it.

    Raises ValueError for HTML without a title and a body, of which no page can be made.
    """
    head = str(_SAMPLE_HEAD.format(description))
    page, titles = re.subn(r"(?=<title>)", lambda _: head, mail, count=1)
    page, bodies = re.subn(r"<body[^>]*>", lambda found: f"{found[0]}\n{note}\n<main>", page, count=1)
    page, ends = re.subn(r"</body>", "</main>\n</body>", page, count=1)
    if not (titles and bodies and ends):
        raise ValueError("the sample's mail has no title or no body")
    return page
