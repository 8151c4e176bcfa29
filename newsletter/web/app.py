"""Gives all pages what they share: templates, security headers, size limits, calm pages for whatever goes wrong.

Knows no concern of its own. A token is never logged: a request is named by its endpoint, not by its path.
"""

from __future__ import annotations

import gzip
import logging
from collections.abc import Iterable, Mapping
from functools import partial

import flask
from jinja2 import StrictUndefined, TemplateError
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge, ServiceUnavailable
from werkzeug.routing import BaseConverter

from newsletter.addresses import mailto_link
from newsletter.errors import StoreError
from newsletter.files import resources
from newsletter.mail import templates
from newsletter.theme import load_theme, stylesheet
from newsletter.web.languages import LanguageOf, add_languages
from newsletter.web.sizes import NONE_LARGE, Sizes

_log = logging.getLogger(__name__)

Page = tuple[str, Mapping[str, object]]  # a template, and values for all that it shows
SAMPLES: tuple[Page, ...] = tuple(("problem.html", {"code": code}) for code in (400, 404, 413, 429, 503))

TEMPLATES = "templates/web"
_COMPILED = templates.CompiledTemplates()
FILE_AGE_S = 3600
_TEXT = {"text/html", "text/css", "text/javascript", "text/plain", "image/svg+xml", "application/atom+xml"}
_LITTLE_BYTES = 500  # below that gzip gains nothing
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # browsers that do not know frame-ancestors
    "Referrer-Policy": "no-referrer",  # the address of a page is the token
    "X-Robots-Tag": "noindex, nofollow",
}


class Rest(BaseConverter):
    """Takes the rest of a path, slashes and all: `<rest:token>`."""

    regex = ".*"
    weight = 200  # as werkzeug's own for paths: a rule that says more goes first, in whatever order they were added
    part_isolating = False


def new_app(
    *, brand_name: str, reply_address: str, sizes: Sizes = NONE_LARGE, language_of: LanguageOf = lambda who: ""
) -> flask.Flask:
    """Builds an application that has no page yet; `language_of` gives a subscriber's language by id.

    Raises ConfigError if the theme, a stylesheet or a file of sentences cannot be read.
    """
    app = flask.Flask("newsletter", static_folder=None, template_folder=None)
    app.before_request(partial(_refuse_large_body, sizes))
    app.url_map.merge_slashes = False  # no redirect: a one-click POST follows none (RFC 8058 §3.1)
    app.url_map.converters["rest"] = Rest
    app.jinja_loader = templates.loader_of(resources.folders(TEMPLATES))
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.bytecode_cache = _COMPILED
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(brand_name=brand_name, reply_address=reply_address, subscribe_url="", has_sample=False)
    app.jinja_env.globals.update(reply_link=_link_to(reply_address))
    app.jinja_env.filters["mailto"] = mailto_link
    add_languages(app, language_of)
    _serve_files(app)
    app.after_request(_protect)
    app.after_request(_compress)
    app.register_error_handler(Exception, _explain)
    return app


def _link_to(address: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(mailto_link(address), address)


def _serve_files(app: flask.Flask) -> None:
    """Serves stylesheets, scripts and the icon; the same for everybody, so that they may be kept."""
    theme = load_theme()
    _serve(app, "style.css", "stylesheet", "text/css", stylesheet())
    _serve(app, "sample.css", "sample_stylesheet", "text/css", theme.css() + _read("sample.css"))
    _serve(app, "archive.css", "archive_stylesheet", "text/css", _read("archive.css"))
    _serve(app, "editor.js", "script", "text/javascript", _read("editor.js"))
    _serve(app, "papers.js", "papers_script", "text/javascript", _read("papers.js"))
    _serve(app, "zone.js", "zone_script", "text/javascript", _read("zone.js"))
    icon = theme.fill(_read("favicon.svg"))
    _serve(app, "favicon.svg", "favicon", "image/svg+xml", icon)
    _serve(app, "favicon.ico", "favicon_unasked", "image/svg+xml", icon)  # for browsers that read no link to it


def _read(name: str) -> str:
    return resources.read_text(f"{TEMPLATES}/{name}")


def _serve(app: flask.Flask, name: str, endpoint: str, mimetype: str, text: str) -> None:
    app.add_url_rule(f"/{name}", endpoint, lambda: for_everybody(flask.Response(text, mimetype=mimetype), FILE_AGE_S))


def for_everybody(response: flask.Response, age_s: int) -> flask.Response:
    """Lets caches keep the answer for so many seconds, and search engines find it; 304 for who has it already."""
    response.headers["Cache-Control"] = f"public, max-age={age_s}"
    response.headers["X-Robots-Tag"] = "all"
    response.add_etag(weak=True)  # the same for the compressed answer
    response.make_conditional(flask.request)
    return response


def _compress(response: flask.Response) -> flask.Response:
    """Compresses text that anybody may keep, and nothing else.

    A page behind a link holds secrets, and some show what a stranger sent: by the length of a compressed answer those
    could be guessed (the attack BREACH). What caches may keep has neither.
    """
    if not response.cache_control.public or response.mimetype not in _TEXT or response.status_code != 200:
        return response
    response.vary.add("Accept-Encoding")
    body = response.get_data()
    if len(body) >= _LITTLE_BYTES and flask.request.accept_encodings["gzip"] > 0:
        response.set_data(gzip.compress(body, mtime=0))  # the same bytes each time
        response.headers["Content-Encoding"] = "gzip"
    return response


def _refuse_large_body(sizes: Sizes) -> None:
    """Refuses a body that is too large with 413 before it is read, also for a page that does not exist."""
    request = flask.request
    request.max_content_length = sizes.most_bytes(request.path)
    if (request.content_length or 0) > request.max_content_length:
        raise RequestEntityTooLarge


def check_samples(app: flask.Flask, samples: Iterable[Page]) -> None:
    """Fills each template, so that a broken one shows at the start. Raises ConfigError, naming template and line."""
    with app.test_request_context():
        for name, values in (*SAMPLES, *samples):
            try:
                flask.render_template(name, **values)
            except TemplateError as error:
                raise templates.problem_of(f"{TEMPLATES}/{name}", error) from error


def _protect(response: flask.Response) -> flask.Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _explain(error: Exception) -> tuple[str, int, dict[str, str]]:
    """Answers with a page that says what to do. Our own faults are logged, without the path: it may hold a token."""
    answer = _as_http(error)
    if answer.code is None or answer.code >= 500:
        request, is_meant = flask.request, isinstance(error, ServiceUnavailable)  # there was no place
        _log.error("%s of %s failed", request.method, request.endpoint, exc_info=None if is_meant else error)
    code = answer.code or 500
    headers = {name: value for name, value in answer.get_headers() if name in {"Allow", "Retry-After"}}
    return flask.render_template("problem.html", code=code), code, headers


def _as_http(error: Exception) -> HTTPException:
    if isinstance(error, HTTPException):
        return error
    # whoever asks again later may find the disk mended
    return ServiceUnavailable() if isinstance(error, StoreError) else InternalServerError()
