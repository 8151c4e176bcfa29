"""Who takes the mail: `outbox.py` writes files, `smtp.py` and `sendgrid.py` hand it on.

A sender translates and decides nothing: whether a mail may leave is the ledger's business (`deliver.deliver`).
"""

from collections.abc import Callable
from typing import Protocol

from newsletter.model import Accepted, Evidence, Message


def unwatched() -> None:
    """For who need not know when a mail leaves."""


class Sender(Protocol):
    """Takes one mail at a time.

    `send` returns only when the mail is accepted; else it raises SendDeferred (surely not accepted; SendStopped if
    no other mail will fare better), SendRejected (surely never) or SendInDoubt (cannot tell). It never offers a mail
    again that may have been accepted, and does not remember. `leaving` is called right before the other side may take
    the mail: until then it surely has not left, and what `leaving` raises keeps it here.

    `find` answers, after a crash, whether the mail of this delivery was accepted. It changes nothing and may
    be repeated; it is called only when nobody is sending this delivery.
    """

    @property
    def name(self) -> str:
        """What the ledger notes of who had a mail: the kind of sender and where it hands mails in, as `KIND:PLACE`.

        Of two senders with one name each can tell what became of the other's mails. No account, address or key.
        """

    def send(self, message: Message, *, leaving: Callable[[], None] = unwatched) -> Accepted: ...

    def find(self, delivery_id: str) -> Evidence: ...

    def close(self) -> None:
        """Let go of connections. May be repeated; a later `send` opens them again."""


def name_of(sender: Sender) -> str:
    """The sender's name; its class stands for one that was written before senders had names."""
    return getattr(sender, "name", "") or type(sender).__qualname__


__all__ = [
    "Sender",
    "name_of",
    "unwatched",
]
