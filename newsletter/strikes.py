"""How long a run goes on offering mails to a sender that fails: two strikes in a row, and the others are not begun.

Each error says how many strikes it is (errors.py). A doubt is one, since the next mail would most likely be in doubt,
too; no connection is two, since waiting for it once more for each reader helps nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from newsletter.errors import SendError, SendStopped
from newsletter.model import Accepted, Evidence, Message, RunOutcome
from newsletter.senders import Sender, name_of, unwatched

MOST_STRIKES = 2


@dataclass(frozen=True, slots=True)
class Halt:
    """Why a run begins no other mail: what became of those who would have got one."""

    outcome: RunOutcome
    detail: str = ""


class CountingSender:
    """A Sender that passes everything on, for one run. `halt` is set when it is to be offered nothing more."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._strikes = 0
        self.halt: Halt | None = None

    @property
    def name(self) -> str:
        return name_of(self._sender)

    def send(self, message: Message, *, leaving: Callable[[], None] = unwatched) -> Accepted:
        try:
            watched = {} if leaving is unwatched else {"leaving": leaving}
            accepted = self._sender.send(message, **watched)
        except SendError as error:
            self._strikes = self._strikes + error.strikes if error.strikes else 0
            if self._strikes >= MOST_STRIKES:
                self.halt = self._halt(error)
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
