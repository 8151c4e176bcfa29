"""Whether everything that is kept of a subscriber can be read: only who is read whole is mailed."""

from __future__ import annotations

from datetime import date

from newsletter.errors import ReaderUnreadable
from newsletter.stores.tinydb.addresses import Addresses
from newsletter.stores.tinydb.digests import Digests
from newsletter.stores.tinydb.events import Events
from newsletter.stores.tinydb.moves import MoveNotes
from newsletter.stores.tinydb.profiles import Profiles, Votes
from newsletter.stores.tinydb.signups import SignUps


class Readability:
    """Looks through the parts that hold files of one subscriber each."""

    def __init__(
        self,
        events: Events,
        addresses: Addresses,
        moves: MoveNotes,
        profiles: Profiles,
        votes: Votes,
        signups: SignUps,
        digests: Digests,
    ) -> None:
        self._events = events
        self._addresses = addresses
        self._moves = moves
        self._profiles = profiles
        self._votes = votes
        self._signups = signups
        self._digests = digests

    def require_readable(self, subscriber_id: str, digest_on: date | None = None) -> None:
        self._moves.require_finished(subscriber_id)
        self._addresses.get_address_status(subscriber_id)
        self._profiles.get_revisions(subscriber_id)
        self._votes.get_votes(subscriber_id)
        self._signups.get_enrolment(subscriber_id)
        if digest_on is not None:
            self._digests.get_digest(subscriber_id, digest_on)
        self._events.require_readable(subscriber_id)

    def find_unreadable(self) -> dict[str, str]:
        found: dict[str, str] = {}
        parts = (self._events, self._moves, self._addresses, self._profiles, self._votes, self._signups)
        for who in sorted(set[str]().union(*(part.ids() for part in parts))):
            try:
                self.require_readable(who)
            except ReaderUnreadable as error:
                found[who] = str(error)
        return found
