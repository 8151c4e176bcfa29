"""Delivers to a mail server by SMTP (RFC 5321): one connection for many mails, opened again when the server closed it.

How far a mail had come decides what a failure means: see smtp_errors.py. The mail is offered once;
only when the server turns out to have closed a connection that was used before is it offered again, on a new one, and
then nothing but the envelope was lost. Everything has an end, also what drips: see smtp_client.py. Signing is left to
`signed` (see dkim_signature.py).
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from email.policy import SMTP
from time import monotonic
from typing import Literal

from newsletter.errors import SendDeferred, SendRejected, SendStopped
from newsletter.model import Accepted, Evidence, Message
from newsletter.senders import do_nothing
from newsletter.senders.smtp_client import SmtpClient, is_silence
from newsletter.senders.smtp_errors import BEFORE_THE_TEXT, SmtpFailure, SmtpStage, failure_of, send_error, words_of
from newsletter.senders.wire import to_bytes, with_line_ends

_ADDRESS = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")  # printable ASCII without space, < and >
_GOODBYE_S = 5.0  # for the answers to RSET and QUIT, which decide nothing


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


@dataclass(slots=True, eq=False)
class SmtpSender:
    """A Sender (see senders/__init__.py). `signed` gets the bytes of a mail and returns them with a signature on top.

    `context` verifies the server's certificate; the default trusts what this machine trusts. `monotonic` counts the
    seconds after which a mail is given up.
    """

    server: SmtpServer
    clock: Callable[[], datetime]
    _: KW_ONLY
    signed: Callable[[bytes], bytes] = lambda mail: mail
    context: ssl.SSLContext | None = None
    monotonic: Callable[[], float] = monotonic
    _idle: SmtpClient | None = field(default=None, init=False)  # on which the server waits for the next mail

    @property
    def name(self) -> str:
        """Without the account, which often is an address; the server's log has the mails of all accounts."""
        return f"smtp:{self.server.host.lower()}:{self.server.port}"

    @property
    def _place(self) -> str:
        return f"{self.server.host}:{self.server.port}"

    def send(self, message: Message, *, on_hand_over: Callable[[], None] = do_nothing) -> Accepted:
        try:
            receipt = self._offer_in_the_open_session(message, on_hand_over) or self._offer(message, on_hand_over)
        except SmtpFailure as failed:
            raise send_error(message.delivery_id, self._place, failed) from failed
        return Accepted(receipt, self.clock())

    def check(self) -> str:
        """Connects, secures, logs in and leaves; says in words what was found. Raises SendError."""
        try:
            self._idle = self._idle or self._open()
        except SmtpFailure as failed:
            raise send_error("", self._place, failed) from failed
        self.close()
        how = {"starttls": "encrypted by STARTTLS", "tls": "encrypted by TLS", "none": "not encrypted"}
        login = "logged in" if self.server.user else "without a login"
        return f"{self._place} answers, {how[self.server.security]}, {login}"

    def find(self, delivery_id: str) -> Evidence:
        """Cannot tell: a mail server does not say what it took."""
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
        """Does as `_offer`; empty without a session, or if the server turns out to have ended it before the text."""
        if self._idle is None:
            return ""
        try:
            return self._offer(message, on_hand_over)
        except SmtpFailure as failed:
            # A silent MAIL: something on the way has forgotten the idle connection. Later, the server itself is silent.
            is_over = failed.is_lost and (failed.stage is SmtpStage.SENDER or not failed.is_silent)
            if failed.stage in BEFORE_THE_TEXT and is_over and failed.error_type is SendDeferred:
                return ""
            raise

    def _offer(self, message: Message, on_hand_over: Callable[[], None]) -> str:
        """Returns the server's words for having accepted the mail. Raises SmtpFailure."""
        envelope_from = message.envelope_from or message.mime["From"].addresses[0].addr_spec
        for stage, address in ((SmtpStage.SENDER, envelope_from), (SmtpStage.RECIPIENT, message.to)):
            if not _ADDRESS.fullmatch(address):
                words = "the address is not one of plain ASCII letters, which is all that every mail server takes"
                raise SmtpFailure(stage, None, words, SendRejected)
        smtp, self._idle = self._idle or self._open(), None
        is_ready = False
        try:
            receipt = self._hand_over(smtp, envelope_from, message.to, self._in_bytes(message, smtp), on_hand_over)
            is_ready = True
        except SmtpFailure as failed:
            is_ready = not failed.is_lost and failed.error_type is not SendStopped and _is_reset(smtp)
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
        """Goes through one transaction (RFC 5321 §3.3) and returns the server's words for having accepted the mail."""
        size = [f"SIZE={len(mail)}"] if smtp.has_extn("size") else []
        options = size + ([] if mail.isascii() else ["BODY=8BITMIME"])
        smtp.allow(self.server.before_the_dot_s, each_s=self.server.timeout_s)
        _ask(SmtpStage.SENDER, lambda: smtp.mail(envelope_from, options))
        _ask(SmtpStage.RECIPIENT, lambda: smtp.rcpt(to))
        _ask(SmtpStage.DATA, lambda: smtp.docmd("DATA"), wanted=3)
        text = _with_doubled_dots(mail)
        try:
            smtp.send(text if text.endswith(b"\r\n") else text + b"\r\n")
        except OSError as error:
            raise failure_of(SmtpStage.TEXT, error) from error
        on_hand_over()
        smtp.allow(self.server.end_timeout_s)
        return _ask(SmtpStage.END, lambda: smtp.docmd("."))

    def _in_bytes(self, message: Message, smtp: SmtpClient) -> bytes:
        policy = SMTP if smtp.has_extn("8bitmime") else SMTP.clone(cte_type="7bit")
        # A bare CR or LF is where one server sees the end of a mail and the next one does not.
        return self.signed(with_line_ends(to_bytes(message.mime, policy)))

    # -- the connection

    def _open(self) -> SmtpClient:
        """Opens a connection, secured and logged in. Raises SmtpFailure."""
        smtp = self._connect()
        try:
            self._secure_and_log_in(smtp)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _connect(self) -> SmtpClient:
        at = self.server
        try:
            return SmtpClient(
                at.host,
                at.port,
                at.hello,
                tls=self._tls() if at.security == "tls" else None,
                within_s=at.before_the_dot_s,
                each_s=at.timeout_s,
                monotonic=self.monotonic,
            )
        except smtplib.SMTPResponseException as error:  # the greeting
            raise SmtpFailure(SmtpStage.CONNECT, error.smtp_code, words_of(error.smtp_error)) from error
        except (OSError, UnicodeError) as error:  # UnicodeError: what the DNS cannot hold
            raise failure_of(
                SmtpStage.SECURE if isinstance(error, ssl.SSLError) else SmtpStage.CONNECT, error
            ) from error

    def _secure_and_log_in(self, smtp: SmtpClient) -> None:
        try:
            smtp.ehlo_or_helo_if_needed()
        except OSError as error:
            raise failure_of(SmtpStage.CONNECT, error) from error
        if self.server.security == "starttls":
            try:
                smtp.starttls(context=self._tls())
                smtp.ehlo_or_helo_if_needed()  # RFC 3207 §4.2: what was said before counts no more
            except OSError as error:
                raise failure_of(SmtpStage.SECURE, error) from error
        if self.server.user:
            try:
                smtp.login(self.server.user, self.server.password)
            except OSError as error:
                raise failure_of(SmtpStage.LOGIN, error) from error

    def _tls(self) -> ssl.SSLContext:
        if self.context is None:
            self.context = ssl.create_default_context()
        return self.context


def _with_doubled_dots(mail: bytes) -> bytes:
    """Gives the mail with another dot before each one that begins a line (RFC 5321 §4.5.2)."""
    return (b"." if mail.startswith(b".") else b"") + mail.replace(b"\n.", b"\n..")


def _ask(stage: SmtpStage, ask: Callable[[], tuple[int, bytes]], *, wanted: int = 2) -> str:
    """Returns the server's words if its answer is of the wanted class. Raises SmtpFailure."""
    try:
        code, raw = ask()
    except OSError as error:  # smtplib's own are OSErrors, too
        raise SmtpFailure(stage, None, words_of(error), is_silent=is_silence(error)) from error
    words = words_of(raw)
    if code // 100 == wanted:
        return f"{code} {words}".rstrip()
    if code // 100 in (4, 5):
        raise SmtpFailure(stage, code, words, whole=raw.decode("utf-8", "replace"))
    raise SmtpFailure(stage, None, f"an answer out of place: {code} {words}")


def _is_reset(smtp: SmtpClient) -> bool:
    """Whether the server waits for the next mail now; what it says here is not about the one before."""
    smtp.allow(_GOODBYE_S)
    try:
        return smtp.rset()[0] // 100 == 2
    except OSError:
        return False
