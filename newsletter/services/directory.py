"""Says who the subscribers are now: those of subscribers.yaml, then those by the web, with their own wishes over both.

The file is read each time and understood when it changed, so that an answer to one reader costs the same with a
thousand. Of a hundred thousand readers some are read at a time, and what is equal of them is one object. What the file
may say is subscribers/subscribers_yaml.py's business, what a reader's wishes mean subscribers/overrides.py's.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsletter.addresses import is_same_mailbox
from newsletter.errors import ConfigError, ReaderUnreadable
from newsletter.files import yaml_nodes
from newsletter.model import JUDGED_CUT_OFF, AddressStatus, SignUp, Subscriber
from newsletter.ops import log
from newsletter.services import library, live_libraries
from newsletter.stores import Store
from newsletter.subscribers import SubscribersFile, listing_history, overrides, parse_file, subscriber_from_signup

LAST_GOOD = "subscribers.last-good.yaml"
LAST_GOOD_SERVES = "The last good version serves until this is mended."
LISTING_HISTORY = "roster.json"
_FILES_IN_MEMORY = 4  # understood: the present one, the last good one
READ_AT_ONCE = 1_000  # readers of whom all that is kept is in memory at the same time

T = TypeVar("T")


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
    history = _find_history(store) if today else ""  # first: to load the list is to remember it as the last good one
    listed = _load_listed(path, store, min_relevance, only)
    unreadable = dict(listed.unreadable)
    changed: dict[str, overrides.ResolvedSubscriber] = {}
    subscribers = list(_read_wishes(listed.subscribers, store, unreadable, changed))
    library.remember_ids(subscribers, store)
    possible_moves = _update_history(history, listed.subscribers, store, today) if today else ()
    stale = live_libraries.find_stale(subscribers, store)
    return SubscriberList(subscribers, listed.subscribers, changed, listed.problem, unreadable, possible_moves, stale)


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
    for some in _in_parts(listed):
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
    """Gives the list with what is kept of live libraries now."""
    fill = library.filling(store)
    subscribers = [fill(one) if one.zotero else one for one in listed.subscribers]
    changed = {
        who: _filled(reader, fill) if reader.subscriber.zotero else reader for who, reader in listed.changed.items()
    }
    stale = live_libraries.find_stale(subscribers, store)
    return replace(listed, subscribers=subscribers, changed=changed, stale_libraries=stale)


def _update_history(text: str, listed: Sequence[Subscriber], store: Store, today: date) -> Sequence[tuple[str, str]]:
    """Stores the listing history if it has changed since that text, and returns who may have another address."""
    before = listing_history.read(text)
    now = listing_history.update(before, listed, today)
    if now != before or store.get_document(LISTING_HISTORY) is None:
        store.put_document(LISTING_HISTORY, listing_history.write(now))
    return _find_moved(now, store, today)


def find_possible_moves(listed: Sequence[Subscriber], store: Store, today: date) -> Sequence[tuple[str, str]]:
    """Finds who may have another address, in a list that is not in use yet. Writes nothing."""
    return _find_moved(listing_history.update(_load_history(store), listed, today), store, today)


def find_possible_heirs(listed: Sequence[Subscriber], store: Store, today: date) -> set[str]:
    """Names by id the newcomers who may be somebody that vanished from the list, with another address."""
    now = listing_history.update(_load_history(store), listed, today)
    return {new for old, new in listing_history.find_possible_moves(now, today) if has_history(store, old)}


def _load_history(store: Store) -> listing_history.ListingHistory:
    return listing_history.read(_find_history(store))


def _find_history(store: Store) -> str:
    """The text of the stored history, or one made of the last good list, which may be older than the first history.

    It is kept as a text, a third as long, while the list is read.
    """
    stored = store.get_document(LISTING_HISTORY)
    if stored and listing_history.read(stored):  # one that cannot be read knows nobody who vanished
        return stored
    last_good = store.get_document(LAST_GOOD)
    file = _parse_or_error(last_good, LAST_GOOD, JUDGED_CUT_OFF) if last_good else None
    known = file.subscribers if isinstance(file, SubscribersFile) else ()
    return listing_history.write(listing_history.update({}, known, date.min))


def _find_moved(now: listing_history.ListingHistory, store: Store, today: date) -> Sequence[tuple[str, str]]:
    return [
        (old, listing_history.describe_possible_move(old, new))
        for old, new in listing_history.find_possible_moves(now, today)
        if has_history(store, old)
    ]


def has_history(store: Store, subscriber_id: str) -> bool:
    """Says whether anything is stored of a subscriber that could be moved, readable or not."""
    try:
        return bool(
            store.get_deliveries(subscriber_id=subscriber_id)
            or store.get_revisions(subscriber_id)
            or store.get_votes(subscriber_id)
            or store.get_saved(subscriber_id)
            or store.get_address_status(subscriber_id) != AddressStatus(subscriber_id)
        )
    except ReaderUnreadable:
        return True


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
        for one in _read_enrolled(store, only, in_file, unreadable):
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


def _read_enrolled(
    store: Store, only: Collection[str] | None, in_file: Mapping[str, str], unreadable: dict[str, str]
) -> Iterator[SignUp]:
    """Reads who is enrolled and not in the file, whose addresses are given by id; some at a time.

    Adds to `unreadable` who cannot be read, and whom of the file another address would be.
    """
    for some in _in_parts(store.get_enrolled_ids(only=only)):
        unread = set(some).difference(in_file)
        for one in store.get_enrolled(only=some):
            unread.discard(one.subscriber_id)
            if one.subscriber_id not in in_file:
                yield one
            elif not is_same_mailbox(one.email, in_file[one.subscriber_id]):
                unreadable[one.subscriber_id] = _explain_two_readers(one)
        unreadable |= {who: why for who in sorted(unread) if (why := _explain_unreadable(store, who))}


def _in_parts(whole: Sequence[T]) -> Iterator[Sequence[T]]:
    return (whole[start : start + READ_AT_ONCE] for start in range(0, len(whole), READ_AT_ONCE))


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


def _explain_two_readers(sign_up: SignUp) -> str:
    return (
        "another address with this id has subscribed on the web, and what is kept may be its reader's; "
        f"'newsletter subscribers remove {sign_up.subscriber_id}' forgets that one"
    )


def read_subscribers(path: Path) -> bytes:
    """The bytes of this file, for `parse_file`. Raises ConfigError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(yaml_nodes.MAX_BYTES + 1)  # one more than is taken, so that `parse_file` refuses it
    except OSError as error:
        is_there = not isinstance(error, FileNotFoundError)
        remedy = "make it a file that this user may read" if is_there else "write it"
        raise ConfigError(
            f"{path} cannot be read ({error.strerror}); {remedy}, or name another file with NEWSLETTER_SUBSCRIBERS"
        ) from error


