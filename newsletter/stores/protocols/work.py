"""Keeps the work itself: runs, what a model was asked, what may happen once a day, and small texts."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol

from newsletter.model import Grading, ModelBatch, ModelCall, RunReport


class ClaimStore(Protocol):
    """What may happen once a day only."""

    def claim_once(self, what: str, key: str, *, on: date) -> bool:
        """Says True to the first of any number of racing calls with this (what, key, on), and False ever after.

        For what must happen at most once a day: an answer to a command, a mail that is read. `what` is a file name,
        `key` any text.
        """

    def forget_claims(self, *, before: date, most_days: int | None = None) -> None:
        """Drops what was claimed on days before that date."""


class AnswerStore(Protocol):
    """A model's answers about papers."""

    def put_gradings(self, gradings: Sequence[Grading]) -> None:
        """Keeps these; one with the key of a kept one takes its place."""

    def get_gradings(self, profile_key: str, *, since: date) -> list[Grading]:
        """Gives every grading under this profile made on or after that UTC date, oldest first."""

    def get_related_gradings(self, beginning: str, *, since: date) -> list[Grading]:
        """Gives the same for all profiles whose keys begin so; `beginning` has letters and digits only."""


class CallStore(Protocol):
    """The calls of a model, and batches of them, within a daily budget."""

    def begin_call(self, call: ModelCall, *, budget_usd: Decimal | None) -> bool:
        """Writes a pending call, unless the calls of its UTC day, this one included, could cost more than the budget.

        False if it is refused. Of calls begun at once by several processes no sum passes the budget; a call that
        never ends counts at its highest cost. No budget: always True.
        """

    def end_call(self, call: ModelCall) -> None:
        """Puts what became of the call in place of the pending one (same call_id and UTC day)."""

    def get_calls(self, *, since: date, until: date) -> list[ModelCall]:
        """Gives the calls of these UTC days, both included, oldest first."""

    def forget_calls(self, *, before: date, most_days: int | None = None) -> None:
        """Drops gradings, calls and batches of the UTC days before that date."""

    def begin_batch(self, batch: ModelBatch, calls: Sequence[ModelCall], *, budget_usd: Decimal | None) -> bool:
        """Writes a batch and its pending calls, all of them or nothing; the calls have the batch's UTC day.

        False if there is one for the same question already, or if the day's calls, these included, could cost more
        than the budget. Of batches begun at once by several processes one wins. A kill in the middle may leave the
        batch without its calls: nothing was sent yet.
        """

    def move_batch(self, batch: ModelBatch) -> None:
        """Puts the batch in place of what is stored under its id and UTC day; one that has ended stays ended."""

    def get_batches(self, *, since: date) -> list[ModelBatch]:
        """Gives the batches since that UTC day, oldest first."""


class RunStore(Protocol):
    """Which runs are alive, and the reports of those that ended."""

    def start_run(self, run_id: str) -> None:
        """Says that this process works under `run_id` until it ends, however it ends."""

    def end_run(self, run_id: str) -> None: ...

    def current_run(self) -> str:
        """Names the run that was started here last and has not ended; empty outside of runs."""

    def is_running(self, run_id: str) -> bool:
        """Says whether the process that started this run is still alive."""

    def record_run(self, report: RunReport) -> None: ...

    def get_runs(self, *, digest_on: date | None = None, limit: int = 20) -> list[RunReport]:
        """Gives the latest runs (of that digest date), newest first: by digest date, then by start."""


class DocumentStore(Protocol):
    """Small texts by name, such as the last good subscribers.yaml."""

    def put_document(self, name: str, text: str) -> None: ...

    def get_document(self, name: str) -> str | None: ...
