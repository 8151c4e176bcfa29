"""The state machine of a delivery: each move makes the next row of the ledger from the last one. Pure.

    claimed → handed_over → accepted → delivered, with deferred, rejected, skipped and in_doubt on the way

Writing rows so that one claim wins is the store's business (stores/), asking a sender for evidence is
run/deliver.py's. `MOVES` says which state may follow which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from newsletter.errors import LedgerError
from newsletter.model import Delivery, DeliveryState, DeliveryStep, EventKind, FeedReading, MailEvent

_S = DeliveryState

#: What may follow each state. A state that leads nowhere is final. `accepted` follows only where a mail was handed over
#: at some time: from `claimed`, `deferred` and `skipped` when an event proves that an earlier try had left after all.
MOVES: dict[DeliveryState, frozenset[DeliveryState]] = {
    _S.CLAIMED: frozenset({_S.CLAIMED, _S.HANDED_OVER, _S.DEFERRED, _S.REJECTED, _S.SKIPPED, _S.ACCEPTED}),
    _S.HANDED_OVER: frozenset({_S.ACCEPTED, _S.DEFERRED, _S.REJECTED, _S.IN_DOUBT}),
    _S.ACCEPTED: frozenset({_S.DELIVERED, _S.REJECTED}),
    _S.DELIVERED: frozenset({_S.REJECTED}),
    _S.DEFERRED: frozenset({_S.CLAIMED, _S.ACCEPTED}),
    _S.REJECTED: frozenset(),
    _S.SKIPPED: frozenset({_S.CLAIMED, _S.ACCEPTED}),
    _S.IN_DOUBT: frozenset({_S.ACCEPTED, _S.DEFERRED}),
}

#: The answer of the sender is not known: evidence, or the operator, has to settle these once their run has ended.
OPEN_STATES = (_S.HANDED_OVER, _S.IN_DOUBT)

#: The sender has the mail, and its mailbox has not sent it back.
ACCEPTED_STATES = (_S.ACCEPTED, _S.DELIVERED)

_SENT = frozenset({_S.HANDED_OVER, _S.ACCEPTED, _S.DELIVERED, _S.IN_DOUBT})


def counts_as_sent(state: DeliveryState) -> bool:
    """Whether the papers of a row in this state were, or may have been, in a mail."""
    return state in _SENT


# --- claiming -----------------------------------------------------------------------------------------


def is_claimable(delivery: Delivery | None, now: datetime, is_running: Callable[[str], bool]) -> bool:
    """Whether a run may take this delivery now; None stands for a row that does not exist yet.

    A skipped one may be looked at again: nothing was mailed. A hand-over is never free, however stale it is.
    """
    if delivery is None:
        return True
    match delivery.state:
        case _S.CLAIMED:
            return not is_running(delivery.run_id)
        case _S.DEFERRED:
            return delivery.retry_at is None or delivery.retry_at <= now
        case _S.SKIPPED:
            return True
        case _:
            return False


def claim(
    stored: Delivery | None,
    *,
    subscriber_id: str,
    digest_on: date,
    run_id: str,
    now: datetime,
    is_running: Callable[[str], bool],
) -> Delivery | None:
    """Returns the row that a store has to write when `run_id` claims this delivery, or None for none.

    The run owns the delivery if the answer is `claimed`. It is `in_doubt` when a run died between hand-over and
    acceptance. Raises LedgerError for a run that is not running: its claim would be free for all at once.
    """
    if not is_running(run_id):
        raise LedgerError(f"run {run_id} claims {subscriber_id}/{digest_on} and was not started; call start_run first")
    if stored is not None and stored.state is _S.HANDED_OVER and not is_running(stored.run_id):
        return doubt(stored, f"run {stored.run_id} ended before the sender answered", now)
    if not is_claimable(stored, now, is_running):
        return None
    if stored is None:
        return first_claim(subscriber_id, digest_on, run_id, now)
    return reclaim(stored, run_id, now)


def first_claim(subscriber_id: str, digest_on: date, run_id: str, now: datetime) -> Delivery:
    """Makes the first row of a delivery. Only a store may write it, after seeing that there is none."""
    _require_aware(now)
    step = DeliveryStep(_S.CLAIMED, now)
    return Delivery(subscriber_id, digest_on, _S.CLAIMED, run_id, now, steps=(step,))


def reclaim(delivery: Delivery, run_id: str, now: datetime) -> Delivery:
    """Gives the row to another run, or to the same one once more.

    The row keeps what the earlier mail held until the next one is handed over: an event may still prove that it left.
    """
    return replace(_moved(delivery, _S.CLAIMED, now), run_id=run_id, attempts=delivery.attempts + 1)


# --- the mail -----------------------------------------------------------------------------------------


def hand_over(
    delivery: Delivery,
    *,
    paper_ids: tuple[str, ...],
    announced_on: tuple[date, ...],
    message_id: str,
    now: datetime,
    readings: tuple[FeedReading, ...] = (),
    not_scored_ids: tuple[str, ...] = (),
    told_ids: tuple[str, ...] = (),
    sent_by: str = "",
) -> Delivery:
    """Notes, before the first byte leaves, that `sent_by` gets the mail.

    From here on its papers count as sent, and the versions `told_ids` as told of.
    """
    return replace(
        _moved(delivery, _S.HANDED_OVER, now),
        paper_ids=paper_ids,
        announced_on=announced_on,
        readings=readings,
        not_scored_ids=not_scored_ids,
        told_ids=told_ids,
        message_id=message_id,
        sent_by=sent_by,
    )


def accept(delivery: Delivery, receipt: str, now: datetime) -> Delivery:
    """Notes that the sender has the mail; its receipt becomes the detail."""
    return _moved(delivery, _S.ACCEPTED, now, receipt)


def arrive(delivery: Delivery, detail: str, now: datetime) -> Delivery:
    """Notes that the mailbox has the mail, as an event of the provider says."""
    return _moved(delivery, _S.DELIVERED, now, detail)


def defer(delivery: Delivery, detail: str, retry_at: datetime, now: datetime) -> Delivery:
    """Notes that the mail was surely not accepted, and frees the row at `retry_at`.

    This is also how a claim is given back before the hand-over.
    """
    _require_aware(retry_at)
    return replace(_moved(delivery, _S.DEFERRED, now, detail), retry_at=retry_at)


def reject(delivery: Delivery, detail: str, now: datetime) -> Delivery:
    """Notes that the mail is surely never accepted, or came back from the mailbox (a bounce)."""
    return _moved(delivery, _S.REJECTED, now, detail)


def skip(
    delivery: Delivery,
    detail: str,
    now: datetime,
    *,
    announced_on: tuple[date, ...] = (),
    readings: tuple[FeedReading, ...] = (),
    not_scored_ids: tuple[str, ...] = (),
) -> Delivery:
    """Notes that there is nothing to send: `detail` says why, `announced_on` and `readings` what was read.

    The papers of an earlier mail stay, as in `reclaim`.
    """
    skipped = _moved(delivery, _S.SKIPPED, now, detail)
    return replace(skipped, announced_on=announced_on, readings=readings, not_scored_ids=not_scored_ids)


def doubt(delivery: Delivery, detail: str, now: datetime) -> Delivery:
    """Notes that the mail may have been accepted: from now on only `settle` moves the row."""
    return _moved(delivery, _S.IN_DOUBT, now, detail)


def settle(delivery: Delivery, accepted: bool, detail: str, now: datetime) -> Delivery:
    """Ends a doubt by evidence: the mail was accepted, or is free to be sent again at once."""
    if delivery.state is not _S.IN_DOUBT:
        raise LedgerError(f"{delivery.delivery_id} is {delivery.state} and not in doubt: there is nothing to settle")
    return accept(delivery, detail, now) if accepted else defer(delivery, detail, now, now)


def counts_as_evidence(delivery: Delivery, sender: str, accepted: bool) -> bool:
    """Whether what this sender says of a delivery in doubt counts: only the sender that had the mail knows.

    A row of an older version does not name its sender. There "it was accepted" counts, and "it was not" does not.
    """
    return delivery.sent_by == sender if delivery.sent_by else accepted


# --- events -------------------------------------------------------------------------------------------

_BOUNCED = (EventKind.BOUNCED_HARD, EventKind.BOUNCED_SOFT, EventKind.DROPPED, EventKind.REFUSED)
_UNPROVEN = (_S.IN_DOUBT, _S.DEFERRED, _S.CLAIMED, _S.SKIPPED)
_IN_THE_MAILBOX = (EventKind.DELIVERED, EventKind.COMPLAINED)


def apply_events(
    stored: Delivery, events: Iterable[MailEvent], now: datetime, is_running: Callable[[str], bool]
) -> Delivery:
    """Moves the row by all events known of it; returns the stored row where they change nothing.

    Any event proves that the provider has the mail. That ends a doubt, and takes back that the mail had surely not
    left, also where a later run has claimed or skipped the row since: it must not send another. A bounce outweighs
    "delivered", whichever comes first: some mailboxes accept and bounce afterwards. A hand-over whose run still waits
    for its answer is left to that run. May be repeated; neither order nor copies of the events matter.
    """
    by_kind = {event.kind: event for event in sorted(events, key=lambda event: event.at, reverse=True)}
    if not by_kind or (stored.state is _S.HANDED_OVER and is_running(stored.run_id)):
        return stored
    row = stored
    if row.state is _S.HANDED_OVER:
        row = doubt(row, f"run {row.run_id} ended before the sender answered", now)
    if row.state in _UNPROVEN and was_handed_over(row):
        first = min(by_kind.values(), key=lambda event: event.at)
        row = accept(row, f"the provider's event says {first.kind}", now)
    if row.state in (_S.ACCEPTED, _S.DELIVERED) and (bounce := _first_of(_BOUNCED, by_kind)):
        return reject(row, _in_words(bounce), now)
    if row.state is _S.ACCEPTED and (arrival := _first_of(_IN_THE_MAILBOX, by_kind)):
        return arrive(row, _in_words(arrival), now)
    return row


def was_handed_over(row: Delivery) -> bool:
    """Whether a mail of this delivery was handed over at some time, whatever became of it."""
    return any(step.state is _S.HANDED_OVER for step in row.steps)


def _first_of(kinds: Iterable[EventKind], by_kind: Mapping[EventKind, MailEvent]) -> MailEvent | None:
    return next((by_kind[kind] for kind in kinds if kind in by_kind), None)


def _in_words(event: MailEvent) -> str:
    what = event.kind.replace("_", " ")
    return f"{what}: {event.detail}" if event.detail else what


# --- what a store asks --------------------------------------------------------------------------------


def is_next_of(delivery: Delivery, stored: Delivery) -> bool:
    """Whether the run that holds the stored row made this one from it, by one move or more."""
    return (
        delivery.delivery_id == stored.delivery_id
        and delivery.run_id == stored.run_id
        and delivery.attempts == stored.attempts
        and len(delivery.steps) > len(stored.steps)
        and delivery.steps[: len(stored.steps)] == stored.steps
    )


def _moved(delivery: Delivery, state: DeliveryState, now: datetime, detail: str = "") -> Delivery:
    if state not in MOVES[delivery.state] or (state is _S.ACCEPTED and not was_handed_over(delivery)):
        raise LedgerError(f"{delivery.delivery_id} is {delivery.state} and cannot become {state}")
    _require_aware(now)
    return replace(
        delivery,
        state=state,
        at=now,
        detail=detail,
        retry_at=None,
        steps=(*delivery.steps, DeliveryStep(state, now, detail)),
    )


def _require_aware(moment: datetime) -> None:
    if moment.utcoffset() is None:
        raise LedgerError(f"the ledger keeps times with their zone; {moment.isoformat()} has none")
