"""One morning on one screen: collect → score → compose → deliver, for each subscriber, remembered step by step.

For those whose mail is hours away, a model can be asked ahead, in a batch.

Every step may be run again: a day collected is not fetched twice, a digest accepted is not sent twice, and what a
crash left open is settled by evidence at the start of the next run. Adapters come in as a `Desk` (app.py picks them);
all rules live in the pure modules named in the imports.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from newsletter import books, ledger
from newsletter.announcements import announced, candidates, holds, judge, merge
from newsletter.catchup import MAX_DAYS, days_to_cover, is_settled, left_unscored
from newsletter.digest import compose
from newsletter.errors import SendDeferred, SendInDoubt, SendRejected, SendStopped, SourceError, StoreConflict
from newsletter.message import Letterhead, build_message
from newsletter.model import (
    AnnouncementDay,
    Delivery,
    DeliveryState,
    Digest,
    Feed,
    FeedOutcome,
    FeedReport,
    Paper,
    Profile,
    RunOutcome,
    RunReport,
    ScoreSheet,
    Subscriber,
    SubscriberReport,
)
from newsletter.render import Renderer
from newsletter.schedule import (
    ON_THE_MINUTE,
    Timing,
    is_due,
    is_paused,
    is_too_late,
    local_date,
    mails_on,
    next_mail_at,
)
from newsletter.scorers import Ahead, Question, Scorer
from newsletter.senders import Sender
from newsletter.sources import Source
from newsletter.spending import sum_usage
from newsletter.stores import Store

KEEP_DAYS = timedelta(days=60)  # of announcements: twice what catching up and the ranker's history can reach back
SCORING_RETRY = timedelta(minutes=30)
_TOO_LATE = "too late for today; the papers come with the next mail"


@dataclass(frozen=True, slots=True)
class Desk:
    """All that a morning needs: the four edges, the renderer, who sends, and the clock (aware UTC).

    `ahead`: how the scorer's model is asked in advance; None without a model.
    """

    source: Source
    scorer: Scorer
    sender: Sender
    store: Store
    renderer: Renderer
    letterhead: Letterhead
    now: Callable[[], datetime]
    ahead: Ahead | None = None
    timing: Timing = ON_THE_MINUTE


FEEDS, DIGESTS = "Feeds", "Digests"  # the two parts of a run, as a watcher is told


class Watcher(Protocol):
    """Whoever watches a run: a progress bar, a log, or nobody."""

    def begin(self, what: str, total: int) -> None: ...

    def step(self, done: FeedReport | SubscriberReport) -> None: ...


@dataclass(frozen=True, slots=True)
class Morning:
    """What is known once the announcement is in: the same for every subscriber of this run."""

    run_id: str
    today: AnnouncementDay
    earlier: Sequence[AnnouncementDay]  # days before today that brought papers, oldest first
    digest_on: date | None  # None: each subscriber's own local date

    def date_for(self, subscriber: Subscriber, now: datetime) -> date:
        return self.digest_on or local_date(now, subscriber.zone)


# --- the day ------------------------------------------------------------------------------------------


def run_morning(
    desk: Desk,
    subscribers: Sequence[Subscriber],
    watcher: Watcher,
    *,
    digest_on: date | None = None,
    due_only: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> RunReport:
    """Mail everybody their digest; one report entry for each subscriber.

    May be repeated at will and run by several processes at once: each digest leaves once. `digest_on` stands for
    each subscriber's local date; `due_only` passes over those whose send time has not come or is too long ago, and
    leaves alone what was recorded already. `should_stop` is asked before each feed and each mail: the one in hand is
    finished, no other is begun. Raises StoreError if the memory fails (sending
    without memory would mail things twice), and LedgerError if the books do not balance at the end.
    """
    started_at = desk.now()
    run_id = f"{started_at:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    desk.store.start_run(run_id)
    try:
        settle_doubts(desk)
        problems = desk.ahead.collect() if desk.ahead else []
        readers = [each for each in subscribers if reads_today(desk, each)] if due_only else subscribers
        morning = collect(
            desk, readers, watcher, run_id=run_id, digest_on=digest_on, sparing=due_only, should_stop=should_stop
        )
        watcher.begin(DIGESTS, len(subscribers))
        entries = list[SubscriberReport]()
        halted: RunOutcome | None = None
        for subscriber in subscribers:
            halted = halted or (RunOutcome.INTERRUPTED if should_stop() else None)
            entry = serve(desk, morning, subscriber, due_only=due_only, halted=halted)
            halted = halted or (RunOutcome.STOPPED if entry.outcome is RunOutcome.STOPPED else None)
            watcher.step(entry)
            entries.append(entry)
        if due_only and not should_stop():
            problems += ask_ahead(desk, morning, readers)
        report = RunReport(
            run_id=run_id,
            digest_on=digest_on or morning.today.announced_on,
            started_at=started_at,
            finished_at=desk.now(),
            feeds=morning.today.feeds,
            subscribers=tuple(entries),
            problems=tuple(dict.fromkeys(problems)),
        )
        if not (due_only and books.tells_nothing_new(report, desk.store.get_runs(digest_on=report.digest_on, limit=1))):
            desk.store.record_run(report)
        books.balance(report, [subscriber.subscriber_id for subscriber in subscribers], desk.store.get_delivery)
        return report
    finally:
        desk.sender.close()
        desk.store.end_run(run_id)


def serve(
    desk: Desk,
    morning: Morning,
    subscriber: Subscriber,
    *,
    due_only: bool = False,
    halted: RunOutcome | None = None,
) -> SubscriberReport:
    """One subscriber's mail, from claim to acceptance, or the reason why there is none.

    `halted` says why no other mail is to be begun.
    """
    now = desk.now()
    if suppression := desk.store.get_standing(subscriber.subscriber_id).suppression:
        return SubscriberReport(subscriber.subscriber_id, RunOutcome.SUPPRESSED, detail=suppression.why)
    digest_on = morning.date_for(subscriber, now)
    if settled := _already(desk.store.get_delivery(subscriber.subscriber_id, digest_on)):
        return SubscriberReport(subscriber.subscriber_id, settled)
    if is_paused(subscriber, digest_on):
        return SubscriberReport(subscriber.subscriber_id, RunOutcome.PAUSED)
    if not mails_on(subscriber, digest_on) or (due_only and not is_due(subscriber, now, desk.timing)):
        is_late = mails_on(subscriber, digest_on) and is_too_late(subscriber, now, desk.timing)
        return SubscriberReport(subscriber.subscriber_id, RunOutcome.NOT_DUE, detail=_TOO_LATE if is_late else "")
    if halted:
        return SubscriberReport(subscriber.subscriber_id, halted)
    days = cover(desk, morning, subscriber, digest_on)
    if not announced(days, subscriber.categories):
        failed = _failed_feeds(morning.today, subscriber)
        outcome = RunOutcome.FEED_FAILED if failed else RunOutcome.NO_ANNOUNCEMENT
        return SubscriberReport(subscriber.subscriber_id, outcome, detail=", ".join(failed))
    claim = desk.store.claim(subscriber.subscriber_id, digest_on, run_id=morning.run_id, now=now)
    if claim is None or claim.state is not DeliveryState.CLAIMED:
        row = desk.store.get_delivery(subscriber.subscriber_id, digest_on)
        return SubscriberReport(subscriber.subscriber_id, _not_to_be_had(row), detail=row.detail if row else "")
    used_ahead = desk.ahead.call_off(subscriber.profile, subscriber.min_relevance) if desk.ahead else None
    sent = desk.store.get_sent(subscriber.subscriber_id)
    digest, sheet = draft(desk, morning, subscriber, days, digest_on, without=sent)
    digest = replace(digest, usage=sum_usage(digest.usage, used_ahead))
    covered, failed_feeds = _covered(days, subscriber), _failed_feeds(morning.today, subscriber)
    report = settle_claim(desk, claim, digest, sheet, covered, failed_feeds)
    return replace(report, delivery_id=claim.delivery_id)


# --- collect ------------------------------------------------------------------------------------------


def reads_today(desk: Desk, subscriber: Subscriber) -> bool:
    """Whether today's feeds are to be had for this subscriber now: arXiv wants few requests, and none in vain.

    Those whose own time is still to come while arXiv serves this day can wait for it, unless a model is asked ahead.
    All others may need its papers in a later mail (weekly readers, a mail that is too late, a feed that failed), and
    arXiv shows them today only.
    """
    now = desk.now()
    if desk.store.get_standing(subscriber.subscriber_id).suppression:
        return False
    if is_due(subscriber, now, desk.timing):
        return True
    upcoming = next_mail_at(subscriber, now, desk.timing)
    asks_ahead = desk.ahead is not None and desk.ahead.lead is not None
    return upcoming is not None and (asks_ahead or desk.source.day(upcoming) != desk.source.day(now))


def collect(
    desk: Desk,
    subscribers: Sequence[Subscriber],
    watcher: Watcher,
    *,
    run_id: str = "",
    digest_on: date | None = None,
    remember: bool = True,
    sparing: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> Morning:
    """Fetch each wanted category once a day for everybody; a category already announced today is not asked again.

    `sparing` also takes an answer without papers for the present one a while (`announcements.holds`).
    """
    today_on = desk.source.day(desk.now())
    earlier = desk.store.get_days(before=today_on, limit=MAX_DAYS + desk.scorer.history_days)
    kept = desk.store.get_day(today_on) or AnnouncementDay(today_on, (), ())
    have = {
        report.category
        for report in kept.feeds
        if report.outcome is FeedOutcome.ANNOUNCED or (sparing and holds(report, desk.now()))
    }
    wanted = sorted({category for subscriber in subscribers for category in subscriber.categories} - have)
    watcher.begin(FEEDS, len(wanted))
    feeds: list[Feed] = []
    reports = [report for report in kept.feeds if report.category not in wanted]
    for category in wanted:
        if should_stop():
            break
        feed, report = _fetch(desk.source, category, earlier)
        feeds += [feed] if feed else []
        reports.append(replace(report, fetched_at=desk.now()))
        watcher.step(report)
    today = AnnouncementDay(
        today_on, merge(feeds, kept.announcements), tuple(sorted(reports, key=lambda report: report.category))
    )
    if wanted and remember:
        desk.store.remember_day(today)
        desk.store.forget_days(before=today_on - KEEP_DAYS)
        desk.store.forget_calls(before=today_on - KEEP_DAYS)
    return Morning(run_id, today, earlier, digest_on)


def _fetch(source: Source, category: str, earlier: Sequence[AnnouncementDay]) -> tuple[Feed | None, FeedReport]:
    try:
        feed = source.fetch(category)
    except SourceError as error:
        return None, FeedReport(category, FeedOutcome.FAILED, 0, str(error))
    report = judge(feed, earlier)
    return (feed if report.outcome is FeedOutcome.ANNOUNCED else None), report


def cover(desk: Desk, morning: Morning, subscriber: Subscriber, digest_on: date) -> list[AnnouncementDay]:
    """The announcement days of this subscriber's mail: today's, and what earlier mails left out."""
    rows = desk.store.get_deliveries(subscriber_id=subscriber.subscriber_id)
    return days_to_cover([*morning.earlier, morning.today], rows, digest_on)


def _covered(days: Sequence[AnnouncementDay], subscriber: Subscriber) -> tuple[date, ...]:
    """The days this mail settles; one with a failed feed comes again, should the feed be had later."""
    return tuple(day.announced_on for day in days if is_settled(day, subscriber.categories))


def _failed_feeds(day: AnnouncementDay, subscriber: Subscriber) -> list[str]:
    return [f.category for f in day.feeds if f.outcome is FeedOutcome.FAILED and f.category in subscriber.categories]


# --- score and compose --------------------------------------------------------------------------------


def draft(
    desk: Desk,
    morning: Morning,
    subscriber: Subscriber,
    days: Sequence[AnnouncementDay],
    digest_on: date,
    *,
    without: Set[str],
) -> tuple[Digest, ScoreSheet]:
    """Score the papers of these days, but those `without` (ids already mailed), and compose. Records nothing.

    Papers that the mail before could not score are tried again.
    """
    rows = desk.store.get_deliveries(subscriber_id=subscriber.subscriber_id)
    again = left_unscored([*morning.earlier, morning.today], rows, digest_on)
    todo = candidates([*again, *days], subscriber.categories, subscriber.announce_types, without=without)
    tried = {shown.paper.arxiv_id for day in again for shown in day.announcements}
    sheet = desk.scorer.score(
        subscriber.profile,
        [a.paper for a in todo],
        _history(desk, morning, subscriber, days, without=tried),
        floor=subscriber.min_relevance,
    )
    digest = compose(
        subscriber,
        digest_on=digest_on,
        announced_on=[day.announced_on for day in days],
        announced=len(announced([*again, *days], subscriber.categories)),
        candidates=todo,
        sheet=sheet,
        notices=_notices(morning.today, subscriber),
    )
    return digest, sheet


def _history(
    desk: Desk,
    morning: Morning,
    subscriber: Subscriber,
    days: Sequence[AnnouncementDay],
    *,
    without: Set[str] = frozenset(),
) -> list[list[Paper]]:
    """The papers of the days before these, as many days as the scorer wants, but those that are scored again."""
    first = min(day.announced_on for day in days)
    history = [
        [a.paper for a in announced([day], subscriber.categories) if a.paper.arxiv_id not in without]
        for day in morning.earlier
        if day.announced_on < first
    ]
    return history[max(0, len(history) - desk.scorer.history_days) :]


def _notices(day: AnnouncementDay, subscriber: Subscriber) -> list[str]:
    failed = _failed_feeds(day, subscriber)
    return (
        [f"{', '.join(failed)} could not be fetched; the papers announced there are missing today."] if failed else []
    )


def preview(desk: Desk, subscriber: Subscriber, watcher: Watcher, *, digest_on: date | None = None) -> Digest | None:
    """The digest as it would be mailed today, or was; None without announcement. Records and sends nothing."""
    morning = collect(desk, [subscriber], watcher, digest_on=digest_on, remember=False)
    on = morning.date_for(subscriber, desk.now())
    days = cover(desk, morning, subscriber, on)
    if not announced(days, subscriber.categories):
        return None
    row = desk.store.get_delivery(subscriber.subscriber_id, on)
    without = desk.store.get_sent(subscriber.subscriber_id) - set(row.paper_ids if row else ())
    return draft(desk, morning, subscriber, days, on, without=without)[0]


# --- ask ahead ----------------------------------------------------------------------------------------


def ask_ahead(desk: Desk, morning: Morning, subscribers: Sequence[Subscriber]) -> list[str]:
    """Have the model asked for those whose mail is far enough away: once for all readers of a profile and cut-off.

    Sentences for the operator, if something is wrong.
    """
    if desk.ahead is None or desk.ahead.lead is None:
        return []
    today_on = morning.today.announced_on
    groups: dict[tuple[Profile, int], list[Subscriber]] = {}
    for subscriber in subscribers:
        groups.setdefault((subscriber.profile, subscriber.min_relevance), []).append(subscriber)
    for (profile, floor), readers in groups.items():
        if desk.ahead.is_asked(profile, floor, today_on):
            continue
        if questions := _questions_ahead(desk, morning, readers, desk.ahead.lead):
            problem = desk.ahead.ask(profile, floor, questions, announced_on=today_on, run_id=morning.run_id)
            if problem:
                return [problem]  # the next would fare no better
    return []


def _questions_ahead(desk: Desk, morning: Morning, readers: Sequence[Subscriber], lead: timedelta) -> list[Question]:
    """What the readers' next mails will ask; nothing if one of these is too near: it will ask for the others too."""
    now = desk.now()
    waiting = [(reader, due) for reader in readers if (due := _awaits(desk, morning, reader, now))]
    if any(due - now < lead for _, due in waiting):
        return []
    questions: dict[tuple[str, ...], Question] = {}
    for reader, due in waiting:
        days = cover(desk, morning, reader, morning.date_for(reader, due))
        sent = desk.store.get_sent(reader.subscriber_id)
        todo = candidates(days, reader.categories, reader.announce_types, without=sent)
        papers = [a.paper for a in todo]
        if papers:
            ids = tuple(paper.arxiv_id for paper in papers)
            questions.setdefault(ids, Question(papers, _history(desk, morning, reader, days)))
    return list(questions.values())


