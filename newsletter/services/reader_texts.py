"""The sentences that pages, answers by mail and commands share, in the language of who reads them."""

from __future__ import annotations

from collections.abc import Mapping

from newsletter.files import resources
from newsletter.phrases import reword
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


def reword_problem(problem: str, language: str) -> str:
    """Says what is wrong in a profile in this language; in English where a sentence is not known."""
    texts, keys = pick(load("profile_problems"), language), _keys_of_problems()

    def say(template: str, values: Mapping[str, str | int]) -> str | None:
        return texts(keys[template], **values) if template in keys else None

    return problem if texts.language == FALLBACK_LANGUAGE else reword(problem, say)


def _keys_of_problems() -> dict[str, str]:
    """Finds the key of each sentence by what it is in English, which is what the program says."""
    english = pick(load("profile_problems"), FALLBACK_LANGUAGE).sentences
    return {sentence: key for key, sentence in english.items() if isinstance(sentence, str)}
