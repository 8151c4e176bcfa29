"""The sentences that pages, answers by mail and commands share, in the language of who reads them."""

from __future__ import annotations

from newsletter.files import resources
from newsletter.texts import FALLBACK_LANGUAGE, Texts, TextsByLanguage, pick


def load(name: str) -> TextsByLanguage:
    """Reads `templates/texts/NAME.yaml`. Raises ConfigError with everything that is wrong in the file."""
    return resources.load_texts(f"templates/texts/{name}.yaml")


def trial_texts(language: str = FALLBACK_LANGUAGE) -> Texts:
    """Gives the sentences about a trial."""
    return pick(load("trial"), language)


def comment_texts(language: str = FALLBACK_LANGUAGE) -> Texts:
    """Gives the comments in a profile as YAML."""
    return pick(load("profile_comments"), language)


def answer_texts(language: str = FALLBACK_LANGUAGE) -> Texts:
    """Gives the answers to who changed their profile."""
    return pick(load("profile_answers"), language)
