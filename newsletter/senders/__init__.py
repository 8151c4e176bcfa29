"""Hands mail on: `outbox.py` writes files, `smtp.py` and `sendgrid.py` ask a server.

A sender translates and decides nothing: whether a mail may leave is the ledger's business (run/deliver.py). A new
one (Mastodon, say) is a module here with a class that keeps the Protocol, and a line in the composition root.
"""

from collections.abc import Callable
from typing import Protocol

from newsletter.model import Accepted, Evidence, Message


def do_nothing() -> None:
    """The default of `on_hand_over`."""


class Sender(Protocol):
    """Takes one mail at a time."""

    @property
    def name(self) -> str:
        """What the ledger notes of who had a mail: the kind of sender and where it hands mails in, as `KIND:PLACE`.

        Of two senders with one name each can tell what became of the other's mails. No account, address or key.
        """

    def send(self, message: Message, *, on_hand_over: Callable[[], None] = do_nothing) -> Accepted:
        """Returns only when the mail is accepted; never offers a mail again that may have been accepted.

        Calls `on_hand_over` right before the other side may take the mail: until then it surely has not left, and an
        exception from there keeps it here. Raises SendDeferred (surely not accepted; SendStopped if no other mail will
        fare better), SendRejected (surely never) or SendInDoubt (cannot tell).
        """

    def find(self, delivery_id: str) -> Evidence:
        """Says, after a crash, whether the mail of this delivery was accepted. Changes nothing; may be repeated.

        Called only when nobody is sending this delivery.
        """

    def close(self) -> None:
        """Lets go of connections. May be repeated; a later `send` opens them again."""


__all__ = [
    "Sender",
    "do_nothing",
]
