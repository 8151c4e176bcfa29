"""The sentences of a page in eight languages, and which of them a visitor reads.

They are those of `templates/texts/NAME.yaml`: language → key → sentence. A visitor's language is the one that the
address asks for (`?lang=de`), else the best of Accept-Language, else English. Sets no cookie.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

import flask
import yaml

from newsletter.errors import ConfigError
from newsletter.files import resources

LANGUAGES: Mapping[str, str] = {
    **{"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"},
    **{"pt": "Português", "it": "Italiano", "zh": "中文", "ja": "日本語"},
}
DEFAULT = "en"
ARGUMENT = "lang"

Sentences = Mapping[str, str]  # by key
Texts = Mapping[str, Sentences]  # by language


def load_texts(name: str) -> Texts:
    """Reads a page's sentences. Raises ConfigError with a line for each one that is missing or has a wrong placeholder.

    English says which keys there are, and which placeholders each of them has.
    """
    source = f"templates/texts/{name}.yaml"
    try:
        texts = yaml.safe_load(resources.read_text(source))
    except yaml.YAMLError as error:
        raise ConfigError(f"{source} is not YAML; mend it, or remove it to use the shipped one: {error}") from error
    problems = tuple(_problems(texts if isinstance(texts, dict) else {}))
    if problems:
        raise ConfigError(f"{source} is not usable; mend it, or remove it to use the shipped one:", problems)
    return {language: texts[language] for language in LANGUAGES}


def _problems(texts: Mapping[str, object]) -> list[str]:
    shipped = texts.get(DEFAULT)
    model = shipped if isinstance(shipped, dict) else {}
    problems = [] if model else [f"{DEFAULT}: there are no sentences"]
    for language in LANGUAGES:
        found = texts.get(language)
        sentences = found if isinstance(found, dict) else {}
        problems += [f"{language}: {key} is missing" for key in model if not isinstance(sentences.get(key), str)]
        problems += [f"{language}: {key} is not known" for key in sentences if key not in model]
        problems += [
            f"{language}: {key} needs the placeholders of the English sentence"
            for key, sentence in sentences.items()
            if isinstance(sentence, str) and _placeholders(sentence) != _placeholders(str(model.get(key, sentence)))
        ]
    return problems


def _placeholders(sentence: str) -> frozenset[str] | None:
    try:
        return frozenset(name for _, name, _, _ in Formatter().parse(sentence) if name is not None)
    except ValueError:
        return None


def asked_language() -> str:
    """Says which language the address itself asks for; an empty text if none that there is."""
    asked = flask.request.args.get(ARGUMENT, "")
    return asked if asked in LANGUAGES else ""


def visitor_language() -> str:
    """Says in which language this request is answered."""
    return asked_language() or flask.request.accept_languages.best_match(list(LANGUAGES)) or DEFAULT
