"""Words the difference of two profiles for their reader, by templates/texts/profile_answers.yaml. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from newsletter.formatting import true_false
from newsletter.model import Subscriber, Topic
from newsletter.subscribers.values import WEEKDAYS
from newsletter.texts import Texts

_SHOWN_CHARS = 200


def differences(before: Subscriber, after: Subscriber, t: Texts) -> tuple[str, ...]:
    """Lists what is new, gone or changed, a line for each thing, by its key; nothing for equal profiles."""
    old, new, say = before.profile, after.profile, _Words(t)
    return (
        *say.topics(old.topics, new.topics),
        *say.text("about", old.about, new.about),
        *say.items("keywords, like", old.like, new.like),
        *say.items("keywords, avoid", old.avoid, new.avoid),
        *say.items("pinned_authors", before.pinned_authors, after.pinned_authors),
        *say.items("papers", before.papers, after.papers),
        *say.text("zotero", _place_of(before), _place_of(after)),
        *say.items("categories", before.categories, after.categories),
        *say.items("announce_types", before.announce_types, after.announce_types),
        *say.value("updates", before.updates, after.updates),
        *say.value("min_relevance", before.min_relevance, after.min_relevance),
        *say.value("min_novelty", before.min_novelty, after.min_novelty),
        *say.value("max_papers", before.max_papers, after.max_papers),
        *say.value("at_least", before.at_least, after.at_least),
        *say.value("full", before.full, after.full),
        *say.value("language", old.language, new.language),
        *say.value("group_by_topic", true_false(before.group_by_topic), true_false(after.group_by_topic)),
        *say.value("empty_mail", true_false(before.empty_mail), true_false(after.empty_mail)),
        *say.value("weekly_best", true_false(before.weekly_best), true_false(after.weekly_best)),
        *say.value("frequency", before.frequency, after.frequency),
        *say.value("weekday", WEEKDAYS[before.weekday], WEEKDAYS[after.weekday]),
        *say.value("send_at", f"{before.send_at:%H:%M}", f"{after.send_at:%H:%M}"),
        *say.value("time_zone", before.zone, after.zone),
    )


def _place_of(subscriber: Subscriber) -> str:
    return subscriber.zotero.place if subscriber.zotero else ""


@dataclass(frozen=True, slots=True)
class _Words:
    t: Texts

    def topics(self, before: Sequence[Topic], after: Sequence[Topic]) -> Iterator[str]:
        old, new = ({topic.name: topic for topic in topics} for topics in (before, after))
        yield from (self._say("new", "topics", items=self._quoted(name)) for name in new if name not in old)
        yield from (self._say("without", "topics", items=self._quoted(name)) for name in old if name not in new)
        shared = [name for name in new if name in old]
        for name in shared:
            for key in ("relevant", "irrelevant"):
                place = self.t("diff.topic", topic=self._quoted(name), key=key)
                yield from self.text(place, getattr(old[name], key), getattr(new[name], key))
        yield from self._order("topics", [name for name in old if name in new], shared)

    def items(self, key: str, before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
        old, new = list(before), list(after)
        added, gone = [item for item in new if item not in old], [item for item in old if item not in new]
        if added:
            yield self._say("new", key, items=", ".join(added))
        if gone:
            yield self._say("without", key, items=", ".join(gone))
        yield from self._order(key, [item for item in old if item in new], [item for item in new if item in old])

    def text(self, key: str, before: str, after: str) -> Iterator[str]:
        if before == after:
            return
        if not before:
            yield self._say("new", key, items=self._quoted(after))
        elif not after:
            yield self._say("empty", key)
        else:
            yield self._say("now", key, text=self._quoted(after))

    def value(self, key: str, before: object, after: object) -> Iterator[str]:
        if before == after:
            return
        if before is None:
            yield self._say("new", key, items=f"{after}")
        elif after is None:
            yield self._say("empty", key)
        else:
            yield self._say("value", key, before=f"{before}", after=f"{after}")

    def _order(self, key: str, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
        if before != after:
            yield self._say("in_order", key)

    def _say(self, sentence: str, key: str, **values: str) -> str:
        return self.t(f"diff.{sentence}", key=key, **values)

    def _quoted(self, text: str) -> str:
        line = " ".join(text.split())
        return self.t("quoted", text=line if len(line) <= _SHOWN_CHARS else f"{line[: _SHOWN_CHARS - 1].rstrip()}…")
