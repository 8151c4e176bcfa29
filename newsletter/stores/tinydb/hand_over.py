"""Hands a mail over: writes its digest and its row's next state, unless its reader has left."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.model import Delivery, Digest
from newsletter.stores.tinydb.folder import StateFolder
from newsletter.stores.tinydb.ledger import Ledger
from newsletter.stores.tinydb.subscriber_parts import SubscriberParts


@dataclass(frozen=True, slots=True)
class HandOver:
    """Writes what has to be there before a mail's first byte leaves."""

    folder: StateFolder
    parts: SubscriberParts
    ledger: Ledger

    def hand_over(self, delivery: Delivery, digest: Digest) -> bool:
        """The digest first, so that the mail's link to it works; a kill between the two leaves one that nobody sees."""
        with self.folder.change(self.folder.path):
            if not self.ledger.is_to_be_moved(delivery):
                return True
            if self.parts.addresses.get_address_status(delivery.subscriber_id).suppression is not None:
                return False
            self.parts.digests.put_digest(digest)
            self.ledger.move(delivery)
        return True
