"""Holds the rules of subscribing on the web: the form, whom a mail about it may reach, what its link is worth. Pure.

A link is worth something for a week, and again and again for who is subscribed; it never brings back who left after
it was made. Its mail is promised first and tried until it left, as long as the link is worth something. Checking the
form and mailing is services/signup.py's business.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from newsletter.delivery import may_resubscribe, resubscribe
from newsletter.model import AddressStatus, PromisedMail, SignUp

LINK_VALID_FOR = timedelta(days=7)
MAX_MAILS_A_WEEK = 3  # to one address from Monday on, and one a day: whoever fills in the form may mean no good
_NAME_CHARS = 60


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
    unknown_words: tuple[str, ...] = ()  # of the words of who is subscribed, those that no paper uses


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
    line = " ".join(words.split())
    if len(line) <= _NAME_CHARS:
        return line.rstrip(".") or line  # a topic of dots alone is called so
    cut = line[:_NAME_CHARS].rpartition(" ")[0] or line[: _NAME_CHARS - 1]
    return f"{cut.rstrip(',;:.')}…"
