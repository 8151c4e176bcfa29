"""A Store in dictionaries, role by role as newsletter/stores/protocols/ has them. It passes the contract suite."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence, Set
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import RLock

from newsletter.addresses import is_same_mailbox
from newsletter.delivery import ledger, suppression
from newsletter.errors import ReaderUnreadable, StoreConflict
from newsletter.model import spending
from newsletter.model.deliveries import AddressStatus, Delivery, DeliveryState, EventKind, MailEvent
from newsletter.model.digests import Digest, FoundPaper
from newsletter.model.llm_calls import Grading, ModelBatch, ModelCall
from newsletter.model.papers import AnnouncementDay, Feed, FeedAsking, FeedReport, PaperVector
from newsletter.model.readers import PastMail, ReaderHistory, ReaderWishes
from newsletter.model.runs import RunReport
from newsletter.model.subscribers import (
    Move,
    ProfileRevision,
    RevisionOrigin,
    SavedPaper,
    SignUp,
    SignUpOrigin,
    Vote,
    Welcome,
)
from newsletter.papers import announcements, begin_asking, search
from newsletter.stores.event_effects import EventEffects
from newsletter.subscribers import address_change, revisions


class MemoryStore:
    """A Store in dictionaries. `crash` does to its runs what the end of a process does to a real one."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._days: dict[date, AnnouncementDay] = {}
        self._vectors: dict[tuple[str, str, int, date], PaperVector] = {}
        self._rows: dict[tuple[str, date], Delivery] = {}
        self._digests: dict[tuple[str, date], Digest] = {}
        self._events: dict[tuple[str, EventKind], MailEvent] = {}
        self._statuses: dict[str, AddressStatus] = {}
        self._revisions: dict[str, list[ProfileRevision]] = {}
        self._votes: dict[tuple[str, str], Vote] = {}
        self._saved: dict[tuple[str, str], SavedPaper] = {}
        self._once: set[tuple[str, str, date]] = set()
        self._sign_ups: dict[tuple[date, str], SignUp] = {}
        self._enrolled: dict[str, SignUp] = {}
        self._welcomes: dict[str, Welcome] | None = None
        self._moves: dict[str, Move] = {}
        self._gradings: dict[tuple[str, str, str, str, int], Grading] = {}
        self._calls: dict[tuple[date, str], ModelCall] = {}
        self._batches: dict[str, ModelBatch] = {}
        self._runs: dict[str, RunReport] = {}
        self._documents: dict[str, str] = {}
        self._asking: dict[date, tuple[FeedAsking, ...]] = {}
        self._running: dict[str, None] = {}  # in the order of their starts
        self._effects = EventEffects(lambda: self._lock, self, self, self, self.heir_of, self.count_handed_over)

    def crash(self) -> None:
        """As if every process that works here had been killed."""
        self._running.clear()

    # -- announcements

    def remember_day(self, day: AnnouncementDay) -> None:
        self._days[day.announced_on] = day

    def add_feeds(self, announced_on: date, feeds: Sequence[Feed], reports: Sequence[FeedReport]) -> AnnouncementDay:
        with self._lock:
            day = announcements.add_feeds(self._with_asking(announced_on), feeds, reports)
            self._days[announced_on], self._asking[announced_on] = day, day.asking
        return day

    def begin_asking(self, announced_on: date, category: str, *, run_id: str, now: datetime) -> bool:
        with self._lock:
            day = begin_asking(
                self._with_asking(announced_on), category, run_id=run_id, now=now, is_running=self.is_running
            )
            if day is not None:
                self._asking[announced_on] = day.asking
        return day is not None

    def _with_asking(self, announced_on: date) -> AnnouncementDay:
        stored = self._days.get(announced_on) or AnnouncementDay(announced_on, (), ())
        return replace(stored, asking=self._asking.get(announced_on, ()))

    def get_day(self, announced_on: date) -> AnnouncementDay | None:
        return self._days.get(announced_on)

    def get_days(self, *, before: date, limit: int) -> list[AnnouncementDay]:
        found = [self._days[on] for on in sorted(self._days) if on < before and self._days[on].announcements]
        return found[-limit:] if limit > 0 else []

    def forget_days(self, *, before: date, most_days: int | None = None) -> None:
        gone = _oldest(self._days, before, most_days)
        self._days = {on: day for on, day in self._days.items() if on not in gone}

    # -- vectors of papers

    def put_vectors(self, vectors: Sequence[PaperVector]) -> None:
        self._vectors |= {(one.model, one.arxiv_id, one.version, one.announced_on): one for one in vectors}

    def get_vectors(self, model: str, papers: Collection[tuple[str, int]]) -> list[PaperVector]:
        latest = {key[:3]: self._vectors[key] for key in sorted(self._vectors, key=lambda key: key[3])}
        return [latest[model, *paper] for paper in papers if (model, *paper) in latest]

    def forget_vectors(self, *, before: date, most_days: int | None = None) -> None:
        gone = _oldest((key[3] for key in self._vectors), before, most_days)
        self._vectors = {key: one for key, one in self._vectors.items() if key[3] not in gone}

    # -- the ledger

    def claim(self, subscriber_id: str, digest_on: date, *, run_id: str, now: datetime) -> Delivery | None:
        with self._lock:
            claimed = ledger.claim(
                self.settle_by_events(subscriber_id, digest_on, now=now),
                subscriber_id=subscriber_id,
                digest_on=digest_on,
                run_id=run_id,
                now=now,
                is_running=self.is_running,
            )
            if claimed is not None:
                self._rows[subscriber_id, digest_on] = claimed
                self._moves.pop(subscriber_id, None)
        return claimed if claimed is not None and claimed.state is DeliveryState.CLAIMED else None

    def move(self, delivery: Delivery) -> None:
        with self._lock:
            stored = self.get_delivery(delivery.subscriber_id, delivery.digest_on)
            if stored == delivery:
                return
            if stored is None or not ledger.is_next_of(delivery, stored):
                raise StoreConflict(f"{delivery.delivery_id} was moved by somebody else; leave it to that run")
            self._rows[delivery.subscriber_id, delivery.digest_on] = delivery

    def hand_over(self, delivery: Delivery, digest: Digest) -> bool:
        with self._lock:
            if self.get_address_status(delivery.subscriber_id).suppression is not None:
                return False
            self.move(delivery)
            self.put_digest(digest)
        return True

    def settle_all_by_events(self, deliveries: Collection[tuple[str, date]], *, now: datetime) -> None:
        for subscriber_id, digest_on in deliveries:
            self.settle_by_events(subscriber_id, digest_on, now=now)

    def settle_by_events(self, subscriber_id: str, digest_on: date, *, now: datetime) -> Delivery | None:
        with self._lock:
            stored = self.get_delivery(subscriber_id, digest_on)
            if stored is None:
                return None
            row = ledger.apply_events(stored, self.get_events(subscriber_id, digest_on), now, self.is_running)
            self._rows[subscriber_id, digest_on] = row
        return row

    def get_delivery(self, subscriber_id: str, digest_on: date) -> Delivery | None:
        return self._rows.get((subscriber_id, digest_on))

    def get_deliveries(
        self,
        *,
        subscriber_id: str | None = None,
        subscriber_ids: Collection[str] | None = None,
        digest_on: date | None = None,
        since: date | None = None,
        states: Sequence[DeliveryState] = (),
    ) -> list[Delivery]:
        rows = [
            row
            for row in self._rows.values()
            if subscriber_id in (None, row.subscriber_id)
            and (subscriber_ids is None or row.subscriber_id in subscriber_ids)
            and digest_on in (None, row.digest_on)
            and (since is None or row.digest_on >= since)
            and (not states or row.state in states)
        ]
        return sorted(rows, key=lambda row: (row.digest_on, row.subscriber_id))

    def count_deliveries(self, *, since: date) -> Counter[DeliveryState]:
        return Counter(row.state for row in self.get_deliveries(since=since))

    def get_open_deliveries(self) -> list[Delivery]:
        return self.get_deliveries(states=ledger.OPEN_STATES)

    def get_sent(self, subscriber_id: str) -> frozenset[str]:
        rows = self.get_deliveries(subscriber_id=subscriber_id)
        return frozenset(paper for row in rows if ledger.counts_as_sent(row.state) for paper in row.paper_ids)

    # -- digests

    def put_digest(self, digest: Digest) -> None:
        self._digests[digest.subscriber.subscriber_id, digest.digest_on] = digest

    def get_digest(self, subscriber_id: str, digest_on: date) -> Digest | None:
        return self._digests.get((subscriber_id, digest_on))

    def find_papers(self, subscriber_id: str, query: str) -> list[FoundPaper]:
        shown = (
            self._digests.get((row.subscriber_id, row.digest_on))
            for row in self._rows.values()
            if row.subscriber_id == subscriber_id and ledger.counts_as_sent(row.state)
        )
        return search.find([paper for digest in shown if digest for paper in search.prepare(digest)], query)

    def get_digests(self, subscriber_id: str, dates: Sequence[date]) -> list[Digest]:
        return [self._digests[subscriber_id, on] for on in sorted(dates) if (subscriber_id, on) in self._digests]

    def get_digest_days(self, subscriber_id: str) -> list[date]:
        return sorted(digest_on for who, digest_on in self._digests if who == subscriber_id)

    # -- events and addresses

    def take_event(self, event: MailEvent, *, now: datetime) -> bool:
        return self._effects.take_event(event, now=now)

    def weigh_bounces(self, digest_on: date) -> None:
        self._effects.weigh_bounces(digest_on)

    def put(self, event: MailEvent) -> None:
        key = event.delivery_id, event.kind
        if key not in self._events or event.at < self._events[key].at:
            self._events[key] = event

    def bounced_hard_on(self, morning: date) -> set[str]:
        bounced = [each for each in self._events.values() if each.kind is EventKind.BOUNCED_HARD]
        return {each.subscriber_id for each in bounced if each.digest_on == morning}

    def find_bounced(self, morning: date) -> list[AddressStatus]:
        return [each for each in self.get_address_statuses() if suppression.has_bounced_on(each, morning)]

    def count_handed_over(self, digest_on: date) -> int:
        return sum(map(ledger.was_handed_over, self.get_deliveries(digest_on=digest_on)))

    def get_events(self, subscriber_id: str, digest_on: date) -> list[MailEvent]:
        wanted = f"{subscriber_id}/{digest_on.isoformat()}"
        found = [event for (delivery_id, _), event in self._events.items() if delivery_id == wanted]
        return sorted(found, key=lambda event: (event.at, event.kind))

    def get_address_status(self, subscriber_id: str) -> AddressStatus:
        return self._statuses.get(subscriber_id, AddressStatus(subscriber_id))

    def get_address_statuses(self) -> list[AddressStatus]:
        return [self._statuses[who] for who in sorted(self._statuses)]

    def change_address_status(
        self, subscriber_id: str, change: Callable[[AddressStatus], AddressStatus]
    ) -> AddressStatus:
        with self._lock:
            stored = self.get_address_status(subscriber_id)
            changed = change(stored)
            if changed != stored:
                self._statuses[subscriber_id] = changed
        return changed

    # -- many readers at once

    def get_wishes(self, subscriber_ids: Collection[str]) -> dict[str, ReaderWishes | ReaderUnreadable]:
        return {
            who: ReaderWishes(self.get_address_status(who), tuple(self.get_revisions(who))) for who in subscriber_ids
        }

    def get_histories(
        self, subscriber_ids: Collection[str], *, digest_on: date, since: date, mailed_since: date
    ) -> dict[str, ReaderHistory | ReaderUnreadable]:
        return {who: self._history_of(who, since, mailed_since) for who in subscriber_ids}

    def _history_of(self, who: str, since: date, mailed_since: date) -> ReaderHistory:
        rows = self.get_deliveries(subscriber_id=who)
        older = [row for row in rows if row.digest_on < since]
        latest = [row for row in older if row.state in ledger.ACCEPTED_STATES] or older
        mailed = [row for row in older if row.digest_on >= mailed_since and ledger.counts_as_sent(row.state)]
        return ReaderHistory(
            (*latest[-1:], *(row for row in rows if row.digest_on >= since)),
            tuple(self.get_votes(who)),
            tuple(PastMail(row.digest_on, row.paper_ids) for row in mailed),
        )

    def find_sent(
        self, subscriber_ids: Collection[str], paper_ids: Set[str], *, before: date
    ) -> dict[str, frozenset[str]]:
        rows = [row for row in self.get_deliveries() if row.digest_on < before and ledger.counts_as_sent(row.state)]
        return {
            who: frozenset(paper for row in rows if row.subscriber_id == who for paper in row.paper_ids) & paper_ids
            for who in subscriber_ids
        }

    # -- what cannot be read

    def require_readable(self, subscriber_id: str, digest_on: date | None = None) -> None: ...

    def find_unreadable(self) -> dict[str, str]:
        return {}

    # -- changed addresses

    def move_subscriber(self, move: Move) -> None:
        old, to = move.subscriber_id, move.to
        with self._lock:
            if self._running or any(row.state in ledger.OPEN_STATES for row in self.get_deliveries(subscriber_id=old)):
                raise StoreConflict("a run is at work, or it is not stored whether a mail was sent; try again later")
            for (_, on), row in [each for each in self._rows.items() if each[0][0] == old]:
                digest, its = self._digests.pop((old, on), None), self._rows.get((to, on))
                if digest and ((to, on) not in self._digests or address_change.is_old_row_kept(row, its)):
                    self._digests[to, on] = address_change.reassign_digest(digest, to)
                self._rows[to, on] = address_change.merge_rows(self._rows.pop((old, on)), its, to)
            for key, event in [each for each in self._events.items() if each[1].subscriber_id == old]:
                del self._events[key]
                self._events.setdefault(
                    (f"{to}/{event.digest_on}", event.kind), address_change.reassign_event(event, to)
                )
            revisions = self._revisions.pop(old, [])
            self._revisions[to] = address_change.merge_revisions(revisions, self.get_revisions(to), to)
            votes = [self._votes.pop(key) for key in [key for key in self._votes if key[0] == old]]
            mine = [vote for vote in self._votes.values() if vote.subscriber_id == to]
            self._votes |= {(to, vote.arxiv_id): vote for vote in address_change.merge_votes(votes, mine, to)}
            saved = address_change.merge_saved(self.get_saved(old), self.get_saved(to), to)
            self._saved = {key: one for key, one in self._saved.items() if key[0] not in (old, to)}
            self._saved |= {(to, one.paper.arxiv_id): one for one in saved}
            left = self.get_address_status(old)
            self.change_address_status(to, lambda status: address_change.merge_statuses(left, status))
            self.change_address_status(old, address_change.forget_person)
            for day, who in [key for key in self._sign_ups if key[1] == old]:
                self._sign_ups.setdefault(
                    (day, to), address_change.reassign_sign_up(self._sign_ups.pop((day, who)), move)
                )
            if (enrolled := self._enrolled.pop(old, None)) is not None:
                self._enrolled.setdefault(to, address_change.reassign_sign_up(enrolled, move))
            self._moves.pop(to, None)
            self._moves[old] = replace(move, email="", is_done=True)

    def get_moves(self) -> list[Move]:
        return sorted(self._moves.values(), key=lambda move: (move.at, move.subscriber_id))

    def heir_of(self, subscriber_id: str) -> str:
        return address_change.find_heir(subscriber_id, self._moves.get)

    # -- profiles and votes

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
        with self._lock:
            stored = self._revisions.get(subscriber_id, [])
            kept = revisions.add_revision(
                stored, subscriber_id, text, origin=origin, now=now, after=after, most_a_day=most_a_day
            )
            self._revisions[subscriber_id] = list(kept)
            return kept[-1]

    def get_revisions(self, subscriber_id: str) -> list[ProfileRevision]:
        return list(self._revisions.get(subscriber_id, ()))

    def put_vote(self, vote: Vote) -> None:
        with self._lock:
            stored = self._votes.get((vote.subscriber_id, vote.arxiv_id))
            if stored is None or stored.at <= vote.at:
                self._votes[vote.subscriber_id, vote.arxiv_id] = vote

    def get_votes(self, subscriber_id: str) -> list[Vote]:
        votes = [vote for (who, _), vote in self._votes.items() if who == subscriber_id and vote.value]
        return sorted(votes, key=lambda vote: (vote.at, vote.arxiv_id))

    # -- saved papers

    def save_paper(self, saved: SavedPaper, *, most: int) -> bool:
        key = saved.subscriber_id, saved.paper.arxiv_id
        with self._lock:
            if key not in self._saved and len(self.get_saved(saved.subscriber_id)) >= most:
                return False
            self._saved.setdefault(key, saved)
        return True

    def drop_saved(self, subscriber_id: str, arxiv_id: str) -> None:
        self._saved.pop((subscriber_id, arxiv_id), None)

    def get_saved(self, subscriber_id: str) -> list[SavedPaper]:
        saved = [one for (who, _), one in self._saved.items() if who == subscriber_id]
        return sorted(saved, key=lambda one: (one.at, one.paper.arxiv_id))

    # -- sign-ups

    def add_sign_up(self, sign_up: SignUp) -> bool:
        with self._lock:
            key = _utc_day(sign_up.at), sign_up.subscriber_id
            is_first = key not in self._sign_ups
            self._sign_ups.setdefault(key, sign_up)
        return is_first

    def get_sign_up(self, subscriber_id: str, on: date) -> SignUp | None:
        return self._sign_ups.get((on, subscriber_id))

    def get_sign_ups(self) -> list[SignUp]:
        return sorted(self._sign_ups.values(), key=lambda one: (one.at, one.subscriber_id))

    def change_sign_up(self, subscriber_id: str, on: date, change: Callable[[SignUp], SignUp | None]) -> SignUp | None:
        with self._lock:
            stored = self._sign_ups.pop((on, subscriber_id), None)
            changed = change(stored) if stored is not None else None
            if changed is not None:
                self._sign_ups[on, subscriber_id] = changed
        return changed

    def forget_sign_ups(self, *, before: date, most_days: int | None = None) -> None:
        gone = _oldest((on for on, _ in self._sign_ups), before, most_days)
        self._sign_ups = {key: one for key, one in self._sign_ups.items() if key[0] not in gone}

    def enrol(self, sign_up: SignUp, *, most: int | None = None) -> bool:
        with self._lock:
            if most is not None and self.count_places_taken(by_others_than=sign_up.subscriber_id) >= most:
                return False
            stored = self._enrolled.get(sign_up.subscriber_id)
            if stored is not None and not is_same_mailbox(stored.email, sign_up.email):
                return False
            self._enrolled[sign_up.subscriber_id] = sign_up
        return True

    def count_places_taken(self, *, by_others_than: str = "") -> int:
        by_web = {who for who, one in self._enrolled.items() if one.origin is SignUpOrigin.WEB}
        return sum(self.get_address_status(who).suppression is None for who in by_web - {by_others_than})

    def get_enrolled(self, *, only: Collection[str] | None = None) -> list[SignUp]:
        found = [self._enrolled[who] for who in self.get_enrolled_ids(only=only)]
        return sorted(found, key=lambda one: (one.at, one.subscriber_id))

    def mark_of_enrolled(self) -> str:
        return repr(sorted(self._enrolled.items()))

    def get_enrolled_ids(self, *, only: Collection[str] | None = None) -> list[str]:
        return sorted(who for who in self._enrolled if only is None or who in only)

    def forget_enrolled(self, subscriber_id: str) -> bool:
        with self._lock:
            self._sign_ups = {key: one for key, one in self._sign_ups.items() if key[1] != subscriber_id}
            self._votes = {key: one for key, one in self._votes.items() if key[0] != subscriber_id}
            self._saved = {key: one for key, one in self._saved.items() if key[0] != subscriber_id}
            self._digests = {key: one for key, one in self._digests.items() if key[0] != subscriber_id}
            self._revisions.pop(subscriber_id, None)
            return self._enrolled.pop(subscriber_id, None) is not None

    # -- welcomes

    def begin_welcomes(self, welcomes: Sequence[Welcome]) -> bool:
        with self._lock:
            if self._welcomes is not None:
                return False
            self._welcomes = {welcome.subscriber_id: welcome for welcome in welcomes}
        return True

    def has_begun_welcomes(self) -> bool:
        return self._welcomes is not None

    def get_welcomes(self) -> list[Welcome] | None:
        return None if self._welcomes is None else [self._welcomes[who] for who in sorted(self._welcomes)]

    def change_welcome(self, subscriber_id: str, change: Callable[[Welcome | None], Welcome | None]) -> Welcome | None:
        with self._lock:
            kept = self._welcomes = {} if self._welcomes is None else self._welcomes
            changed = change(kept.pop(subscriber_id, None))
            if changed is not None:
                kept[subscriber_id] = changed
        return changed

    # -- what may happen once a day

    def claim_once(self, what: str, key: str, *, on: date) -> bool:
        with self._lock:
            is_new = (what, key, on) not in self._once
            self._once.add((what, key, on))
        return is_new

    def forget_claims(self, *, before: date, most_days: int | None = None) -> None:
        gone = _oldest((on for _, _, on in self._once), before, most_days)
        self._once = {claim for claim in self._once if claim[2] not in gone}

    # -- a model's answers

    def put_gradings(self, gradings: Sequence[Grading]) -> None:
        for one in gradings:
            self._gradings[one.profile_key, one.model, one.prompt_key, one.arxiv_id, one.version] = one

    def get_gradings(self, profile_key: str, *, since: date) -> list[Grading]:
        found = [one for one in self._gradings.values() if one.profile_key == profile_key]
        return sorted((one for one in found if _utc_day(one.at) >= since), key=lambda one: one.order)

    def get_related_gradings(self, beginning: str, *, since: date) -> list[Grading]:
        found = [one for one in self._gradings.values() if one.profile_key.startswith(beginning)]
        return sorted((one for one in found if _utc_day(one.at) >= since), key=lambda one: one.order)

    # -- calls of a model

    def begin_call(self, call: ModelCall, *, budget_usd: Decimal | None) -> bool:
        with self._lock:
            day = spending.utc_day(call)
            if (day, call.call_id) in self._calls:
                return True
            if not spending.is_within_budget(call, self.get_calls(since=day, until=day), budget_usd):
                return False
            self._calls[day, call.call_id] = call
        return True

    def end_call(self, call: ModelCall) -> None:
        self._calls[spending.utc_day(call), call.call_id] = call

    def get_calls(self, *, since: date, until: date) -> list[ModelCall]:
        with self._lock:
            found = [call for (day, _), call in self._calls.items() if since <= day <= until]
        return sorted(found, key=lambda call: (call.at, call.call_id))

    def sum_costs(self, *, called_on: date) -> Decimal:
        calls = self.get_calls(since=called_on, until=called_on)
        return sum((call.cost_usd for call in calls if call.cost_usd is not None), Decimal(0))

    def forget_calls(self, *, before: date, most_days: int | None = None) -> None:
        dated = (*self._gradings.values(), *self._calls.values(), *self._batches.values())
        gone = _oldest((_utc_day(one.at) for one in dated), before, most_days)
        self._calls = {key: call for key, call in self._calls.items() if key[0] not in gone}
        self._gradings = {key: one for key, one in self._gradings.items() if _utc_day(one.at) not in gone}
        self._batches = {key: one for key, one in self._batches.items() if _utc_day(one.at) not in gone}

    def begin_batch(self, batch: ModelBatch, calls: Sequence[ModelCall], *, budget_usd: Decimal | None) -> bool:
        with self._lock:
            if any(other.request_key == batch.request_key for other in self._batches.values()):
                return batch.batch_id in self._batches
            day = _utc_day(batch.at)
            if not spending.are_within_budget(calls, self.get_calls(since=day, until=day), budget_usd):
                return False
            self._batches[batch.batch_id] = batch
            self._calls |= {(day, call.call_id): call for call in calls}
        return True

    def move_batch(self, batch: ModelBatch) -> None:
        with self._lock:
            stored = self._batches.get(batch.batch_id)
            if stored is None or stored.is_open or not batch.is_open:
                self._batches[batch.batch_id] = batch

    def get_batches(self, *, since: date) -> list[ModelBatch]:
        found = [batch for batch in self._batches.values() if _utc_day(batch.at) >= since]
        return sorted(found, key=lambda batch: (batch.at, batch.batch_id))

    # -- runs

    def start_run(self, run_id: str) -> None:
        self._running[run_id] = None

    def end_run(self, run_id: str) -> None:
        self._running.pop(run_id, None)

    def current_run(self) -> str:
        return next(reversed(self._running), "")

    def is_running(self, run_id: str) -> bool:
        return run_id in self._running

    def record_run(self, report: RunReport) -> None:
        self._runs[report.run_id] = report

    def get_runs(self, *, digest_on: date | None = None, limit: int = 20) -> list[RunReport]:
        runs = [run for run in self._runs.values() if digest_on in (None, run.digest_on)]
        return sorted(runs, key=lambda run: (run.digest_on, run.started_at), reverse=True)[:limit]

    # -- documents

    def put_document(self, name: str, text: str) -> None:
        self._documents[name] = text

    def get_document(self, name: str) -> str | None:
        return self._documents.get(name)


def _oldest(days: Iterable[date], before: date, most_days: int | None) -> set[date]:
    return set(sorted({day for day in days if day < before})[:most_days])


def _utc_day(at: datetime) -> date:
    return at.astimezone(UTC).date()
