"""The nouns of the newsletter: frozen values, one type for each stage of the morning.

    Feed → AnnouncementDay → (Profile, Paper) → ScoreSheet → Digest → RenderedDigest → Message → Delivery

Nothing here reads a clock, a file or the network. Dates end in `_on`, aware UTC datetimes in `_at`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from email.message import EmailMessage
from enum import StrEnum

# --- papers and announcements -------------------------------------------------------------------------


class AnnounceType(StrEnum):
    """arXiv's own words, best first: a paper shown by several feeds keeps the best kind it has there."""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"

    @property
    def precedence(self) -> int:
        """0 for the kind that wins a merge (new), 3 for the one that always loses (replace-cross)."""
        return list(AnnounceType).index(self)


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper at one version. Its identity is `arxiv_id`, which never carries the version."""

    arxiv_id: str  # "2510.05064" or old style "hep-th/9901001"
    version: int
    title: str  # as arXiv has it, TeX included
    authors: tuple[str, ...]  # names, each with its affiliation in parentheses if arXiv gave one
    abstract: str
    categories: tuple[str, ...]  # the first is the primary category

    @property
    def primary(self) -> str:
        return self.categories[0]

    @property
    def abs_url(self) -> str:
        """arXiv asks to link to the abstract page, not to the PDF (arXiv API terms of use)."""
        return f"https://arxiv.org/abs/{self.arxiv_id}"


@dataclass(frozen=True, slots=True)
class Announcement:
    """A paper shown on one arXiv day. `feeds` are the categories whose feed showed it, sorted."""

    paper: Paper
    announce_type: AnnounceType
    feeds: tuple[str, ...]


class FeedOutcome(StrEnum):
    """What became of one category's feed today. Only `ANNOUNCED` brings papers; only `FAILED` is an error."""

    ANNOUNCED = "announced"
    NO_ANNOUNCEMENT = "no announcement"
    STALE = "stale"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Feed:
    """One category's feed, parsed. `announced_on` is the US Eastern day the feed claims for itself.

    `warnings` are sentences for the operator (2,000 entries reached, an entry that could not be read).
    """

    category: str
    announced_on: date
    announcements: tuple[Announcement, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedReport:
    """How one category's feed went; `detail` is a sentence for the operator, or empty."""

    category: str
    outcome: FeedOutcome
    papers: int
    detail: str = ""
    fetched_at: datetime | None = None  # when it was asked; None in what older versions kept


@dataclass(frozen=True, slots=True)
class AnnouncementDay:
    """Everything collected of one arXiv day: each paper once, and how each wanted category's feed went."""

    announced_on: date
    announcements: tuple[Announcement, ...]
    feeds: tuple[FeedReport, ...]


# --- subscribers and profiles -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Topic:
    """One criterion of a profile. `relevant` and `irrelevant` are prose; either may be empty, not both."""

    name: str
    relevant: str = ""
    irrelevant: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a subscriber wants to read about: all that a scorer may look at."""

    topics: tuple[Topic, ...]
    about: str = ""  # free words on top of the topics: who reads, and for what
    like: tuple[str, ...] = ()  # keywords
    avoid: tuple[str, ...] = ()
    language: str = "en"  # of the comments, an ISO 639-1 code


class Frequency(StrEnum):
    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody who gets the digest, complete: the file's defaults are already applied."""

    subscriber_id: str  # "s_" and eight characters, a function of the base address
    email: str
    name: str
    zone: str  # IANA name, "Europe/Berlin"
    send_at: time  # local wall time
    frequency: Frequency
    weekday: int  # 0 = Monday; used by WEEKLY only
    categories: tuple[str, ...]
    announce_types: tuple[AnnounceType, ...]
    profile: Profile
    pinned_authors: tuple[str, ...]
    min_relevance: int
    min_novelty: int
    max_papers: int
    paused_until: date | None = None  # mail comes again on this day
    group_by_topic: bool = False
    empty_mail: bool = False  # a short mail, too, when nothing announced was relevant
    public_archive: str = ""  # the name under which anybody may read their digests; empty: nobody else may


# --- scores -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Score:
    """A judgement of one paper under one profile. `rank` breaks ties within the sheet, higher first."""

    arxiv_id: str
    relevance: int  # 1–10
    novelty: int  # 1–10
    comment: str  # names the criterion the paper meets
    rank: float
    topic: str = ""  # name of the topic it meets best, if any


@dataclass(frozen=True, slots=True)
class ScoreFailure:
    """A paper that could not be scored: a value, not an exception; the next mail tries it again."""

    arxiv_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and price of the calls behind a score sheet; `None` costs mean the price is not known."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0  # part of prompt_tokens
    prompt_cost_usd: Decimal | None = None
    completion_cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ScoreSheet:
    """Scores of some papers under one profile: every paper is in `scores` or in `failures`, exactly once.

    `passed_over` names those of `scores` that a model was not asked about, because the local ranker put them too
    low: their scores are the ranker's, below the reader's cut-off.
    """

    scores: tuple[Score, ...]
    failures: tuple[ScoreFailure, ...]
    scorer: str  # as readers see it: "local ranker", or the model's name
    usage: Usage | None = None  # None: no model was called
    notices: tuple[str, ...] = ()  # sentences for the top of the mail
    passed_over: tuple[str, ...] = ()  # ids
    problem: str = ""  # a sentence for the operator, when a model that should have scored did not
    prompt: str = ""  # what the model was told before the papers, as it was sent


@dataclass(frozen=True, slots=True)
class Judgement:
    """A model's answer about one paper, remembered: the key is (profile_key, model, prompt_key, id, version).

    A paper the model only named as not passing has `relevance` 0 and no comment.
    """

    arxiv_id: str
    version: int
    profile_key: str  # hash of the profile
    model: str
    prompt_key: str  # hash of the prompt's texts and of the floor asked for
    relevance: int  # 1–10, or 0: below the floor asked for
    novelty: int  # 1–10, or 0
    comment: str
    was_random: bool  # asked about as part of the random sample, not because it ranked high
    at: datetime


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call of a model, for the audit and the budget. Written before the call at its highest possible cost."""

    call_id: str
    at: datetime
    model: str
    tier: str  # "standard", "flex" or "batch"
    subject: str  # the profile_key it was made for
    paper_ids: tuple[str, ...]
    request_hash: str
    outcome: str = "pending"  # then "ok", or what went wrong in a word or two
    prompt_tokens: int = 0
    cached_tokens: int = 0  # part of prompt_tokens, read from the provider's cache
    cache_write_tokens: int = 0  # part of prompt_tokens, written to it
    completion_tokens: int = 0
    cost_usd: Decimal | None = None  # while pending: the most it can cost; None: the price is not known
    seconds: float = 0.0
    answer: str = ""  # as it came, bounded
    run_id: str = ""  # the run it was made in; empty outside of runs, as for a preview

    @property
    def is_pending(self) -> bool:
        return self.outcome == "pending"


class BatchState(StrEnum):
    """Where a batch of requests stands at the model's provider."""

    SUBMITTING = "submitting"  # written before anything is sent: it may or may not be there
    SUBMITTED = "submitted"
    CANCELLING = "cancelling"  # its morning came first; what it still answers is paid and kept
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class BatchedPaper:
    """A paper as a batch asks about it: `label` is the id the model answers with."""

    label: str
    arxiv_id: str
    version: int
    was_random: bool


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One request of a batch; its call's id is also its name at the provider."""

    call_id: str
    papers: tuple[BatchedPaper, ...]
    prompt_tokens: int  # the most, for a provider that does not tell
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class ModelBatch:
    """Requests handed over together, answered within a day. Their calls are in the book under the same UTC day.

    There is one for each profile, model, prompt and arXiv day, whatever became of it; without lines if nothing was
    sent.
    """

    batch_id: str  # ours; the provider keeps it in its metadata, which settles what a crash left open
    at: datetime
    run_id: str  # the run that submits it
    announced_on: date
    profile_key: str
    model: str
    prompt_key: str
    floor: int
    lines: tuple[BatchLine, ...] = ()
    state: BatchState = BatchState.SUBMITTING
    provider_id: str = ""
    detail: str = ""  # why it ended without all answers, for the operator
    is_refused: bool = False  # the server takes no batches at all
    is_in_mail: bool = False  # a mail has shown what it used

    @property
    def is_open(self) -> bool:
        return self.state is not BatchState.ENDED

    @property
    def question(self) -> tuple[str, str, str, date]:
        return (self.profile_key, self.model, self.prompt_key, self.announced_on)


# --- digest and message -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DigestEntry:
    """One paper in a digest. `announce_type` is as seen from this subscriber's categories."""

    number: int  # from 1, in reading order
    paper: Paper
    announce_type: AnnounceType
    score: Score
    pinned_author: str = ""  # the pinned name that let it in, if any
    topic: str = ""  # the profile's topic that it meets, as far as the scorer says


@dataclass(frozen=True, slots=True)
class Counts:
    """Unique papers. relevant ≤ scanned ≤ announced; `shown` may be less than relevant (max_papers)."""

    announced: int  # in the subscriber's categories, all announce types
    scanned: int  # of the announce types asked for and not mailed before: what was scored, or could not be
    relevant: int  # passed both cut-offs, or a pinned author
    shown: int
    not_scored: int


@dataclass(frozen=True, slots=True)
class Digest:
    """One subscriber's content for one date."""

    subscriber: Subscriber
    digest_on: date
    announced_on: tuple[date, ...]  # the arXiv days it covers, oldest first
    entries: tuple[DigestEntry, ...]
    counts: Counts
    scorer: str
    usage: Usage | None
    notices: tuple[str, ...] = ()
    prompt: str = ""  # what the model was told before the papers; empty without a model

    @property
    def is_empty(self) -> bool:
        return not self.entries


@dataclass(frozen=True, slots=True)
class RenderedDigest:
    """A digest as a reader sees it. `html` is pure ASCII; `text` and `subject` are Unicode."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """The MIME mail of one delivery, with its envelope: one address `to`, and who is told of a bounce.

    A service mail (an alert, a confirmation) has no row in the ledger; its id begins with `service/`.
    """

    delivery_id: str
    to: str
    mime: EmailMessage
    envelope_from: str = ""  # carries the delivery in its tag (VERP); empty: the From address


@dataclass(frozen=True, slots=True)
class Accepted:
    """The sender's word that it has the mail now. `receipt` is its own id for it, or the file it wrote."""

    receipt: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a sender can say after a crash: accepted (True), surely not (False), or cannot tell (None)."""

    accepted: bool | None
    receipt: str = ""


# --- the ledger ---------------------------------------------------------------------------------------


class DeliveryState(StrEnum):
    """Where the mail of one (subscriber, digest date) stands; the moves between them are in `delivery/ledger.py`."""

    CLAIMED = "claimed"  # somebody works on it; nothing is on the wire
    HANDED_OVER = "handed_over"  # written before the first byte leaves
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    DEFERRED = "deferred"  # surely not accepted; try again from retry_at
    REJECTED = "rejected"  # surely never
    SKIPPED = "skipped"  # nothing to send; detail says why
    IN_DOUBT = "in_doubt"  # may have been accepted: settled by evidence, never by a blind resend


@dataclass(frozen=True, slots=True)
class DeliveryStep:
    """One past state of a delivery, for the operator who asks what happened."""

    state: DeliveryState
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The ledger row of (subscriber, digest date): there is at most one."""

    subscriber_id: str
    digest_on: date
    state: DeliveryState
    run_id: str  # the run that holds or last held it
    at: datetime  # of the last move
    attempts: int = 1  # claims so far
    paper_ids: tuple[str, ...] = ()  # in the mail; set from handed_over on
    announced_on: tuple[date, ...] = ()  # the arXiv days the mail covers
    not_scored_ids: tuple[str, ...] = ()  # papers of those days that failed; the next mail tries them again
    message_id: str = ""
    sent_by: str = ""  # who had that mail, as `senders.name_of` says it; empty in rows of older versions
    detail: str = ""
    retry_at: datetime | None = None
    steps: tuple[DeliveryStep, ...] = field(default=())  # oldest first, the present state last

    @property
    def delivery_id(self) -> str:
        return f"{self.subscriber_id}/{self.digest_on.isoformat()}"


# --- what becomes of a mail after it was accepted ------------------------------------------------------


class EventKind(StrEnum):
    """What a provider, a bounce or a reader says about one mail."""

    PROCESSED = "processed"  # the provider has it: the proof for a hand-over without an answer
    DELIVERED = "delivered"
    DEFERRED = "deferred"  # the mailbox said "later"; the provider tries again by itself
    BOUNCED_HARD = "bounced_hard"  # there is no such mailbox (5.x.x)
    BOUNCED_SOFT = "bounced_soft"  # not now, and the provider has given up (4.x.x, a full mailbox)
    DROPPED = "dropped"  # the provider refused to try: the address is on a list of its own
    REFUSED = "refused"  # it refused to try because of the mail or our account; says nothing of the address
    COMPLAINED = "complained"  # the reader pressed "spam"
    UNSUBSCRIBED = "unsubscribed"  # by the provider's own means


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One event, whatever it came from. Of several copies the earliest counts; their order means nothing."""

    kind: EventKind
    subscriber_id: str
    digest_on: date
    at: datetime  # when it happened, not when it was told
    detail: str = ""  # the other side's words, bounded, without the address

    @property
    def delivery_id(self) -> str:
        return f"{self.subscriber_id}/{self.digest_on.isoformat()}"


class SuppressionReason(StrEnum):
    """Why an address gets no mail, the weightiest first."""

    COMPLAINT = "complaint"
    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard bounce"
    DROPPED = "dropped"
    SOFT_BOUNCES = "soft bounces"
    OPERATOR = "operator"

    @property
    def weight(self) -> int:
        """0 for the reason that outweighs all others."""
        return list(SuppressionReason).index(self)


@dataclass(frozen=True, slots=True)
class Suppression:
    """We will not mail this address: why, since when, and in whose words."""

    why: SuppressionReason
    since: datetime
    detail: str = ""
    digest_on: date | None = None  # of the morning whose bounce it was; None: no bounce, or confirmed by the operator


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one subscriber's address. `subscriber_id` is a function of the base address.

    The last two are the reader's own wishes, which hold in place of what subscribers.yaml says.
    """

    subscriber_id: str
    suppression: Suppression | None = None
    soft_bounces_on: tuple[date, ...] = ()  # UTC days, each once, oldest first
    lifted_at: datetime | None = None  # what happened up to then no longer counts
    paused_until: date | None = None  # mail comes again on this day
    frequency: Frequency | None = None
    held: tuple[Suppression, ...] = ()  # of mornings on which too many bounced; without effect until it is confirmed

    @property
    def is_held(self) -> bool:
        """Whether this reader is still mailed only because a suppression waits for the operator."""
        return self.suppression is None and bool(self.held)


@dataclass(frozen=True, slots=True)
class Move:
    """A subscriber whose address changed, and with it their id: what was kept under the old one is the new one's."""

    subscriber_id: str  # the old one
    to: str
    at: datetime
    email: str = ""  # the new address, for who came by the web; kept until the move is done
    is_done: bool = False


# --- what readers say ---------------------------------------------------------------------------------


class RevisionOrigin(StrEnum):
    """Where a change of a profile came from."""

    REPLY = "reply"
    WEB = "web"
    OPERATOR = "operator"  # an earlier revision brought back by hand


MOST_PROFILE_CHARS = 32_000  # of a profile that its reader sends, by mail or on the page; the longest sample has 3,000


@dataclass(frozen=True, slots=True)
class ProfileRevision:
    """A reader's profile as they wrote it. The latest holds; an empty text hands it back to subscribers.yaml."""

    subscriber_id: str
    number: int  # from 1, one more each time; the oldest ones are not kept
    at: datetime
    text: str  # YAML
    origin: RevisionOrigin


@dataclass(frozen=True, slots=True)
class Vote:
    """More (1) or less (-1) like this paper. Of several for one paper the latest counts; 0 takes it back."""

    subscriber_id: str
    arxiv_id: str
    value: int
    at: datetime
    paper: Paper | None = None  # what the scorers learn from; None: its announcement was forgotten before the vote


Votes = Sequence[tuple[Paper, int]]  # papers that a reader wants more (1) or less (-1) of, each once


class SignUpMail(StrEnum):
    """What became of the mail that the page to subscribe promised."""

    WAITING = "waiting"  # to be sent, by whichever process gets to it
    LEAVING = "leaving"  # the mail server has all of it but its end; without an answer nobody knows, and none is resent
    SENT = "sent"
    NONE = "none"  # none is to be sent any more: refused, one too many, or the reader of another form


@dataclass(frozen=True, slots=True)
class SignUp:
    """What somebody asked for on the page to subscribe. Nothing follows from it until it is confirmed by mail.

    An empty zone, frequency or language is that of the newsletter's defaults.
    """

    subscriber_id: str
    at: datetime
    email: str
    name: str
    categories: tuple[str, ...]
    words: str  # what they want to read about
    zone: str = ""
    frequency: Frequency | None = None
    language: str = ""
    confirmed_at: datetime | None = None
    mail: SignUpMail = SignUpMail.SENT  # what was kept before this field was had its mail
    tries: int = 0  # that surely failed
    retry_at: datetime | None = None  # not before this time
    held_by: str = ""  # the run that sends it; without meaning when that has ended


# --- the run ------------------------------------------------------------------------------------------


class RunOutcome(StrEnum):
    """What became of one subscriber in one run."""

    SENT = "sent"
    ALREADY_SENT = "already sent"
    NOT_DUE = "not due"
    PAUSED = "paused"
    SUPPRESSED = "suppressed"  # we do not mail this address: they left, complained, or it bounced
    INTERRUPTED = "interrupted"  # the run was asked to end before it came to this one
    NO_ANNOUNCEMENT = "no announcement"
    NOTHING_RELEVANT = "nothing relevant"
    BUSY = "busy"  # another run holds the claim
    FEED_FAILED = "feed failed"
    SCORING_FAILED = "scoring failed"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    UNREADABLE = "unreadable"  # what is kept of this one cannot be read: it may say that they have left
    STOPPED = "stopped"  # the provider refuses us, not the mail: nothing more was tried
    IN_DOUBT = "in doubt"


class Tally(StrEnum):
    """The five things that can have become of a subscriber; each outcome is one of them."""

    SENT = "sent"
    EMPTY = "empty"
    SKIPPED = "skipped"
    FAILED = "failed"
    IN_DOUBT = "in doubt"


TALLY: dict[RunOutcome, Tally] = {
    RunOutcome.SENT: Tally.SENT,
    RunOutcome.ALREADY_SENT: Tally.SENT,
    RunOutcome.NO_ANNOUNCEMENT: Tally.EMPTY,
    RunOutcome.NOTHING_RELEVANT: Tally.EMPTY,
    RunOutcome.NOT_DUE: Tally.SKIPPED,
    RunOutcome.PAUSED: Tally.SKIPPED,
    RunOutcome.SUPPRESSED: Tally.SKIPPED,
    RunOutcome.INTERRUPTED: Tally.SKIPPED,
    RunOutcome.BUSY: Tally.SKIPPED,
    RunOutcome.FEED_FAILED: Tally.FAILED,
    RunOutcome.SCORING_FAILED: Tally.FAILED,
    RunOutcome.DEFERRED: Tally.FAILED,
    RunOutcome.REJECTED: Tally.FAILED,
    RunOutcome.UNREADABLE: Tally.FAILED,
    RunOutcome.STOPPED: Tally.FAILED,
    RunOutcome.IN_DOUBT: Tally.IN_DOUBT,
}


@dataclass(frozen=True, slots=True)
class SubscriberReport:
    subscriber_id: str
    outcome: RunOutcome
    counts: Counts | None = None
    receipt: str = ""
    detail: str = ""
    problem: str = ""  # the model did not score what it should have, though a mail went out
    delivery_id: str = ""  # the ledger row this run claimed, if it did


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run of the morning, for `status` and for the exit code. One entry for each subscriber."""

    run_id: str
    digest_on: date
    started_at: datetime
    finished_at: datetime
    feeds: tuple[FeedReport, ...]
    subscribers: tuple[SubscriberReport, ...]
    problems: tuple[str, ...] = ()  # sentences for the operator that concern no single subscriber