def load_file(path: Path, store: Store, min_relevance: int) -> tuple[SubscribersFile, str]:
    """Reads the file; if it is broken, the last good one, and why. Raises ConfigError if there never was a good one."""
    try:
        data = read_subscribers(path)
        file = _parse(data, str(path), min_relevance)
    except ConfigError as error:
        last_good = store.get_document(LAST_GOOD)
        if last_good is None:
            raise
        return _parse(last_good, LAST_GOOD, min_relevance), str(error)
    if store.get_document(LAST_GOOD) != (text := data.decode("utf-8-sig")):
        store.put_document(LAST_GOOD, text)
    return file, ""


def find_problem(path: Path, store: Store) -> str:
    """Says what is wrong with the file, and what holds until it is mended; empty if nothing is. Writes nothing.

    Quick where the file is as it was when it was last read.
    """
    last_good = store.get_document(LAST_GOOD)
    try:
        data = read_subscribers(path)
        if last_good is None or data.removeprefix(BOM_UTF8) != last_good.encode():
            parse_file(data, source=str(path))
    except ConfigError as error:
        return f"{error}\n{LAST_GOOD_SERVES}" if last_good is not None else str(error)
    return ""


def _parse(text: str | bytes, source: str, min_relevance: int) -> SubscribersFile:
    result = _parse_or_error(text, source, min_relevance)
    if isinstance(result, ConfigError):
        raise result.with_traceback(None)  # one object for every time it is told
    return result


