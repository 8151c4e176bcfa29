"""Reads the command in a reader's mail, from its first line or its subject. Pure.

A command counts only if the line is one and nothing else: our own mails say "unsubscribe", and answers quote them. The
words are in command_words.py; until when a pause lasts is read by pauses.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import takewhile

from newsletter.mail.inbound.body_text import OwnText
from newsletter.mail.inbound.command_words import SUBJECT_PREFIXES, WORDS, Command, Words
from newsletter.mail.inbound.folding import NEVER, alternatives, fold_words
from newsletter.mail.inbound.pauses import pause_end

PAUSE = timedelta(weeks=2)  # if the reader does not say
LONGEST_PAUSE = timedelta(days=366)
LONGEST_COMMAND = 200  # characters of a line, with a "please"
LONGEST_GREETING, _WORDS_GREETED = 80, 6
_MOST_FURTHER, _MOST_LINES_BELOW = 3, 40  # wishes that are named as not done, and lines that are looked at for them

VoteMarks = tuple[tuple[int, int], ...]  # a paper's number in the mail, and +1 or -1


@dataclass(frozen=True, slots=True)
class Wish:
    command: Command
    language: str
    until: date | None = None
    votes: VoteMarks = ()
    text: str = ""
    further: tuple[str, ...] = ()  # lines below that ask for something else, which is not done


LEAVE, NOT_UNDERSTOOD = Wish(Command.UNSUBSCRIBE, "en"), Wish(Command.HELP, "en")


def find_wish(subject: str, own_text: OwnText, today: date, read_votes: Callable[[str], VoteMarks]) -> Wish | None:
    """Finds the command in the first line; in the subject if there is no line, or if the reader wrote that subject."""
    line, rest = _first_line(own_text.lines)
    if (wish := _command_in(line, today, is_ours_maybe=own_text.is_below_a_quote)) is not None:
        if wish.command is Command.PROFILE and _is_yaml(rest):
            return replace(wish, text=rest)
        return replace(wish, further=_find_further(wish, rest, today, read_votes))
    in_a_row, rest = _votes_in_a_row(line if read_votes(line) else _without_polite_words(line), rest, read_votes)
    if votes := read_votes(in_a_row):
        wish = Wish(Command.VOTE, "en", votes=votes)
        return replace(wish, further=_find_further(wish, rest, today, read_votes))
    bare, is_answer = _bare(subject)
    wish = _command_in(bare, today)
    if (
        wish is None
        or (is_answer and own_text.is_unreadable)
        or (wish.command is not Command.PROFILE and is_answer and line)
    ):
        return None  # they answer a mail of that subject, in other words
    if wish.command is not Command.PROFILE:
        return wish
    text = "\n".join(own_text.lines).strip("\n")
    if line and not _is_yaml(f"{line}\n" if not line.startswith("#") else text):
        return None if is_answer else wish
    return replace(wish, text=text)


def _votes_in_a_row(line: str, rest: str, read_votes: Callable[[str], VoteMarks]) -> tuple[str, str]:
    """The line, and the lines with votes right below it, as one: some write one vote in each. Then what is below."""
    below = _written(rest)
    votes = list(takewhile(read_votes, below))
    return " ".join([line, *votes]), "\n".join(below[len(votes) :])


def _find_further(wish: Wish, rest: str, today: date, read_votes: Callable[[str], VoteMarks]) -> tuple[str, ...]:
    """Finds the lines that ask for something beside the wish: of a mail one is done, and the answer names others."""
    asked = wish.command, wish.until
    further = list[str]()
    for line in _written(rest)[:_MOST_LINES_BELOW]:
        other = _command_in(line, today, is_ours_maybe=True)
        if (other and (other.command, other.until) != asked) or (len(line) <= LONGEST_COMMAND and read_votes(line)):
            further.append(line)
    return tuple(dict.fromkeys(further))[:_MOST_FURTHER]


def _written(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _is_yaml(text: str) -> bool:
    return re.search(r"^[ \t]*[A-Za-z_]+[ \t]*:(\s|$)", text, re.MULTILINE) is not None


def _first_line(lines: tuple[str, ...]) -> tuple[str, str]:
    """Finds the first line that says something, and the rest below it. Greetings in lines of their own say nothing."""
    written = [number for number, line in enumerate(lines) if line.strip()]
    while len(written) > 1 and _is_courtesy(lines[written[0]]):
        written = written[1:]
    return (lines[written[0]].strip(), "\n".join(lines[written[0] + 1 :]).strip("\n")) if written else ("", "")


def _bare(subject: str) -> tuple[str, bool]:
    """Removes what mail programs put before a subject, and says whether they did."""
    bare = re.sub(r"^\s*\[[^\]]{1,20}\]\s*", "", subject)  # [EXTERNAL]
    found = _PREFIXES.match(bare)
    return (bare[found.end() :].strip(), True) if found else (bare.strip(), False)


def _folded(line: str) -> str:
    """Folds a line; one that is longer than any command becomes empty."""
    bare = " ".join(line.split())
    return fold_words(bare) if len(bare) <= LONGEST_COMMAND else ""


_QUOTES = "\"'“”„‟‘‚«»‹›「」『』"
_PREFIXES = re.compile(rf"(?:\s*(?:{'|'.join(map(re.escape, SUBJECT_PREFIXES))})(?:[\[(]\d+[\])])?\s*[:：])+", re.I)


def _command_in(line: str, today: date, *, is_ours_maybe: bool = False) -> Wish | None:
    """Finds the command that the whole line is.

    `is_ours_maybe`: below a quote. A word in quotation marks may then be what is left of our own sentence.
    """
    folded = _folded(line)
    if folded.endswith("?") or (is_ours_maybe and any(mark in folded for mark in _QUOTES)):
        return None
    bare = _without_courtesy(folded)
    for language, phrases in _PHRASES.items():
        if command := phrases.get(bare):
            return _pause(language, today + PAUSE, today) if command is Command.PAUSE else Wish(command, language)
        if phrases.get(_without_frame(bare, language)) is Command.UNSUBSCRIBE:
            return Wish(Command.UNSUBSCRIBE, language)
        if (until := pause_end(bare, language, today)) is not None:
            return _pause(language, until, today)
    return None


def _pause(language: str, until: date, today: date) -> Wish:
    """Makes the wish for a pause; one that is over, or longer than a year, gets an answer that explains."""
    is_possible = today < until <= today + LONGEST_PAUSE
    return Wish(Command.PAUSE, language, until) if is_possible else Wish(Command.HELP, language)


def _without_courtesy(folded: str) -> str:
    """Removes "please" and the like, and punctuation, on both sides."""
    bare = _strip(folded)
    while (shorter := _strip(_COURTESY.sub("", bare))) != bare:
        bare = shorter
    return bare


def _without_polite_words(line: str) -> str:
    """Removes "please" and the like on both sides, and leaves the signs of votes."""
    bare = _folded(line)
    while (shorter := _COURTESY.sub("", bare).strip(" ,.;:!，。！")) != bare:
        bare = shorter
    return bare


def _is_courtesy(line: str) -> bool:
    folded = fold_words(line) if len(line) <= LONGEST_COMMAND else line
    return len(folded) <= LONGEST_GREETING and (not _without_courtesy(folded) or bool(_GREETING.fullmatch(folded)))


def _strip(text: str) -> str:
    return re.sub(r"^[\W_]+|[\W_]+$", "", text)


def _without_frame(bare: str, language: str) -> str:
    """Removes "I would like to" and "from this list", with which people ask to leave."""
    wishing, left = _FRAMES[language]
    return _strip(" ".join(wishing.sub("", " ".join(left.sub(" ", bare, count=1).split())).split()))


def _courtesy() -> re.Pattern[str]:
    latin = alternatives("|".join(words.polite for key, words in WORDS.items() if key not in {"zh", "ja"}))
    others = alternatives("|".join(WORDS[key].polite for key in ("zh", "ja")))
    return re.compile(rf"^(?:(?:{latin})(?!\w)|(?:{others}))|(?:(?<!\w)(?:{latin})|(?:{others}))$")


def _greeting() -> re.Pattern[str]:
    """Matches `dear all,`: a few words that end as a greeting does, since a sentence may be broken anywhere else."""
    latin = alternatives("|".join(words.greetings for key, words in WORDS.items() if key not in {"zh", "ja"}))
    others = alternatives("|".join(WORDS[key].greetings for key in ("zh", "ja")))
    named = rf"(?:[ ,]+[^\W\d_][\w'’&-]*){{1,{_WORDS_GREETED}}} ?[,!:，！：]"
    return re.compile(
        rf"(?:{latin})(?:{named}|[,.!:，！：。]*)|(?:{others})(?:[\w ]{{0,12}}[,!:，、！：。]|[,.!:，、！：。]*)"
        r"|[^。、]{1,40}(?:様|御中)[,、]?"
    )


def _frame(language: str, words: Words) -> tuple[re.Pattern[str], re.Pattern[str]]:
    begins, ends = ("", "") if language in {"zh", "ja"} else (r"(?<!\w)", r"(?!\w)")
    wishing = rf"^(?:{alternatives(words.wishing)}){ends}" if words.wishing else NEVER
    return re.compile(wishing), re.compile(rf"{begins}(?:{alternatives(words.left)}){ends}")


def _phrases(words: Words) -> dict[str, Command]:
    return {_strip(fold_words(one)): command for command, all_of in words.commands.items() for one in all_of.split("|")}


_COURTESY = _courtesy()
_GREETING = _greeting()
_PHRASES = {language: _phrases(words) for language, words in WORDS.items()}
_FRAMES = {language: _frame(language, words) for language, words in WORDS.items()}
