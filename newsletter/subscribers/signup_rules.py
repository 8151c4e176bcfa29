"""Holds the rules of subscribing on the web: the form, whom a mail about it may reach, what its link is worth. Pure.

A link is worth something for a week, and again and again for who is subscribed; it never brings back who left after
it was made. Its mail is promised first and tried until it left, as long as the link is worth something. Checking the
form and mailing is services/signup.py's business.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import count

from newsletter.delivery import may_resubscribe, resubscribe
from newsletter.model import AddressStatus, PromisedMail, SignUp, UnknownWords

LINK_VALID_FOR = timedelta(days=7)
MAX_MAILS_A_WEEK = 3  # to one address from Monday on, and one a day: whoever fills in the form may mean no good
_NAME_CHARS = 60
_BEGINNING_CHARS = 35  # of a name that goes on with the words by which the topic differs from others
_LONG_NAME_CHARS = 100  # what a name has at most
_WORD_CHARS = 20  # of a word that differs; Chinese and Japanese have no blanks between theirs


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of the form, as they were typed."""

    email: str = ""
    name: str = ""
    categories: tuple[str, ...] = ()
    words: str = ""
    frequency: str = ""
    zone: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class FormProblem:
    """What is wrong with one field of the form; in which words it is said is for who shows the form to say."""

    field: str  # a field of Form
    sentence: str  # a key of templates/texts/subscribe.yaml
    values: Mapping[str, str | int] = dataclasses.field(default_factory=dict)  # for its placeholders


class LinkState(StrEnum):
    """What the link of a confirmation mail leads to."""

    WAITING = "waiting"  # one press of a button, and they are subscribed
    SUBSCRIBED = "subscribed"
    OLD = "old"
    LEFT = "left"  # after the link was made or used: whoever wants to come back asks anew
    BLOCKED = "blocked"  # mail is kept away for another reason than the reader's own wish
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a link leads to, with what was asked for, or what comes now."""

    state: LinkState
    subscriber_id: str = ""
    categories: tuple[str, ...] = ()
    words: str = ""  # empty: they come back, and what held before holds again, not the form
    language: str = ""  # that was asked for; empty: not known
    first_mail_at: datetime | None = None  # when the next mail may come, in its reader's zone; none: mail pauses
    unknown_words: tuple[UnknownWords, ...] = ()  # of the words of who is subscribed, those that no paper uses


def may_be_mailed(status: AddressStatus) -> bool:
    """Whether anybody may ask for a mail to this address: it is not suppressed, or by its reader's own wish alone."""
    return status.suppression is None or may_resubscribe(status)


def link_state(sign_up: SignUp | None, status: AddressStatus, *, is_listed: bool, today: date) -> LinkState:
    """Works out what the link to this sign-up is worth now. `is_listed`: they are a subscriber, mailed or not."""
    if is_listed and status.suppression is None:
        return LinkState.SUBSCRIBED
    if sign_up is None or today > asked_on(sign_up) + LINK_VALID_FOR:
        return LinkState.OLD
    if not may_be_mailed(status):
        return LinkState.BLOCKED
    suppression = status.suppression
    if sign_up.confirmed_at is not None or (suppression is not None and suppression.since >= sign_up.at):
        return LinkState.LEFT
    return LinkState.WAITING


def confirm(sign_up: SignUp, now: datetime) -> SignUp:
    """Writes down when it was confirmed, the first time."""
    return sign_up if sign_up.confirmed_at else replace(sign_up, confirmed_at=now)


def reinstate(status: AddressStatus, sign_up: SignUp, now: datetime) -> AddressStatus:
    """Lets mail go to them as they asked: who left before may return, and older wishes are over. Lifts nothing else."""
    suppression = status.suppression
    if suppression is not None and (not may_resubscribe(status) or suppression.since >= sign_up.at):
        return status
    return replace(resubscribe(status, now), paused_until=None, frequency=None)


# --- the promised mail


def reason_not_to_mail(sign_up: SignUp, stored: Iterable[SignUp], today: date) -> str:
    """Says in a few words why this one's mail is not to be sent; empty if it is. `stored` are all sign-ups."""
    if today > asked_on(sign_up) + LINK_VALID_FOR:
        return "its link would be over"
    own = [one for one in stored if one.subscriber_id == sign_up.subscriber_id]
    if any(one.at > sign_up.at and one.mail is PromisedMail.WAITING for one in own):
        return "they asked again on a later day"
    monday = asked_on(sign_up) - timedelta(days=asked_on(sign_up).weekday())
    left = [one for one in own if one.mail in {PromisedMail.LEAVING, PromisedMail.SENT} and asked_on(one) >= monday]
    return "there were enough this week" if len(left) >= MAX_MAILS_A_WEEK else ""


def asked_on(sign_up: SignUp) -> date:
    return sign_up.at.astimezone(UTC).date()


def topic_name(words: str) -> str:
    """Makes a short name for a topic in free words: their beginning, on one line."""
    return _cut(_as_line(words), _NAME_CHARS)


def topic_names(topics: Sequence[str], taken: Iterable[str] = ()) -> list[str]:
    """Makes a name for each topic in free words; of those that begin alike it says where they differ.

    Names are distinct, and none is one of those `taken`; only topics of the same words have the same name.
    """
    lines = [*map(_as_line, topics)]
    alike = dict[str, list[str]]()
    for line in sorted({*lines}):
        alike.setdefault(topic_name(line), []).append(line)
    names, used = dict[str, str](), {*taken}
    for line in dict.fromkeys(lines):
        name = _free_name(_distinct_name(line, alike[topic_name(line)]), used)
        names[line] = name
        used.add(name)
    return [names[line] for line in lines]


def _as_line(words: str) -> str:
    line = " ".join(words.split())
    return line.rstrip(".") or line  # a topic of dots alone is called so


def _cut(line: str, most: int) -> str:
    if len(line) <= most:
        return line
    cut = line[:most].rpartition(" ")[0] or line[: most - 1]
    return f"{cut.rstrip(',;:.')}…"


def _distinct_name(line: str, alike: Sequence[str]) -> str:
    """Says a topic up to where it differs from others; of long ones the beginning, and the words that differ."""
    place = alike.index(line)
    neighbours = [*alike[max(0, place - 1) : place], *alike[place + 1 : place + 2]]  # sorted, these share the most
    at = max((_shared(line, other) for other in neighbours), default=len(line))
    if at == len(line):
        return topic_name(line)
    begins = line.rfind(" ", 0, at + 1) + 1
    begins, ends = at if at - begins > _WORD_CHARS else begins, line.find(" ", max(begins, at))
    ends = min(len(line) if ends < 0 else ends, at + _WORD_CHARS)
    if ends < _LONG_NAME_CHARS:
        return f"{line[:ends].rstrip(',;:.')}…" if ends < len(line) else line
    return f"{_cut(line, _BEGINNING_CHARS)} {_cut(line[begins:], _NAME_CHARS)}"


def _shared(line: str, other: str) -> int:
    pairs = enumerate(zip(line, other, strict=False))
    return next((place for place, (one, another) in pairs if one != another), min(len(line), len(other)))


def _free_name(name: str, used: Collection[str]) -> str:
    if name not in used:
        return name
    numbered = (f"{name[: _LONG_NAME_CHARS - 10]} ({number})" for number in count(2))
    return next(each for each in numbered if each not in used)
