"""The shape of subscribers.yaml as pydantic models: every key with its limits, default and explanation.

The JSON Schema that editors use and the check of the file both come from here. What a single value may be is
values.py's part, finding the line of a wrong one files/yaml_checks.py's, applying the defaults preferences.py's.
"""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic_core import PydanticCustomError

from newsletter.files import yaml_checks
from newsletter.model import JUDGED_CUT_OFF, WORDS_CUT_OFF, AnnounceType, Frequency, Updates
from newsletter.phrases import Phrase
from newsletter.subscribers.values import (
    Author,
    Category,
    CollectionKey,
    Email,
    FrequencyWord,
    FullPapers,
    Grade,
    KeyVariable,
    KindWord,
    LanguageWord,
    LeastPapers,
    LibraryNumber,
    Line,
    MostPapers,
    PaperEntry,
    Prose,
    SendTime,
    Slug,
    Until,
    UpdatesWord,
    WeekdayWord,
    YesNo,
    Zone,
)

MAX_SUBSCRIBERS = 1_000

# users/475425, groups/2259720/ABCD2345, https://www.zotero.org/groups/2259720/a_name/collections/ABCD2345
_ZOTERO_PLACE = re.compile(
    r"(?:https?://(?:www\.)?zotero\.org/)?((?:users|groups)/[0-9]{1,12})"
    r"(?:(?:/[^/\s]{1,200}){0,2}?(?:/collections)?/([A-Za-z0-9]{8}))?(?:/[^/\s]{1,200})?(?:/(?:library|items))?/?"
)

# What is expected where a key is missing that has to be there.
REQUIRED = {
    "email": "an e-mail address",
    "library": Phrase("a Zotero library by its number, such as users/475425 or groups/2259720"),
    "name": Phrase("a short name for the topic"),
    "subscribers": "a list with at least one subscriber",
}


# --- the file -----------------------------------------------------------------------------------------


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def _forget_default(described: dict[str, Any]) -> None:
    """What holds where nothing is written depends on who grades the papers, which the schema cannot know."""
    described.pop("default", None)


def _one_or_more(value: object) -> object:
    """Takes a text for a list of one: `papers: library.bib`."""
    return [value] if isinstance(value, str) else value


