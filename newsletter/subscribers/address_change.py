"""Makes what is kept of a subscriber whose address changed the new id's. Pure.

Each may be called again with what it gave before, which changes nothing: a move that was cut off is begun anew.
Of two histories every paper counts as sent, and the later word of the reader holds. Writing is the store's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from newsletter.delivery import ledger, suppression
from newsletter.model import (
    AddressStatus,
    Delivery,
    Digest,
    EventKind,
    MailEvent,
    Move,
    ProfileRevision,
    SavedPaper,
    SignUp,
    Vote,
)

#: What says something of the mailbox, and nothing of the person whose it was.
_MAILBOX_EVENTS = {EventKind.BOUNCED_HARD, EventKind.BOUNCED_SOFT, EventKind.DROPPED, EventKind.REFUSED}


def is_about_mailbox(kind: EventKind) -> bool:
    """Whether an event is about the mailbox alone, and not about the person who has another one now."""
    return kind in _MAILBOX_EVENTS


def find_heir(subscriber_id: str, get_move: Callable[[str], Move | None]) -> str:
    """Follows the moves to who this subscriber is now."""
    seen = set[str]()
    while subscriber_id not in seen and (move := get_move(subscriber_id)) is not None:
        seen.add(subscriber_id)
        subscriber_id = move.to
    return subscriber_id


def explain_unfinished(moves: Iterable[Move]) -> dict[str, str]:
    """Names those who are to be moved, or to whom somebody is, with what ends it; by subscriber id."""
    found: dict[str, str] = {}
    for move in moves:
        again = f"newsletter subscribers move {move.subscriber_id} {move.email or move.to}"
        for who in () if move.is_done else (move.subscriber_id, move.to):
            found.setdefault(who, f"their move to another address is not finished; run '{again}'")
    return found


# --- deliveries


def is_old_row_kept(old: Delivery, new: Delivery | None) -> bool:
    """Whether the old id's mail of a date counts, because the new id had none."""
    return new is None or (ledger.counts_as_sent(old.state) and not ledger.counts_as_sent(new.state))


def merge_rows(old: Delivery, new: Delivery | None, to: str) -> Delivery:
    """Merges the two rows of a date. The papers of both mails count as sent, those of the one that counts first.

    What either told of later versions is told.
    """
    if new is None or is_old_row_kept(old, new):
        return replace(old, subscriber_id=to)
    if not ledger.counts_as_sent(old.state):
        return new
    return replace(
        new,
        paper_ids=tuple(dict.fromkeys((*new.paper_ids, *old.paper_ids))),
        told_ids=tuple(dict.fromkeys((*new.told_ids, *old.told_ids))),
    )


def reassign_digest(old: Digest, to: str) -> Digest:
    return replace(old, subscriber=replace(old.subscriber, subscriber_id=to))


def reassign_event(old: MailEvent, to: str) -> MailEvent:
    return replace(old, subscriber_id=to)


def is_that_mail(event: MailEvent, row: Delivery) -> bool:
    """Whether an event is about the mail of this row; of two mails of a date one does not count."""
    return event.subscriber_id in (row.subscriber_id, *row.message_id.strip("<>").replace("@", ".").split("."))


# --- what the reader said


def merge_revisions(old: Sequence[ProfileRevision], new: Sequence[ProfileRevision], to: str) -> list[ProfileRevision]:
    """Merges the revisions of both, each once, in the order of time, with numbers from the first one's on."""
    every = {(one.at, one.text, one.origin): one for one in (*old, *new)}
    ordered = sorted(every.values(), key=lambda one: (one.at, one.number))
    first = min((one.number for one in ordered), default=1)
    return [replace(one, subscriber_id=to, number=first + place) for place, one in enumerate(ordered)]


def merge_votes(old: Sequence[Vote], new: Sequence[Vote], to: str) -> list[Vote]:
    """Merges the votes of both: the later one on each paper counts."""
    later = {vote.arxiv_id: vote for vote in sorted((*old, *new), key=lambda vote: vote.at)}
    return [replace(vote, subscriber_id=to) for vote in later.values()]


def merge_saved(old: Sequence[SavedPaper], new: Sequence[SavedPaper], to: str) -> list[SavedPaper]:
    """Merges the lists of both: each paper once, as it was saved first."""
    earlier = {saved.paper.arxiv_id: saved for saved in sorted((*old, *new), key=lambda saved: saved.at, reverse=True)}
    return [replace(saved, subscriber_id=to) for saved in earlier.values()]


def reassign_sign_up(old: SignUp, move: Move) -> SignUp:
    return replace(old, subscriber_id=move.to, email=move.email or old.email)


# --- the status


def merge_statuses(old: AddressStatus, new: AddressStatus) -> AddressStatus:
    """Merges two statuses: the person's own word comes along, what befell the old mailbox does not.

    A complaint is the person's word, too: another mail to them would be the next one.
    """
    own_word = old.suppression if old.suppression and old.suppression.why not in suppression.BY_BOUNCES else None
    joined = replace(
        new,
        paused_until=max(filter(None, (old.paused_until, new.paused_until)), default=None),
        frequency=new.frequency or old.frequency,
        lifted_at=max(filter(None, (old.lifted_at, new.lifted_at)), default=None),
    )
    return suppression.suppress(joined, suppression.forget_mailbox(own_word)) if own_word else joined


def forget_person(old: AddressStatus) -> AddressStatus:
    """Keeps for the old address only that its mailbox is dead, should it ever be on the list again."""
    by_bounces = old.suppression if old.suppression and old.suppression.why in suppression.BY_BOUNCES else None
    return replace(old, suppression=by_bounces, paused_until=None, frequency=None)
