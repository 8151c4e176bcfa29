"""Whether everything that is kept of a subscriber can be read: only who is read whole is mailed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from newsletter.stores.sql.addresses import Addresses
from newsletter.stores.sql.digests import Digests
from newsletter.stores.sql.events import Events
from newsletter.stores.sql.moves import MoveNotes, why_unfinished
from newsletter.stores.sql.profiles import Profiles, Votes
from newsletter.stores.sql.saved import SavedPapers
from newsletter.stores.sql.signups import SignUps


@dataclass(frozen=True, slots=True)
class SubscriberParts:
    """The parts whose rows are one subscriber's each."""

    events: Events
    moves: MoveNotes
    addresses: Addresses
    profiles: Profiles
    votes: Votes
    saved: SavedPapers
    signups: SignUps
    digests: Digests

    def require_readable(self, subscriber_id: str, digest_on: date | None = None) -> None:
        self.moves.require_finished(subscriber_id)
        self.addresses.get_address_status(subscriber_id)
        self.profiles.get_revisions(subscriber_id)
        self.votes.get_votes(subscriber_id)
        self.saved.get_saved(subscriber_id)
        self.signups.get_enrolment(subscriber_id)
        if digest_on is not None:
            self.digests.get_digest(subscriber_id, digest_on)
        self.events.require_readable(subscriber_id)

    def find_unreadable(self) -> dict[str, str]:
        tables = (
            self.events.rows,
            self.moves.rows,
            self.addresses.rows,
            self.addresses.waiting,
            self.profiles.rows,
            self.votes.rows,
            self.saved.rows,
            self.signups.enrolled,
        )
        found: dict[str, str] = {}
        for move in self.moves.get_unfinished():
            for who in (move.subscriber_id, move.to):
                found.setdefault(who, why_unfinished(move))
        for table in tables:
            for who, why in table.find_unreadable().items():
                found.setdefault(who, why)
        return dict(sorted(found.items()))
