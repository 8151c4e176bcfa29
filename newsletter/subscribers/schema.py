"""The shape of subscribers.yaml as pydantic models: every key with its limits, default and explanation.

The JSON Schema that editors use and the check of the file both come from here. Where a value is wrong, the error
carries in plain words what was expected; finding the line is files/yaml_checks.py's part, applying the defaults
preferences.py's.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, time
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Literal, Self, get_args

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from newsletter.files import yaml_checks
from newsletter.model import JUDGED_CUT_OFF, WORDS_CUT_OFF, AnnounceType, Frequency
from newsletter.papers import author_problem, taxonomy
from newsletter.subscribers.local_time import TIME_OF_DAY, time_hint, zone_hint, zones

Language = Literal["en", "de", "fr", "es", "pt", "it", "zh", "ja"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)

MAX_LINE = 100  # characters of a name, a keyword, an author
MAX_PROSE = 4_000
MAX_TITLE = 300  # of a paper in `papers`
MAX_SUBSCRIBERS = 1_000

# What is expected where a key is missing that has to be there.
REQUIRED = {
    "email": "an e-mail address",
    "name": "a short name for the topic",
    "subscribers": "a list with at least one subscriber",
}

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LINE_BREAKERS = {"Cc", "Cs", "Zl", "Zp"}  # control characters, surrogates, line and paragraph separators


# --- values -------------------------------------------------------------------------------------------


def _one_line(text: str) -> str:
    if any(unicodedata.category(c) in _LINE_BREAKERS for c in text):
        raise ValueError("control character")
    return text


def _prose(text: str) -> str:
    if any(unicodedata.category(c) in _LINE_BREAKERS and c not in "\n\t" for c in text):
        raise ValueError("control character")
    return text


@lru_cache(maxsize=2 * MAX_SUBSCRIBERS)
def to_address(text: str) -> str:
    """The address as mail headers carry it: international domains in their ASCII form. Raises ValueError.

    Asks no DNS. Letters outside ASCII before the @ would need SMTPUTF8 all the way to the reader: refused.
    """
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


def _author(text: str) -> str:
    if author_problem(text):
        raise ValueError("no author")
    return text


def _category(text: str) -> str:
    if text not in taxonomy.CATEGORIES:
        raise ValueError("unknown category")
    return text


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _choice(*words: str) -> tuple[BeforeValidator, WrapValidator]:
    among = f"one of {', '.join(words)}"
    return BeforeValidator(_lower), yaml_checks.expected(among, lambda found: among + yaml_checks.nearest(found, words))


def _whole(lowest: int, highest: int) -> tuple[Any, WrapValidator]:
    return Field(ge=lowest, le=highest), yaml_checks.expected(f"a whole number from {lowest} to {highest:,}")


_LINE = f"text on one line, 1 to {MAX_LINE} characters"
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
    yaml_checks.expected(f"text of at most {MAX_PROSE:,} characters, none of them a control character"),
]
_PAPER = f"a title of at most {MAX_TITLE} characters, an arXiv id, or a .bib, .ris or .json file"
PaperEntry = Annotated[
    str,
    Field(min_length=1, max_length=MAX_TITLE),
    AfterValidator(_one_line),
    yaml_checks.expected(_PAPER),
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
    yaml_checks.expected("an IANA time zone such as Europe/Berlin", zone_hint),
]
SendTime = Annotated[
    time,
    BeforeValidator(_time),
    yaml_checks.expected("a time of day from 00:00 to 23:59, such as 07:40", time_hint),
    WithJsonSchema({"type": "string", "pattern": f"^{TIME_OF_DAY.pattern}$"}),
]
Until = Annotated[date | None, BeforeValidator(_date), yaml_checks.expected("a date such as 2027-01-31")]
Slug = Annotated[
    str,
    Field(pattern=r"^[a-z0-9-]{1,40}$"),
    yaml_checks.expected("1 to 40 lower-case letters, digits and hyphens, such as local-group"),
]
_CODES = list(taxonomy.CATEGORIES)
Category = TypeAliasType(
    "Category",
    Annotated[
        str,
        AfterValidator(_category),
        yaml_checks.expected("an arXiv category such as cs.LG", taxonomy.hint),
        WithJsonSchema({"type": "string", "enum": _CODES, "enumDescriptions": list(taxonomy.CATEGORIES.values())}),
    ],
)
_FREQUENCY, _KIND, _WEEKDAY = _choice(*Frequency), _choice(*AnnounceType), _choice(*WEEKDAYS)
_LANGUAGE = _choice(*get_args(Language))
YesNo = Annotated[bool, BeforeValidator(_lower), yaml_checks.expected("true or false")]
MOST_AT_LEAST = 20
_ONE_TO_TEN, _PAPERS, _AT_LEAST, _FULL = _whole(1, 10), _whole(1, 500), _whole(0, MOST_AT_LEAST), _whole(0, 20)


# --- the file -----------------------------------------------------------------------------------------


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def _forget_default(described: dict[str, Any]) -> None:
    """What holds where nothing is written depends on who grades the papers, which the schema cannot know."""
    described.pop("default", None)


def _one_or_more(value: object) -> object:
    """Takes a text for a list of one: `papers: library.bib`."""
    return [value] if isinstance(value, str) else value


class TopicEntry(_Model):
    """One criterion: what makes a paper relevant, and what looks like it but is not. At least one of the two."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["relevant"]}, {"required": ["irrelevant"]}]})

    name: Line = Field(
        description="A short name; the digest names it when a paper meets it.", examples=["Sparse attention"]
    )
    relevant: Prose = Field(
        "",
        description="In your own words: which papers you want to see.",
        examples=["New attention variants whose cost grows slower than the square of the length."],
    )
    irrelevant: Prose = Field(
        "",
        description="In your own words: what sounds alike but does not interest you.",
        examples=["Applications that only use an existing model."],
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.relevant or self.irrelevant):
            raise yaml_checks.contradiction("neither relevant nor irrelevant, expected text in at least one of them")
        return self


