"""What a store keeps, one small Protocol a role; `Store` is their union.

Whoever needs one role alone takes that role's Protocol. A store translates and decides nothing: which moves a delivery
may make is `delivery/ledger.py`'s business.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from newsletter.model import (
    AddressStatus,
    AnnouncementDay,
    Delivery,
    DeliveryState,
    Digest,
    Feed,
    FeedReport,
    Grading,
    MailEvent,
    ModelBatch,
    ModelCall,
    Move,
    PaperVector,
    ProfileRevision,
    RevisionOrigin,
    RunReport,
    SavedPaper,
    SignUp,
    Vote,
    Welcome,
)
from newsletter.stores.counts import CountStore


class AnnouncementStore(Protocol):
    """One AnnouncementDay for each arXiv day."""

    def remember_day(self, day: AnnouncementDay) -> None:
        """Keeps this as all that is known of that arXiv day, in place of what was kept before."""

    def add_feeds(self, announced_on: date, feeds: Sequence[Feed], reports: Sequence[FeedReport]) -> AnnouncementDay:
        """Merges these into what is kept of that arXiv day (`announcements.add_feeds`), and gives the merged day.

        Of any number of racing calls nothing that one of them read is lost.
        """

    def get_day(self, announced_on: date) -> AnnouncementDay | None: ...

    def get_days(self, *, before: date, limit: int) -> list[AnnouncementDay]:
        """Gives the latest days before that date that brought a paper, at most `limit`, oldest first."""

    def forget_days(self, *, before: date, most_days: int | None = None) -> None:
        """Drops the announcement days before that date. What was mailed is not forgotten: see deliveries."""


class VectorStore(Protocol):
    """What a sentence model made of papers. Nothing is lost with it but the time to make it again."""

    def put_vectors(self, vectors: Sequence[PaperVector]) -> None:
        """Keeps these; one with the key and day of a kept one takes its place."""

    def get_vectors(self, model: str, papers: Collection[tuple[str, int]]) -> list[PaperVector]:
        """Gives what this model made of papers (id, version), in no order; those it has not read are left out.

        The latest days are looked through first, and no more of them than it takes.
        """

    def forget_vectors(self, *, before: date, most_days: int | None = None) -> None:
        """Drops what was made for arXiv days before that date."""


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

    def settle_by_events(self, subscriber_id: str, digest_on: date, *, now: datetime) -> Delivery | None:
        """Applies the events that are kept to the delivery (`ledger.apply_events`), if one has overtaken the run."""

    def get_delivery(self, subscriber_id: str, digest_on: date) -> Delivery | None: ...

    def get_deliveries(
        self,
        *,
        subscriber_id: str | None = None,
        digest_on: date | None = None,
        since: date | None = None,
        states: Sequence[DeliveryState] = (),
    ) -> list[Delivery]:
        """Gives the rows that meet every condition (no states: any), by date, then by subscriber."""

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

    def get_digest_days(self, subscriber_id: str) -> list[date]:
        """Gives the dates with a digest, oldest first; the ledger says whether its mail left."""


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


class ReadabilityStore(Protocol):
    """Which subscribers have something that cannot be read."""

    def require_readable(self, subscriber_id: str, digest_on: date | None = None) -> None:
        """Raises ReaderUnreadable if anything that is kept of this subscriber cannot be read.

        That is without deliveries, and of the digests only the one of that date.
        """

    def find_unreadable(self) -> dict[str, str]:
        """Names everybody for whom `require_readable` raises, with what it says; by subscriber id."""


class MoveStore(Protocol):
    """Subscribers whose address changed, and with it their id."""

    def move_subscriber(self, move: Move) -> None:
        """Gives all that is kept under one id to another; joined where both have something (see `address_change`).

        The second id also hears what is said of the first from then on: see `heir_of`. A move that was cut off is
        finished by the same call again, or by the next `start_run`; until then neither of the two is readable. Done
        again it changes nothing. Raises StoreConflict while a run is at work or a mail to the first one is open.
        """

    def get_moves(self) -> list[Move]:
        """Gives the moves that still say who somebody is, oldest first."""

    def heir_of(self, subscriber_id: str) -> str:
        """Says who this subscriber is now: they themselves, unless their address changed.

        A subscriber who is mailed again under the first address is somebody of their own again.
        """


class ProfileStore(Protocol):
    """What readers say of papers: their profiles, revision by revision, and their votes."""

    def add_revision(
        self,
        subscriber_id: str,
        text: str,
        *,
        origin: RevisionOrigin,
        now: datetime,
        after: int | None = None,
        most_a_day: int | None = None,
    ) -> ProfileRevision:
        """Keeps a changed profile under the next number; the latest revision itself if its text is the same.

        The latest `revisions.MAX_REVISIONS` stay. `after` is the revision the change was made from (0: none). Raises
        StoreConflict if another came after it, and StoreLimit if `most_a_day` are kept of this UTC day, the operator's
        aside.
        """

    def get_revisions(self, subscriber_id: str) -> list[ProfileRevision]:
        """Gives the revisions that are kept, oldest first."""

    def put_vote(self, vote: Vote) -> None:
        """Keeps this as the subscriber's vote on that paper, unless a later one is kept already."""

    def get_votes(self, subscriber_id: str) -> list[Vote]:
        """Gives the vote on each paper, oldest first, but those that were taken back."""