@lru_cache(maxsize=_FILES_IN_MEMORY)
def _parse_or_error(text: str | bytes, source: str, min_relevance: int) -> SubscribersFile | ConfigError:
    # By content, not by time and size: a change within the same tick of the clock, of the same length, is seen.
    try:
        return parse_file(text, source=source, min_relevance=min_relevance)
    except ConfigError as error:
        return error


# A sign-up's fields that say who it is and what became of the request, and nothing of what the mail is to be like
_OWN = ("subscriber_id", "at", "email", "name", "confirmed_at", "mail", "tries", "retry_at", "held_by")
_Model = tuple[Subscriber, SignUp]  # the first who asked for something
_asked = attrgetter(*(each.name for each in fields(SignUp) if each.name not in _OWN))


class _EnrolledSubscribers:
    """Makes subscribers of those who are enrolled.

    Who asked for the same shares it: it is read once, anew only when the file has changed, and its parts are the same
    objects for all of them.
    """

    def __init__(self) -> None:
        self._latest: tuple[SubscribersFile, Mapping[object, _Model]] | None = None

    @contextmanager
    def making(self, file: SubscribersFile, *, are_all: bool) -> Iterator[_Making]:
        """Gives what makes them, one after the other. What those of `are_all` asked for is remembered, once made."""
        latest = self._latest  # threads may race: each has a whole one
        making = _Making(file, latest[1] if latest and latest[0] is file else {})
        yield making
        if are_all:
            self._latest = (file, making.used)


_enrolled_subscribers = _EnrolledSubscribers()


class _Making:
    """Makes subscribers of one list. `used` has, by what they asked for, the first who did."""

    def __init__(self, file: SubscribersFile, known: Mapping[object, _Model]) -> None:
        self._file = file
        self._known = known
        self.used: dict[object, _Model] = {}

    def make(self, one: SignUp) -> Subscriber | str:
        """Makes the subscriber, or says why they cannot be served."""
        asked = _asked(one)
        model = self.used.get(asked) or self._known.get(asked)
        if model is None:
            built = _build_enrolled(self._file, one)
            if isinstance(built, str):
                return built
            model = (built, one)
        self.used.setdefault(asked, model)
        return replace(model[0], subscriber_id=one.subscriber_id, email=one.email, name=one.name)

    def share(self, one: SignUp) -> SignUp:
        """Gives the same sign-up, of shared parts. Call after `make` has made of it a subscriber."""
        return replace(self.used[_asked(one)][1], **{name: getattr(one, name) for name in _OWN})


def _build_enrolled(file: SubscribersFile, one: SignUp) -> Subscriber | str:
    """Makes the subscriber, or says why they cannot be served."""
    if why := _explain_odd(one):
        return why
    try:
        return subscriber_from_signup(one, file.defaults)
    except ConfigError as error:
        return (
            f"the profile that they were added with cannot be read any more ({error.problems[0]}); "
            f"run 'newsletter subscribers remove {one.subscriber_id}', and add them anew"
        )


def _explain_unreadable(store: Store, subscriber_id: str) -> str:
    try:
        store.require_readable(subscriber_id)
    except ReaderUnreadable as error:
        return str(error)
    return ""


def _explain_odd(sign_up: SignUp) -> str:
    """Says why a readable sign-up cannot be served: zones are renamed, and files edited."""
    if sign_up.zone:
        try:
            ZoneInfo(sign_up.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return (
                f"they asked for the time zone {sign_up.zone[:40]!a}, which is not known here; put their file "
                f"in enrolled/ back from a backup, or run 'newsletter subscribers remove {sign_up.subscriber_id}'"
            )
    return ""
