"""Says who the subscribers are now: those of subscribers.yaml, then those by the web, with their own wishes over both.

How the file is read is subscribers_file.py's business, how those by the web enrolled_subscribers.py's, and what a
reader's wishes mean subscribers/overrides.py's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import chain
from pathlib import Path

from newsletter.errors import ConfigError, ReaderUnreadable
from newsletter.model import SignUp, Subscriber
from newsletter.ops import log
from newsletter.services import library, live_libraries
from newsletter.services.enrolled_subscribers import EnrolledSubscribers, in_parts, read_enrolled
from newsletter.services.listing_changes import find_history, update_history
from newsletter.services.subscribers_file import load_file
from newsletter.stores import Store
from newsletter.subscribers import overrides

_enrolled_subscribers = EnrolledSubscribers()


@dataclass(frozen=True, slots=True)
class ListedSubscribers:
    """All subscribers before their own wishes. `problem` says what is wrong with the file if the last good one serves.

    `sign_ups` tells by id who came by the web, `unreadable` why what somebody asked for there cannot be read, or is
    not surely theirs.
    """

    subscribers: Sequence[Subscriber]
    sign_ups: Mapping[str, SignUp]
    problem: str = ""
    unreadable: Mapping[str, str] = field(default_factory=dict)

    @property
    def public_archives(self) -> dict[str, str]:
        """Whose digests anybody may read: subscribers' ids by the names that subscribers.yaml gives them."""
        return {one.public_archive: one.subscriber_id for one in self.subscribers if one.public_archive}

    def find(self, subscriber_id: str) -> Subscriber | None:
        return next((one for one in self.subscribers if one.subscriber_id == subscriber_id), None)


@dataclass(frozen=True, slots=True)
class SubscriberList:
    """All subscribers as they are served. `problem` is set when the file is broken and the last good one serves.

    `as_listed` is what the file alone, or what they asked for on the web, says of them; `changed` has by id those who
    wish something else, with the origin of each part. `unreadable` says by id of whom something that is kept cannot be
    read, and why: who is among the subscribers is there as listed, and is not to be mailed. `possible_moves` says by
    id of whom it is asked whether they have another address, and in which words; `stale_libraries` whose live library
    could not be read the last time, and why.
    """

    subscribers: Sequence[Subscriber]
    as_listed: Sequence[Subscriber]
    changed: Mapping[str, overrides.ResolvedSubscriber] = field(default_factory=dict)
    problem: str = ""
    unreadable: Mapping[str, str] = field(default_factory=dict)
    possible_moves: Sequence[tuple[str, str]] = ()
    stale_libraries: Sequence[tuple[str, str]] = ()

    @property
    def readers(self) -> Iterator[overrides.ResolvedSubscriber]:
        """The same people with the origin of each part."""
        plain = overrides.ResolvedSubscriber
        return (self.changed.get(one.subscriber_id) or plain(one) for one in self.subscribers)

    @property
    def ignored(self) -> Sequence[tuple[str, str]]:
        """The ids whose latest profile cannot be read any more, and why."""
        return [(who, reader.problem) for who, reader in self.changed.items() if reader.problem]


def load_subscribers(
    path: Path,
    store: Store,
    *,
    today: date | None = None,
    min_relevance: int,
    only: Collection[str] | None = None,
) -> SubscriberList:
    """Reads subscribers.yaml, remembers it as the last good one, and lays the readers' own wishes over it.

    Behind those of the file come those who subscribed on the web; who is in both is as the file says.

    A broken file does not stop the mail: the last good one serves, and `problem` says loudly what to mend. Nor does
    a profile that can no longer be read, which is logged. With `today`, who is listed is noted in the listing history.
    `min_relevance` is for whom the file sets none, `only` the ids to which the list is cut down. Raises ConfigError if
    there never was a good file.
    """
    history = find_history(store) if today else ""  # first: to load the list is to remember it as the last good one
    listed = _load_listed(path, store, min_relevance, only)
    unreadable = dict(listed.unreadable)
    changed: dict[str, overrides.ResolvedSubscriber] = {}
    subscribers = list(_read_wishes(listed.subscribers, store, unreadable, changed))
    has_learned = library.remember_ids(subscribers, store)
    possible_moves = update_history(history, listed.subscribers, store, today) if today else ()
    stale = live_libraries.find_stale(subscribers, store)
    known = SubscriberList(subscribers, listed.subscribers, changed, listed.problem, unreadable, possible_moves, stale)
    return refill(known, store) if has_learned else known


