"""Reads for many readers at once: each one's files, and once what is common to all."""

from __future__ import annotations

from collections.abc import Collection, Set
from dataclasses import dataclass
from datetime import date

from newsletter.delivery import ledger
from newsletter.errors import ReaderUnreadable
from newsletter.model import AddressStatus, PastMail, ReaderHistory, ReaderWishes
from newsletter.stores.tinydb.ledger import Ledger
from newsletter.stores.tinydb.sought_papers import SoughtPapers
from newsletter.stores.tinydb.subscriber_parts import SubscriberParts


@dataclass(frozen=True, slots=True)
class ReadersInBulk:
    """Reads what the parts of the store keep."""

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
        self, subscriber_ids: Collection[str], *, digest_on: date, since: date, mailed_since: date
    ) -> dict[str, ReaderHistory | ReaderUnreadable]:
        unfinished = self.parts.unfinished()
        found: dict[str, ReaderHistory | ReaderUnreadable] = {}
        for who in subscriber_ids:
            try:
                votes = self.parts.read_all(who, digest_on, unfinished)
            except ReaderUnreadable as error:
                found[who] = error
            else:
                rows = self.ledger.get_deliveries(subscriber_id=who, since=min(since, mailed_since))
                found[who] = ReaderHistory(
                    (*self.ledger.find_latest(who, before=since), *(row for row in rows if row.digest_on >= since)),
                    tuple(votes),
                    tuple(
                        PastMail(row.digest_on, row.paper_ids)
                        for row in rows
                        if mailed_since <= row.digest_on < since and ledger.counts_as_sent(row.state)
                    ),
                )
        return found

    def find_sent(
        self, subscriber_ids: Collection[str], paper_ids: Set[str], *, before: date
    ) -> dict[str, frozenset[str]]:
        sought = SoughtPapers(paper_ids)
        return {who: self.ledger.find_sent(who, sought, before=before) for who in subscriber_ids}
