"""What is asked for many readers at once: each one's files are read, and what is common to all, once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from newsletter.errors import ReaderUnreadable
from newsletter.model import AddressStatus, ReaderHistory, ReaderWishes
from newsletter.stores.tinydb.ledger import Ledger
from newsletter.stores.tinydb.subscriber_parts import SubscriberParts


@dataclass(frozen=True, slots=True)
class ReadersInBulk:
    """Reads what others keep."""

    parts: SubscriberParts
    ledger: Ledger

    def get_wishes(self, subscriber_ids: Collection[str]) -> dict[str, ReaderWishes | ReaderUnreadable]:
        found: dict[str, ReaderWishes | ReaderUnreadable] = {}
        with_status, with_revision = self.parts.addresses.ids(), self.parts.profiles.ids()
        for who in subscriber_ids:
            try:
                found[who] = ReaderWishes(
                    self.parts.addresses.get_address_status(who) if who in with_status else AddressStatus(who),
                    tuple(self.parts.profiles.get_revisions(who)) if who in with_revision else (),
                )
            except ReaderUnreadable as error:
                found[who] = error
        return found

    def get_histories(
        self, subscriber_ids: Collection[str], *, digest_on: date
    ) -> dict[str, ReaderHistory | ReaderUnreadable]:
        unfinished = self.parts.moves.find_unfinished()
        found: dict[str, ReaderHistory | ReaderUnreadable] = {}
        for who in subscriber_ids:
            try:
                votes = self.parts.read_all(who, digest_on, unfinished)
            except ReaderUnreadable as error:
                found[who] = error
            else:
                found[who] = ReaderHistory(tuple(self.ledger.get_deliveries(subscriber_id=who)), tuple(votes))
        return found
