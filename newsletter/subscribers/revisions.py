"""The versions of a reader's profile: which number comes next, how many are kept, and how many a day makes. Pure.

What a profile says is profile_yaml.py's business, which version holds overrides.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from newsletter.errors import StoreConflict, StoreLimit
from newsletter.model import ProfileRevision, RevisionOrigin

MAX_REVISIONS = 50  # the latest; with 32,000 characters each they take 2 to 20 MB
MAX_REVISIONS_A_DAY = 20  # UTC, that a reader may make; the operator's do not count


def add_revision(
    known: Sequence[ProfileRevision],
    subscriber_id: str,
    text: str,
    *,
    origin: RevisionOrigin,
    now: datetime,
    after: int | None,
    most_a_day: int | None,
) -> Sequence[ProfileRevision]:
    """Adds a revision and drops the oldest beyond MAX_REVISIONS; gives `known` itself if its latest has this text.

    Raises StoreConflict and StoreLimit as `Store.add_revision` does.
    """
    latest = known[-1].number if known else 0
    if known and known[-1].text == text:
        return known
    if after is not None and after != latest:
        raise StoreConflict(f"the profile of {subscriber_id} was changed meanwhile; look at it and try again")
    if most_a_day is not None and made_on(known, now) >= most_a_day:
        raise StoreLimit(f"the profile of {subscriber_id} was changed {most_a_day} times today; try again tomorrow")
    return [*known, ProfileRevision(subscriber_id, latest + 1, now, text, origin)][-MAX_REVISIONS:]


def made_on(known: Sequence[ProfileRevision], now: datetime) -> int:
    """Counts the revisions of that UTC day that are not the operator's."""
    today = now.astimezone(UTC).date()
    return sum(one.at.astimezone(UTC).date() == today and one.origin is not RevisionOrigin.OPERATOR for one in known)


def was_dropped(known: Sequence[ProfileRevision], number: int) -> bool:
    """Whether there was a revision of that number that is not stored any more."""
    return bool(known) and 0 < number < known[0].number
