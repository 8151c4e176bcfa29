"""Says what a failure of an SMTP session means for the mail, by how far the mail had come.

`ERRORS` says what follows from which answer of which stage (RFC 5321 §4.2.1). Sends nothing; see smtp.py.
"""

from __future__ import annotations

import smtplib
import ssl
from enum import StrEnum
from typing import NamedTuple

from newsletter.addresses import without_addresses
from newsletter.errors import SendDeferred, SendError, SendInDoubt, SendRejected, SendStopped
from newsletter.senders.smtp_client import is_silence

_RETRY_AFTER_S = 15 * 60.0  # what greylisting asks for at most (RFC 6647 §5: from a minute to a day, mostly minutes)
_CLOSING = 421  # RFC 5321 §3.8: the server ends the connection, whatever it was asked


class SmtpStage(StrEnum):
    """How far a mail had come."""

    CONNECT = "connecting"
    SECURE = "securing the connection"
    LOGIN = "login"
    SENDER = "MAIL"
    RECIPIENT = "RCPT"
    DATA = "DATA"
    TEXT = "the mail's text"
    END = "the end of the mail"  # from the dot that ends it


class StageErrors(NamedTuple):
    """What an answer of a stage means: by its class, or when there is none that could be understood."""

    later: type[SendError]  # 4xx
    never: type[SendError]  # 5xx
    nothing: type[SendError]  # the connection lost, no answer in time, or something that is no SMTP


ERRORS: dict[SmtpStage, StageErrors] = {
    SmtpStage.CONNECT: StageErrors(SendDeferred, SendDeferred, SendDeferred),
    SmtpStage.SECURE: StageErrors(SendDeferred, SendDeferred, SendDeferred),
    SmtpStage.LOGIN: StageErrors(SendDeferred, SendStopped, SendDeferred),
    SmtpStage.SENDER: StageErrors(SendDeferred, SendRejected, SendDeferred),
    SmtpStage.RECIPIENT: StageErrors(SendDeferred, SendRejected, SendDeferred),
    SmtpStage.DATA: StageErrors(SendDeferred, SendRejected, SendDeferred),
    # without its last line no server may take it
    SmtpStage.TEXT: StageErrors(SendDeferred, SendDeferred, SendDeferred),
    SmtpStage.END: StageErrors(SendDeferred, SendRejected, SendInDoubt),
}

#: Answers that mean us, not the mail: a command or its order not understood (RFC 5321 §4.2.2), no mail taken here
#: (RFC 7504), login or encryption asked for (RFC 4954 §6).
ABOUT_US = frozenset({500, 502, 503, 521, 530, 534, 535, 538})

_BEFORE_ANY_MAIL = (SmtpStage.CONNECT, SmtpStage.SECURE, SmtpStage.LOGIN)
BEFORE_THE_TEXT = (SmtpStage.SENDER, SmtpStage.RECIPIENT, SmtpStage.DATA)

#: From the reader's address on: what is said before that is about us.
ABOUT_THE_READER = (SmtpStage.RECIPIENT, SmtpStage.DATA, SmtpStage.END)

_REMEDIES = {
    SmtpStage.CONNECT: "check NEWSLETTER_SMTP_HOST and NEWSLETTER_SMTP_PORT",
    SmtpStage.SECURE: "check NEWSLETTER_SMTP_HOST, which has to be the name in the server's certificate, "
    "NEWSLETTER_SMTP_PORT and NEWSLETTER_SMTP_TLS",
    SmtpStage.LOGIN: "set NEWSLETTER_SMTP_USER and NEWSLETTER_SMTP_PASSWORD to an account the server knows",
}
_REMEDY_ABOUT_US = "set NEWSLETTER_SMTP_USER, NEWSLETTER_SMTP_PASSWORD and NEWSLETTER_SMTP_TLS as the server wants them"


def error_for(stage: SmtpStage, code: int | None) -> type[SendError]:
    """Says what became of the mail, by how far it had come and the answer (None: none that could be understood)."""
    if code in ABOUT_US and stage not in (SmtpStage.CONNECT, SmtpStage.SECURE):
        return SendStopped
    later, never, nothing = ERRORS[stage]
    return {4: later, 5: never}.get((code or 0) // 100, nothing)


class SmtpFailure(Exception):
    """The session failed at this stage; `answer` is the server's own about the reader, whole, or empty."""

    def __init__(
        self,
        stage: SmtpStage,
        code: int | None,
        words: str,
        error_type: type[SendError] | None = None,
        *,
        whole: str = "",
        is_silent: bool = False,
    ) -> None:
        super().__init__(words)
        self.stage, self.code, self.words, self.is_silent = stage, code, words, is_silent
        self.error_type = error_type or error_for(stage, code)
        about_the_mail = "" if stage is SmtpStage.RECIPIENT else " (in reply to DATA)"
        self.answer = f"{code} {whole}{about_the_mail}" if whole and stage in ABOUT_THE_READER else ""

    @property
    def is_lost(self) -> bool:
        """Whether the server ended the connection, or let us see no answer that it has."""
        return self.code in (None, _CLOSING)

    @property
    def strikes(self) -> int:
        """As in SendDeferred."""
        return 2 if self.is_silent or self.stage in _BEFORE_ANY_MAIL else int(self.is_lost)


def failure_of(stage: SmtpStage, error: Exception) -> SmtpFailure:
    """Makes the failure of what went wrong before the mail itself, or in its middle."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return SmtpFailure(stage, None, f"the certificate is not to be trusted: {error.verify_message}", SendStopped)
    # The second is how smtplib says that it knows no way of logging in that the server offers.
    if isinstance(error, smtplib.SMTPNotSupportedError) or type(error) is smtplib.SMTPException:
        return SmtpFailure(stage, None, words_of(error), SendStopped)
    if isinstance(error, smtplib.SMTPResponseException):
        return SmtpFailure(stage, error.smtp_code, words_of(error.smtp_error))
    return SmtpFailure(stage, None, words_of(error), is_silent=is_silence(error))


def send_error(delivery_id: str, place: str, failed: SmtpFailure) -> SendError:
    """Makes the error for the caller; `place` is HOST:PORT, an empty `delivery_id` stands for no mail at all."""
    code = f"{failed.code} " if failed.code else ""
    what = f"the mail of {delivery_id} was not taken by" if delivery_id else "no mail can be handed to"
    text = f"{what} {place} ({failed.stage}: {code}{failed.words})"
    if failed.error_type is SendStopped:
        return SendStopped(delivery_id, f"{text}; {_REMEDIES.get(failed.stage, _REMEDY_ABOUT_US)}")
    if failed.error_type is SendDeferred:
        remedy = f"; {_REMEDIES[failed.stage]}" if failed.stage in _REMEDIES else ""
        return SendDeferred(delivery_id, f"{text}{remedy}", retry_after_s=_RETRY_AFTER_S, strikes=failed.strikes)
    if failed.error_type is SendInDoubt:
        return SendInDoubt(
            delivery_id,
            f"{place} got the mail of {delivery_id} to its end and did not say "
            f"whether it took it ({failed.words}); look into its log",
        )
    return SendRejected(delivery_id, text, answer=failed.answer)


def words_of(answer: object) -> str:
    """Puts foreign text on one line, bounded, without addresses."""
    if isinstance(answer, bytes):
        return without_addresses(answer.decode("utf-8", "replace"))
    return without_addresses(str((answer.strerror if isinstance(answer, OSError) else None) or answer))