class Keywords(_Model):
    """Words that raise or lower a paper's rank. A word also stands for its other forms (graph, graphs)."""

    like: list[Line] = Field(
        [],
        max_length=100,
        description="Words or phrases that speak for a paper.",
        examples=[["state space model"]],
    )
    avoid: list[Line] = Field(
        [], max_length=100, description="Words or phrases that speak against a paper.", examples=[["survey"]]
    )


class ReaderPreferences(_Model):
    """All that readers may change themselves, in a profile that holds in place of the file's (profile_yaml.py)."""

    time_zone: Zone = Field(
        "UTC", description="IANA time zone of `send_at` and of the digest's date.", examples=["Europe/Berlin"]
    )
    send_at: SendTime = Field(
        time(7, 10),
        description="Earliest local time of the mail, 24-hour clock. Avoid full hours: providers are busy then.",
        examples=["07:40"],
        json_schema_extra={"default": "07:10"},
    )
    frequency: Annotated[Frequency, *_FREQUENCY] = Field(
        Frequency.WEEKDAYS,
        description="daily; weekdays (Monday to Friday, when arXiv announces); or weekly, on `weekday`.",
        examples=["weekly"],
    )
    weekday: Annotated[Weekday, *_WEEKDAY] = Field(
        "monday",
        description="Day of the mail when `frequency` is weekly; without meaning otherwise.",
        examples=["friday"],
    )
    categories: list[Category] = Field(
        [],
        min_length=1,
        max_length=50,
        description="arXiv categories to look through, needed here or in `defaults`. No whole archives (cs).",
        examples=[["cs.LG", "cs.AI"]],
    )
    announce_types: list[Annotated[AnnounceType, *_KIND]] = Field(
        [AnnounceType.NEW, AnnounceType.CROSS],
        min_length=1,
        max_length=4,
        description="Kinds of announcement: new, cross (cross-list), replace (replacement), replace-cross.",
        examples=[["new", "cross", "replace"]],
    )
    about: Prose = Field(
        "",
        description="Free words about who reads and for what; a scoring model sees them before the topics.",
        examples=["I build language models for long documents and read mainly for methods."],
    )
    topics: list[TopicEntry] = Field(
        [], max_length=20, description="What you want to read about. Each topic has a name of its own."
    )
    keywords: Keywords = Field(
        default_factory=Keywords,
        description="Words that speak for or against a paper, besides the topics or in place of them.",
    )
    pinned_authors: list[Author] = Field(
        [],
        max_length=200,
        description="Authors whose papers always come, whatever their scores.",
        examples=[["Ada Lovelace", "Noether, Emmy"]],
    )
    papers: Annotated[list[PaperEntry], BeforeValidator(_one_or_more)] = Field(
        [],
        max_length=50,
        description="Papers you keep: titles, arXiv ids, or a BibTeX, RIS or CSL-JSON file beside this one. Papers"
        " worded like these are liked.",
        examples=[["Attention Is All You Need", "2510.05064", "library.bib"]],
    )
    min_relevance: Annotated[int, *_ONE_TO_TEN] = Field(
        JUDGED_CUT_OFF,
        description="A paper must reach this relevance (1 to 10). Left out, it is "
        f"{JUDGED_CUT_OFF} where a model judges the papers, and {WORDS_CUT_OFF} where words rank them.",
        examples=[8],
        json_schema_extra=_forget_default,
    )
    min_novelty: Annotated[int, *_ONE_TO_TEN] = Field(
        4, description="A paper must reach this novelty (1 to 10), where a model judged it.", examples=[6]
    )
    max_papers: Annotated[int, *_PAPERS] = Field(
        30, description="Most papers in one digest; the best stay.", examples=[15]
    )
    at_least: Annotated[int, *_AT_LEAST] = Field(
        0,
        description="Where fewer papers reach the cut-offs, the nearest fill up to so many, marked as such.",
        examples=[3],
    )
    full: Annotated[int, *_FULL] = Field(
        3,
        description="So many of the best papers stand in the mail with their abstracts; all others in the contents.",
        examples=[5],
    )
    language: Annotated[Language, *_LANGUAGE] = Field("en", description="Of mail, comments and pages.", examples=["de"])
    group_by_topic: YesNo = Field(
        False,
        description="The papers of each topic together, in the order of the topics, in place of the best ones first.",
        examples=[True],
    )
    empty_mail: YesNo = Field(
        False,
        description="A short mail, too, on a day with announcements of which nothing is relevant.",
        examples=[True],
    )
    weekly_best: YesNo = Field(
        False,
        description="Friday's mail shows the five best papers since Monday once more; not with weekly mails.",
        examples=[True],
    )


