"""Reads who is enrolled by the web or by command, and makes subscribers of them.

Of a hundred thousand readers some are read at a time, and what is equal of them is one object.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from operator import attrgetter
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsletter.addresses import is_same_mailbox
from newsletter.errors import ConfigError, ReaderUnreadable
from newsletter.model import SignUp, Subscriber
from newsletter.stores import Store
from newsletter.subscribers import SubscribersFile, subscriber_from_signup

READ_AT_ONCE = 1_000  # readers of whom all that is kept is in memory at the same time

T = TypeVar("T")

# A sign-up's fields that say who it is and what became of the request, and nothing of what the mail is to be like
_OWN = ("subscriber_id", "at", "email", "name", "confirmed_at", "mail", "tries", "retry_at", "held_by")
_Model = tuple[Subscriber, SignUp]  # the first who asked for something
_asked = attrgetter(*(each.name for each in fields(SignUp) if each.name not in _OWN))


def in_parts(whole: Sequence[T]) -> Iterator[Sequence[T]]:
    """Parts these into as many as are read at once."""
    return (whole[start : start + READ_AT_ONCE] for start in range(0, len(whole), READ_AT_ONCE))


def read_enrolled(
    store: Store, only: Collection[str] | None, in_file: Mapping[str, str], unreadable: dict[str, str]
) -> Iterator[SignUp]:
    """Reads who is enrolled and not in the file, whose addresses are given by id; some at a time.

    Adds to `unreadable` who cannot be read, and whom of the file another address would be.
    """
    for some in in_parts(store.get_enrolled_ids(only=only)):
        unread = set(some).difference(in_file)
        for one in store.get_enrolled(only=some):
            unread.discard(one.subscriber_id)
            if one.subscriber_id not in in_file:
                yield one
            elif not is_same_mailbox(one.email, in_file[one.subscriber_id]):
                unreadable[one.subscriber_id] = _explain_two_readers(one)
        unreadable |= {who: why for who in sorted(unread) if (why := _explain_unreadable(store, who))}


class EnrolledSubscribers:
    """Makes subscribers of those who are enrolled.

    Who asked for the same shares it: it is read once, anew only when the file has changed, and its parts are the same
    objects for all of them.
    """

    def __init__(self) -> None:
        self._latest: tuple[SubscribersFile, Mapping[object, _Model]] | None = None

    @contextmanager
    def making(self, file: SubscribersFile, *, are_all: bool) -> Iterator[Making]:
        """Gives what makes them, one after the other. What those of `are_all` asked for is remembered, once made."""
        latest = self._latest  # threads may race: each has a whole one
        making = Making(file, latest[1] if latest and latest[0] is file else {})
        yield making
        if are_all:
            self._latest = (file, making.used)


class Making:
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


def _explain_two_readers(sign_up: SignUp) -> str:
    return (
        "another address with this id has subscribed on the web, and what is kept may be its reader's; "
        f"'newsletter subscribers remove {sign_up.subscriber_id}' forgets that one"
    )
