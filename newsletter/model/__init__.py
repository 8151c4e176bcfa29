"""The words of the program as frozen values, one type for each stage of the morning.

    Feed → AnnouncementDay → (Profile, Paper) → ScoreReport → Digest → RenderedDigest → Message → Delivery

Knows no other room, and reads no clock, file or network. Dates end in `_on`, aware UTC datetimes in `_at`.
"""

from newsletter.model.deliveries import (
    Accepted,
    AddressStatus,
    Delivery,
    DeliveryState,
    DeliveryStep,
    EventKind,
    Evidence,
    MailEvent,
    Message,
    Suppression,
    SuppressionReason,
    delivery_id_of,
    parse_delivery_id,
)
from newsletter.model.digests import Counts, Digest, DigestEntry, RenderedDigest
from newsletter.model.llm_calls import BatchedPaper, BatchLine, BatchState, Grading, ModelBatch, ModelCall
from newsletter.model.papers import Announcement, AnnouncementDay, AnnounceType, Feed, FeedOutcome, FeedReport, Paper
from newsletter.model.runs import TALLY, RunOutcome, RunReport, SubscriberReport, Tally, tally
from newsletter.model.scores import Score, ScoreFailure, ScoreReport, Usage
from newsletter.model.subscribers import (
    MOST_PROFILE_CHARS,
    Frequency,
    Move,
    Profile,
    ProfileRevision,
    PromisedMail,
    RevisionOrigin,
    SignUp,
    Subscriber,
    Topic,
    Vote,
    Votes,
    Welcome,
)

__all__ = [
    "MOST_PROFILE_CHARS",
    "TALLY",
    "Accepted",
    "AddressStatus",
    "AnnounceType",
    "Announcement",
    "AnnouncementDay",
    "BatchLine",
    "BatchState",
    "BatchedPaper",
    "Counts",
    "Delivery",
    "DeliveryState",
    "DeliveryStep",
    "Digest",
    "DigestEntry",
    "EventKind",
    "Evidence",
    "Feed",
    "FeedOutcome",
    "FeedReport",
    "Frequency",
    "Grading",
    "MailEvent",
    "Message",
    "ModelBatch",
    "ModelCall",
    "Move",
    "Paper",
    "Profile",
    "ProfileRevision",
    "PromisedMail",
    "RenderedDigest",
    "RevisionOrigin",
    "RunOutcome",
    "RunReport",
    "Score",
    "ScoreFailure",
    "ScoreReport",
    "SignUp",
    "Subscriber",
    "SubscriberReport",
    "Suppression",
    "SuppressionReason",
    "Tally",
    "Topic",
    "Usage",
    "Vote",
    "Votes",
    "Welcome",
    "delivery_id_of",
    "parse_delivery_id",
    "spending",
    "tally",
]
