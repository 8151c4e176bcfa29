"""Keeps mails: the ledger, what each mail said, what became of it, and whether its address is mailed."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import Protocol

from newsletter.model import AddressStatus, Delivery, DeliveryState, Digest, FoundPaper, MailEvent


class LedgerStore(Protocol):
    """One row for each subscriber and digest date."""

    def claim(self, subscriber_id: str, digest_on: date, *, run_id: str, now: datetime) -> Delivery | None:
        """Takes the delivery of (subscriber, date) for this run; None if it is not to be had.

        Of any number of racing calls one wins. What may be claimed is `ledger.is_claimable`, in the light of the events
        that are kept; a stale hand-over is first moved to `in_doubt` (and is then not to be had). Raises LedgerError
        for a run that was not started: everybody else would take its claim for a stale one.
        """

    def move(self, delivery: Delivery) -> None:
        """Writes the row's next state. Raises StoreConflict unless the stored row is the one this was made from.

        "Made from" means: same run_id and attempts, and the stored steps are the beginning of the new ones.
        """

    def hand_over(self, delivery: Delivery, digest: Digest) -> bool:
        """Keeps the digest and writes the row's next state as `move` does, both or neither.

        False, and nothing is written, if the address is suppressed by then: who has left gets no mail, however long ago
        it was read that they had not. Raises StoreConflict as `move` does, and ReaderUnreadable where the address's
        status, or what is kept as that digest, cannot be read.
        """

    def settle_by_events(self, subscriber_id: str, digest_on: date, *, now: datetime) -> Delivery | None:
        """Applies the events that are kept to the delivery (`ledger.apply_events`), if one has overtaken the run."""

    def settle_all_by_events(self, deliveries: Collection[tuple[str, date]], *, now: datetime) -> None:
        """Does the same for each of these deliveries; one that cannot be read is left out."""

    def get_delivery(self, subscriber_id: str, digest_on: date) -> Delivery | None: ...

    def get_deliveries(
        self,
        *,
        subscriber_id: str | None = None,
        subscriber_ids: Collection[str] | None = None,
        digest_on: date | None = None,
        since: date | None = None,
        states: Sequence[DeliveryState] = (),
    ) -> list[Delivery]:
        """Gives the rows that meet every condition (no states: any), by date, then by subscriber.

        `subscriber_ids`: the rows of these readers, of whom there may be any number.
        """

    def get_open_deliveries(self) -> list[Delivery]:
        """Gives the rows in a state of `ledger.OPEN_STATES`, in the same order. The cost does not grow by the years."""

    def get_sent(self, subscriber_id: str) -> frozenset[str]:
        """Gives the ids of papers that were, or may have been, in a mail to this subscriber.

        That is the papers of every row that is accepted, delivered, handed_over or in_doubt.
        """


class DigestStore(Protocol):
    """What each mail said, for the archive."""

    def put_digest(self, digest: Digest) -> None:
        """Keeps the content of this subscriber's mail of that date, in place of what was kept of it before."""

    def get_digest(self, subscriber_id: str, digest_on: date) -> Digest | None: ...

    def get_digests(self, subscriber_id: str, dates: Sequence[date]) -> list[Digest]:
        """Gives the digests of these dates, oldest first, as far as they are kept and can be read."""

    def get_digest_days(self, subscriber_id: str) -> list[date]:
        """Gives the dates with a digest, oldest first; the ledger says whether its mail left."""

    def find_papers(self, subscriber_id: str, query: str) -> list[FoundPaper]:
        """Finds papers of digests whose mail left, or may have, by the words and in the order of `papers.search`.

        A digest that cannot be read may be left out.
        """


class AddressStore(Protocol):
    """The events of mails that were accepted, and whether each address is mailed."""

    def take_event(self, event: MailEvent, *, now: datetime) -> bool:
        """Keeps an event with all that follows from it: the delivery's next state and the address's status.

        What follows is `ledger.apply_events`, `suppression.apply_event`, and its brake `are_too_many`. False, and
        nothing is kept, if there is no such delivery. Of several events of one kind about one delivery the earliest is
        kept. A crash on the way leaves a part of it; the same event once more completes it, and whoever tells events
        repeats what got no answer. So does ReaderUnreadable; a suppression that follows from the event is kept also
        then.
        """

    def weigh_bounces(self, digest_on: date) -> None:
        """Holds back what bounces of that morning's mails did to addresses, or lets it take effect.

        `suppression.apply_brake` decides which. `take_event` holds back by itself when too many bounce; only this
        lets go again, once more mails of that morning have left. For the end of a run.
        """

    def get_events(self, subscriber_id: str, digest_on: date) -> list[MailEvent]:
        """Gives the events of that delivery, oldest first."""

    def get_address_status(self, subscriber_id: str) -> AddressStatus:
        """Gives the status of an address; one that nothing is known about is not suppressed."""

    def get_address_statuses(self) -> list[AddressStatus]:
        """Gives the status of every address that something is known about, by subscriber id."""

    def change_address_status(
        self, subscriber_id: str, change: Callable[[AddressStatus], AddressStatus]
    ) -> AddressStatus:
        """Puts what `change` makes of the status in its place, as one step; nobody else's change is lost.

        Where the status cannot be read, a suppression is kept beside it, and holds from then on: who leaves must not
        be told to try again. Any other change of it raises ReaderUnreadable.
        """