def _awaits(desk: Desk, morning: Morning, reader: Subscriber, now: datetime) -> datetime | None:
    """When the mail with today's announcement is due, if it is still to come and all of the announcement is in."""
    due = next_mail_at(reader, now, desk.timing)
    if desk.store.get_standing(reader.subscriber_id).suppression:
        return None
    if due is None or desk.source.day(due) != morning.today.announced_on:
        return None
    if not is_settled(morning.today, reader.categories) or not announced([morning.today], reader.categories):
        return None
    is_untouched = desk.store.get_delivery(reader.subscriber_id, morning.date_for(reader, due)) is None
    return due if is_untouched else None


# --- deliver ------------------------------------------------------------------------------------------


def settle_claim(
    desk: Desk,
    claim: Delivery,
    digest: Digest,
    sheet: ScoreSheet,
    covered: tuple[date, ...],
    failed_feeds: Collection[str],
) -> SubscriberReport:
    """End a claim: with a mail, or with the one true reason why there is none."""
    who, now = claim.subscriber_id, desk.now()
    fell_back_on_nothing = sheet.problem and digest.is_empty  # a model might have found something
    if (sheet.failures and not sheet.scores) or fell_back_on_nothing:
        reason = sheet.problem or sheet.failures[0].reason
        desk.store.move(ledger.defer(claim, f"scoring failed: {reason}", now + SCORING_RETRY, now))
        return SubscriberReport(who, RunOutcome.SCORING_FAILED, digest.counts, detail=reason)
    not_scored = tuple(failure.arxiv_id for failure in sheet.failures)
    if digest.is_empty:
        outcome = RunOutcome.FEED_FAILED if failed_feeds else RunOutcome.NOTHING_RELEVANT
        desk.store.move(ledger.skip(claim, outcome, now, announced_on=covered, not_scored_ids=not_scored))
        return SubscriberReport(who, outcome, digest.counts, detail=", ".join(failed_feeds))
    return replace(deliver(desk, claim, digest, covered, not_scored), problem=sheet.problem)


