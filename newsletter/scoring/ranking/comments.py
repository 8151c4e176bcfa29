"""Loads the sentences of the local scorer's comments, in every language there is.

Reads the text of `prompts/comments.yaml`, which the caller brings, and proves it whole: every language has every
sentence and every sentence its placeholders. What a comment claims is decided in explain.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from string import Formatter

import yaml

from newsletter.errors import ConfigError

FALLBACK_LANGUAGE = "en"
_REMEDY = "correct prompts/comments.yaml or delete your copy to use the shipped one"


@dataclass(frozen=True, slots=True)
class Sentences:
    """One language's sentences, with placeholders for str.format."""

    match: str  # {topic} {words}
    weak: str  # {topic} {words}
    liked: str  # {words}
    similar: str  # {topic} {words}
    similar_only: str  # {words}
    lowered: str  # {words}
    nothing: str


_PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "match": frozenset({"topic", "words"}),
    "weak": frozenset({"topic", "words"}),
    "liked": frozenset({"words"}),
    "similar": frozenset({"topic", "words"}),
    "similar_only": frozenset({"words"}),
    "lowered": frozenset({"words"}),
    "nothing": frozenset(),
}


def load_comments(text: str) -> dict[str, Sentences]:
    """Loads the sentences of every language in this YAML. Raises ConfigError that lists everything wrong with it."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"comments.yaml is not YAML ({str(error).splitlines()[0]}); {_REMEDY}") from error
    if not isinstance(document, dict) or not isinstance(document.get(FALLBACK_LANGUAGE), dict):
        raise ConfigError(f"comments.yaml must have the language {FALLBACK_LANGUAGE!r}, with its sentences; {_REMEDY}")
    problems = [
        problem for language, sentences in document.items() for problem in _find_problems(str(language), sentences)
    ]
    if problems:
        raise ConfigError(f"comments.yaml is not usable; {_REMEDY}:", tuple(problems))
    return {str(language): Sentences(**sentences) for language, sentences in document.items()}


def _find_problems(language: str, sentences: object) -> list[str]:
    if not isinstance(sentences, dict):
        return [f"{language}: must be a mapping of sentences"]
    names = [field.name for field in fields(Sentences)]
    unknown = [
        f"{language}: unknown sentence {name!r}; known are {', '.join(names)}"
        for name in sentences
        if name not in names
    ]
    return unknown + [
        problem for name in names for problem in _sentence_problems(f"{language}.{name}", name, sentences.get(name))
    ]


def _sentence_problems(place: str, name: str, sentence: object) -> list[str]:
    if not isinstance(sentence, str) or not sentence.strip():
        return [f"{place}: the sentence is missing"]
    try:
        used = {field for _, field, _, _ in Formatter().parse(sentence) if field is not None}
    except ValueError as error:
        return [f"{place}: {error}"]
    wanted = _PLACEHOLDERS[name]
    missing = [f"{place}: the placeholder {{{field}}} is missing" for field in sorted(wanted - used)]
    return missing + [f"{place}: there is no placeholder {{{field}}} here" for field in sorted(used - wanted)]
