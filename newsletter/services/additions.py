"""Adds a subscriber by the operator's word, beside subscribers.yaml, which the program never writes.

What may be said of them is checked by the rules of the file. A welcome is services/welcomes.py's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter, ValidationError

from newsletter.addresses import is_same_mailbox, subscriber_id
from newsletter.errors import ConfigError
from newsletter.model import MOST_PROFILE_CHARS, RevisionOrigin, SignUp, SignUpOrigin, Subscriber
from newsletter.services.directory import ListedSubscribers
from newsletter.stores import Store
from newsletter.subscribers import SubscribersFile, profile_yaml, signup_rules, subscriber_from_signup, values

#: Keys of the file, by what they are called where somebody is added; the rest is called the same.
_WORDS = {
    "topics.relevant": "topic",
    "topics.name": "topic",
    "topics": "topic",
    "keywords.like": "like",
    "pinned_authors": "author",
    "time_zone": "zone",
    "send_at": "send-at",
}
_LINE = re.compile(r"line \d+: ")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the operator says of somebody, word by word; what is left out comes from the file's defaults."""

    categories: Sequence[str] = ()
    topics: Sequence[str] = ()  # in free words
    like: Sequence[str] = ()
    authors: Sequence[str] = ()
    zone: str = ""
    send_at: str = ""
    frequency: str = ""
    language: str = ""

    def as_profile(self) -> str:
        """Writes them as a profile, in YAML."""
        names = signup_rules.topic_names(self.topics)
        topics = [{"name": name, "relevant": words} for name, words in zip(names, self.topics, strict=True)]
        keys: Mapping[str, object] = {
            "categories": list(self.categories),
            "topics": topics,
            "keywords": {"like": list(self.like)} if self.like else {},
            "pinned_authors": list(self.authors),
            "time_zone": self.zone,
            "send_at": self.send_at,
            "frequency": self.frequency,
            "language": self.language,
        }
        return profile_yaml.write_keys({key: value for key, value in keys.items() if value})


class Addition(StrEnum):
    """What came of adding somebody."""

    ADDED = "added"
    SAME = "same"  # they are there, with just that
    LISTED = "listed"  # in subscribers.yaml, whose entry holds
    SUPPRESSED = "suppressed"  # no mail goes to them, so that adding them would be in vain
    DIFFERENT = "different"  # they are there, with something else
    OTHER_ADDRESS = "other address"  # another address has their id


@dataclass(frozen=True, slots=True)
class Added:
    """What came of it. `enrolment` is what they are a subscriber by, if it is not the file."""

    addition: Addition
    enrolment: SignUp | None = None


def read_wishes(email: str, name: str, wishes: Wishes, file: SubscribersFile, now: datetime) -> SignUp:
    """Makes an enrolment of what was said. Raises ConfigError; each problem begins with the option it is about."""
    try:
        return read_profile(email, name, wishes.as_profile(), file, now)
    except ConfigError as error:
        problems = tuple(_as_option(problem) for problem in error.problems)
        raise ConfigError("Nobody was added:", problems) from error


def read_profile(email: str, name: str, text: str, file: SubscribersFile, now: datetime) -> SignUp:
    """Makes an enrolment of a profile in YAML. Raises ConfigError with everything that is wrong."""
    problems = [*_problem("email", values.Email, email), *(_problem("name", values.Line, name) if name else ())]
    if len(text) > MOST_PROFILE_CHARS:
        problems.append(f"a profile has at most {MOST_PROFILE_CHARS:,} characters, and this one has {len(text):,}")
    if problems:
        problems += _profile_problems(_enrolment("a@example.org", "", text, now), file)
        raise ConfigError("Nobody was added:", tuple(problems))
    enrolment = _enrolment(values.to_address(email.strip()), name.strip(), text, now)
    if problems := _profile_problems(enrolment, file):
        raise ConfigError("Nobody was added:", tuple(problems))
    return enrolment