def deliver(
    desk: Desk, claim: Delivery, digest: Digest, covered: tuple[date, ...], not_scored: tuple[str, ...]
) -> SubscriberReport:
    """Hand the mail over, exactly once: written down before the first byte leaves, and again with the answer."""
    who = claim.subscriber_id
    ways = desk.letterhead.ways(who, digest.digest_on)
    message = build_message(digest, desk.renderer.render(digest, ways), desk.letterhead, now=desk.now())
    row = ledger.hand_over(
        claim,
        paper_ids=tuple(entry.paper.arxiv_id for entry in digest.entries),
        announced_on=covered,
        not_scored_ids=not_scored,
        message_id=message.mime["Message-ID"],
        now=desk.now(),
    )
    desk.store.move(row)
    try:
        accepted = desk.sender.send(message)
    except SendDeferred as error:
        now = desk.now()
        desk.store.move(ledger.defer(row, str(error), now + timedelta(seconds=error.retry_after_s), now))
        outcome = RunOutcome.STOPPED if isinstance(error, SendStopped) else RunOutcome.DEFERRED
        return SubscriberReport(who, outcome, digest.counts, detail=str(error))
    except SendRejected as error:
        desk.store.move(ledger.reject(row, str(error), desk.now()))
        return SubscriberReport(who, RunOutcome.REJECTED, digest.counts, detail=str(error))
    except SendInDoubt as error:
        desk.store.move(ledger.doubt(row, str(error), desk.now()))
        return SubscriberReport(who, RunOutcome.IN_DOUBT, digest.counts, detail=str(error))
    desk.store.move(ledger.accept(row, accepted.receipt, accepted.at))
    desk.store.settle_by_events(who, digest.digest_on, now=desk.now())  # one may have overtaken the answer
    return SubscriberReport(who, RunOutcome.SENT, digest.counts, receipt=accepted.receipt)


