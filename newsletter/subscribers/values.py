"""Checks single values of subscribers.yaml and of profiles, and says what was expected where one is wrong. Pure.

Addresses, zones, times, categories, authors, choices and numbers, each with its limits. Which keys there are is
schema.py's business, finding the line files/yaml_checks.py's.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, time
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    WithJsonSchema,
    WrapValidator,
)
from typing_extensions import TypeAliasType

from newsletter.files import yaml_checks
from newsletter.model import HIGHEST_GRADE, AnnounceType, Frequency, Updates
from newsletter.papers import arxiv_id, author_problem, categories, may_exist, taxonomy, venues
from newsletter.phrases import Phrase, join
from newsletter.subscribers.local_time import TIME_OF_DAY, time_hint, zone_hint, zones

Language = Literal["en", "de", "fr", "es", "pt", "it", "zh", "ja"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)

MAX_LINE = 100  # characters of a name, a keyword, an author
MAX_PROSE = 4_000
MAX_TITLE = 300  # of a paper in `papers`
MOST_PAPERS = 500  # in one mail
MOST_AT_LEAST = MOST_FULL = 20

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_KEY_VARIABLE = re.compile(r"ZOTERO_KEY(_[A-Z0-9_]{1,40})?")
_LINE_BREAKERS = {"Cc", "Cs", "Zl", "Zp"}  # control characters, surrogates, line and paragraph separators


def _one_line(text: str) -> str:
    if any(unicodedata.category(c) in _LINE_BREAKERS for c in text):
        raise ValueError("control character")
    return text


def _prose(text: str) -> str:
    if any(unicodedata.category(c) in _LINE_BREAKERS and c not in "\n\t" for c in text):
        raise ValueError("control character")
    return text


@lru_cache(maxsize=2_000)
def to_address(text: str) -> str:
    """The address as mail headers carry it: international domains in their ASCII form. Raises ValueError.

    Asks no DNS. Letters outside ASCII before the @ would need SMTPUTF8 all the way to the reader: refused.
    """
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - most commands check no address

    try:
        checked = validate_email(
            _one_line(text),
            check_deliverability=False,
            allow_smtputf8=False,
            test_environment=True,  # allows .test (RFC 6761), which no real mail can reach
            strict=True,  # RFC 5321 §4.5.3.1.1: at most 64 octets before the @
        )
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error
    return checked.ascii_email or checked.normalized


class EmailFault(StrEnum):
    """What is wrong with an address."""

    LETTERS = "letters"  # before the @ there are others than ASCII has
    DOMAIN = "domain"  # it has no full stop
    OTHER = "other"


def email_fault(found: str) -> EmailFault:
    """Says what is wrong with an address that `to_address` refuses."""
    local, _, domain = found.rpartition("@")
    if not local.isascii():
        return EmailFault.LETTERS
    return EmailFault.DOMAIN if local and "." not in domain else EmailFault.OTHER


_EMAIL_HINTS = {
    EmailFault.LETTERS: "an e-mail address with plain Latin letters before the @",
    EmailFault.DOMAIN: "an e-mail address with a whole domain after the @",
    EmailFault.OTHER: "an e-mail address",
}


def _email_hint(found: str) -> str:
    return _EMAIL_HINTS[email_fault(found)]


def _zone(text: str) -> str:
    if text not in zones():
        raise ValueError("unknown zone")
    return text


def _time(value: object) -> time:
    match = TIME_OF_DAY.fullmatch(str(value).strip())
    if match is None:
        raise ValueError("no time")
    return time(int(match[1]), int(match[2]))


def _date(value: object) -> object:
    if value is not None and not _DATE.fullmatch(str(value).strip()):
        raise ValueError("no date")
    return value


def _key_variable(text: str) -> str:
    if text and not _KEY_VARIABLE.fullmatch(text):  # not shown: it may be the key
        raise yaml_checks.contradiction(
            "found what is not ZOTERO_KEY or ZOTERO_KEY_ and a word, expected such a name of an environment variable,"
            " and never the key itself"
        )
    return text


def _author(text: str) -> str:
    if author_problem(text):
        raise ValueError("no author")
    return text


def _paper(text: str) -> str:
    """Refuses an id that no paper can have: nothing would ever be known of it."""
    if (found := arxiv_id(text)) and not may_exist(found):
        raise ValueError("no id")
    return text


def _paper_hint(found: str) -> str:
    is_id = bool(key := arxiv_id(found)) and not may_exist(key)
    return _PAPER_ID if is_id else _PAPER


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _choice(*words: str) -> tuple[BeforeValidator, WrapValidator]:
    among = Phrase("one of {words}", words=", ".join(words))
    return BeforeValidator(_lower), yaml_checks.expected(
        among, lambda found: join(among, yaml_checks.nearest(found, words))
    )


def _whole(lowest: int, highest: int) -> tuple[Any, WrapValidator]:
    return Field(ge=lowest, le=highest), yaml_checks.expected(
        Phrase("a whole number from {low} to {high}", low=lowest, high=highest)
    )


_LINE = Phrase("text on one line, 1 to {n} characters", n=MAX_LINE)
Line = Annotated[
    str,
    Field(min_length=1, max_length=MAX_LINE),
    AfterValidator(_one_line),
    yaml_checks.expected(_LINE),
]
Author = Annotated[
    str,
    Field(min_length=1, max_length=MAX_LINE),
    AfterValidator(_one_line),
    AfterValidator(_author),
    yaml_checks.expected(_LINE, lambda found: author_problem(found) or _LINE),
]
Prose = Annotated[
    str,
    Field(max_length=MAX_PROSE),
    AfterValidator(_prose),
    yaml_checks.expected(Phrase("text of at most {n} characters, none of them a control character", n=MAX_PROSE)),
]
_PAPER = Phrase("a title of at most {n} characters, an arXiv id, or a .bib, .ris or .json file", n=MAX_TITLE)
_PAPER_ID = Phrase("an arXiv id, which begins with its year and month, such as 2510.05064; or write the title")
PaperEntry = Annotated[
    str,
    Field(min_length=1, max_length=MAX_TITLE),
    AfterValidator(_one_line),
    AfterValidator(_paper),
    yaml_checks.expected(_PAPER, _paper_hint),
]
_LIBRARY = Phrase("a Zotero library by its number, such as users/475425 or groups/2259720")
LibraryNumber = Annotated[str, Field(pattern=r"^(users|groups)/[1-9][0-9]{0,11}$"), yaml_checks.expected(_LIBRARY)]
CollectionKey = Annotated[
    str,
    BeforeValidator(lambda value: value.strip().upper() if isinstance(value, str) else value),
    Field(pattern=r"^([A-Z0-9]{8})?$"),
    yaml_checks.expected(Phrase("the eight letters and digits at the end of a collection's address at zotero.org")),
]
KeyVariable = Annotated[
    str,
    AfterValidator(_key_variable),
    WithJsonSchema({"type": "string", "pattern": f"^({_KEY_VARIABLE.pattern})?$"}),
]
Email = Annotated[
    str,
    Field(max_length=254, json_schema_extra={"format": "email"}),  # RFC 5321 §4.5.3.1.3, without the brackets
    AfterValidator(to_address),
    yaml_checks.expected("an e-mail address", _email_hint),
]
Zone = Annotated[
    str,
    Field(max_length=MAX_LINE),
    AfterValidator(_zone),
    yaml_checks.expected(Phrase("an IANA time zone such as Europe/Berlin"), zone_hint),
]
SendTime = Annotated[
    time,
    BeforeValidator(_time),
    yaml_checks.expected(Phrase("a time of day from 00:00 to 23:59, such as 07:40"), time_hint),
    WithJsonSchema({"type": "string", "pattern": f"^{TIME_OF_DAY.pattern}$"}),
]
Until = Annotated[date | None, BeforeValidator(_date), yaml_checks.expected("a date such as 2027-01-31")]
Slug = Annotated[
    str,
    Field(pattern=r"^[a-z0-9-]{1,40}$"),
    yaml_checks.expected("1 to 40 lower-case letters, digits and hyphens, such as local-group"),
]
_CODES = {
    **taxonomy.CATEGORIES,
    **{
        f"{source}:{subject}": categories.show_category(f"{source}:{subject}")
        for source, names in categories.SUBJECTS.items()
        for subject in names
    },
}
Category = TypeAliasType(
    "Category",
    Annotated[
        str,
        AfterValidator(categories.read_category),
        yaml_checks.expected(Phrase("an arXiv category such as cs.LG"), categories.hint),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "string", "enum": list(_CODES), "enumDescriptions": list(_CODES.values())},
                    {
                        "type": "string",
                        "pattern": "^openreview:[A-Za-z0-9]",
                        "maxLength": venues.MOST_VENUE_CHARS + len("openreview:"),
                    },
                    {"type": "string", "pattern": "^feed:https://", "maxLength": categories.MOST_FEED_CHARS + 5},
                ]
            }
        ),
    ],
)
FrequencyWord = Annotated[Frequency, *_choice(*Frequency)]
UpdatesWord = Annotated[Updates, *_choice(*Updates)]
KindWord = Annotated[AnnounceType, *_choice(*AnnounceType)]
WeekdayWord = Annotated[Weekday, *_choice(*WEEKDAYS)]
LanguageWord = Annotated[Language, *_choice(*get_args(Language))]
YesNo = Annotated[bool, BeforeValidator(_lower), yaml_checks.expected(Phrase("true or false"))]
Grade = Annotated[int, *_whole(1, HIGHEST_GRADE)]
MostPapers = Annotated[int, *_whole(1, MOST_PAPERS)]
LeastPapers = Annotated[int, *_whole(0, MOST_AT_LEAST)]
FullPapers = Annotated[int, *_whole(0, MOST_FULL)]
