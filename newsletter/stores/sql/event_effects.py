"""Applies an event of a mail: the delivery's next state, the address's status, and the brake on bounces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from newsletter.delivery import suppression
from newsletter.errors import ReaderUnreadable
from newsletter.model import EventKind, MailEvent
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.ledger import Ledger
from newsletter.stores.sql.subscriber_parts import SubscriberParts
from newsletter.subscribers import address_change


@dataclass(frozen=True, slots=True)
class EventEffects:
    """Writes each event with all that follows from it. Which effects those are is decided by pure modules."""

    database: Database
    parts: SubscriberParts
    rows: Ledger

    def take_event(self, event: MailEvent, *, now: datetime) -> bool:
        """Events wait for each other, so that the brake counts every bounce."""
        why: ReaderUnreadable | None = None
        with self.database.locked("events"):
            reported, event = event, self._as_of_now(event)
            row = self.rows.get_delivery(event.subscriber_id, event.digest_on)
            if row is None:
                return False
            owner = reported if address_change.is_about_mailbox(reported.kind) else event
            self.parts.addresses.change_address_status(
                owner.subscriber_id, lambda status: suppression.apply_event(status, owner)
            )
            try:
                if address_change.is_that_mail(reported, row):
                    self.parts.events.put(event)
                    self.rows.settle_by_events(event.subscriber_id, event.digest_on, now=now)
                self._brake(owner)
                self.parts.addresses.get_address_status(event.subscriber_id)
            except ReaderUnreadable as error:
                why = error  # what was written stays, the suppression above all
        if why is not None:
            raise why
        return True

    def weigh_bounces(self, digest_on: date) -> None:
        with self.database.locked("events"):
            touched = self.parts.addresses.find_bounced(digest_on)
            bounced = {each.subscriber_id for each in touched} | self.parts.events.bounced_hard_on(digest_on)
            is_worth_counting = len(bounced) >= suppression.LEAST_BOUNCED
            mailed = self.rows.count_handed_over(digest_on) if is_worth_counting else 0
            too_many = suppression.are_too_many(len(bounced), mailed)
            self._weigh([each.subscriber_id for each in touched], digest_on, too_many=too_many)

    def _brake(self, event: MailEvent) -> None:
        """Also for a copy of an event: a connection that was lost may have taken the first one with it."""
        who, morning = event.subscriber_id, event.digest_on
        has_bounced = event.kind is EventKind.BOUNCED_HARD
        if not has_bounced and not suppression.has_bounced_on(self.parts.addresses.get_address_status(who), morning):
            return
        touched = self.parts.addresses.find_bounced(morning)
        if any(one.digest_on == morning for each in touched for one in each.held):
            self._weigh([who], morning, too_many=True)
        else:
            self.weigh_bounces(morning)

    def _weigh(self, subscriber_ids: Iterable[str], morning: date, *, too_many: bool) -> None:
        for who in sorted(subscriber_ids):
            self.parts.addresses.change_address_status(
                who, lambda status: suppression.apply_brake(status, morning, too_many=too_many)
            )

    def _as_of_now(self, event: MailEvent) -> MailEvent:
        """Of a mail to an address that has changed since, the event is the heir's."""
        if self.rows.get_delivery(event.subscriber_id, event.digest_on) is not None:
            return event
        return address_change.reassign_event(event, self.parts.moves.heir_of(event.subscriber_id))
