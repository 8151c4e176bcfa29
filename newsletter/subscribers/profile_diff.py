"""What is different between two profiles, in words for their reader. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from newsletter.formatting import true_false
from newsletter.model import Subscriber, Topic
from newsletter.subscribers.values import WEEKDAYS

_SHOWN_CHARS = 200


def differences(before: Subscriber, after: Subscriber) -> tuple[str, ...]:
    """Lists what is new, gone or changed, a line for each thing, by its key; nothing for equal profiles."""
    old, new = before.profile, after.profile
    return (
        *_topics(old.topics, new.topics),
        *_text("about", old.about, new.about),
        *_items("keywords, like", old.like, new.like),
        *_items("keywords, avoid", old.avoid, new.avoid),
        *_items("pinned_authors", before.pinned_authors, after.pinned_authors),
        *_items("papers", before.papers, after.papers),
        *_items("categories", before.categories, after.categories),
        *_items("announce_types", before.announce_types, after.announce_types),
        *_value("min_relevance", before.min_relevance, after.min_relevance),
        *_value("min_novelty", before.min_novelty, after.min_novelty),
        *_value("max_papers", before.max_papers, after.max_papers),
        *_value("at_least", before.at_least, after.at_least),
        *_value("full", before.full, after.full),
        *_value("language", old.language, new.language),
        *_value("group_by_topic", true_false(before.group_by_topic), true_false(after.group_by_topic)),
        *_value("empty_mail", true_false(before.empty_mail), true_false(after.empty_mail)),
        *_value("weekly_best", true_false(before.weekly_best), true_false(after.weekly_best)),
        *_value("frequency", before.frequency, after.frequency),
        *_value("weekday", WEEKDAYS[before.weekday], WEEKDAYS[after.weekday]),
        *_value("send_at", f"{before.send_at:%H:%M}", f"{after.send_at:%H:%M}"),
        *_value("time_zone", before.zone, after.zone),
    )


def _topics(before: Sequence[Topic], after: Sequence[Topic]) -> Iterator[str]:
    old, new = ({topic.name: topic for topic in topics} for topics in (before, after))
    yield from (f'topics: new "{name}"' for name in new if name not in old)
    yield from (f'topics: "{name}" is gone' for name in old if name not in new)
    shared = [name for name in new if name in old]
    for name in shared:
        yield from _text(f'topic "{name}", relevant', old[name].relevant, new[name].relevant)
        yield from _text(f'topic "{name}", irrelevant', old[name].irrelevant, new[name].irrelevant)
    yield from _order("topics", [name for name in old if name in new], shared)


def _items(key: str, before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    old, new = list(before), list(after)
    added, gone = [item for item in new if item not in old], [item for item in old if item not in new]
    if added:
        yield f"{key}: new {', '.join(added)}"
    if gone:
        yield f"{key}: without {', '.join(gone)}"
    yield from _order(key, [item for item in old if item in new], [item for item in new if item in old])


def _order(key: str, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    if before != after:
        yield f"{key}: in another order"


def _text(key: str, before: str, after: str) -> Iterator[str]:
    if before == after:
        return
    if not before:
        yield f'{key}: new "{_cut(after)}"'
    elif not after:
        yield f"{key}: empty now"
    else:
        yield f'{key}: now "{_cut(after)}"'


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[: _SHOWN_CHARS - 1].rstrip()}…"


def _value(key: str, before: object, after: object) -> Iterator[str]:
    if before != after:
        yield f"{key}: {after} instead of {before}"
