"""Who stood in subscribers.yaml since when: tells that somebody vanished and a newcomer has the same name. Pure.

The program never writes that file, so a changed address looks like two people. The roster is a small document in the
memory, with ids and names and no address; who vanished is dropped from it after a while.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta

from newsletter.model import Subscriber

NEW_FOR = timedelta(days=14)  # so long a newcomer is worth the question
KEEP_VANISHED = timedelta(days=60)
_ALWAYS = date.min  # since before there was a roster


@dataclass(frozen=True, slots=True)
class Entry:
    """`until`: the day on which they were missed; None for who is listed."""

    name: str
    since: date
    until: date | None = None


Roster = Mapping[str, Entry]  # by subscriber id


def updated(roster: Roster, listed: Iterable[Subscriber], today: date) -> Roster:
    """The roster with those who are listed now. The first one of all knows nobody as new."""
    since = today if roster else _ALWAYS
    now = {one.subscriber_id: one.name for one in listed}
    vanished = {who: replace(entry, until=entry.until or today) for who, entry in roster.items() if who not in now}
    kept = {who: entry for who, entry in vanished.items() if entry.until and today - entry.until <= KEEP_VANISHED}
    return kept | {who: Entry(name, _since(roster.get(who), since)) for who, name in now.items()}


def _since(known: Entry | None, since: date) -> date:
    """Who comes back is new again."""
    return known.since if known and known.until is None else since


def maybe_moved(roster: Roster, today: date) -> list[tuple[str, str]]:
    """(who vanished, who is new and has their name): perhaps one person with another address."""
    return [
        (old, new)
        for old, gone in roster.items()
        for new, entry in roster.items()
        if gone.until is not None
        and entry.until is None
        and today - entry.since <= NEW_FOR
        and _same(gone.name, entry.name)
    ]


def in_words(old: str, new: str) -> str:
    """For the operator; ids, since it is logged as well."""
    return (
        f"{old} is gone from the subscribers, and {new}, who is new, has the same name: did they move? "
        f"'newsletter subscribers move {old} {new}' carries over what they were mailed and what they said"
    )


def _same(name: str, other: str) -> bool:
    return bool(name.strip()) and " ".join(name.casefold().split()) == " ".join(other.casefold().split())


# --- as a text


def read(text: str) -> Roster:
    """Nobody, if the text cannot be understood: it is a help, and no more."""
    try:
        return {
            who: Entry(entry["name"], _date(entry["since"]) or _ALWAYS, _date(entry["until"]))
            for who, entry in json.loads(text).items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def write(roster: Roster) -> str:
    return json.dumps({who: asdict(entry) for who, entry in roster.items()}, default=str, indent=0)


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