def settle_doubts(desk: Desk) -> None:
    """Look for evidence of every mail that may or may not have left: an event of it, else the sender's word.

    What neither can tell stays in doubt.
    """
    open_rows = desk.store.get_deliveries(states=ledger.OPEN_STATES)
    for opened in open_rows:
        stored = desk.store.settle_by_events(opened.subscriber_id, opened.digest_on, now=desk.now()) or opened
        row = stored
        if row.state not in ledger.OPEN_STATES:
            continue
        if row.state is DeliveryState.HANDED_OVER:
            if desk.store.is_running(row.run_id):
                continue
            row = ledger.doubt(row, f"run {row.run_id} ended before the sender answered", desk.now())
        evidence = desk.sender.find(row.delivery_id)
        if evidence.accepted is not None:
            detail = evidence.receipt or "the sender has no such mail"
            row = ledger.settle(row, evidence.accepted, detail, desk.now())
        if row is not stored:
            with suppress(StoreConflict):  # another run settled it meanwhile, by the same evidence
                desk.store.move(row)


def _already(row: Delivery | None) -> RunOutcome | None:
    """The outcome of a row that no run can change any more; None if this run may still do something."""
    match row.state if row else None:
        case DeliveryState.ACCEPTED | DeliveryState.DELIVERED:
            return RunOutcome.ALREADY_SENT
        case DeliveryState.REJECTED:
            return RunOutcome.REJECTED
        case DeliveryState.IN_DOUBT:
            return RunOutcome.IN_DOUBT
        case _:
            return None


def _not_to_be_had(row: Delivery | None) -> RunOutcome:
    """Why a claim was refused: settled meanwhile, waiting for its time, or in the hands of another run."""
    waits = row is not None and row.state is DeliveryState.DEFERRED
    return _already(row) or (RunOutcome.DEFERRED if waits else RunOutcome.BUSY)