class SavedStore(Protocol):
    """The papers that readers put on their lists."""

    def save_paper(self, saved: SavedPaper, *, most: int) -> bool:
        """Keeps the paper on the subscriber's list, once; False, and nothing is kept, if `most` others are there."""

    def drop_saved(self, subscriber_id: str, arxiv_id: str) -> None:
        """Takes the paper off the list, if it is there."""

    def get_saved(self, subscriber_id: str) -> list[SavedPaper]:
        """Gives the papers of the list, in the order in which they were saved first."""


class SignUpStore(Protocol):
    """Who asks to subscribe on the web, and who is a subscriber by that, or by the operator's command."""

    def add_sign_up(self, sign_up: SignUp) -> bool:
        """Keeps what somebody asks for, until it is confirmed; False if something of theirs of that UTC day is kept.

        Takes the same work either way: its time says nothing about the address.
        """

    def get_sign_up(self, subscriber_id: str, on: date) -> SignUp | None:
        """Gives what they asked for on that UTC day."""

    def get_sign_ups(self) -> list[SignUp]:
        """Gives all sign-ups that are kept, by when they asked."""

    def change_sign_up(self, subscriber_id: str, on: date, change: Callable[[SignUp], SignUp | None]) -> SignUp | None:
        """Puts what `change` makes of it in its place, or drops it for None, as one step; None if nothing is kept."""

    def forget_sign_ups(self, *, before: date, most_days: int | None = None) -> None:
        """Drops what was asked for on UTC days before that date. Who confirmed stays enrolled."""

    def enrol(self, sign_up: SignUp, *, most: int | None = None) -> bool:
        """Keeps this as what makes them a subscriber, in place of an earlier one.

        False, and nothing is kept, if another address is enrolled under this id, or if `most` others have come by the
        web already who are not suppressed. Of any number of racing calls no more than that are let in.
        """

    def get_enrolled(self) -> list[SignUp]:
        """Gives everybody who is a subscriber by that, also who has left since: by when they asked."""

    def get_enrolled_ids(self) -> list[str]:
        """Gives their ids; also of those whose enrolment cannot be read."""

    def forget_enrolled(self, subscriber_id: str) -> bool:
        """Drops what they asked for, their enrolment, profiles, votes, saved papers and digests.

        False if they were not enrolled.

        Their deliveries and the status of their address stay: what was mailed, and what keeps mail away.
        """


class WelcomeStore(Protocol):
    """Who was welcomed, or needs no welcome: all whom the operator has on the list but newcomers."""

    def begin_welcomes(self, welcomes: Sequence[Welcome]) -> bool:
        """Keeps these as the first ones, be they none; False, and nothing is kept, if that was done before.

        Of any number of racing calls one wins.
        """

    def get_welcomes(self) -> list[Welcome] | None:
        """Gives all that are kept, by subscriber id; None before `begin_welcomes`."""

    def change_welcome(self, subscriber_id: str, change: Callable[[Welcome | None], Welcome | None]) -> Welcome | None:
        """Puts what `change` makes of it (None: nothing is kept) in its place, or drops it for None, as one step."""


class ClaimStore(Protocol):
    """What may happen once a day only."""

    def claim_once(self, what: str, key: str, *, on: date) -> bool:
        """Says True to the first of any number of racing calls with this (what, key, on), and False ever after.

        For what must happen at most once a day: an answer to a command, a mail that is read. `what` is a file name,
        `key` any text.
        """

    def forget_claims(self, *, before: date, most_days: int | None = None) -> None:
        """Drops what was claimed on days before that date."""


