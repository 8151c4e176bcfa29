"""Checks that everything that is kept of a subscriber can be read: only who is read whole is mailed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from newsletter.errors import ReaderUnreadable
from newsletter.model import Vote
from newsletter.stores.protocols.readers import EVENTS_THAT_COUNT
from newsletter.stores.tinydb.addresses import Addresses
from newsletter.stores.tinydb.digests import Digests
from newsletter.stores.tinydb.events import Events
from newsletter.stores.tinydb.moves import MoveNotes
from newsletter.stores.tinydb.profiles import Profiles, Votes
from newsletter.stores.tinydb.saved import SavedPapers
from newsletter.stores.tinydb.signups import SignUps
from newsletter.subscribers import address_change


@dataclass(frozen=True, slots=True)
class SubscriberParts:
    """The parts that hold files of one subscriber each."""

    events: Events
    moves: MoveNotes
    addresses: Addresses
    profiles: Profiles
    votes: Votes
    saved: SavedPapers
    signups: SignUps
    digests: Digests

    def require_readable(self, subscriber_id: str, digest_on: date | None = None) -> None:
        self.read_all(subscriber_id, digest_on, self.unfinished())

    def read_all(self, subscriber_id: str, digest_on: date | None, unfinished: Mapping[str, str]) -> list[Vote]:
        """Reads what `require_readable` looks at, and gives their votes. `unfinished` are the moves that are."""
        if why := unfinished.get(subscriber_id):
            raise ReaderUnreadable(subscriber_id, why)
        self.moves.get(subscriber_id)
        self.addresses.get_address_status(subscriber_id)
        self.profiles.get_revisions(subscriber_id)
        votes = self.votes.get_votes(subscriber_id)
        self.saved.get_saved(subscriber_id)
        self.signups.get_enrolment(subscriber_id)
        if digest_on is not None:
            self.digests.get_digest(subscriber_id, digest_on)
        self.events.require_readable(subscriber_id, since=digest_on and digest_on - EVENTS_THAT_COUNT)
        return votes

    def unfinished(self) -> dict[str, str]:
        return address_change.explain_unfinished(self.moves.get_unfinished())

    def find_unreadable(self) -> dict[str, str]:
        found: dict[str, str] = {}
        parts = (self.events, self.moves, self.addresses, self.profiles, self.votes, self.saved, self.signups)
        for who in sorted(set[str]().union(*(part.ids() for part in parts))):
            try:
                self.require_readable(who)
            except ReaderUnreadable as error:
                found[who] = str(error)
        return found
