"""Finds words of another language in what a page or a mail says: neither its sentences nor its data have them.

The kind: a sentence that was left in English, in a template, in the program or in the file of sentences.
"""

import re
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser

from newsletter.texts import LANGUAGES, Texts

OTHER_LANGUAGES = [language for language in LANGUAGES if language != "en"]
_SPOKEN = {"alt", "aria-label", "placeholder", "title"}  # attributes that a person sees or hears
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class SpokenText(HTMLParser):
    """The words that a person sees or hears, attributes included; without those that say they are in English.

    `language` is the page's own, `plain` all of its words in one line.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.language, self.plain = "", ""
        self._muted: list[bool] = [False]
        self.feed(html)
        self.plain = " ".join(self.plain.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = given.get("lang", "")
        is_muted = self._muted[-1] or tag in {"script", "style"} or (tag != "html" and given.get("lang") == "en")
        if tag not in _VOID:
            self._muted.append(is_muted)
        if not is_muted:
            said = [value for name, value in given.items() if name in _SPOKEN]
            said += [given.get("content", "")] if given.get("name") == "description" else []
            self.plain += "".join(f" {value} " for value in said)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            self._muted.pop()

    def handle_data(self, data: str) -> None:
        self.plain += "" if self._muted[-1] else f"{data} "


def words_of(text: str) -> set[str]:
    """The words of four Latin letters or more, but for addresses of mailboxes and pages."""
    plain = " ".join(part for part in text.lower().split() if "/" not in part and "@" not in part)
    return set(re.findall(r"[^\W\d_]{4,}", plain))


def sentences_of(texts: Texts) -> Iterable[str]:
    """Every sentence of a language, in each plural form, without its placeholders."""
    for sentence in texts.sentences.values():
        forms = sentence.values() if isinstance(sentence, Mapping) else [sentence]
        yield from (re.sub(r"\{.*?\}", " ", form) for form in forms)


def known_words(texts: Iterable[Texts], data: Iterable[str] = ()) -> set[str]:
    """The words that these sentences and the data (names, titles, dates) have."""
    return words_of(" ".join([*(sentence for each in texts for sentence in sentences_of(each)), *data]))


def foreign_words(said: str, known: set[str]) -> set[str]:
    """The Latin words said that are not known."""
    return {word for word in words_of(said) - known if word.isascii()}
