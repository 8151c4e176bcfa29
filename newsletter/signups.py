"""Subscribing on the web: what the form holds, whom a mail about it may reach, and what its link is worth. Pure.

A link is worth something for a week, and again and again for who is subscribed; it never brings back who left after
it was made. Checking the form and mailing is joining.py's business.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from newsletter.model import SignUp, Standing
from newsletter.suppress import may_return, returned

OPEN_FOR = timedelta(days=7)
_NAME_CHARS = 60


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed, as it was typed."""

    email: str = ""
    name: str = ""
    categories: tuple[str, ...] = ()
    words: str = ""
    frequency: str = ""
    zone: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class FormProblem:
    """What is wrong with one field of the form, for whoever typed it."""

    field: str  # a field of Form
    text: str


class LinkState(StrEnum):
    """What the link of a confirmation mail leads to."""

    WAITING = "waiting"  # one press of a button, and they are subscribed
    SUBSCRIBED = "subscribed"
    OLD = "old"
    LEFT = "left"  # after the link was made or used: whoever wants to come back asks anew
    BLOCKED = "blocked"  # mail is kept away for another reason than the reader's own wish
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a link leads to, with what was asked for, or what comes now."""

    state: LinkState
    subscriber_id: str = ""
    categories: tuple[str, ...] = ()
    words: str = ""
    first_mail: str = ""  # when the next mail may come; empty: mail pauses


def may_be_mailed(standing: Standing) -> bool:
    """Whether anybody may ask for a mail to this address: it is not suppressed, or by its reader's own wish alone."""
    return standing.suppression is None or may_return(standing)


def state_of(sign_up: SignUp | None, standing: Standing, *, is_listed: bool, today: date) -> LinkState:
    """What the link to this sign-up is worth now. `is_listed`: they are among the subscribers, mailed or not."""
    if is_listed and standing.suppression is None:
        return LinkState.SUBSCRIBED
    if sign_up is None or today > asked_on(sign_up) + OPEN_FOR:
        return LinkState.OLD
    if not may_be_mailed(standing):
        return LinkState.BLOCKED
    suppression = standing.suppression
    if sign_up.confirmed_at is not None or (suppression is not None and suppression.since >= sign_up.at):
        return LinkState.LEFT
    return LinkState.WAITING


def let_in(standing: Standing, sign_up: SignUp, now: datetime) -> Standing:
    """Mailed as they asked: who left before may return, and what they wished then is over. Lifts nothing else."""
    suppression = standing.suppression
    if suppression is not None and (not may_return(standing) or suppression.since >= sign_up.at):
        return standing
    return replace(returned(standing, now), paused_until=None, frequency=None)


def asked_on(sign_up: SignUp) -> date:
    return sign_up.at.astimezone(UTC).date()


def topic_name(words: str) -> str:
    """A short name for a topic in free words: their beginning, on one line."""
    line = " ".join(words.split())
    if len(line) <= _NAME_CHARS:
        return line.rstrip(".")
    cut = line[:_NAME_CHARS].rpartition(" ")[0] or line[: _NAME_CHARS - 1]
    return f"{cut.rstrip(',;:.')}…"