def _read_wishes(
    listed: Sequence[Subscriber],
    store: Store,
    unreadable: dict[str, str],
    changed: dict[str, overrides.ResolvedSubscriber],
) -> Iterator[Subscriber]:
    """Lays their own wishes over all who are listed, and notes who has some.

    Adds whose cannot be read to `unreadable`, who are served as listed.
    """
    fill = library.filling(store)
    for some in in_parts(listed):
        wishes = store.get_wishes([one.subscriber_id for one in some])
        for one in some:
            who = one.subscriber_id
            said = wishes[who]
            if isinstance(said, ReaderUnreadable):
                unreadable[who] = str(said)
                yield one
                continue
            reader = _filled(overrides.resolve(one, said.status, said.revisions), fill)
            if reader.problem:
                log.get_log().error("profile_ignored", subscriber=who, problem=reader.problem)
            if reader.has_wishes:
                changed[who] = reader
            yield reader.subscriber


def _filled(reader: overrides.ResolvedSubscriber, fill: library.Adding) -> overrides.ResolvedSubscriber:
    filled = fill(reader.subscriber)
    return reader if filled is reader.subscriber else replace(reader, subscriber=filled)


def refill(listed: SubscriberList, store: Store) -> SubscriberList:
    """Gives the list with what is kept now of the papers that readers keep."""
    fill = library.filling(store)
    subscribers = [fill(one) for one in listed.subscribers]
    changed = {who: _filled(reader, fill) for who, reader in listed.changed.items()}
    stale = live_libraries.find_stale(subscribers, store)
    return replace(listed, subscribers=subscribers, changed=changed, stale_libraries=stale)


def find_served(path: Path, store: Store, subscriber_id: str, min_relevance: int) -> Subscriber | None:
    """Finds one subscriber, as they are served. Raises ConfigError if there never was a good file."""
    one = load_listed(path, store, min_relevance).find(subscriber_id)
    return as_served(one, store) if one else None


def as_served(listed: Subscriber, store: Store) -> Subscriber:
    """Lays a subscriber's own wishes over what is listed; where those cannot be read, what is listed holds."""
    try:
        return resolve(listed, store).subscriber
    except ReaderUnreadable:
        return listed


def resolve(listed: Subscriber, store: Store) -> overrides.ResolvedSubscriber:
    """Lays a subscriber's own wishes over what is listed. Raises ReaderUnreadable for wishes that cannot be read."""
    who = listed.subscriber_id
    reader = overrides.resolve(listed, store.get_address_status(who), store.get_revisions(who))
    return _filled(reader, library.filling(store))


def load_listed(path: Path, store: Store, min_relevance: int, only: Collection[str] | None = None) -> ListedSubscribers:
    """Reads the list before the readers' own wishes. Raises ConfigError if there never was a good file.

    With `only`, those with these ids are read, whatever the number of the others is.
    """
    return _load_listed(path, store, min_relevance, only, keeps_sign_ups=True)


def _load_listed(
    path: Path, store: Store, min_relevance: int, only: Collection[str] | None, *, keeps_sign_ups: bool = False
) -> ListedSubscribers:
    file, problem = load_file(path, store, min_relevance)
    of_file = [one for one in file.subscribers if only is None or one.subscriber_id in only]
    in_file = {subscriber.subscriber_id: subscriber.email for subscriber in of_file}
    enrolled: list[tuple[datetime, Subscriber]] = []
    sign_ups: dict[str, SignUp] = {}
    unreadable: dict[str, str] = {}
    with _enrolled_subscribers.making(file, are_all=only is None) as making:
        for one in read_enrolled(store, only, in_file, unreadable):
            made = making.make(one)
            if isinstance(made, str):
                unreadable[one.subscriber_id] = made
                continue
            enrolled.append((one.at, made))
            if keeps_sign_ups:
                sign_ups[one.subscriber_id] = making.share(one)
    enrolled.sort(key=lambda one: (one[0], one[1].subscriber_id))
    everybody, no_library = _read_libraries(chain(of_file, (one for _, one in enrolled)), path.parent)
    return ListedSubscribers(everybody, sign_ups, problem, {**unreadable, **no_library})


def _read_libraries(subscribers: Iterable[Subscriber], folder: Path) -> tuple[list[Subscriber], dict[str, str]]:
    """Adds the papers of the files that the operator names, and says by id of whom one cannot be read, and why.

    Their mail waits for the file: without it, it would leave out what they asked for, and nobody would know.
    """
    whole, problems, read_files = list[Subscriber](), dict[str, str](), library.reading_files(folder)
    for one in subscribers:
        try:
            whole.append(read_files(one))
        except ConfigError as error:
            problems[one.subscriber_id] = str(error)
            whole.append(one)
    return whole, problems
