"""The memory as a folder of small dated files, each replaced whole: no server, no account, a backup is a copy.

Each part keeps one role of a Store in files of its own, and says in its constructor which others it needs. This file
puts them together. See docs/state.md for each file and field.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

from newsletter.delivery import ledger as rules
from newsletter.files import atomic
from newsletter.stores.address_change import AddressChange
from newsletter.stores.event_effects import EventEffects
from newsletter.stores.locks import RunLocks
from newsletter.stores.tinydb.addresses import Addresses
from newsletter.stores.tinydb.announcements import Announcements
from newsletter.stores.tinydb.bulk import ReadersInBulk
from newsletter.stores.tinydb.claims import Claims
from newsletter.stores.tinydb.digests import Digests
from newsletter.stores.tinydb.documents import Documents
from newsletter.stores.tinydb.events import Events
from newsletter.stores.tinydb.folder import StateFolder
from newsletter.stores.tinydb.hand_over import HandOver
from newsletter.stores.tinydb.ledger import Ledger
from newsletter.stores.tinydb.llm_calls import LlmCalls
from newsletter.stores.tinydb.moves import MoveNotes
from newsletter.stores.tinydb.profiles import Profiles, Votes
from newsletter.stores.tinydb.runs import Runs
from newsletter.stores.tinydb.saved import SavedPapers
from newsletter.stores.tinydb.search import Search
from newsletter.stores.tinydb.signups import SignUps
from newsletter.stores.tinydb.subscriber_parts import SubscriberParts
from newsletter.stores.tinydb.vectors import Vectors
from newsletter.stores.tinydb.welcomes import Welcomes

__all__ = ["TinyStore"]


class TinyStore:
    """A Store (see stores/__init__.py) in one folder, which is made if it is missing.

    Opening it clears what killed processes left behind, and disturbs nobody who works in the folder.
    """

    def __init__(self, path: Path) -> None:
        folder = StateFolder(path)
        folder.require_finished()
        running = RunLocks(folder.locks)
        addresses, digests, profiles, votes = Addresses(folder), Digests(folder), Profiles(folder), Votes(folder)
        saved = SavedPapers(folder)
        signups = SignUps(folder, addresses, digests, (profiles, votes, saved))
        events, moves = Events(folder), MoveNotes(folder)
        parts = SubscriberParts(events, moves, addresses, profiles, votes, saved, signups, digests)
        ledger = Ledger(folder, running, events, moves)
        wait_for_events, wait_for_moves = partial(folder.change, events.path), partial(folder.change, moves.path)

        def count_handed_over(digest_on: date) -> int:
            return sum(map(rules.was_handed_over, ledger.get_deliveries(digest_on=digest_on)))

        effects = EventEffects(wait_for_events, events, addresses, ledger, moves.heir_of, count_handed_over)
        said = (events, profiles, votes, saved, addresses)
        address_change = AddressChange(
            wait_for_moves, running.any_taken, parts.require_readable, said, digests, signups, ledger, moves
        )
        self._offer_subscribers(parts, address_change, Welcomes(folder))
        self._offer_papers(Announcements(folder, running.is_taken), Vectors(folder))
        self._offer_mails(ledger, effects, Search(ledger, digests))
        self._offer_bulk(ReadersInBulk(parts, ledger), ledger, HandOver(folder, parts, ledger))
        self._offer_work(LlmCalls(folder), Runs(folder, running, address_change), Claims(folder), Documents(folder))
        with folder.change(path):
            atomic.remove_leftovers(folder.temp)
            running.remove_stale()

    def _offer_papers(self, announcements: Announcements, vectors: Vectors) -> None:
        self.remember_day = announcements.remember_day
        self.add_feeds = announcements.add_feeds
        self.begin_asking = announcements.begin_asking
        self.get_day = announcements.get_day
        self.get_days = announcements.get_days
        self.forget_days = announcements.forget_days
        self.put_vectors = vectors.put_vectors
        self.get_vectors = vectors.get_vectors
        self.forget_vectors = vectors.forget_vectors

    def _offer_mails(self, ledger: Ledger, effects: EventEffects, search: Search) -> None:
        self.claim = ledger.claim
        self.move = ledger.move
        self.settle_by_events = ledger.settle_by_events
        self.get_delivery = ledger.get_delivery
        self.get_deliveries = ledger.get_deliveries
        self.count_deliveries = ledger.count_deliveries
        self.get_open_deliveries = ledger.get_open_deliveries
        self.get_sent = ledger.get_sent
        self.find_papers = search.find_papers
        self.take_event = effects.take_event
        self.weigh_bounces = effects.weigh_bounces

    def _offer_bulk(self, readers: ReadersInBulk, ledger: Ledger, hand_over: HandOver) -> None:
        self.get_wishes = readers.get_wishes
        self.get_histories = readers.get_histories
        self.find_sent = readers.find_sent
        self.settle_all_by_events = ledger.settle_all_by_events
        self.hand_over = hand_over.hand_over

    def _offer_subscribers(self, parts: SubscriberParts, address_change: AddressChange, welcomes: Welcomes) -> None:
        self.put_digest = parts.digests.put_digest
        self.get_digest = parts.digests.get_digest
        self.get_digests = parts.digests.get_digests
        self.get_digest_days = parts.digests.get_digest_days
        self.get_events = parts.events.get_events
        self.get_address_status = parts.addresses.get_address_status
        self.get_address_statuses = parts.addresses.get_address_statuses
        self.change_address_status = parts.addresses.change_address_status
        self.require_readable = parts.require_readable
        self.find_unreadable = parts.find_unreadable
        self.move_subscriber = address_change.move_subscriber
        self.get_moves = parts.moves.get_moves
        self.heir_of = parts.moves.heir_of
        self.add_revision = parts.profiles.add_revision
        self.get_revisions = parts.profiles.get_revisions
        self.put_vote = parts.votes.put_vote
        self.get_votes = parts.votes.get_votes
        self.save_paper = parts.saved.save_paper
        self.drop_saved = parts.saved.drop_saved
        self.get_saved = parts.saved.get_saved
        self.add_sign_up = parts.signups.add_sign_up
        self.get_sign_up = parts.signups.get_sign_up
        self.get_sign_ups = parts.signups.get_sign_ups
        self.change_sign_up = parts.signups.change_sign_up
        self.forget_sign_ups = parts.signups.forget_sign_ups
        self.enrol = parts.signups.enrol
        self.count_places_taken = parts.signups.count_places_taken
        self.get_enrolled = parts.signups.get_enrolled
        self.get_enrolled_ids = parts.signups.get_enrolled_ids
        self.mark_of_enrolled = parts.signups.mark_of_enrolled
        self.forget_enrolled = parts.signups.forget_enrolled
        self.begin_welcomes = welcomes.begin_welcomes
        self.has_begun_welcomes = welcomes.has_begun_welcomes
        self.get_welcomes = welcomes.get_welcomes
        self.change_welcome = welcomes.change_welcome

    def _offer_work(self, calls: LlmCalls, runs: Runs, claims: Claims, documents: Documents) -> None:
        self.put_gradings = calls.put_gradings
        self.get_gradings = calls.get_gradings
        self.get_related_gradings = calls.get_related_gradings
        self.begin_call = calls.begin_call
        self.end_call = calls.end_call
        self.get_calls = calls.get_calls
        self.sum_costs = calls.sum_costs
        self.forget_calls = calls.forget_calls
        self.begin_batch = calls.begin_batch
        self.move_batch = calls.move_batch
        self.get_batches = calls.get_batches
        self.start_run = runs.start_run
        self.end_run = runs.end_run
        self.current_run = runs.current_run
        self.is_running = runs.is_running
        self.record_run = runs.record_run
        self.get_runs = runs.get_runs
        self.claim_once = claims.claim_once
        self.forget_claims = claims.forget_claims
        self.put_document = documents.put_document
        self.get_document = documents.get_document
