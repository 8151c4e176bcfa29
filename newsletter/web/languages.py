"""In which language a stranger is answered: the one that the address asks for, else the best of Accept-Language.

`?lang=de` is what the links between languages say; no cookie is set. Where neither names a language that there is, it
is English. What a page says is in `templates/texts/`.
"""

from __future__ import annotations

from collections.abc import Mapping

import flask

from newsletter.files import resources
from newsletter.texts import FALLBACK_LANGUAGE, TextsByLanguage

LANGUAGES: Mapping[str, str] = {
    **{"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"},
    **{"pt": "Português", "it": "Italiano", "zh": "中文", "ja": "日本語"},
}
ARGUMENT = "lang"


def load_page_texts(name: str) -> TextsByLanguage:
    """Reads a page's sentences. Raises ConfigError with everything that is wrong in the file."""
    return resources.load_texts(f"templates/texts/{name}.yaml")


def asked_language() -> str:
    """Says which language the address itself asks for; an empty text if none that there is."""
    asked = flask.request.args.get(ARGUMENT, "")
    return asked if asked in LANGUAGES else ""


def visitor_language() -> str:
    """Says in which language this request is answered."""
    return asked_language() or flask.request.accept_languages.best_match(list(LANGUAGES)) or FALLBACK_LANGUAGE
