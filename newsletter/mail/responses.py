"""The answers to readers' mails, in their language. Pure.

Reads the text of `templates/email/service.yaml`, or of another file of its form, which the caller brings, and proves it
whole. What is answered when is services/replies.py's business, and services/signup.py's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

import yaml

from newsletter.errors import ConfigError
from newsletter.mail.inbound.command_words import WORDS, Command

FALLBACK_LANGUAGE = "en"
FILE = "templates/email/service.yaml"

#: Each answer, and the placeholders its text may have.
PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "unsubscribe": frozenset({"name", "undo"}),
    "pause": frozenset({"name", "until", "undo"}),
    "resume": frozenset({"name", "undo"}),
    "blocked": frozenset({"name", "contact"}),
    "frequency": frozenset({"name", "chosen", "undo"}),
    "profile": frozenset({"profile"}),
    "changed": frozenset({"profile"}),
    "vote": frozenset({"votes"}),
    "no_vote": frozenset(),
    "help": frozenset({"commands"}),
}


@dataclass(frozen=True, slots=True)
class ResponseText:
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class ResponseTexts:
    """The answers in every language of the file; English stands for a language that is not there."""

    by_language: Mapping[str, Mapping[str, ResponseText]]

    def fill(self, name: str, language: str, values: Mapping[str, str]) -> ResponseText:
        """Puts the values into the text; what looks like a placeholder in a value stays as it is."""
        known = self.by_language.get(language) or self.by_language[FALLBACK_LANGUAGE]
        return ResponseText(known[name].subject, known[name].text.format_map(values).strip() + "\n")


def word(command: Command, language: str) -> str:
    """Gives the word that mails teach for this command."""
    words = WORDS.get(language) or WORDS[FALLBACK_LANGUAGE]
    return words.commands[command].partition("|")[0]


def commands_in_words(language: str) -> str:
    """Makes the list of a help mail: a line for each command."""
    words = WORDS.get(language) or WORDS[FALLBACK_LANGUAGE]
    taught = [word(command, language) for command in words.commands]
    pause = word(Command.PAUSE, language)
    weeks = words.weeks.rpartition("|")[2]
    gap = "" if language in {"zh", "ja"} else " "
    lines = [f"{pause}{gap or ' '}3{gap}{weeks}" if one == pause else one for one in taught]
    return "\n".join(f"    {line}" for line in [*lines, "+3 -5"])


def load_responses(
    text: str, *, file: str = FILE, placeholders: Mapping[str, frozenset[str]] = PLACEHOLDERS
) -> ResponseTexts:
    """Reads the file. Raises ConfigError with everything wrong in it; `placeholders` names what has to be there."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        first_line = str(error).splitlines()[0]
        raise ConfigError(f"{file} is not YAML ({first_line}); mend it, or remove your copy of it") from error
    languages = document if isinstance(document, dict) else {}
    problems = [
        problem for language, found in languages.items() for problem in _problems(language, found, placeholders)
    ]
    if FALLBACK_LANGUAGE not in languages:
        problems.append(f"the language {FALLBACK_LANGUAGE} is missing")
    if problems:
        raise ConfigError(f"{file} is not usable; mend it, or remove your copy of it:", tuple(problems))
    return ResponseTexts(
        {
            str(language): {name: ResponseText(**found[name]) for name in placeholders}
            for language, found in languages.items()
        }
    )


def _problems(language: object, given: object, wanted: Mapping[str, frozenset[str]]) -> list[str]:
    if not isinstance(given, dict):
        return [f"{language}: expected the answers"]
    found = []
    for name, placeholders in wanted.items():
        answer = given.get(name)
        if (
            not isinstance(answer, dict)
            or set(answer) != {"subject", "text"}
            or not all(isinstance(part, str) and part.strip() for part in answer.values())
        ):
            found.append(f"{language}: {name} needs a subject and a text")
        elif "\n" in answer["subject"]:
            found.append(f"{language}: the subject of {name} has more than one line")
        elif unknown := _placeholders(answer["text"]) - placeholders:
            found.append(f"{language}: {name} has the placeholder {', '.join(sorted(unknown))}, which nothing fills")
    return found


def _placeholders(text: str) -> set[str]:
    try:
        return {field for _, field, _, _ in Formatter().parse(text) if field is not None}
    except ValueError:  # a brace alone
        return {"{"}