def add(store: Store, listed: ListedSubscribers, enrolment: SignUp) -> Added:
    """Enrols somebody; what holds them up is said and nothing is changed. May be repeated."""
    who = enrolment.subscriber_id
    known = next(iter(store.get_enrolled(only=[who])), None)
    return add_one(store, listed.find(who), known, enrolment, is_enrolled=who in listed.sign_ups)


def add_one(
    store: Store,
    reader: Subscriber | None,
    known: SignUp | None,
    enrolment: SignUp,
    *,
    is_enrolled: bool,
    is_trial: bool = False,
) -> Added:
    """Enrols somebody of whom it is known what there is: as a reader, and as an enrolment. May be repeated.

    `is_enrolled`: they are a reader by their enrolment, and not by the file. `is_trial`: changes nothing.
    """
    who = enrolment.subscriber_id
    if reader is not None and not is_same_mailbox(reader.email, enrolment.email):
        return Added(Addition.OTHER_ADDRESS)
    if reader is not None and not is_enrolled:
        return Added(Addition.LISTED)
    if store.get_address_status(who).suppression is not None:
        return Added(Addition.SUPPRESSED, known)
    if known is not None:
        is_same = (known.name, known.profile) == (enrolment.name, enrolment.profile)
        return Added(Addition.SAME if is_same else Addition.DIFFERENT, known)
    if is_trial:
        return Added(Addition.ADDED, enrolment)
    if store.get_revisions(who):  # of an earlier time: what is asked for now holds over them
        store.add_revision(who, "", origin=RevisionOrigin.OPERATOR, now=enrolment.at)
    store.change_address_status(who, lambda status: replace(status, paused_until=None, frequency=None))
    if not store.enrol(enrolment):
        return Added(Addition.OTHER_ADDRESS)
    return Added(Addition.ADDED, enrolment)


def build(enrolment: SignUp, file: SubscribersFile) -> Subscriber:
    """Builds whom an enrolment without problems makes."""
    return subscriber_from_signup(enrolment, file.defaults)


def _enrolment(email: str, name: str, profile: str, now: datetime) -> SignUp:
    return SignUp(
        subscriber_id=subscriber_id(email),
        at=now,
        email=email,
        name=name,
        categories=(),
        words="",
        origin=SignUpOrigin.OPERATOR,
        profile=profile,
    )


def _profile_problems(enrolment: SignUp, file: SubscribersFile) -> list[str]:
    try:
        reader = subscriber_from_signup(enrolment, file.defaults)
    except ConfigError as error:
        return list(error.problems)
    missing = "categories: missing, expected arXiv categories such as cs.LG, here or under defaults in the file"
    return [] if reader.categories else [missing]


def _problem(key: str, kind: Any, value: str) -> list[str]:
    try:
        TypeAdapter(kind).validate_python(value.strip())
    except ValidationError as error:
        context = error.errors(include_url=False)[0].get("ctx", {})
        hint = context.get("hint")
        wanted = hint(value) if hint and len(value) <= values.MAX_LINE else context.get("words", "something else")
        return [f"{key}: found {value[:60]!r}, expected {wanted}"]
    return []


def without_line(problem: str) -> str:
    """Takes away the line within a profile that the program itself has written."""
    return _LINE.sub("", problem, count=1)


def as_column(problem: str) -> str:
    """Names the column of a list in place of line and key: `categories: found "cs.LX", expected …`."""
    if "found neither topics" in problem:
        return "topic: missing, expected what they want to read about; or like, or author"
    key, colon, rest = without_line(problem).partition(": ")
    return f"{_WORDS.get(key, key).replace('-', '_')}: {rest}" if colon and " " not in key else without_line(problem)


def _as_option(problem: str) -> str:
    """Names the option in place of line and key: `--categories: found "cs.LX", expected …`."""
    if "found neither topics" in problem:
        return "--topic: missing, expected what they want to read about; or --like, or --author"
    key, colon, rest = without_line(problem).partition(": ")
    if not colon or key == "email" or " " in key:
        return without_line(problem)
    return f"--{_WORDS.get(key, key)}: {rest}"
