"""Stops a run from beginning another mail: once it is asked to end, or its sender failed twice in a row.

Each error says how many strikes it is (errors.py). A doubt is one, since the next mail would most likely be in doubt,
too; no connection is two, since waiting for it once more for each reader helps nobody. A clock mails in many short
runs: there the doubts of the latest ones count as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.errors import STOPPED_RETRY_S, SendError, SendStopped
from newsletter.model import Accepted, DeliveryState, Evidence, Message, RunOutcome, RunReport
from newsletter.senders import Sender, do_nothing
from newsletter.stores import Store

MOST_STRIKES = 2
_LATEST_RUNS = 10
_RETRY_AFTER = timedelta(seconds=STOPPED_RETRY_S)


@dataclass(frozen=True, slots=True)
class Halt:
    """The reason why a run begins no other mail, as the outcome of those who would have got one."""

    outcome: RunOutcome
    detail: str = ""


class CircuitBreaker:
    """A Sender that passes everything on, for one run, and knows when it is to be offered nothing more."""

    def __init__(self, sender: Sender, should_stop: Callable[[], bool] = lambda: False) -> None:
        self._sender = sender
        self._should_stop = should_stop
        self._strikes = 0
        self._broken: Halt | None = None
        self._interrupted: Halt | None = None

    @property
    def halt(self) -> Halt | None:
        """Says why no other mail is to be begun now: the sender fails, or the run is asked to end."""
        if self._interrupted is None and self._should_stop():
            self._interrupted = Halt(RunOutcome.INTERRUPTED)
        return self._broken or self._interrupted

    @property
    def name(self) -> str:
        return self._sender.name

    def count_past_doubts(self, store: Store, now: datetime) -> None:
        """Counts the doubts in a row that the latest runs left with this sender, and that nobody has settled.

        A quarter of an hour after the last of them one mail is offered again.
        """
        opened = [row for row in store.get_open_deliveries() if row.state is DeliveryState.IN_DOUBT]
        doubtful = {row.delivery_id for row in opened if row.sent_by == self.name}
        if not doubtful:
            return
        doubts = _doubts_in_a_row(store.get_runs(limit=_LATEST_RUNS), doubtful)
        is_recent = bool(doubts) and now - doubts[0] < _RETRY_AFTER
        self._strikes = min(len(doubts), MOST_STRIKES if is_recent else MOST_STRIKES - 1)
        if self._strikes >= MOST_STRIKES:
            self._broken = Halt(
                RunOutcome.DEFERRED, f"not offered to {self.name} now: the latest mails there are in doubt"
            )

    def send(self, message: Message, *, on_hand_over: Callable[[], None] = do_nothing) -> Accepted:
        try:
            accepted = self._sender.send(message, on_hand_over=on_hand_over)
        except SendError as error:
            self._strikes = self._strikes + error.strikes if error.strikes else 0
            if self._strikes >= MOST_STRIKES:
                self._broken = self._halt(error)
            raise
        self._strikes = 0
        return accepted

    def _halt(self, error: SendError) -> Halt:
        outcome = RunOutcome.STOPPED if isinstance(error, SendStopped) else RunOutcome.DEFERRED
        return Halt(outcome, f"not offered to {self.name} in this run, after what it did with {error.delivery_id}")

    def find(self, delivery_id: str) -> Evidence:
        return self._sender.find(delivery_id)

    def close(self) -> None:
        self._sender.close()


def _doubts_in_a_row(runs: Iterable[RunReport], doubtful: Set[str]) -> list[datetime]:
    """Gives when the latest mails came to be in doubt, newest first, back to one whose end the sender told."""
    found = []
    for run in runs:
        for entry in reversed(run.subscribers):
            if entry.delivery_id in doubtful and entry.outcome is RunOutcome.IN_DOUBT:
                found.append(run.finished_at)
            elif entry.delivery_id and entry.outcome in (RunOutcome.SENT, RunOutcome.REJECTED):
                return found
    return found
