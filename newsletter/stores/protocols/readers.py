"""Keeps readers: what they say, who they are, and whether all of it can be read."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from newsletter.model import Move, ProfileRevision, RevisionOrigin, SavedPaper, SignUp, Vote, Welcome

EVENTS_THAT_COUNT = timedelta(days=60)  # an event of an older mail says nothing of one that is to come


class ReadabilityStore(Protocol):
    """Which subscribers have something that cannot be read."""

    def require_readable(self, subscriber_id: str, digest_on: date | None = None) -> None:
        """Raises ReaderUnreadable if anything that is kept of this subscriber cannot be read.

        That is without deliveries, and of the digests only the one of that date. A store may leave out the events of
        mails that are older than EVENTS_THAT_COUNT on that date.
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

    def count_places_taken(self, *, by_others_than: str = "") -> int:
        """Counts who has come by the web and is not suppressed, nobody with that id among them.

        Somebody of whom something cannot be read may be one of them, and may be counted.
        """

    def get_enrolled(self, *, only: Collection[str] | None = None) -> list[SignUp]:
        """Gives everybody who is a subscriber by that, also who has left since: by when they asked.

        `only` those with these ids, which reads nobody else's.
        """

    def get_enrolled_ids(self, *, only: Collection[str] | None = None) -> list[str]:
        """Gives their ids; also of those whose enrolment cannot be read. `only` those among these."""

    def mark_of_enrolled(self) -> str:
        """Gives a text that is another one after any change of who is enrolled, or by what. Reads nobody's enrolment.

        What a person writes into the memory by hand, or an earlier version does, may leave it as it was.
        """

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

    def has_begun_welcomes(self) -> bool:
        """Says whether that was done, or a welcome was changed. Reads none of them."""

    def get_welcomes(self) -> list[Welcome] | None:
        """Gives all that are kept, by subscriber id; None before `begin_welcomes`."""

    def change_welcome(self, subscriber_id: str, change: Callable[[Welcome | None], Welcome | None]) -> Welcome | None:
        """Puts what `change` makes of it (None: nothing is kept) in its place, or drops it for None, as one step."""
