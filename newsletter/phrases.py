"""A text in English that remembers how it was made, so that it can be said in another language later. Pure.

What is wrong in a file is found far below those who know the reader's language. It is told in English, as operators
read it, and whoever shows it to a reader words it anew: `reword`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import Formatter


class Phrase(str):
    """An English sentence, or a part of one, with what was filled in; otherwise a text like any other.

    Numbers are written with their thousands parted; a value may be a phrase itself.
    """

    template: str
    values: Mapping[str, str | int]

    def __new__(cls, template: str, /, **values: str | int) -> Phrase:
        written = {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
        phrase = super().__new__(cls, template.format_map(written))
        phrase.template, phrase.values = template, values
        return phrase


def join(*parts: str) -> Phrase:
    """Puts texts one behind the other."""
    named = {f"part{number}": part for number, part in enumerate(parts) if part}
    return Phrase("".join(f"{{{name}}}" for name in named), **named)


def reword(text: str, say: Callable[[str, Mapping[str, str | int]], str | None]) -> str:
    """Says a text with other sentences. `say` gets a template with its values and gives None for one it does not know.

    What is no phrase, or has a sentence that is not known, stays in English.
    """
    if not isinstance(text, Phrase):
        return text
    values = {name: reword(value, say) if isinstance(value, str) else value for name, value in text.values.items()}
    said = say(text.template, values)
    if said is None and not _has_words(text.template):
        said = Phrase(text.template, **values)
    return str(text) if said is None else str(said)


def _has_words(template: str) -> bool:
    return any(char.isalpha() for char in Phrase(template, **dict.fromkeys(names_in(template), "")))


def names_in(template: str) -> list[str]:
    """Lists the placeholders of a template."""
    return [name for _, name, _, _ in Formatter().parse(template) if name]