class AnswerStore(Protocol):
    """A model's answers about papers."""

    def put_gradings(self, gradings: Sequence[Grading]) -> None:
        """Keeps these; one with the key of a kept one takes its place."""

    def get_gradings(self, profile_key: str, *, since: date) -> list[Grading]:
        """Gives every grading under this profile made on or after that UTC date, oldest first."""

    def get_related_gradings(self, beginning: str, *, since: date) -> list[Grading]:
        """Gives the same for all profiles whose keys begin so; `beginning` has letters and digits only."""


class CallStore(Protocol):
    """The calls of a model, and batches of them, within a daily budget."""

    def begin_call(self, call: ModelCall, *, budget_usd: Decimal | None) -> bool:
        """Writes a pending call, unless the calls of its UTC day, this one included, could cost more than the budget.

        False if it is refused. Of calls begun at once by several processes no sum passes the budget; a call that
        never ends counts at its highest cost. No budget: always True.
        """

    def end_call(self, call: ModelCall) -> None:
        """Puts what became of the call in place of the pending one (same call_id and UTC day)."""

    def get_calls(self, *, since: date, until: date) -> list[ModelCall]:
        """Gives the calls of these UTC days, both included, oldest first."""

    def forget_calls(self, *, before: date, most_days: int | None = None) -> None:
        """Drops gradings, calls and batches of the UTC days before that date."""

    def begin_batch(self, batch: ModelBatch, calls: Sequence[ModelCall], *, budget_usd: Decimal | None) -> bool:
        """Writes a batch and its pending calls, all of them or nothing; the calls have the batch's UTC day.

        False if there is one for the same question already, or if the day's calls, these included, could cost more
        than the budget. Of batches begun at once by several processes one wins. A kill in the middle may leave the
        batch without its calls: nothing was sent yet.
        """

    def move_batch(self, batch: ModelBatch) -> None:
        """Puts the batch in place of what is stored under its id and UTC day; one that has ended stays ended."""

    def get_batches(self, *, since: date) -> list[ModelBatch]:
        """Gives the batches since that UTC day, oldest first."""


class RunStore(Protocol):
    """Which runs are alive, and the reports of those that ended."""

    def start_run(self, run_id: str) -> None:
        """Says that this process works under `run_id` until it ends, however it ends."""

    def end_run(self, run_id: str) -> None: ...

    def current_run(self) -> str:
        """Names the run that was started here last and has not ended; empty outside of runs."""

    def is_running(self, run_id: str) -> bool:
        """Says whether the process that started this run is still alive."""

    def record_run(self, report: RunReport) -> None: ...

    def get_runs(self, *, digest_on: date | None = None, limit: int = 20) -> list[RunReport]:
        """Gives the latest runs (of that digest date), newest first: by digest date, then by start."""


class DocumentStore(Protocol):
    """Small texts by name, such as the last good subscribers.yaml."""

    def put_document(self, name: str, text: str) -> None: ...

    def get_document(self, name: str) -> str | None: ...


class LlmStore(AnswerStore, CallStore, RunStore, Protocol):
    """What the client of a model needs: its answers and calls, and the runs that they belong to."""


class Store(
    AnnouncementStore,
    VectorStore,
    LedgerStore,
    DigestStore,
    AddressStore,
    ReadabilityStore,
    MoveStore,
    ProfileStore,
    SavedStore,
    SignUpStore,
    WelcomeStore,
    ClaimStore,
    LlmStore,
    DocumentStore,
    CountStore,
    Protocol,
):
    """The memory, shared by any number of processes.

    Each method is all-or-nothing and idempotent on its key, and survives `kill -9` at any moment: afterwards
    the old or the new value is there, whole. Dates and aware UTC datetimes go in and come out unchanged.
    Raises StoreError when the memory cannot be read or written; ReaderUnreadable where only what is kept of one
    subscriber cannot be read, which is then never written over. What is kept of several leaves such ones out:
    `find_unreadable` names them.

    Of what `forget_days`, `forget_vectors`, `forget_claims`, `forget_sign_ups` and `forget_calls` drop, `most_days`
    takes the oldest days with anything of that kind, at most so many (None: all of them).
    """
