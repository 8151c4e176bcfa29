"""Delivers to a mail server by SMTP (RFC 5321): one connection for many mails, opened again when the server closed it.

How far a mail had come decides what a failure means: `ERRORS` is the whole truth about that. The mail is offered
once; only when the server turns out to have closed a connection that was used before is it offered again, on a new
one, and then nothing but the envelope was lost. Everything has an end, also what drips: see smtp_line.py. Signing is
left to `signed` (see dkim_signature.py).
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.policy import SMTP
from enum import StrEnum
from time import monotonic
from typing import Literal, NamedTuple

from newsletter.addresses import without_addresses
from newsletter.errors import SendDeferred, SendError, SendInDoubt, SendRejected, SendStopped
from newsletter.model import Accepted, Evidence, Message
from newsletter.senders import do_nothing
from newsletter.senders.smtp_client import SmtpClient, is_silence

_RETRY_AFTER_S = 15 * 60.0  # what greylisting asks for at most (RFC 6647 §5: from a minute to a day, mostly minutes)
_CLOSING = 421  # RFC 5321 §3.8: the server ends the connection, whatever it was asked
_ADDRESS = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")  # printable ASCII without space, < and >
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


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
    SmtpStage.TEXT: StageErrors(
        SendDeferred, SendDeferred, SendDeferred
    ),  # without its last line no server may take it
    SmtpStage.END: StageErrors(SendDeferred, SendRejected, SendInDoubt),
}

#: Answers that mean us, not the mail: a command or its order not understood (RFC 5321 §4.2.2), no mail taken here
#: (RFC 7504), login or encryption asked for (RFC 4954 §6).
ABOUT_US = frozenset({500, 502, 503, 521, 530, 534, 535, 538})

_BEFORE_ANY_MAIL = (SmtpStage.CONNECT, SmtpStage.SECURE, SmtpStage.LOGIN)
_BEFORE_THE_TEXT = (SmtpStage.SENDER, SmtpStage.RECIPIENT, SmtpStage.DATA)
_GOODBYE_S = 5.0  # for the answers to RSET and QUIT, which decide nothing

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
    """What became of the mail, by how far it had come and the answer (None: none that could be understood)."""
    if code in ABOUT_US and stage not in (SmtpStage.CONNECT, SmtpStage.SECURE):
        return SendStopped
    later, never, nothing = ERRORS[stage]
    return {4: later, 5: never}.get((code or 0) // 100, nothing)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails are handed in. `hello` is the name this program gives itself there."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    hello: str
    user: str = ""  # empty: no login
    password: str = field(default="", repr=False)
    timeout_s: float = 30.0  # for each piece of an answer or of the mail; four times that for all up to the last dot
    end_timeout_s: float = 600.0  # for the answer to that dot: RFC 5321 §4.5.3.2.6

    @property
    def before_the_dot_s(self) -> float:
        """For connecting, or for one mail up to its last dot, however many pieces come in time."""
        return 4 * self.timeout_s


class _Failed(Exception):
    def __init__(
        self,
        stage: SmtpStage,
        code: int | None,
        words: str,
        means: type[SendError] | None = None,
        *,
        whole: str = "",
        is_silent: bool = False,
    ) -> None:
        super().__init__(words)
        self.stage, self.code, self.words, self.is_silent = stage, code, words, is_silent
        self.means = means or error_for(stage, code)
        about_the_mail = "" if stage is SmtpStage.RECIPIENT else " (in reply to DATA)"
        self.said = f"{code} {whole}{about_the_mail}" if whole and stage in ABOUT_THE_READER else ""

    @property
    def is_lost(self) -> bool:
        """Whether the server ended the connection, or let us see no answer that it has."""
        return self.code in (None, _CLOSING)

    @property
    def strikes(self) -> int:
        """As in SendDeferred."""
        return 2 if self.is_silent or self.stage in _BEFORE_ANY_MAIL else int(self.is_lost)


class SmtpSender:
    """A Sender (see senders/__init__.py). `signed` gets the bytes of a mail and returns them with a signature on top.

    `context` verifies the server's certificate; the default trusts what this machine trusts. `monotonic` counts the
    seconds after which a mail is given up.
    """

    def __init__(
        self,
        server: SmtpServer,
        clock: Callable[[], datetime],
        *,
        signed: Callable[[bytes], bytes] = lambda mail: mail,
        context: ssl.SSLContext | None = None,
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        self._server = server
        self._clock = clock
        self._signed = signed
        self._context = context
        self._monotonic = monotonic
        self._idle: SmtpClient | None = None  # a connection on which the server waits for the next mail

    @property
    def name(self) -> str:
        """Without the account, which often is an address; the server's log has the mails of all accounts."""
        return f"smtp:{self._server.host.lower()}:{self._server.port}"

    def send(self, message: Message, *, on_hand_over: Callable[[], None] = do_nothing) -> Accepted:
        try:
            receipt = self._offer_in_the_open_session(message, on_hand_over) or self._offer(message, on_hand_over)
        except _Failed as failed:
            raise self._error(message.delivery_id, failed) from failed
        return Accepted(receipt, self._clock())

    def greet(self) -> str:
        """Connect, secure, log in and leave, to see that it works: what was found, in words. Raises SendError."""
        try:
            self._idle = self._idle or self._open()
        except _Failed as failed:
            raise self._error("", failed) from failed
        self.close()
        how = {"starttls": "encrypted by STARTTLS", "tls": "encrypted by TLS", "none": "not encrypted"}
        login = "logged in" if self._server.user else "without a login"
        return f"{self._server.host}:{self._server.port} answers, {how[self._server.security]}, {login}"

    def find(self, delivery_id: str) -> Evidence:
        """A mail server cannot be asked what it took."""
        return Evidence(accepted=None)

    def close(self) -> None:
        smtp, self._idle = self._idle, None
        if smtp is not None:
            smtp.allow(_GOODBYE_S)
            with suppress(OSError):  # it may have gone already, which is as good
                smtp.quit()
            smtp.close()

    # -- one mail

    def _offer_in_the_open_session(self, message: Message, on_hand_over: Callable[[], None]) -> str:
        """As `_offer`; empty if there is none, or the server turns out to have ended it before it had the text."""
        if self._idle is None:
            return ""
        try:
            return self._offer(message, on_hand_over)
        except _Failed as failed:
            # A silent MAIL: something on the way has forgotten the idle connection. Later, the server itself is silent.
            is_over = failed.is_lost and (failed.stage is SmtpStage.SENDER or not failed.is_silent)
            if failed.stage in _BEFORE_THE_TEXT and is_over and failed.means is SendDeferred:
                return ""
            raise

    def _offer(self, message: Message, on_hand_over: Callable[[], None]) -> str:
        """The server's words for having accepted it. Raises _Failed."""
        envelope_from = message.envelope_from or message.mime["From"].addresses[0].addr_spec
        for stage, address in ((SmtpStage.SENDER, envelope_from), (SmtpStage.RECIPIENT, message.to)):
            if not _ADDRESS.fullmatch(address):
                words = "the address is not one of plain ASCII letters, which is all that every mail server takes"
                raise _Failed(stage, None, words, SendRejected)
        smtp, self._idle = self._idle or self._open(), None
        is_ready = False
        try:
            receipt = self._hand_over(smtp, envelope_from, message.to, self._in_bytes(message, smtp), on_hand_over)
            is_ready = True
        except _Failed as failed:
            is_ready = not failed.is_lost and failed.means is not SendStopped and _is_reset(smtp)
            raise
        finally:
            if is_ready:
                self._idle = smtp
            else:
                smtp.close()
        return receipt

    def _hand_over(
        self, smtp: SmtpClient, envelope_from: str, to: str, mail: bytes, on_hand_over: Callable[[], None]
    ) -> str:
        """One transaction (RFC 5321 §3.3). The server's words for having accepted it."""
        size = [f"SIZE={len(mail)}"] if smtp.has_extn("size") else []
        options = size + ([] if mail.isascii() else ["BODY=8BITMIME"])
        smtp.allow(self._server.before_the_dot_s, each_s=self._server.timeout_s)
        _ask(SmtpStage.SENDER, lambda: smtp.mail(envelope_from, options))
        _ask(SmtpStage.RECIPIENT, lambda: smtp.rcpt(to))
        _ask(SmtpStage.DATA, lambda: smtp.docmd("DATA"), wanted=3)
        text = _LEADING_DOT.sub(b"..", mail)  # RFC 5321 §4.5.2
        try:
            smtp.send(text if text.endswith(b"\r\n") else text + b"\r\n")
        except OSError as error:
            raise _broken(SmtpStage.TEXT, error) from error
        on_hand_over()
        smtp.allow(self._server.end_timeout_s)
        return _ask(SmtpStage.END, lambda: smtp.docmd("."))

    def _in_bytes(self, message: Message, smtp: SmtpClient) -> bytes:
        policy = SMTP if smtp.has_extn("8bitmime") else SMTP.clone(cte_type="7bit")
        # A bare CR or LF is where one server sees the end of a mail and the next one does not.
        return self._signed(_LINE_END.sub(b"\r\n", message.mime.as_bytes(policy=policy)))

    # -- the connection

    def _open(self) -> SmtpClient:
        """Connected, secured and logged in. Raises _Failed."""
        smtp = self._connect()
        try:
            self._greet(smtp)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _connect(self) -> SmtpClient:
        at = self._server
        try:
            return SmtpClient(
                at.host,
                at.port,
                at.hello,
                tls=self._tls() if at.security == "tls" else None,
                within_s=at.before_the_dot_s,
                each_s=at.timeout_s,
                monotonic=self._monotonic,
            )
        except smtplib.SMTPResponseException as error:  # the greeting
            raise _Failed(SmtpStage.CONNECT, error.smtp_code, _words(error.smtp_error)) from error
        except (OSError, UnicodeError) as error:  # UnicodeError: what the DNS cannot hold
            raise _broken(SmtpStage.SECURE if isinstance(error, ssl.SSLError) else SmtpStage.CONNECT, error) from error

    def _greet(self, smtp: SmtpClient) -> None:
        try:
            smtp.ehlo_or_helo_if_needed()
        except OSError as error:
            raise _broken(SmtpStage.CONNECT, error) from error
        if self._server.security == "starttls":
            try:
                smtp.starttls(context=self._tls())
                smtp.ehlo_or_helo_if_needed()  # RFC 3207 §4.2: what was said before counts no more
            except OSError as error:
                raise _broken(SmtpStage.SECURE, error) from error
        if self._server.user:
            try:
                smtp.login(self._server.user, self._server.password)
            except OSError as error:
                raise _broken(SmtpStage.LOGIN, error) from error

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context

    # -- words for the operator

    def _error(self, delivery_id: str, failed: _Failed) -> SendError:
        code = f"{failed.code} " if failed.code else ""
        what = f"the mail of {delivery_id} was not taken by" if delivery_id else "no mail can be handed to"
        text = f"{what} {self._server.host}:{self._server.port} ({failed.stage}: {code}{failed.words})"
        if failed.means is SendStopped:
            return SendStopped(delivery_id, f"{text}; {_REMEDIES.get(failed.stage, _REMEDY_ABOUT_US)}")
        if failed.means is SendDeferred:
            remedy = f"; {_REMEDIES[failed.stage]}" if failed.stage in _REMEDIES else ""
            return SendDeferred(delivery_id, f"{text}{remedy}", retry_after_s=_RETRY_AFTER_S, strikes=failed.strikes)
        if failed.means is SendInDoubt:
            return SendInDoubt(
                delivery_id,
                f"{self._server.host}:{self._server.port} got the mail of {delivery_id} to its end and did not say "
                f"whether it took it ({failed.words}); look into its log",
            )
        return SendRejected(delivery_id, text, said=failed.said)


