"""Values for tests, complete but for what a test is about: `make.paper("2601.00001", title="…")`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from email.message import EmailMessage
from typing import Any, TypeVar

from newsletter.delivery import ledger
from newsletter.model.deliveries import Delivery
from newsletter.model.papers import Announcement, AnnouncementDay, AnnounceType, FeedOutcome, FeedReport, Paper
from newsletter.model.scores import Score, ScoreReport
from newsletter.model.subscribers import Frequency, Profile, Subscriber, Topic
from newsletter.stores import Store

TUESDAY = date(2026, 1, 6)
WEDNESDAY = date(2026, 1, 7)
T = TypeVar("T")
NOW = datetime(2026, 1, 6, 6, 0, tzinfo=UTC)


def paper(arxiv_id: str = "2601.00001", **changes: Any) -> Paper:
    plain = Paper(arxiv_id, 1, f"On the paper {arxiv_id}", ("Ada Lovelace", "Emmy Noether"), "It is about.", ("cs.LG",))
    return replace(plain, **changes)


def announcement(arxiv_id: str = "2601.00001", kind: str = "new", **changes: Any) -> Announcement:
    shown = paper(arxiv_id, **changes)
    return Announcement(shown, AnnounceType(kind), (shown.primary,))


def day(
    on: date = TUESDAY, announcements: Sequence[Announcement] = (), *, failed: Sequence[str] = ()
) -> AnnouncementDay:
    categories = {feed for shown in announcements for feed in shown.feeds} | {"cs.LG"}
    fine = [
        FeedReport(category, FeedOutcome.ANNOUNCED if announcements else FeedOutcome.NO_ANNOUNCEMENT, 1)
        for category in sorted(categories - set(failed))
    ]
    return AnnouncementDay(
        on, tuple(announcements), (*fine, *(FeedReport(c, FeedOutcome.FAILED, 0, "no answer") for c in failed))
    )


def subscriber(**changes: Any) -> Subscriber:
    plain = Subscriber(
        subscriber_id="s_abcd2345",
        email="reader@example.org",
        name="Rita Reader",
        zone="Europe/Berlin",
        send_at=time(7, 10),
        frequency=Frequency.DAILY,
        weekday=0,
        categories=("cs.LG",),
        announce_types=(AnnounceType.NEW, AnnounceType.CROSS),
        profile=Profile((Topic("Learning", "how networks learn"),)),
        pinned_authors=(),
        min_relevance=7,
        min_novelty=4,
        max_papers=30,
    )
    return replace(plain, **changes)


def score(arxiv_id: str = "2601.00001", relevance: int = 8, novelty: int | None = 6, rank: float = 0.0) -> Score:
    return Score(arxiv_id, relevance, novelty, f'Matches "Learning" ({arxiv_id}).', rank, "Learning")


def score_report(*scores: Score, **changes: Any) -> ScoreReport:
    return replace(ScoreReport(scores, (), "a model"), **changes)


def handed_over(
    store: Store, who: str, on: date = TUESDAY, *, run_id: str = "r1", now: datetime = NOW, **details: Any
) -> Delivery:
    """The row of a mail that the sender was given, in a run that has started. `details` are those of the ledger."""
    known: dict[str, Any] = {"paper_ids": ("2601.00001",), "announced_on": (on,), "message_id": "<m@example.org>"}
    row = ledger.hand_over(present(store.claim(who, on, run_id=run_id, now=now)), now=now, **known | details)
    store.move(row)
    return row


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    return str(present(mail.get_body((kind,))).get_content())


def present(value: T | None) -> T:
    """Asserts that there is one, and gives it back."""
    assert value is not None
    return value
