"""Finds the English that is left in what is said in another language: one way for mails and pages."""

import re
from collections.abc import Iterator

from newsletter.texts import FALLBACK_LANGUAGE, Sentence, Texts, TextsByLanguage

LEAST_LETTERS = 4  # a shorter word is often one of another language, too


def words_of(text: str) -> set[str]:
    """The words of ASCII letters, without addresses, links and names such as cs.LG."""
    return set(re.findall(rf"[a-z]{{{LEAST_LETTERS},}}", re.sub(r"\S*[/@_]\S*|\w+\.[A-Z]{2}", " ", text).lower()))


def forms(sentence: Sentence) -> Iterator[str]:
    yield from [sentence] if isinstance(sentence, str) else sentence.values()


def own_words(texts: Texts) -> set[str]:
    """All words that the sentences of a language have, without their placeholders."""
    return {
        word
        for sentence in texts.sentences.values()
        for form in forms(sentence)
        for word in words_of(re.sub(r"[{].*?[}]", " ", form))
    }


def said_in_english(text: str, texts: TextsByLanguage, language: str) -> set[str]:
    """The words of English sentences in a text of another language, which has no such word of its own."""
    if language == FALLBACK_LANGUAGE:
        return set()
    return words_of(text) & (own_words(texts[FALLBACK_LANGUAGE]) - own_words(texts[language]))
