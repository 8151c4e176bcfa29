"""Lays a reader's own wishes over what subscribers.yaml says. Pure.

Key by key: what the latest revision of the profile writes holds in place of the file; a word such as "weekly" holds
over both; of two pauses the later one ends the silence. Reading a revision is profile_yaml.py's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from newsletter.errors import ConfigError
from newsletter.model import AddressStatus, ProfileRevision, Subscriber
from newsletter.subscribers.profile_yaml import is_blank, read_with_keys


@dataclass(frozen=True, slots=True)
class ResolvedSubscriber:
    """A subscriber as they are served, and what of it is not the file's word."""

    subscriber: Subscriber
    revision: ProfileRevision | None = None  # the one that holds, if any does
    keys: tuple[str, ...] = ()  # of subscribers.yaml, which the revision sets
    has_frequency: bool = False  # the reader's word, over the revision
    has_pause: bool = False  # the reader's own, the later one
    problem: str = ""  # for the operator: what the reader wrote last cannot be read any more

    @property
    def has_wishes(self) -> bool:
        """Whether anything was said beside what is listed, readable or not."""
        return bool(self.revision or self.has_frequency or self.has_pause or self.problem)


def resolve(
    subscriber: Subscriber,
    status: AddressStatus,
    revisions: Sequence[ProfileRevision],
) -> ResolvedSubscriber:
    """Works out the subscriber as they are served, and where each part comes from. May be repeated.

    `revisions` are all of theirs, oldest first. One that cannot be read any more (keys were renamed) never stops the
    mail: the one before it holds. Who wishes nothing is the same object as listed.
    """
    if not revisions and status.frequency is None and status.paused_until is None:
        return ResolvedSubscriber(subscriber)
    reader = _with_revision(subscriber, revisions)
    served = reader.subscriber
    if status.frequency is not None:
        served = replace(served, frequency=status.frequency)
    later_pause = max(filter(None, (subscriber.paused_until, status.paused_until)), default=None)
    served = replace(served, paused_until=later_pause)
    return replace(
        reader,
        subscriber=served,
        has_frequency=status.frequency is not None,
        has_pause=status.paused_until is not None and served.paused_until == status.paused_until,
    )


def _with_revision(subscriber: Subscriber, revisions: Sequence[ProfileRevision]) -> ResolvedSubscriber:
    problem = ""
    for revision in reversed(revisions):
        if is_blank(revision.text):
            return ResolvedSubscriber(subscriber, problem=problem)
        try:
            served, keys = read_with_keys(revision.text, subscriber)
            return ResolvedSubscriber(served, revision, keys, problem=problem)
        except ConfigError as error:
            problem = problem or (
                f"revision {revision.number} of the profile of {subscriber.subscriber_id} cannot be read any more"
                f" ({error.problems[0]}); the one before it holds until its reader changes it, or until"
                f" 'newsletter subscribers revert {subscriber.subscriber_id} NUMBER'"
            )
    return ResolvedSubscriber(subscriber, problem=problem)
