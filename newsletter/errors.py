"""The exception tree, cut by what the caller does next.

`ScoreFailure` is not here: a paper that could not be scored is a value (see model/). Ids are attributes; the
text is one sentence for the operator, and where the operator can mend it, the sentence ends with how.
"""

from __future__ import annotations

STOPPED_RETRY_S = 15 * 60.0  # until the operator may have mended the key


class NewsletterError(Exception):
    """Anything this program raises on purpose."""


class ConfigError(NewsletterError):
    """Stop and say what to type. `problems` holds one line each when there are several."""

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__("\n".join((message, *problems)))
        self.problems = problems


class SourceError(NewsletterError):
    """This feed could not be had or read: go on with the others, and say so.

    `is_config` is true when trying again cannot help because arXiv does not know the category. `retry_after_s`: so long
    the server asks not to be asked again, if it does.
    """

    def __init__(
        self, category: str, message: str, *, is_config: bool = False, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.category = category
        self.is_config = is_config
        self.retry_after_s = retry_after_s


class SourceBusy(SourceError):
    """The server says it is busy: the same request may do better after `retry_after_s`, if it said when."""

    def __init__(self, category: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(category, message, retry_after_s=retry_after_s)


class FetchError(NewsletterError):
    """What is at this address could not be had. `is_passing`: asking again later may help, after `retry_after_s`
    seconds if the server said when. `answer` is the beginning of what it sent in place of what was asked for.
    """

    def __init__(
        self,
        url: str,
        message: str,
        *,
        is_passing: bool = False,
        retry_after_s: float | None = None,
        answer: bytes = b"",
    ) -> None:
        super().__init__(message)
        self.url = url
        self.is_passing = is_passing
        self.retry_after_s = retry_after_s
        self.answer = answer


class EmbedderError(NewsletterError):
    """The sentence model cannot read: rank without it, and tell the operator. It says nothing against the papers."""


class StoreError(NewsletterError):
    """The memory could not be read or written. The run stops: sending without memory mails things twice."""


class ReaderUnreadable(StoreError):
    """What is kept of one subscriber cannot be read: hold back this one, loudly, and serve the others.

    They are not to be mailed meanwhile: the file might say that they have left.
    """

    def __init__(self, subscriber_id: str, message: str) -> None:
        super().__init__(message)
        self.subscriber_id = subscriber_id


class StoreConflict(StoreError):
    """Somebody else moved this row meanwhile; the caller no longer owns it and must leave it alone."""


class StoreLimit(StoreError):
    """So many of the kind are kept of that day already; nothing was changed, and nothing can be until the next day."""


class TurnsHeld(NewsletterError):
    """A server asked all who share this pace to stay away, for `left_s` seconds more: no turn was taken."""

    def __init__(self, pace: str, left_s: float) -> None:
        super().__init__(f"nobody is to ask for {pace} in the next {left_s:.0f} seconds")
        self.left_s = left_s


class LedgerError(NewsletterError):
    """A move the ledger does not know: a bug in the caller, not a condition of the world."""


class UnreadableMail(NewsletterError):
    """A mail that came in cannot be taken to pieces, now or ever: leave it aside and go on. The text names nobody."""


class SendError(NewsletterError):
    """A mail was not accepted, or we cannot tell. Always one of the kinds below.

    `strikes` is how much it says against the sender: after two in a row a run offers no other mail
    (run/circuit_breaker.py).
    """

    strikes = 0

    def __init__(self, delivery_id: str, message: str) -> None:
        super().__init__(message)
        self.delivery_id = delivery_id


class SendDeferred(SendError):
    """Surely not accepted; may be sent again after `retry_after_s` seconds.

    No strike: it was about this mail. One: the connection was lost. Two: there is none, or the other side is silent.
    """

    def __init__(self, delivery_id: str, message: str, *, retry_after_s: float, strikes: int = 0) -> None:
        super().__init__(delivery_id, message)
        self.retry_after_s = retry_after_s
        self.strikes = strikes


class SendStopped(SendDeferred):
    """Surely not accepted, and no other mail will fare better: the key or the account is refused.

    The run sends nothing more. The text ends with what the operator has to do.
    """

    def __init__(self, delivery_id: str, message: str) -> None:
        super().__init__(delivery_id, message, retry_after_s=STOPPED_RETRY_S, strikes=2)


class SendRejected(SendError):
    """Surely not accepted, and never will be. `answer`: what a mail server answered to the reader's address or the
    mail, with its code; empty for any other refusal.
    """

    def __init__(self, delivery_id: str, message: str, *, answer: str = "") -> None:
        super().__init__(delivery_id, message)
        self.answer = answer


class SendInDoubt(SendError):
    """May have been accepted. Never resend blindly; look for evidence."""

    strikes = 1
