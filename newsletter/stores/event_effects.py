"""Applies an event of a mail: the delivery's next state, the address's status, and the brake on bounces.

The same in every memory. Which effects those are is decided by pure modules; how each is kept is the store's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from newsletter.delivery import suppression
from newsletter.errors import ReaderUnreadable
from newsletter.model import AddressStatus, Delivery, EventKind, MailEvent
from newsletter.subscribers import address_change


class Events(Protocol):
    def put(self, event: MailEvent) -> None:
        """Keeps it, unless an earlier one of its kind is kept."""

    def bounced_hard_on(self, morning: date) -> set[str]:
        """The subscribers whose mail of that morning bounced, also who was let in again since."""


class Addresses(Protocol):
    def get_address_status(self, subscriber_id: str) -> AddressStatus: ...

    def find_bounced(self, morning: date) -> list[AddressStatus]:
        """Gives the statuses that a bounce of that morning suppresses, or would, by subscriber id."""

    def change_address_status(
        self, subscriber_id: str, change: Callable[[AddressStatus], AddressStatus]
    ) -> AddressStatus: ...


class Rows(Protocol):
    def get_delivery(self, subscriber_id: str, digest_on: date) -> Delivery | None: ...

    def settle_by_events(self, subscriber_id: str, digest_on: date, *, now: datetime) -> Delivery | None: ...


@dataclass(frozen=True, slots=True)
class EventEffects:
    """Writes each event with all that follows from it.

    Events wait for each other in `change`, so that the brake counts every bounce. `heir_of` says who a subscriber is
    now; `count_handed_over` counts the deliveries of a date that were handed over at some time.
    """

    change: Callable[[], AbstractContextManager[object]]
    events: Events
    addresses: Addresses
    rows: Rows
    heir_of: Callable[[str], str]
    count_handed_over: Callable[[date], int]

    def take_event(self, event: MailEvent, *, now: datetime) -> bool:
        why: ReaderUnreadable | None = None
        with self.change():
            reported, event = event, self._as_of_now(event)
            row = self.rows.get_delivery(event.subscriber_id, event.digest_on)
            if row is None:
                return False
            owner = reported if address_change.is_about_mailbox(reported.kind) else event
            self.addresses.change_address_status(
                owner.subscriber_id, lambda status: suppression.apply_event(status, owner)
            )
            try:
                if address_change.is_that_mail(reported, row):
                    self.events.put(event)
                    self.rows.settle_by_events(event.subscriber_id, event.digest_on, now=now)
                self._brake(owner)
                self.addresses.get_address_status(event.subscriber_id)
            except ReaderUnreadable as error:
                why = error  # what was written stays, the suppression above all; this event is repeated
        if why is not None:
            raise why
        return True

    def weigh_bounces(self, digest_on: date) -> None:
        with self.change():
            touched = [each.subscriber_id for each in self.addresses.find_bounced(digest_on)]
            bounced = {*touched, *self.events.bounced_hard_on(digest_on)}
            is_worth_counting = len(bounced) >= suppression.LEAST_BOUNCED
            mailed = self.count_handed_over(digest_on) if is_worth_counting else 0
            self._weigh(touched, digest_on, too_many=suppression.are_too_many(len(bounced), mailed))

    def _brake(self, event: MailEvent) -> None:
        """Also for a copy of an event: what cut off the first one may have come before this."""
        who, morning = event.subscriber_id, event.digest_on
        has_bounced = event.kind is EventKind.BOUNCED_HARD
        if not has_bounced and not suppression.has_bounced_on(self.addresses.get_address_status(who), morning):
            return
        if any(one.digest_on == morning for each in self.addresses.find_bounced(morning) for one in each.held):
            self._weigh([who], morning, too_many=True)
        else:
            self.weigh_bounces(morning)

    def _weigh(self, subscriber_ids: Iterable[str], morning: date, *, too_many: bool) -> None:
        for who in subscriber_ids:
            self.addresses.change_address_status(
                who, lambda status: suppression.apply_brake(status, morning, too_many=too_many)
            )

    def _as_of_now(self, event: MailEvent) -> MailEvent:
        """Of a mail to an address that has changed since, the event is the heir's."""
        if self.rows.get_delivery(event.subscriber_id, event.digest_on) is not None:
            return event
        return address_change.reassign_event(event, self.heir_of(event.subscriber_id))