def _read_zotero(value: object) -> object:
    """Takes one word for a library and its collection, or their address at zotero.org; nothing for an empty one."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    found = _ZOTERO_PLACE.fullmatch(value.strip())
    return {"library": found[1], "collection": found[2] or ""} if found else {"library": value}


def _allow_one_word(described: dict[str, Any]) -> None:
    described["anyOf"] = [{"type": "string"}, *described["anyOf"]]


def _allow_lines(described: dict[str, Any]) -> None:
    described["items"] = {"anyOf": [{"type": "string"}, described["items"]]}


def _allow_no_name(described: dict[str, Any]) -> None:
    """A topic that says what is relevant is named by it (subscribers_yaml.py)."""
    del described["required"]
    described["anyOf"] = [{"required": ["relevant"]}, {"required": ["name", "irrelevant"]}]


class TopicEntry(_Model):
    """One criterion: what makes a paper relevant, and what looks like it but is not. At least one of the two."""

    model_config = ConfigDict(json_schema_extra=_allow_no_name)

    name: Line = Field(
        description="A short name; the digest names it when a paper meets it. Left out, it is the beginning of"
        " `relevant`.",
        examples=["Sparse attention"],
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
            raise yaml_checks.contradiction(
                Phrase("neither relevant nor irrelevant, expected text in at least one of them")
            )
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


class ReaderZotero(_Model):
    """A library at zotero.org, or a collection of it. Readers name public ones."""

    library: LibraryNumber = Field(
        description="The library's number: users/ and yours (zotero.org/settings/keys), or groups/ and the group's.",
        examples=["groups/2259720"],
    )
    collection: CollectionKey = Field(
        "", description="One collection of it, by the end of its address; left out, all of it.", examples=["ABCD2345"]
    )


class Zotero(ReaderZotero):
    """A library at zotero.org, or a collection of it, whose papers are kept, read anew each day."""

    key: KeyVariable = Field(
        "",
        description="The environment variable that holds the key of a private library; never the key itself.",
        examples=["ZOTERO_KEY_ADA"],
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
    frequency: FrequencyWord = Field(
        Frequency.WEEKDAYS,
        description="daily; weekdays (Monday to Friday, when arXiv announces); or weekly, on `weekday`.",
        examples=["weekly"],
    )
    weekday: WeekdayWord = Field(
        "monday",
        description="Day of the mail when `frequency` is weekly; without meaning otherwise.",
        examples=["friday"],
    )
    categories: list[Category] = Field(
        [],
        min_length=1,
        max_length=50,
        description="Categories to look through, needed here or in `defaults`: arXiv's (no whole archives such as cs),"
        " biorxiv:SUBJECT, medrxiv:SUBJECT, openreview:VENUE, and any Atom or RSS feed as feed:https://ADDRESS.",
        examples=[["cs.LG", "biorxiv:neuroscience", "feed:https://journal.example.org/rss.xml"]],
    )
    announce_types: list[KindWord] = Field(
        [AnnounceType.NEW, AnnounceType.CROSS],
        min_length=1,
        max_length=4,
        description="Kinds of announcement: new, cross (cross-list), replace (replacement), replace-cross.",
        examples=[["new", "cross", "replace"]],
    )
    updates: UpdatesWord = Field(
        Updates.WITHDRAWALS,
        description="Of later versions: none; withdrawals (of papers you were sent); sent (what is new in papers you"
        " were sent, too); all (later versions of other papers are chosen from, too).",
        examples=["sent"],
    )
    about: Prose = Field(
        "",
        description="Free words about who reads and for what; a scoring model sees them before the topics.",
        examples=["I build language models for long documents and read mainly for methods."],
    )
    topics: list[TopicEntry] = Field(
        [],
        max_length=20,
        description="What you want to read about, each in a line of words, or with a name of its own.",
        json_schema_extra=_allow_lines,
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
    zotero: Annotated[ReaderZotero | None, BeforeValidator(_read_zotero)] = Field(
        None,
        description="A Zotero library, or a collection of it. Papers worded like those in it are liked, the more the"
        " later they were added; it is read anew each day. As one word: groups/2259720/ABCD2345.",
        examples=[{"library": "groups/2259720", "collection": "ABCD2345"}],
        json_schema_extra=_allow_one_word,
    )
    min_relevance: Grade = Field(
        JUDGED_CUT_OFF,
        description="A paper must reach this relevance (1 to 10). Left out, it is "
        f"{JUDGED_CUT_OFF} where a model judges the papers, and {WORDS_CUT_OFF} where words rank them.",
        examples=[8],
        json_schema_extra=_forget_default,
    )
    min_novelty: Grade = Field(
        4, description="A paper must reach this novelty (1 to 10), where a model judged it.", examples=[6]
    )
    max_papers: MostPapers = Field(30, description="Most papers in one digest; the best stay.", examples=[15])
    at_least: LeastPapers = Field(
        0,
        description="Where fewer papers reach the cut-offs, the nearest fill up to so many, marked as such.",
        examples=[3],
    )
    full: FullPapers | None = Field(
        None,
        description="So many of the best papers stand in the mail with their abstracts; all others in the contents."
        " Without it up to three, the fewer the longer the mail is.",
        examples=[5],
    )
    language: LanguageWord = Field("en", description="Of mail, comments and pages.", examples=["de"])
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


class OperatorPreferences(ReaderPreferences):
    """The same as the operator may write it for whom they add."""

    zotero: Annotated[Zotero | None, BeforeValidator(_read_zotero)] = Field(
        None,
        description="A Zotero library, or a collection of it. Papers worded like those in it are liked, the more the"
        " later they were added; it is read anew each day. As one word: groups/2259720/ABCD2345.",
        examples=[{"library": "users/475425", "collection": "ABCD2345", "key": "ZOTERO_KEY_ADA"}],
        json_schema_extra=_allow_one_word,
    )


class Preferences(OperatorPreferences):
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
