"""What holds for a subscriber: the reader's own wishes over what subscribers.yaml says. Pure.

Key by key: what the latest revision of the profile writes holds in place of the file; a word such as "weekly" holds
over both; of two pauses the later one ends the silence. Reading a revision is profile_yaml.py's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from newsletter.errors import ConfigError
from newsletter.model import AddressStatus, ProfileRevision, SignUp, Subscriber
from newsletter.subscribers.profile_yaml import is_blank, read_with_keys


@dataclass(frozen=True, slots=True)
class Reader:
    """A subscriber as they are served, and what of it is not the file's word."""

    subscriber: Subscriber
    revision: ProfileRevision | None = None  # the one that holds, if any does
    keys: tuple[str, ...] = ()  # of subscribers.yaml, which the revision sets
    has_frequency: bool = False  # the reader's word, over the revision
    has_pause: bool = False  # the reader's own, the later one
    sign_up: SignUp | None = None  # who came by the web; what it says stands where others have subscribers.yaml
    problem: str = ""  # for the operator: what the reader wrote last cannot be read any more


def applied(subscriber: Subscriber, standing: AddressStatus, revisions: Sequence[ProfileRevision]) -> Subscriber:
    """The subscriber as they are served. `revisions` are all of theirs, oldest first. May be repeated."""
    return look(subscriber, standing, revisions).subscriber


def look(subscriber: Subscriber, standing: AddressStatus, revisions: Sequence[ProfileRevision]) -> Reader:
    """The same, with the origin of each part.

    A revision that cannot be read any more (keys were renamed) never stops the mail: the one before it holds.
    """
    reader = _with_revision(subscriber, revisions)
    served = reader.subscriber
    if standing.frequency is not None:
        served = replace(served, frequency=standing.frequency)
    pauses = [until for until in (subscriber.paused_until, standing.paused_until) if until is not None]
    served = replace(served, paused_until=max(pauses, default=None))
    return replace(
        reader,
        subscriber=served,
        has_frequency=standing.frequency is not None,
        has_pause=standing.paused_until is not None and served.paused_until == standing.paused_until,
    )


def _with_revision(subscriber: Subscriber, revisions: Sequence[ProfileRevision]) -> Reader:
    problem = ""
    for revision in reversed(revisions):
        if is_blank(revision.text):
            return Reader(subscriber, problem=problem)
        try:
            served, keys = read_with_keys(revision.text, subscriber)
            return Reader(served, revision, keys, problem=problem)
        except ConfigError as error:
            problem = problem or (
                f"revision {revision.number} of the profile of {subscriber.subscriber_id} cannot be read any more"
                f" ({error.problems[0]}); the one before it holds until its reader changes it, or until"
                f" 'newsletter subscribers revert {subscriber.subscriber_id} NUMBER'"
            )
    return Reader(subscriber, problem=problem)
