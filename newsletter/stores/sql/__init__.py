"""The memory in a database, SQLite or PostgreSQL: any number of processes, and with PostgreSQL any number of machines.

Each part keeps one role of a Store in tables of its own, file by file as in tinydb/. This file puts them together. The
tables are made by `newsletter release` (schema.py); docs/database.md says what is in them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from newsletter.stores.address_change import AddressChange
from newsletter.stores.event_effects import EventEffects
from newsletter.stores.sql import schema
from newsletter.stores.sql.addresses import Addresses
from newsletter.stores.sql.announcements import Announcements
from newsletter.stores.sql.bulk import ReadersInBulk
from newsletter.stores.sql.claims import Claims
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.digests import Digests
from newsletter.stores.sql.documents import Documents
from newsletter.stores.sql.events import Events
from newsletter.stores.sql.hand_over import HandOver
from newsletter.stores.sql.ledger import Ledger
from newsletter.stores.sql.llm_calls import LlmCalls
from newsletter.stores.sql.moves import MoveNotes
from newsletter.stores.sql.profiles import Profiles, Votes
from newsletter.stores.sql.run_locks import open_living_runs
from newsletter.stores.sql.runs import Runs
from newsletter.stores.sql.saved import SavedPapers
from newsletter.stores.sql.signups import SignUps
from newsletter.stores.sql.subscriber_parts import SubscriberParts
from newsletter.stores.sql.vectors import Vectors
from newsletter.stores.sql.welcomes import Welcomes

__all__ = ["SqlStore"]

P = ParamSpec("P")
T = TypeVar("T")


class SqlStore:
    """A Store (see stores/__init__.py) in a database that has its tables. Several may share one Database.

    Methods are called again for up to 45 seconds when the connection is lost, as far as that can do no harm. Raises
    StoreError for a database that cannot be reached or has other tables.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        schema.require_current(database)
        self._running = running = open_living_runs(database)
        digests, profiles, votes, saved = Digests(database), Profiles(database), Votes(database), SavedPapers(database)
        signups = SignUps(database, digests, (profiles, votes, saved))
        events, moves, addresses = Events(database), MoveNotes(database), Addresses(database)
        parts = SubscriberParts(events, moves, addresses, profiles, votes, saved, signups, digests)
        ledger = Ledger(database, running, events, moves)
        wait_for_events = partial(database.locked, "events")
        effects = EventEffects(wait_for_events, events, addresses, ledger, moves.heir_of, ledger.count_handed_over)
        said = (events, profiles, votes, saved, addresses)
        address_change = AddressChange(
            wait_for_events, running.any_taken, parts.require_readable, said, digests, signups, ledger, moves
        )
        self._offer_papers(Announcements(database, running.is_taken), Vectors(database))
        self._offer_mails(ledger, effects, parts)
        self._offer_bulk(ReadersInBulk(parts, ledger), ledger, HandOver(database, parts, ledger))
        self._offer_addresses(parts, address_change)
        self._offer_words(parts)
        self._offer_signups(parts.signups, Welcomes(database))
        self._offer_calls(LlmCalls(database), Claims(database))
        self._offer_runs(Runs(database, running, address_change), Documents(database))

    def close(self) -> None:
        """Ends the runs that were started here. The database is closed by who opened it."""
        self._running.close()

    def _again(self, method: Callable[P, T]) -> Callable[P, T]:
        """For a method of which a second call changes nothing."""
        return self.database.repeated(method, even_if_unknown=True)

    def _once(self, method: Callable[P, T]) -> Callable[P, T]:
        """For a method that is called again only where the first call surely did nothing."""
        return self.database.repeated(method, even_if_unknown=False)

    def _offer_papers(self, announcements: Announcements, vectors: Vectors) -> None:
        self.remember_day = self._again(announcements.remember_day)
        self.add_feeds = self._again(announcements.add_feeds)
        self.begin_asking = self._again(announcements.begin_asking)
        self.get_day = self._again(announcements.get_day)
        self.get_days = self._again(announcements.get_days)
        self.forget_days = self._once(announcements.forget_days)
        self.put_vectors = self._again(vectors.put_vectors)
        self.get_vectors = self._again(vectors.get_vectors)
        self.forget_vectors = self._once(vectors.forget_vectors)

    def _offer_mails(self, ledger: Ledger, effects: EventEffects, parts: SubscriberParts) -> None:
        self.claim = self._once(ledger.claim)
        self.move = self._again(ledger.move)
        self.settle_by_events = self._again(ledger.settle_by_events)
        self.get_delivery = self._again(ledger.get_delivery)
        self.get_deliveries = self._again(ledger.get_deliveries)
        self.count_deliveries = self._again(ledger.count_deliveries)
        self.get_open_deliveries = self._again(ledger.get_open_deliveries)
        self.get_sent = self._again(ledger.get_sent)
        self.take_event = self._again(effects.take_event)
        self.weigh_bounces = self._again(effects.weigh_bounces)
        self.get_events = self._again(parts.events.get_events)
        self.put_digest = self._again(parts.digests.put_digest)
        self.get_digest = self._again(parts.digests.get_digest)
        self.get_digests = self._again(parts.digests.get_digests)
        self.get_digest_days = self._again(parts.digests.get_digest_days)
        self.find_papers = self._again(parts.digests.search.find_papers)

    def _offer_bulk(self, readers: ReadersInBulk, ledger: Ledger, hand_over: HandOver) -> None:
        self.get_wishes = self._again(readers.get_wishes)
        self.get_histories = self._again(readers.get_histories)
        self.find_sent = self._again(readers.find_sent)
        self.settle_all_by_events = self._again(ledger.settle_all_by_events)
        self.hand_over = self._again(hand_over.hand_over)

    def _offer_addresses(self, parts: SubscriberParts, address_change: AddressChange) -> None:
        self.get_address_status = self._again(parts.addresses.get_address_status)
        self.get_address_statuses = self._again(parts.addresses.get_address_statuses)
        self.change_address_status = self._once(parts.addresses.change_address_status)
        self.require_readable = self._again(parts.require_readable)
        self.find_unreadable = self._again(parts.find_unreadable)
        self.move_subscriber = self._again(address_change.move_subscriber)
        self.get_moves = self._again(parts.moves.get_moves)
        self.heir_of = self._again(parts.moves.heir_of)

    def _offer_words(self, parts: SubscriberParts) -> None:
        self.add_revision = self._again(parts.profiles.add_revision)
        self.get_revisions = self._again(parts.profiles.get_revisions)
        self.put_vote = self._again(parts.votes.put_vote)
        self.get_votes = self._again(parts.votes.get_votes)
        self.save_paper = self._again(parts.saved.save_paper)
        self.drop_saved = self._again(parts.saved.drop_saved)
        self.get_saved = self._again(parts.saved.get_saved)

    def _offer_signups(self, signups: SignUps, welcomes: Welcomes) -> None:
        self.add_sign_up = self._once(signups.add_sign_up)
        self.get_sign_up = self._again(signups.get_sign_up)
        self.get_sign_ups = self._again(signups.get_sign_ups)
        self.change_sign_up = self._once(signups.change_sign_up)
        self.forget_sign_ups = self._once(signups.forget_sign_ups)
        self.enrol = self._again(signups.enrol)
        self.count_places_taken = self._again(signups.count_places_taken)
        self.get_enrolled = self._again(signups.get_enrolled)
        self.get_enrolled_ids = self._again(signups.get_enrolled_ids)
        self.mark_of_enrolled = self._again(signups.mark_of_enrolled)
        self.forget_enrolled = self._once(signups.forget_enrolled)
        self.begin_welcomes = self._once(welcomes.begin_welcomes)
        self.has_begun_welcomes = self._again(welcomes.has_begun_welcomes)
        self.get_welcomes = self._again(welcomes.get_welcomes)
        self.change_welcome = self._once(welcomes.change_welcome)

    def _offer_calls(self, calls: LlmCalls, claims: Claims) -> None:
        self.put_gradings = self._again(calls.put_gradings)
        self.get_gradings = self._again(calls.get_gradings)
        self.get_related_gradings = self._again(calls.get_related_gradings)
        self.begin_call = self._again(calls.begin_call)
        self.end_call = self._again(calls.end_call)
        self.get_calls = self._again(calls.get_calls)
        self.sum_costs = self._again(calls.sum_costs)
        self.forget_calls = self._once(calls.forget_calls)
        self.begin_batch = self._again(calls.begin_batch)
        self.move_batch = self._again(calls.move_batch)
        self.get_batches = self._again(calls.get_batches)
        self.claim_once = self._once(claims.claim_once)
        self.forget_claims = self._once(claims.forget_claims)

    def _offer_runs(self, runs: Runs, documents: Documents) -> None:
        self.start_run = self._again(runs.start_run)
        self.end_run = self._again(runs.end_run)
        self.current_run = runs.current_run
        self.is_running = self._again(runs.is_running)
        self.record_run = self._again(runs.record_run)
        self.get_runs = self._again(runs.get_runs)
        self.put_document = self._again(documents.put_document)
        self.get_document = self._again(documents.get_document)
