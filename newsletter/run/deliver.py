"""Step four: end a claim with a mail, or with the one true reason why there is none; and settle old doubts.

The moves are delivery/ledger.py's business; what a failure of the wire means is the sender's.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from newsletter.addresses import without_addresses
from newsletter.delivery import is_mailbox_gone, ledger
from newsletter.errors import ReaderUnreadable, SendDeferred, SendInDoubt, SendRejected, SendStopped, StoreConflict
from newsletter.mail import build_message
from newsletter.model import (
    Delivery,
    DeliveryState,
    Digest,
    EventKind,
    MailEvent,
    RunOutcome,
    ScoreReport,
    SubscriberReport,
    parse_delivery_id,
)
from newsletter.run.context import RunContext
from newsletter.run.digest import anonymize
from newsletter.run.nearest import nearest_in_words
from newsletter.run.select import Selection
from newsletter.run.updates import version_key

SCORING_RETRY = timedelta(minutes=30)


def settle_claim(
    context: RunContext, claim: Delivery, selection: Selection, digest: Digest, score_report: ScoreReport
) -> SubscriberReport:
    """Ends a claim: with a mail, or with the one true reason why there is none."""
    who, now = claim.subscriber_id, context.now()
    if reason := why_not_scored(digest, score_report):
        context.store.move(ledger.defer(claim, f"scoring failed: {reason}", now + SCORING_RETRY, now))
        return SubscriberReport(who, RunOutcome.SCORING_FAILED, digest.counts, detail=reason)
    not_scored = tuple(failure.arxiv_id for failure in score_report.failures)
    if outcome := why_nothing_to_send(selection, digest):
        row = ledger.skip(
            claim,
            outcome,
            now,
            announced_on=selection.settled_on,
            readings=selection.readings,
            not_scored_ids=not_scored,
        )
        context.store.move(row)
        missing = (*selection.failed_feeds, *selection.late_feeds, *selection.half_feeds)
        return SubscriberReport(who, outcome, digest.counts, detail=", ".join(missing))
    return replace(deliver(context, claim, digest, selection, not_scored), problem=score_report.problem)


def why_not_scored(digest: Digest, score_report: ScoreReport) -> str:
    """Says why no mail may claim anything of these papers; empty if their scores hold."""
    fell_back_on_nothing = score_report.problem and not digest.counts.passed  # a model might have found something
    if (score_report.failures and not score_report.scores) or fell_back_on_nothing:
        return score_report.problem or score_report.failures[0].reason
    return ""


def why_nothing_to_send(selection: Selection, digest: Digest) -> RunOutcome | None:
    """Names why there is nothing to send: a feed that failed or is late may still bring what passes. None: a mail."""
    waits_for_feed = not selection.is_whole and not digest.counts.passed  # what is missing may have what passes
    if not waits_for_feed and not (digest.is_empty and not (digest.subscriber.empty_mail or digest.weekly_best)):
        return None
    if selection.failed_feeds:
        return RunOutcome.FEED_FAILED
    return RunOutcome.NOTHING_RELEVANT if selection.is_whole else RunOutcome.WAITING


def deliver(
    context: RunContext, claim: Delivery, digest: Digest, selection: Selection, not_scored: tuple[str, ...]
) -> SubscriberReport:
    """Hands the mail over, exactly once: written down before the first byte leaves, and again with the answer."""
    who = claim.subscriber_id
    rendered = context.renderer.render_mail(digest, context.identity)
    message = build_message(digest, rendered, context.identity, now=context.now())
    row = ledger.hand_over(
        claim,
        paper_ids=tuple(entry.paper.arxiv_id for entry in digest.entries),
        announced_on=selection.settled_on,
        readings=selection.readings,
        not_scored_ids=not_scored,
        told_ids=tuple(version_key(update.paper) for update in digest.updates),
        message_id=message.mime["Message-ID"],
        sent_by=context.sender.name,
        now=context.now(),
    )
    if not context.store.hand_over(row, anonymize(digest)):
        return _skip_suppressed(context, claim, digest)
    try:
        accepted = context.sender.send(message)
    except (SendDeferred, SendRejected, SendInDoubt) as error:
        if isinstance(error, SendRejected):
            _take_bounce(context, row, error)
        ended, outcome = _after(error, row, context.now())
        _end(context, ended)
        return SubscriberReport(who, outcome, digest.counts, detail=str(error))
    context.store.move(ledger.accept(row, accepted.receipt, accepted.at))
    return SubscriberReport(
        who, RunOutcome.SENT, digest.counts, receipt=accepted.receipt, detail=nearest_in_words(digest.counts)
    )


def _skip_suppressed(context: RunContext, claim: Delivery, digest: Digest) -> SubscriberReport:
    """Ends the claim of a reader who has left since they were looked up: a model may take its time."""
    who = claim.subscriber_id
    suppression = context.store.get_address_status(who).suppression
    why = suppression.why if suppression else "let in again at this moment"
    context.store.move(ledger.skip(claim, f"suppressed: {why}", context.now()))
    return SubscriberReport(who, RunOutcome.SUPPRESSED, digest.counts, detail=why)


def _after(
    error: SendDeferred | SendRejected | SendInDoubt, row: Delivery, now: datetime
) -> tuple[Delivery, RunOutcome]:
    """Gives what becomes of a mail that was not accepted, in the ledger and in the run's report."""
    match error:
        case SendDeferred():
            row = ledger.defer(row, str(error), now + timedelta(seconds=error.retry_after_s), now)
            return row, RunOutcome.STOPPED if isinstance(error, SendStopped) else RunOutcome.DEFERRED
        case SendRejected():
            return ledger.reject(row, str(error), now), RunOutcome.REJECTED
        case SendInDoubt():
            return ledger.doubt(row, str(error), now), RunOutcome.IN_DOUBT


