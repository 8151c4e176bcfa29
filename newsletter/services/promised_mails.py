"""Hands over a mail that was promised once, and keeps what became of it. The rules are subscribers/promised_mail.py's.

Several processes may do this: each mail is one's alone. One whose sender was killed is sent by another, unless it was
leaving just then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from newsletter.errors import SendDeferred, SendError, SendInDoubt
from newsletter.model import Message, PromisedMail, SignUp, Welcome
from newsletter.senders import Sender
from newsletter.subscribers import promised_mail

Promise = TypeVar("Promise", SignUp, Welcome)


def hand_over(
    sender: Sender,
    message: Message,
    change: Callable[[Callable[[Promise], Promise]], Promise | None],
    *,
    now: Callable[[], datetime],
    leaving: Callable[[], None],
) -> str:
    """Sends the mail of a promise; says why it did not leave, without an address, or nothing if it did.

    `change` puts what it is given makes of the stored promise in its place. `leaving` is called right before it leaves.
    """

    def leave() -> None:
        leaving()
        change(lambda known: replace(known, mail=PromisedMail.LEAVING))

    try:
        sender.send(message, on_hand_over=leave)
    except SendDeferred as error:
        again = change(lambda known: promised_mail.postpone(known, now()))
        at = f", again at {again.retry_at:%H:%M:%S}" if again and again.retry_at else ""
        return f"not mailed: {type(error).__name__}{at}"
    except SendInDoubt as error:
        change(lambda known: replace(known, mail=PromisedMail.LEAVING))
        return f"not mailed: {type(error).__name__}"
    except SendError as error:
        change(lambda known: promised_mail.settle(known, PromisedMail.NONE))
        return f"not mailed: {type(error).__name__}"
    change(lambda known: promised_mail.settle(known, PromisedMail.SENT))
    return ""
