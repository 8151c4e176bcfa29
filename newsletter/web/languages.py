"""Decides in which language a page is answered, and gives its sentences in that language (`templates/texts/`).

A page behind a reader's link is in that reader's language, by their profile. A stranger's, and one behind a link that
is dead, is in the language that the address asks for (`?lang=de`, as links between languages say; no cookie is set),
else in the best of Accept-Language. Where none of these names a language that there is, it is English.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

import flask
from jinja2 import TemplateRuntimeError

from newsletter.errors import NewsletterError
from newsletter.files import resources
from newsletter.mail import responses
from newsletter.mail.inbound import Command
from newsletter.texts import (
    FALLBACK_LANGUAGE,
    Texts,
    TextsByLanguage,
    pick,
    write_colon,
    write_date,
    write_short_date,
)

LANGUAGES: Mapping[str, str] = {
    **{"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"},
    **{"pt": "Português", "it": "Italiano", "zh": "中文", "ja": "日本語"},
}
ARGUMENT = "lang"
SHARED = "pages"  # the file of what several pages say
PAGE_TEXTS = ("leave", "papers", "problems", "profile", "subscribe")  # the files that templates name: `texts("leave")`

LanguageOf = Callable[[str], str]  # of a subscriber, by id; empty where nobody is called so
_EXTENSION, _READERS = "newsletter-texts", "newsletter-language-of"  # of an application


def load_page_texts(name: str) -> TextsByLanguage:
    """Reads a page's sentences. Raises ConfigError with everything that is wrong in the file."""
    return resources.load_texts(f"templates/texts/{name}.yaml")


def add_languages(app: flask.Flask, language_of: LanguageOf) -> None:
    """Gives templates `texts`, and filters that write in the page's language. Raises ConfigError as `load_page_texts`.

    `language_of` may raise NewsletterError: then the page is answered as a stranger's.
    """
    shared = load_page_texts(SHARED)
    app.extensions[_EXTENSION] = {name: _with_shared(load_page_texts(name), shared) for name in PAGE_TEXTS}
    app.extensions[_READERS] = language_of
    app.jinja_env.globals.update(texts=page_texts, languages=LANGUAGES, language_query=language_query)
    app.jinja_env.filters["day"] = lambda on: write_date(on, page_language())
    app.jinja_env.filters["short_day"] = lambda on: write_short_date(on, page_language())
    app.jinja_env.filters["colon"] = write_colon
    app.jinja_env.filters["command"] = lambda command: responses.word(Command(command), page_language())
    app.after_request(_declare)


def _with_shared(texts: TextsByLanguage, shared: TextsByLanguage) -> TextsByLanguage:
    return {
        language: Texts(language, {**pick(shared, language).sentences, **own.sentences})
        for language, own in texts.items()
    }


def page_texts(name: str) -> Texts:
    """Gives the sentences of one of PAGE_TEXTS, and those that all pages share, in the language of this request."""
    by_name: Mapping[str, TextsByLanguage] = flask.current_app.extensions[_EXTENSION]
    if name not in by_name:
        raise TemplateRuntimeError(f"there are no texts {name!r}, only {', '.join(by_name)}")
    texts = pick(by_name[name], page_language())
    flask.g.spoken = texts.language
    return texts


def speak_to(subscriber_id: str) -> None:
    """Has this request answered in the language of the reader whom its link names.

    Who that is is only asked when the first sentence is: what the reader wishes is done before, whatever comes of it.
    """
    flask.g.reader = subscriber_id


def speak(language: str) -> None:
    """Has this request answered in this language; where there is none of the name, in the visitor's."""
    if language in LANGUAGES:
        flask.g.pop("reader", "")  # need not be asked any more
        flask.g.language = language


def page_language() -> str:
    """Says in which language this request is answered."""
    if reader := flask.g.pop("reader", ""):
        language_of: LanguageOf = flask.current_app.extensions[_READERS]
        with suppress(NewsletterError):  # whatever file is damaged: who wants to leave finds the button
            speak(language_of(reader))
    return flask.g.get("language") or visitor_language()


def asked_language() -> str:
    """Says which language the address itself asks for; an empty text if none that there is."""
    asked = flask.request.args.get(ARGUMENT, "")
    return asked if asked in LANGUAGES else ""


def wanted_language() -> str:
    """Says which language the visitor asks for, by the address or the browser; an empty text if none that there is."""
    accepted = (
        value.replace("_", "-").partition("-")[0].lower()
        for value, quality in flask.request.accept_languages  # the best first
        if quality > 0
    )
    return asked_language() or next((language for language in accepted if language in LANGUAGES), "")


def visitor_language() -> str:
    """Says in which language this visitor is answered."""
    return wanted_language() or FALLBACK_LANGUAGE


def language_query() -> str:
    """Gives what a link to a page for strangers ends with, so that it goes on in this page's language."""
    language = page_language()
    return f"?{ARGUMENT}={language}" if asked_language() or language != visitor_language() else ""


def _declare(response: flask.Response) -> flask.Response:
    spoken = flask.g.get("spoken")
    if spoken and response.mimetype == "text/html":
        response.headers.setdefault("Content-Language", spoken)
    return response
