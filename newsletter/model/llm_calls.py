"""Holds the gradings, calls and batches of calls of a language model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Grading:
    """A model's answer about one paper; its key is (profile_key, model, prompt_key, id, version).

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

    @property
    def order(self) -> tuple[datetime, str, str, int, str, str]:
        """What orders gradings: the oldest first, and those of one moment always alike, whatever keeps them."""
        return self.at, self.profile_key, self.arxiv_id, self.version, self.model, self.prompt_key


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
    prompt_tokens: int  # the most, for a provider that does not say
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class ModelBatch:
    """Requests handed over together, answered within a day. Their calls are stored under the same UTC day.

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
    def request_key(self) -> tuple[str, str, str, date]:
        return (self.profile_key, self.model, self.prompt_key, self.announced_on)