class Preferences(ReaderPreferences):
    """All that can be set for everybody (under `defaults`) and for each subscriber."""

    paused_until: Until = Field(
        None, description="No mail before this date; empty for no pause.", examples=["2027-01-31"]
    )
    welcome: YesNo = Field(
        True,
        description="One mail at once to whom you add: when the first digest comes, how to change it, how to leave.",
        examples=[False],
    )


def _without_defaults(entry: dict[str, Any]) -> None:
    """A subscriber's defaults are those of the file, which the schema cannot know."""
    for described in entry["properties"].values():
        described.pop("default", None)


class SubscriberEntry(Preferences):
    """Somebody who gets the digest. What is not written here comes from `defaults`."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    email: Email = Field(
        description="Where the digest goes. Each mailbox once; +tags do not count.", examples=["ada@example.org"]
    )
    name: Line = Field("", description="Name in the mail's To line.", examples=["Ada Lovelace"])
    public_archive: Slug = Field(
        "", description="Anybody may read their digests at /archive/NAME/.", examples=["spirals"]
    )


def _not_too_many(value: object) -> object:
    """Says so before the entries are looked at: pydantic checks a list's length last, which would take seconds."""
    if isinstance(value, list) and len(value) > MAX_SUBSCRIBERS:
        counts = {"actual_length": len(value), "max_length": MAX_SUBSCRIBERS}
        raise PydanticCustomError("too_long", "{actual_length} entries", counts)
    return value


class FileShape(_Model):
    """Who gets the digest, and what they want to read."""

    model_config = ConfigDict(title="subscribers.yaml")

    defaults: Preferences = Field(
        default_factory=Preferences, description="What holds for everybody who says nothing else."
    )
    subscribers: Annotated[list[SubscriberEntry], BeforeValidator(_not_too_many)] = Field(
        min_length=1, max_length=MAX_SUBSCRIBERS, description="Who gets the digest."
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of subscribers.yaml."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **FileShape.model_json_schema()}
