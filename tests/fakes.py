"""Edges without a disk or a network, for tests of what lies between them. They pass the edges' contract suites.

`MemoryStore` is a store that forgets with the process (memory_store.py); `FlakySender` does what its script says;
`no_more_than` is a disk that fills up.
"""

import resource
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum

from newsletter.errors import SendDeferred, SendInDoubt, SendRejected, SendStopped
from newsletter.model import Accepted, Evidence, Message
from newsletter.senders import do_nothing
from tests.memory_store import MemoryStore

__all__ = ["Act", "FlakySender", "MemoryStore", "Silent", "no_more_than"]


class Act(StrEnum):
    """What a FlakySender does with one mail."""

    ACCEPT = "accept"
    DEFER = "defer"
    AWAY = "away"  # there is no connection
    STOP = "stop"  # the provider refuses us
    REJECT = "reject"
    GONE = "gone"  # rejected, since there is no such mailbox
    LOSE = "lose"  # in doubt, and the mail is not there
    KEEP = "keep"  # in doubt, and the mail is there


class FlakySender:
    """A Sender that follows a script, one act for each mail, and accepts everything after its end.

    `mails` holds what was accepted, in order. `blind` makes it unable to tell after a crash.
    """

    def __init__(
        self, clock: Callable[[], datetime], script: Iterable[Act] = (), *, blind: bool = False, name: str = "fake"
    ) -> None:
        self.name = name
        self.mails: list[Message] = []
        self._clock = clock
        self._script = iter(script)
        self._blind = blind

    def send(self, message: Message, *, on_hand_over: Callable[[], None] = do_nothing) -> Accepted:
        act = next(self._script, Act.ACCEPT)
        if act not in (Act.DEFER, Act.STOP, Act.REJECT):
            on_hand_over()
        if act in (Act.ACCEPT, Act.KEEP):
            self.mails.append(message)
        match act:
            case Act.DEFER:
                raise SendDeferred(message.delivery_id, "try again in a minute", retry_after_s=60.0)
            case Act.AWAY:
                raise SendDeferred(message.delivery_id, "nobody listens there", retry_after_s=60.0, strikes=2)
            case Act.STOP:
                raise SendStopped(message.delivery_id, "the key is refused; set another one")
            case Act.REJECT:
                raise SendRejected(message.delivery_id, "the mail was refused")
            case Act.GONE:
                raise SendRejected(message.delivery_id, "550 5.1.1 no such user", answer="550 5.1.1 no such user")
            case Act.LOSE | Act.KEEP:
                raise SendInDoubt(message.delivery_id, "the connection broke after the last byte")
            case Act.ACCEPT:
                return Accepted(receipt=_receipt(message.delivery_id), at=self._clock())

    def close(self) -> None: ...

    def find(self, delivery_id: str) -> Evidence:
        if self._blind:
            return Evidence(accepted=None)
        if any(mail.delivery_id == delivery_id for mail in self.mails):
            return Evidence(accepted=True, receipt=_receipt(delivery_id))
        return Evidence(accepted=False)


def _receipt(delivery_id: str) -> str:
    return f"fake:{delivery_id}"


class Silent:
    """A listener to the progress of a run that says nothing."""

    def begin(self, what: str, total: int) -> None: ...

    def step(self, done: object) -> None: ...


@contextmanager
def no_more_than(file_bytes: int) -> Iterator[None]:
    """This process cannot make a file longer than that: what a full disk looks like to who writes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
