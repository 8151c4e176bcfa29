"""The sentences that pages, answers by mail and commands share, in the language of who reads them."""

from __future__ import annotations

from functools import lru_cache

from newsletter.files import resources
from newsletter.texts import FALLBACK_LANGUAGE, Texts, TextsByLanguage, load_texts, pick

_load = lru_cache(maxsize=32)(load_texts)  # by what is in the file


def load(name: str) -> TextsByLanguage:
    """Reads `templates/texts/NAME.yaml`. Raises ConfigError with everything that is wrong in the file."""
    file = f"templates/texts/{name}.yaml"
    return _load(resources.read_text(file), file)


def trial_texts(language: str = FALLBACK_LANGUAGE) -> Texts:
    """Gives the sentences about a trial."""
    return pick(load("trial"), language)