def _take_bounce(context: RunContext, row: Delivery, error: SendRejected) -> None:
    """Keeps a refusal of the mailbox as what it would be in a bounce, though it was said to our face."""
    if is_mailbox_gone(error.answer):
        now, detail = context.now(), without_addresses(error.answer)
        event = MailEvent(EventKind.BOUNCED_HARD, row.subscriber_id, row.digest_on, now, detail)
        with suppress(ReaderUnreadable):  # as in _end
            context.store.take_event(event, now=now)


def settle_overtaken(context: RunContext, entries: Iterable[SubscriberReport]) -> None:
    """Applies the events that came between the hand-over of a mail and the sender's answer, to all mails of a run.

    Whatever comes later applies itself. May be repeated.
    """
    sent = [parse_delivery_id(entry.delivery_id) for entry in entries if entry.outcome is RunOutcome.SENT]
    context.store.settle_all_by_events(sent, now=context.now())


def _end(context: RunContext, row: Delivery) -> None:
    """Writes down what the sender said instead of yes; an event may prove that it has the mail all the same."""
    context.store.move(row)
    with suppress(ReaderUnreadable):  # damaged since the claim: what the sender said is true all the same
        context.store.settle_by_events(row.subscriber_id, row.digest_on, now=context.now())


def settle_doubts(context: RunContext) -> None:
    """Looks for evidence of every mail that may or may not have left: an event of it, else the word of who had it.

    What neither can tell stays in doubt, and so does what another sender had: this one knows nothing of it.
    """
    for opened in context.store.get_open_deliveries():
        try:
            stored = context.store.settle_by_events(opened.subscriber_id, opened.digest_on, now=context.now()) or opened
        except ReaderUnreadable:
            continue  # stays in doubt: the evidence may be in what cannot be read, and flow.py says so of its reader
        row = stored
        if row.state not in ledger.OPEN_STATES:
            continue
        if row.state is DeliveryState.HANDED_OVER:
            if context.store.is_running(row.run_id):
                continue
            row = ledger.doubt(row, f"run {row.run_id} ended before the sender answered", context.now())
        evidence = context.sender.find(row.delivery_id)
        if evidence.accepted is not None and ledger.counts_as_evidence(row, context.sender.name, evidence.accepted):
            detail = evidence.receipt or "the sender has no such mail"
            row = ledger.settle(row, evidence.accepted, detail, context.now())
        if row is not stored:
            with suppress(StoreConflict):  # another run settled it meanwhile, by the same evidence
                context.store.move(row)


def weigh_bounces(context: RunContext) -> None:
    """Weighs bounces again that are held because too many of a morning's readers bounced: more may be mailed by now."""
    held = [one for status in context.store.get_address_statuses() for one in status.held]
    for digest_on in sorted({one.digest_on for one in held if one.digest_on is not None}):
        context.store.weigh_bounces(digest_on)
