"""Reads until when a reader wants no mail: `pause for 2 weeks`, `pause until 24 December`, in eight languages. Pure.

Gives a day, however far away; how long a pause may be is commands.py's business. The words are in command_words.py, the
names of months those of CLDR.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache

from newsletter.mail.inbound.command_words import WORDS, Command
from newsletter.mail.inbound.folding import NEVER, alternatives, fold_words

_MOST_DAYS = 1000
_SLASHED = r"\d\d?/\d\d?/\d{4}"
_IN_NUMBERS = r"\d{4}-\d\d?-\d\d?|\d{4}/\d\d?/\d\d?|\d\d?\. ?\d\d?\. ?\d{4}|\d{4}年\d\d?月\d\d?日"

_Found = Mapping[str, str | None]  # the named parts of what was written; none: not written so


def pause_end(folded: str, language: str, today: date) -> date | None:
    """Reads the day on which mail comes again from a folded line; none if the line is no pause.

    A day that is in no calendar is long past (`date.min`), so that the reader gets an answer which explains.
    """
    found = _span(language, is_first=False).fullmatch(folded) or _span(language, is_first=True).fullmatch(folded)
    if found is None:
        return None
    parts = found.groupdict()
    return _after_a_while(parts, language, today) or _by_numbers(parts) or _by_month(parts, language, today) or date.min


def _after_a_while(found: _Found, language: str, today: date) -> date | None:
    """`for 2 weeks`, `for ten days`."""
    if not (count := found["n"]):
        return None
    number = _numbers(language).get(count) or int(count)
    days = number if found["days"] else 7 * number if found["weeks"] else 30 * number
    return today + timedelta(days=min(days, _MOST_DAYS))


def _by_numbers(found: _Found) -> date | None:
    """`until 2026-12-24`, `bis 24.12.2026`, `jusqu'au 24/12/2026`."""
    if not (written := found["date"] or found["slashed"]):
        return None
    numbers = re.findall(r"\d+", written)
    year, month, day = numbers if len(numbers[0]) == 4 else reversed(numbers)
    return _date_of(year, month, day)


def _by_month(found: _Found, language: str, today: date) -> date | None:
    """`until 24 December`, with or without a year; without, it is the next such day."""
    name, day = found["month"] or found["month_before"], found["day"] or found["day_behind"] or found["day_number"]
    if not day:
        return None
    month, day = _months(language)[name] if name else found["month_number"], re.sub(r"\D", "", day)
    if year := found["year"] or found["year_behind"]:
        return _date_of(year, month, day)
    years = (_date_of(today.year + later, month, day) for later in (0, 1))
    return next((on for on in years if on and on > today), None)


def _date_of(year: str | int, month: str | int | None, day: str | int) -> date | None:
    try:
        return date(int(year), int(month or 0), int(day))
    except ValueError:
        return None


@cache
def _span(language: str, *, is_first: bool) -> re.Pattern[str]:
    """Matches `pause for 2 weeks`, `pause until 24 December`; `is_first`: `2週間休止`."""
    words = WORDS[language]
    pause = f"(?:{alternatives(words.commands[Command.PAUSE])})"
    around = f"(?:{alternatives(words.around)})"
    units = "|".join(f"(?P<{name}>{alternatives(getattr(words, name))})" for name in ("days", "weeks", "months"))
    # behind "until" alone: the word for a pause is the same in languages that write the month first
    slashed = rf"{around} ?(?P<slashed>{_SLASHED if words.is_day_first else NEVER})"
    count = f"(?P<n>[0-9]{{1,3}}|{'|'.join(_numbers(language))}) ?(?:{units})"
    span = f"(?:{count}|(?P<date>{_IN_NUMBERS})|{_named_date(language)})"
    if is_first:
        return re.compile(rf"(?:{span}|{slashed}) ?{around}? ?{pause}")
    return re.compile(rf"{pause}:? ?(?:{around}? ?{span} ?{around}?|{slashed})")


def _named_date(language: str) -> str:
    """Matches `24 December`, `the 24th of December 2026`, `December 24, 2026`, `12月24日`."""
    months = "|".join(sorted(map(re.escape, _months(language)), key=len, reverse=True))
    day, of, year = r"\d\d?(?:st|nd|rd|th|er|[oa.])?", "(?:(?:of|de|do) )?", r"\d{4}"  # 1º and 1ª are folded to 1o, 1a
    return (
        rf"(?:the )?(?P<day>{day}) ?{of}(?P<month>{months})\.?(?:,? ?(?:(?:de|del|do) )?(?P<year>{year}))?"
        rf"|(?P<month_before>{months})\.? (?:the )?(?P<day_behind>{day})(?:,? (?P<year_behind>{year}))?"
        r"|(?P<month_number>\d\d?)月(?P<day_number>\d\d?)日"
    )


@cache
def _months(language: str) -> dict[str, int]:
    """Gives the months by their names in full and in short (CLDR), folded."""
    from babel.dates import get_month_names  # noqa: PLC0415  only who reads a reply should wait for it

    named = (
        get_month_names("wide", "format", language),
        get_month_names("wide", "stand-alone", language),
        get_month_names("abbreviated", "format", language),
        get_month_names("abbreviated", "stand-alone", language),
    )
    return {fold_words(name).rstrip("."): number for names in named for number, name in names.items()}


@cache
def _numbers(language: str) -> dict[str, int]:
    """Gives the numbers that are written in words."""
    by_number = enumerate(WORDS[language].numbers.split("|"), 1)
    return {fold_words(word): number for number, all_of in by_number for word in all_of.split("/")}