def _ask(stage: SmtpStage, ask: Callable[[], tuple[int, bytes]], *, wanted: int = 2) -> str:
    """The server's words, if its answer is of the wanted class."""
    try:
        code, raw = ask()
    except OSError as error:  # smtplib's own are OSErrors, too
        raise _Failed(stage, None, _words(error), is_silent=is_silence(error)) from error
    words = _words(raw)
    if code // 100 == wanted:
        return f"{code} {words}".rstrip()
    if code // 100 in (4, 5):
        raise _Failed(stage, code, words, whole=raw.decode("utf-8", "replace"))
    raise _Failed(stage, None, f"an answer out of place: {code} {words}")


def _broken(stage: SmtpStage, error: Exception) -> _Failed:
    """What went wrong before the mail itself, or in its middle."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _Failed(stage, None, f"the certificate is not to be trusted: {error.verify_message}", SendStopped)
    # The second is how smtplib says that it knows no way of logging in that the server offers.
    if isinstance(error, smtplib.SMTPNotSupportedError) or type(error) is smtplib.SMTPException:
        return _Failed(stage, None, _words(error), SendStopped)
    if isinstance(error, smtplib.SMTPResponseException):
        return _Failed(stage, error.smtp_code, _words(error.smtp_error))
    return _Failed(stage, None, _words(error), is_silent=is_silence(error))


def _is_reset(smtp: SmtpClient) -> bool:
    """Whether the server waits for the next mail now; what it says here is not about the one before."""
    smtp.allow(_GOODBYE_S)
    try:
        return smtp.rset()[0] // 100 == 2
    except OSError:
        return False


def _words(said: object) -> str:
    """Foreign text on one line, bounded, without addresses."""
    if isinstance(said, bytes):
        return without_addresses(said.decode("utf-8", "replace"))
    return without_addresses(str((said.strerror if isinstance(said, OSError) else None) or said))
