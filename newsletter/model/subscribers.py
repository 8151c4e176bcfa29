"""Holds subscribers and what they say: profiles, votes, sign-ups, a changed address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from newsletter.model.papers import AnnounceType, LibraryPaper, Paper


@dataclass(frozen=True, slots=True)
class Topic:
    """One criterion of a profile. `relevant` and `irrelevant` are prose; either may be empty, not both."""

    name: str
    relevant: str = ""
    irrelevant: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a subscriber wants to read about: all that a scorer may look at."""

    topics: tuple[Topic, ...]
    about: str = ""  # free words on top of the topics: who reads, and for what
    like: tuple[str, ...] = ()  # keywords
    avoid: tuple[str, ...] = ()
    language: str = "en"  # of the comments, an ISO 639-1 code
    papers: tuple[LibraryPaper, ...] = ()  # that the reader keeps: what is worded like these is liked

    @property
    def has_wishes(self) -> bool:
        """Whether there is anything to score a paper by; a reader of pinned authors alone has nothing."""
        return bool(self.topics or self.like or self.papers)


@dataclass(frozen=True, slots=True)
class UnknownWords:
    """Words of a profile that no paper uses, as the reader wrote them, and what was meant, if they seem mistyped."""

    written: str
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class ZoteroLibrary:
    """A library at zotero.org, or one collection of it, whose papers a reader keeps."""

    library: str  # "users/123" or "groups/123"
    collection: str = ""  # its eight signs; empty: the whole library
    key_variable: str = ""  # the environment variable with the key of a private one; the operator's to name

    @property
    def place(self) -> str:
        """The library and the collection in one word, as a profile may write them: `users/123/ABCD2345`."""
        return f"{self.library}/{self.collection}" if self.collection else self.library

    @property
    def name(self) -> str:
        """What keeps it apart from others: who has no key does not get what was read with one."""
        return "/".join(filter(None, (self.place, self.key_variable)))


class Updates(StrEnum):
    """What a reader is told of later versions of papers; each has what the ones above it have."""

    NONE = "none"
    WITHDRAWALS = "withdrawals"  # that a paper they were sent is withdrawn
    SENT = "sent"  # what is new in papers they were sent
    ALL = "all"  # and later versions of other papers are chosen from like new ones

    @property
    def has_versions(self) -> bool:
        """Whether new versions of papers that were sent are told of."""
        return self in (Updates.SENT, Updates.ALL)


class Frequency(StrEnum):
    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody who gets the digest, complete: the file's defaults are already applied."""

    subscriber_id: str  # "s_" and eight characters, a function of the base address
    email: str
    name: str
    zone: str  # IANA name, "Europe/Berlin"
    send_at: time  # local wall time
    frequency: Frequency
    weekday: int  # 0 = Monday; used by WEEKLY only
    categories: tuple[str, ...]
    announce_types: tuple[AnnounceType, ...]
    profile: Profile
    pinned_authors: tuple[str, ...]
    min_relevance: int
    min_novelty: int
    max_papers: int
    paused_until: date | None = None  # mail comes again on this day
    group_by_topic: bool = False
    at_least: int = 0  # where fewer papers pass the cut-offs, the nearest fill up to so many
    empty_mail: bool = False  # a short mail, too, when nothing announced was relevant
    papers: tuple[str, ...] = ()  # titles, arXiv ids and files, as written; the profile has what was found of them
    public_archive: str = ""  # the name under which anybody may read their digests; empty: nobody else may
    full: int | None = None  # so many of the best papers stand in the mail with their abstracts; None: up to three
    weekly_best: bool = False  # Friday's mail has the best papers of the week, too
    welcome: bool = True  # a mail at once when the operator adds them
    updates: Updates = Updates.WITHDRAWALS
    zotero: ZoteroLibrary | None = None  # whose papers are kept, too; the profile has what was found there
    has_chosen_relevance: bool = True  # False: `min_relevance` is the scorer's own, since nobody set one

    @property
    def candidate_types(self) -> tuple[AnnounceType, ...]:
        """The kinds that are scored: those asked for, and replacements for who wants all updates."""
        replacements = (AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS) if self.updates is Updates.ALL else ()
        return tuple(dict.fromkeys((*self.announce_types, *replacements)))


