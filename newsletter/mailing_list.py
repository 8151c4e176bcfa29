"""Who the subscribers are now: those of subscribers.yaml, behind them who came by the web, their own wishes over both.

The file is read each time and understood when it changed, so that an answer to one reader costs the same with a
thousand. What the file may say is subscribers.py's business, what a reader's wishes mean readers.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from newsletter import log
from newsletter.errors import ConfigError, ReaderUnreadable
from newsletter.model import SignUp, Subscriber
from newsletter.readers import Reader, applied, look
from newsletter.stores import Store
from newsletter.subscribers import File, newcomer, parse_file, read_subscribers

LAST_GOOD = "subscribers.last-good.yaml"
_FILES_IN_MEMORY = 4  # understood: the present one, the last good one


@dataclass(frozen=True, slots=True)
class Listed:
    """Everybody before their own wishes. `problem` says what is wrong with the file when the last good one serves.

    `sign_ups` tells by id who came by the web, `unreadable` why what somebody asked for there cannot be read.
    """

    subscribers: Sequence[Subscriber]
    sign_ups: Mapping[str, SignUp]
    problem: str = ""
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def find(self, subscriber_id: str) -> Subscriber | None:
        return next((one for one in self.subscribers if one.subscriber_id == subscriber_id), None)


@dataclass(frozen=True, slots=True)
class SubscriberList:
    """The subscribers that count now. `problem` is set when the file is broken and the last good one serves.

    `readers` are the same people with the origin of each part, `as_listed` what the file alone, or what they asked for
    on the web, says of them. `unreadable` says by id of whom something that is kept cannot be read, and why: who is
    among the readers is there as listed, and is not to be mailed.
    """

    readers: Sequence[Reader]
    as_listed: Sequence[Subscriber]
    problem: str = ""
    unreadable: Mapping[str, str] = field(default_factory=dict)

    @property
    def subscribers(self) -> Sequence[Subscriber]:
        return [reader.subscriber for reader in self.readers]

    @property
    def ignored(self) -> Sequence[tuple[str, str]]:
        """By id, whose latest profile cannot be read any more, and why."""
        return [(reader.subscriber.subscriber_id, reader.problem) for reader in self.readers if reader.problem]


def load_subscribers(path: Path, store: Store) -> SubscriberList:
    """Read subscribers.yaml, remember it as the last good one, and let the readers' own wishes hold over it.

    Behind those of the file come those who subscribed on the web; who is in both is as the file says.

    A broken file does not stop the mail: the last good one serves, and `problem` says loudly what to mend. Nor does
    a profile that can no longer be read, which is logged. Raises ConfigError if there never was a good file.
    """
    listed = load_listed(path, store)
    readers, unreadable = [], dict(listed.unreadable)
    for one in listed.subscribers:
        who = one.subscriber_id
        try:
            reader = look(one, store.get_standing(who), store.get_revisions(who))
        except ReaderUnreadable as error:
            unreadable[who] = str(error)
            reader = Reader(one)
        if reader.problem:
            log.get_log().error("profile_ignored", subscriber=who, problem=reader.problem)
        readers.append(replace(reader, sign_up=listed.sign_ups.get(who)))
    return SubscriberList(readers, listed.subscribers, listed.problem, unreadable)


def find_served(path: Path, store: Store, subscriber_id: str) -> Subscriber | None:
    """One subscriber as they are served; as listed where their wishes cannot be read. Raises as `load_subscribers`."""
    one = load_listed(path, store).find(subscriber_id)
    if one is None:
        return None
    try:
        return applied(one, store.get_standing(subscriber_id), store.get_revisions(subscriber_id))
    except ReaderUnreadable:
        return one


def load_listed(path: Path, store: Store) -> Listed:
    """Raises ConfigError if there never was a good file."""
    file, problem = load_file(path, store)
    in_file = {subscriber.subscriber_id for subscriber in file.subscribers}
    enrolled = tuple(one for one in store.get_enrolled() if one.subscriber_id not in in_file)
    sign_ups = {one.subscriber_id: one for one in enrolled}
    unreadable = {
        who: why
        for who in store.get_enrolled_ids()
        if who not in in_file and who not in sign_ups and (why := _why_unreadable(store, who))
    }
    return Listed([*file.subscribers, *_newcomers(file, enrolled)], sign_ups, problem, unreadable)


def load_file(path: Path, store: Store) -> tuple[File, str]:
    """What the file says, or the last good one did and why. Raises ConfigError if there never was a good one."""
    try:
        data = read_subscribers(path)
        file = _understood(data, str(path))
    except ConfigError as error:
        last_good = store.get_document(LAST_GOOD)
        if last_good is None:
            raise
        return _understood(last_good, LAST_GOOD), str(error)
    if store.get_document(LAST_GOOD) != (text := data.decode("utf-8-sig")):
        store.put_document(LAST_GOOD, text)
    return file, ""


def _understood(text: str | bytes, source: str) -> File:
    result = _result(text, source)
    if isinstance(result, ConfigError):
        raise result.with_traceback(None)  # one object for every time it is told
    return result


@lru_cache(maxsize=_FILES_IN_MEMORY)
def _result(text: str | bytes, source: str) -> File | ConfigError:
    # By content, not by time and size: a change within the same tick of the clock, of the same length, is seen.
    try:
        return parse_file(text, source=source)
    except ConfigError as error:
        return error


class _Newcomers:
    """Those who came by the web as subscribers; made anew when one of them or the file has changed."""

    def __init__(self) -> None:
        self._latest: tuple[File, tuple[SignUp, ...], tuple[Subscriber, ...]] | None = None

    def __call__(self, file: File, sign_ups: tuple[SignUp, ...]) -> tuple[Subscriber, ...]:
        latest = self._latest  # threads may race: each has a whole one
        if latest is None or latest[0] is not file or latest[1] != sign_ups:
            made = tuple(newcomer(sign_up, file.defaults) for sign_up in sign_ups)
            self._latest = latest = (file, sign_ups, made)
        return latest[2]


_newcomers = _Newcomers()


def _why_unreadable(store: Store, subscriber_id: str) -> str:
    try:
        store.require_readable(subscriber_id)
    except ReaderUnreadable as error:
        return str(error)
    return ""
