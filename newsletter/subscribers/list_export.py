"""Writes subscribers as a list: as entries of subscribers.yaml, which lose nothing, or as rows of a table. Pure.

Reading such a list is services/subscriber_import.py's business; a table has the columns that it knows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence

import yaml

from newsletter.model import Subscriber
from newsletter.subscribers.preferences import preferences_of

_HEAD = """\
# Subscribers as they were served when this was written. 'newsletter subscribers import' reads it, and so does
# subscribers.yaml, with its own defaults above it.

"""
_TIMES = ("zone", "send_at", "frequency", "language")
_FORMULA = ("=", "+", "-", "@")  # a spreadsheet would compute a cell that begins so


def write_yaml(subscribers: Iterable[Subscriber]) -> str:
    """Writes every key of each, so that what stands under `defaults` changes none of them.

    Left out is `min_relevance` where nobody chose it: it goes on being the one of the scorer at hand.
    """
    entries = [entry_of(one) for one in subscribers]
    body = yaml.safe_dump({"subscribers": entries}, sort_keys=False, allow_unicode=True, width=110)
    return _HEAD + body


def entry_of(subscriber: Subscriber) -> dict[str, object]:
    """Gives the keys and values of an entry of subscribers.yaml that makes just this subscriber."""
    preferences = preferences_of(subscriber).model_dump(mode="json", exclude_unset=True)
    topics = [{key: text for key, text in topic.items() if text} for topic in preferences["topics"]]
    who = {"email": subscriber.email, **({"name": subscriber.name} if subscriber.name else {})}
    entry = {**who, **preferences, "topics": topics}
    entry["send_at"] = f"{subscriber.send_at:%H:%M}"
    if library := subscriber.zotero:
        parts = {"library": library.library, "collection": library.collection, "key": library.key_variable}
        entry["zotero"] = {key: text for key, text in parts.items() if text}
    if subscriber.paused_until:
        entry["paused_until"] = subscriber.paused_until.isoformat()
    if subscriber.public_archive:
        entry["public_archive"] = subscriber.public_archive
    if not subscriber.welcome:
        entry["welcome"] = False
    return entry


def write_csv(subscribers: Sequence[Subscriber]) -> str:
    """Writes a row for each, with one column for each topic's words: without names of topics, cut-offs and the rest."""
    most = max((len(one.profile.topics) for one in subscribers), default=0)
    lines = _Lines()
    table = csv.writer(lines, lineterminator="\n")
    table.writerow(["email", "name", "categories", *["topic"] * most, "like", "author", *_TIMES])
    for one in subscribers:
        words = [" ".join((topic.relevant or topic.name).split()) for topic in one.profile.topics]
        cells = [
            *(one.email, one.name, "; ".join(one.categories)),
            *(words + [""] * (most - len(words))),
            *("; ".join(one.profile.like), "; ".join(one.pinned_authors)),
            *(one.zone, f"{one.send_at:%H:%M}", str(one.frequency), one.profile.language),
        ]
        table.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return "".join(lines)


class _Lines(list[str]):
    """What a csv.writer writes to, in memory."""

    def write(self, line: str) -> None:
        self.append(line)