@dataclass(frozen=True, slots=True)
class Move:
    """A subscriber whose address changed, and with it their id: what was kept under the old one is the new one's."""

    subscriber_id: str  # the old one
    to: str
    at: datetime
    email: str = ""  # the new address, for who came by the web; kept until the move is done
    is_done: bool = False


class RevisionOrigin(StrEnum):
    """Where a change of a profile came from."""

    REPLY = "reply"
    WEB = "web"
    OPERATOR = "operator"  # an earlier revision brought back by hand


MOST_PROFILE_CHARS = 32_000  # of a profile that its reader sends, by mail or on the page; the longest sample has 3,000


@dataclass(frozen=True, slots=True)
class ProfileRevision:
    """A reader's profile as they wrote it. The latest holds; an empty text hands it back to subscribers.yaml."""

    subscriber_id: str
    number: int  # from 1, one more each time; the oldest ones are not kept
    at: datetime
    text: str  # YAML
    origin: RevisionOrigin


@dataclass(frozen=True, slots=True)
class Vote:
    """More (1) or less (-1) like this paper. Of several for one paper the latest counts; 0 takes it back."""

    subscriber_id: str
    arxiv_id: str
    value: int
    at: datetime
    paper: Paper | None = None  # what the scorers learn from; None: its announcement was forgotten before the vote


@dataclass(frozen=True, slots=True)
class SavedPaper:
    """A paper that a reader put on their list, whole: it stays when its announcement and its digest are gone."""

    subscriber_id: str
    at: datetime
    paper: Paper


# Papers that a reader wants more (up to 1, by how much they mean it) or less (-1) of, each once
Votes = Sequence[tuple[Paper, float]]


class PromisedMail(StrEnum):
    """What became of a mail that is sent once, as soon as it can be: the one that asks to confirm, or a welcome."""

    WAITING = "waiting"  # to be sent, by whichever process gets to it
    LEAVING = "leaving"  # the mail server has all of it but its end; without an answer nobody knows, and none is resent
    SENT = "sent"
    NONE = "none"  # none is to be sent, or none any more: refused, not wanted, one too many


class SignUpOrigin(StrEnum):
    """Who subscribed somebody that is not in subscribers.yaml."""

    WEB = "web"  # they themselves, on the page to subscribe
    OPERATOR = "operator"  # by `newsletter subscribers add`


@dataclass(frozen=True, slots=True)
class SignUp:
    """What somebody asked for on the page to subscribe, or the operator for them.

    Nothing follows from what the page brought until it is confirmed by mail. An empty zone, frequency or language is
    that of the newsletter's defaults.
    """

    subscriber_id: str
    at: datetime
    email: str
    name: str
    categories: tuple[str, ...]
    words: str  # what they want to read about
    zone: str = ""
    frequency: Frequency | None = None
    language: str = ""
    confirmed_at: datetime | None = None
    mail: PromisedMail = PromisedMail.SENT  # what was kept before this field was had its mail
    tries: int = 0  # that surely failed
    retry_at: datetime | None = None  # not before this time
    held_by: str = ""  # the run that sends it; without meaning when that has ended
    origin: SignUpOrigin = SignUpOrigin.WEB
    profile: str = ""  # YAML; the operator's, in place of all between name and confirmed_at


@dataclass(frozen=True, slots=True)
class Welcome:
    """The mail that tells whom the operator added what comes when. Whoever has one here is no newcomer any more."""

    subscriber_id: str
    at: datetime  # when they were found to be new, or to need none
    mail: PromisedMail
    tries: int = 0  # that surely failed
    retry_at: datetime | None = None  # not before this time
    held_by: str = ""  # the run that sends it; without meaning when that has ended
