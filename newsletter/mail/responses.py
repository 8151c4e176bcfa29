"""The words that mails teach a reader to reply with, in their language. Pure.

What is answered is in `templates/email/service.yaml`; when, is services/replies.py's business.
"""

from __future__ import annotations

from newsletter.mail.inbound.command_words import WORDS, Command
from newsletter.texts import FALLBACK_LANGUAGE

FILE = "templates/email/service.yaml"


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
