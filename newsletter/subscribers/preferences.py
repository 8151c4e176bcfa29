"""Lays preferences over each other, key by key, and makes a subscriber of them. Pure.

The file's defaults, an entry of the file, a sign-up and a reader's own profile are all preferences (schema.py); what is
not written in one comes from the one below.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from newsletter.addresses import subscriber_id
from newsletter.model import Profile, SignUp, Subscriber, Topic, ZoteroLibrary
from newsletter.subscribers.schema import (
    Keywords,
    Preferences,
    ReaderPreferences,
    ReaderZotero,
    SubscriberEntry,
    TopicEntry,
    Zotero,
)
from newsletter.subscribers.signup_rules import topic_name
from newsletter.subscribers.values import WEEKDAYS, Language, Weekday

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
P = TypeVar("P", bound=ReaderPreferences)


def build_subscriber(entry: SubscriberEntry, defaults: Preferences) -> Subscriber:
    """Builds a subscriber of an entry in the file, with its defaults for what is left out."""
    chosen = merge(defaults, entry)
    whole = _build(subscriber_id(entry.email), entry.email, entry.name, chosen, chosen.paused_until)
    return replace(whole, public_archive=entry.public_archive, welcome=chosen.welcome)


def subscriber_from_form(sign_up: SignUp, defaults: Preferences) -> Subscriber:
    """Builds who came by the web: as they asked, with the file's defaults for all else. Their words are their topic."""
    typed: dict[str, Any] = {
        "categories": list(sign_up.categories),
        "topics": [TopicEntry.model_construct(None, name=topic_name(sign_up.words), relevant=sign_up.words)],
        "time_zone": sign_up.zone,
        "frequency": sign_up.frequency,
        "language": sign_up.language,
    }
    filled = {key: value for key, value in typed.items() if value}
    chosen = merge(defaults, ReaderPreferences.model_construct(set(filled), **filled))
    return _build(sign_up.subscriber_id, sign_up.email, sign_up.name, chosen, defaults.paused_until)


def subscriber_from_defaults(sign_up: SignUp, defaults: Preferences) -> Subscriber:
    """Builds whom the operator added, before their own profile: as an entry of the file that says nothing else."""
    plain = _build(sign_up.subscriber_id, sign_up.email, sign_up.name, defaults, defaults.paused_until)
    return replace(plain, welcome=defaults.welcome)


def apply(subscriber: Subscriber, preferences: ReaderPreferences) -> Subscriber:
    """Changes the subscriber where `preferences` writes a key. What was found of their papers stays."""
    chosen = merge(preferences_of(subscriber), preferences)
    whole = _build(subscriber.subscriber_id, subscriber.email, subscriber.name, chosen, subscriber.paused_until)
    profile = replace(whole.profile, papers=subscriber.profile.papers)
    return replace(whole, profile=profile, public_archive=subscriber.public_archive, welcome=subscriber.welcome)


def merge(below: P, above: ReaderPreferences) -> P:
    """Changes `below` where `above` writes a key; like and avoid of the keywords are two keys.

    A library that stays keeps the key that the operator names for it.
    """
    chosen = _merge_keys(below, above)
    was, now = below.zotero, chosen.zotero
    if isinstance(was, Zotero) and now is not None and not isinstance(now, Zotero) and was.library == now.library:
        entry = Zotero.model_construct(None, library=now.library, collection=now.collection, key=was.key)
        chosen = chosen.model_copy(update={"zotero": entry})
    if "keywords" in above.model_fields_set:
        return chosen.model_copy(update={"keywords": _merge_keys(below.keywords, above.keywords)})
    return chosen


def _merge_keys(below: M, above: BaseModel) -> M:
    written = above.model_fields_set & type(below).model_fields.keys()
    return below.model_copy(update={key: getattr(above, key) for key in written})


def _build(who: str, email: str, name: str, chosen: ReaderPreferences, paused_until: date | None) -> Subscriber:
    return Subscriber(
        subscriber_id=who,
        email=email,
        name=name,
        zone=chosen.time_zone,
        send_at=chosen.send_at,
        frequency=chosen.frequency,
        weekday=WEEKDAYS.index(chosen.weekday),
        categories=_unique(chosen.categories),
        announce_types=_unique(chosen.announce_types),
        updates=chosen.updates,
        profile=_profile(chosen),
        pinned_authors=_unique(chosen.pinned_authors),
        min_relevance=chosen.min_relevance,
        min_novelty=chosen.min_novelty,
        max_papers=chosen.max_papers,
        at_least=chosen.at_least,
        full=chosen.full,
        paused_until=paused_until,
        group_by_topic=chosen.group_by_topic,
        empty_mail=chosen.empty_mail,
        weekly_best=chosen.weekly_best,
        papers=_unique(chosen.papers),
        zotero=_library(chosen.zotero),
        has_chosen_relevance="min_relevance" in chosen.model_fields_set,
    )


def _library(entry: ReaderZotero | None) -> ZoteroLibrary | None:
    if entry is None:
        return None
    return ZoteroLibrary(entry.library, entry.collection, entry.key if isinstance(entry, Zotero) else "")


def _entry_of(library: ZoteroLibrary | None) -> Zotero | None:
    if library is None:
        return None
    return Zotero.model_construct(
        None, library=library.library, collection=library.collection, key=library.key_variable
    )


def preferences_of(subscriber: Subscriber) -> ReaderPreferences:
    """Gives what a profile can say of the subscriber, with every key written down but a cut-off that nobody chose."""
    profile = subscriber.profile
    topics = [TopicEntry.model_construct(None, **asdict(topic)) for topic in profile.topics]
    keys = set(ReaderPreferences.model_fields)
    return ReaderPreferences.model_construct(
        keys if subscriber.has_chosen_relevance else keys - {"min_relevance"},
        time_zone=subscriber.zone,
        send_at=subscriber.send_at,
        frequency=subscriber.frequency,
        weekday=cast(Weekday, WEEKDAYS[subscriber.weekday]),
        categories=list(subscriber.categories),
        announce_types=list(subscriber.announce_types),
        updates=subscriber.updates,
        about=profile.about,
        topics=topics,
        keywords=Keywords.model_construct(None, like=list(profile.like), avoid=list(profile.avoid)),
        pinned_authors=list(subscriber.pinned_authors),
        min_relevance=subscriber.min_relevance,
        min_novelty=subscriber.min_novelty,
        max_papers=subscriber.max_papers,
        at_least=subscriber.at_least,
        full=subscriber.full,
        language=cast(Language, profile.language),
        group_by_topic=subscriber.group_by_topic,
        empty_mail=subscriber.empty_mail,
        weekly_best=subscriber.weekly_best,
        papers=list(subscriber.papers),
        zotero=_entry_of(subscriber.zotero),
    )


def _profile(chosen: ReaderPreferences) -> Profile:
    return Profile(
        topics=tuple(Topic(topic.name, topic.relevant, topic.irrelevant) for topic in chosen.topics),
        about=chosen.about,
        like=_unique(chosen.keywords.like),
        avoid=_unique(chosen.keywords.avoid),
        language=chosen.language,
    )


def _unique(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
