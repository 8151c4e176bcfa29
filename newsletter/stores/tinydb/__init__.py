"""The memory as a folder of small dated files, each replaced whole: no server, no account, a backup is a copy.

Each part keeps one role of a Store in files of its own, and says in its constructor which others it needs. This file
puts them together. See docs/state.md for each file and field.
"""

from __future__ import annotations

from pathlib import Path

from newsletter.files import atomic
from newsletter.stores.tinydb.address_change import AddressChange
from newsletter.stores.tinydb.addresses import Addresses
from newsletter.stores.tinydb.announcements import Announcements
from newsletter.stores.tinydb.claims import Claims
from newsletter.stores.tinydb.digests import Digests
from newsletter.stores.tinydb.documents import Documents
from newsletter.stores.tinydb.event_effects import EventEffects
from newsletter.stores.tinydb.events import Events
from newsletter.stores.tinydb.folder import StateFolder
from newsletter.stores.tinydb.ledger import Ledger
from newsletter.stores.tinydb.llm_calls import LlmCalls
from newsletter.stores.tinydb.locks import RunLocks
from newsletter.stores.tinydb.moves import MoveNotes
from newsletter.stores.tinydb.profiles import Profiles, Votes
from newsletter.stores.tinydb.readability import Readability
from newsletter.stores.tinydb.runs import Runs
from newsletter.stores.tinydb.signups import SignUps

__all__ = ["TinyStore"]


class TinyStore:
    """A Store (see stores/__init__.py) in one folder, which is made if it is missing.

    Opening it clears what killed processes left behind, and disturbs nobody who works in the folder.
    """

    def __init__(self, path: Path) -> None:
        folder = StateFolder(path)
        running = RunLocks(folder.locks)
        events, moves = Events(folder), MoveNotes(folder)
        ledger = Ledger(folder, running, events, moves)
        addresses, digests = Addresses(folder), Digests(folder)
        profiles, votes = Profiles(folder), Votes(folder)
        signups = SignUps(folder, addresses, digests, profiles, votes)
        readability = Readability(events, addresses, moves, profiles, votes, signups, digests)
        address_change = AddressChange(
            folder, running, readability, moves, events, digests, profiles, votes, addresses, signups, ledger
        )
        self._offer_mails(Announcements(folder), ledger, digests, events)
        self._offer_addresses(addresses, EventEffects(folder, events, ledger, addresses, moves), readability)
        self._offer_moves(moves, address_change)
        self._offer_readers(profiles, votes, signups)
        self._offer_work(LlmCalls(folder), Runs(folder, running, address_change), Claims(folder), Documents(folder))
        with folder.change(path):
            atomic.remove_leftovers(folder.temp)
            running.remove_stale()

    def _offer_mails(self, announcements: Announcements, ledger: Ledger, digests: Digests, events: Events) -> None:
        self.remember_day = announcements.remember_day
        self.add_feeds = announcements.add_feeds
        self.get_day = announcements.get_day
        self.get_days = announcements.get_days
        self.forget_days = announcements.forget_days
        self.claim = ledger.claim
        self.move = ledger.move
        self.settle_by_events = ledger.settle_by_events
        self.get_delivery = ledger.get_delivery
        self.get_deliveries = ledger.get_deliveries
        self.get_open_deliveries = ledger.get_open_deliveries
        self.get_sent = ledger.get_sent
        self.put_digest = digests.put_digest
        self.get_digest = digests.get_digest
        self.get_digest_days = digests.get_digest_days
        self.get_events = events.get_events

    def _offer_addresses(self, addresses: Addresses, effects: EventEffects, readability: Readability) -> None:
        self.take_event = effects.take_event
        self.weigh_bounces = effects.weigh_bounces
        self.get_address_status = addresses.get_address_status
        self.get_address_statuses = addresses.get_address_statuses
        self.change_address_status = addresses.change_address_status
        self.require_readable = readability.require_readable
        self.find_unreadable = readability.find_unreadable

    def _offer_moves(self, moves: MoveNotes, address_change: AddressChange) -> None:
        self.move_subscriber = address_change.move_subscriber
        self.get_moves = moves.get_moves
        self.heir_of = moves.heir_of

    def _offer_readers(self, profiles: Profiles, votes: Votes, signups: SignUps) -> None:
        self.add_revision = profiles.add_revision
        self.get_revisions = profiles.get_revisions
        self.put_vote = votes.put_vote
        self.get_votes = votes.get_votes
        self.add_sign_up = signups.add_sign_up
        self.get_sign_up = signups.get_sign_up
        self.get_sign_ups = signups.get_sign_ups
        self.change_sign_up = signups.change_sign_up
        self.confirm_sign_up = signups.confirm_sign_up
        self.forget_sign_ups = signups.forget_sign_ups
        self.enrol = signups.enrol
        self.get_enrolled = signups.get_enrolled
        self.get_enrolled_ids = signups.get_enrolled_ids
        self.forget_enrolled = signups.forget_enrolled

    def _offer_work(self, calls: LlmCalls, runs: Runs, claims: Claims, documents: Documents) -> None:
        self.put_gradings = calls.put_gradings
        self.get_gradings = calls.get_gradings
        self.begin_call = calls.begin_call
        self.end_call = calls.end_call
        self.get_calls = calls.get_calls
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
