"""Finds somebody who vanished from subscribers.yaml and somebody new of the same name. Pure.

The program never writes that file, so a changed address looks like two people. The history is a small document in the
store, with ids and names and no address; who vanished is dropped from it after a while.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from newsletter.model import Subscriber

NEW_FOR = timedelta(days=14)  # so long somebody new is worth the question
KEEP_VANISHED = timedelta(days=60)
_ALWAYS = date.min  # since before there was a history


@dataclass(frozen=True, slots=True)
class Listing:
    """`until`: the day on which they were missed; None for who is listed."""

    name: str
    since: date
    until: date | None = None


ListingHistory = Mapping[str, Listing]  # by subscriber id


def update(history: ListingHistory, subscribers: Iterable[Subscriber], today: date) -> ListingHistory:
    """Adds those who are listed now, and drops who vanished long ago. The first history of all knows nobody as new."""
    since = today if history else _ALWAYS
    now = {one.subscriber_id: _listed(one.name, history.get(one.subscriber_id), since) for one in subscribers}
    vanished = {who: replace(entry, until=entry.until or today) for who, entry in history.items() if who not in now}
    now |= {who: entry for who, entry in vanished.items() if entry.until and today - entry.until <= KEEP_VANISHED}
    return now


def _listed(name: str, known: Listing | None, since: date) -> Listing:
    """Who comes back is new again. Mostly nothing has changed, and it is the same object."""
    if known is None or known.until is not None:
        return Listing(name, since)
    return known if known.name == name else Listing(name, known.since)


def find_possible_moves(history: ListingHistory, today: date) -> list[tuple[str, str]]:
    """Pairs of (who vanished, who is new and has their name): perhaps one person with another address."""
    newcomers = defaultdict[str, list[str]](list)  # by name: of thousands of new ones nearly none is asked about
    for who, entry in history.items():
        if entry.until is None and today - entry.since <= NEW_FOR:
            newcomers[_comparable(entry.name)].append(who)
    return [
        (old, new)
        for old, gone in history.items()
        if gone.until is not None and (name := _comparable(gone.name))
        for new in newcomers.get(name, ())
    ]


def describe_possible_move(old: str, new: str) -> str:
    """Asks the operator whether the two are one; by ids, since it is logged as well."""
    return (
        f"{old} is gone from the subscribers, and {new}, who is new, has the same name: did they move? "
        f"'newsletter subscribers move {old} {new}' carries over what they were mailed and what they said"
    )


def _comparable(name: str) -> str:
    """The same for names that differ in case and blanks alone; empty for none."""
    return " ".join(name.casefold().split())


# --- as a text


def read(text: str) -> ListingHistory:
    """Reads what `write` wrote. Nobody, if the text cannot be understood: it is a help, and no more."""
    try:
        history = json.loads(text, object_hook=_read_object)
        return history if all(isinstance(entry, Listing) for entry in history.values()) else {}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def _read_object(entry: dict[str, Any]) -> object:
    """Makes each entry as it is read: of a hundred thousand there are never both the values and their mappings."""
    if all(isinstance(value, Listing) for value in entry.values()):
        return entry
    return Listing(entry["name"], _date(entry["since"]) or _ALWAYS, _date(entry["until"]))


def write(history: ListingHistory) -> str:
    """Writes it as JSON, entry by entry: to write a hundred thousand at once takes ten times their memory."""
    entries = (
        f"{json.dumps(who)}: {json.dumps(asdict(entry), default=str, indent=0)}" for who, entry in history.items()
    )
    return "{\n" + ",\n".join(entries) + "\n}"


@lru_cache(maxsize=256)
def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
