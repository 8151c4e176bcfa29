"""Hands over a mail that was promised once, and keeps what became of it. The rules are subscribers/promised_mail.py's.

Several processes may do this: each mail is one's alone. One whose sender was killed is sent by another, unless it was
leaving just then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from newsletter.errors import SendDeferred, SendError, SendInDoubt
from newsletter.model import Message, PromisedMail, SignUp, Welcome
from newsletter.senders import Sender
from newsletter.subscribers import promised_mail

Promise = TypeVar("Promise", SignUp, Welcome)


@dataclass(frozen=True, slots=True)
class HandOver:
    """What came of offering a mail once."""

    error: SendError | None = None  # why it did not leave, or may not have
    retry_at: datetime | None = None

    def __str__(self) -> str:
        """Says it in a few words, without an address; nothing if the mail left."""
        if self.error is None:
            return ""
        again = f", again at {self.retry_at:%H:%M:%S}" if self.retry_at else ""
        return f"not mailed: {type(self.error).__name__}{again}"


def hand_over(
    sender: Sender,
    message: Message,
    change: Callable[[Callable[[Promise], Promise]], Promise | None],
    *,
    now: Callable[[], datetime],
    leaving: Callable[[], None],
) -> HandOver:
    """Sends the mail of a promise, and keeps what became of it.

    `change` puts what it is given makes of the stored promise in its place. `leaving` is called right before it leaves.
    """

    def leave() -> None:
        leaving()
        change(lambda known: replace(known, mail=PromisedMail.LEAVING))

    try:
        sender.send(message, on_hand_over=leave)
    except SendDeferred as error:
        again = change(lambda known: promised_mail.postpone(known, now()))
        return HandOver(error, again.retry_at if again else None)
    except SendInDoubt as error:
        change(lambda known: promised_mail.settle(known, PromisedMail.LEAVING))
        return HandOver(error)
    except SendError as error:
        change(lambda known: promised_mail.settle(known, PromisedMail.NONE))
        return HandOver(error)
    change(lambda known: promised_mail.settle(known, PromisedMail.SENT))
    return HandOver()
