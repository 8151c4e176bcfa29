"""How digests say dates, names and kinds, in the mail as on the web. Pure; English like the templates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from newsletter.model import AnnounceType, Subscriber

NO_TOPIC = "Other papers"  # of a digest by topic: those that meet none by name
KIND_LABELS = {
    AnnounceType.NEW: "new",
    AnnounceType.CROSS: "cross-list",
    AnnounceType.REPLACE: "updated",
    AnnounceType.REPLACE_CROSS: "updated cross-list",
}


def long_date(on: date) -> str:
    """ "Tuesday, 7 October 2025", whatever the locale of the machine."""
    return f"{on:%A}, {short_date(on)}"


def short_date(on: date) -> str:
    return f"{on.day} {on:%B %Y}"


def days(announced_on: Sequence[date]) -> str:
    """ "7 October 2025", or the first and the last of several days."""
    if len(announced_on) > 1:
        return f"{short_date(announced_on[0])} to {short_date(announced_on[-1])}"
    return short_date(announced_on[0]) if announced_on else "no day"


def kind(announce_type: AnnounceType, version: int) -> str:
    """What kind of announcement a paper is, with its version where that is the news."""
    label = KIND_LABELS[announce_type]
    is_replacement = announce_type in (AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS)
    return f"{label}, v{version}" if is_replacement else label


def cut_offs(subscriber: Subscriber) -> str:
    """What a paper had to reach."""
    reached = f"relevance ≥ {subscriber.min_relevance} and novelty ≥ {subscriber.min_novelty}"
    return f"{reached}, at most {subscriber.max_papers} papers"


def listed(names: Sequence[str], most: int) -> str:
    """Names with commas between them; of more than `most` the first ones, and how many more."""
    rest = len(names) - most
    return ", ".join(names) if rest <= 0 else f"{', '.join(names[:most])} and {rest} more"


def true_false(value: bool) -> str:
    """As YAML has it."""
    return "true" if value else "false"
