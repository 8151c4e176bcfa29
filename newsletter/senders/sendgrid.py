"""Hands mails to SendGrid: one request of its v3 API for each (the `sendgrid` package). Its 202 is the acceptance.

There is no idempotency key: a request that may have been taken is never repeated, and what became of it only SendGrid's
events can tell (mail/inbound/sendgrid_events.py). `RESPONSE_RULES` and `FAILURE_RULES` say what follows from
what; which exception comes at which stage was seen against a real socket (tests/contract/senders/test_sendgrid.py).
Facts: https://www.twilio.com/docs/sendgrid/api-reference/mail-send, and its page of errors.
"""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from enum import StrEnum
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, HTTPSConnection
from threading import Timer
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPErrorProcessor, HTTPHandler, HTTPSHandler, OpenerDirector, Request, build_opener

from python_http_client import Client
from sendgrid import SendGridAPIClient

from newsletter.addresses import without_addresses
from newsletter.errors import SendDeferred, SendError, SendInDoubt, SendRejected, SendStopped
from newsletter.model import Accepted, Evidence, Message
from newsletter.senders import do_nothing

MOST_WAIT_S = 120.0  # for the rate limit to end, in one go
MOST_WAITS = 3
_UNTOLD_WAIT_S = 30.0  # SendGrid said "too many" and not until when
_LONGEST_S = 24 * 3600.0  # whatever a header says
_RETRY_S = 15 * 60.0
_WHOLE_REQUEST = 4  # times the timeout, which is for each piece of an answer

# Ours to set. SendGrid refuses a mail that sets others itself: To, From, Subject, Reply-To, CC, BCC, Received, x-sg-id,
# x-sg-eid, DKIM-Signature, Content-Type, Content-Transfer-Encoding (Mail Send, "headers").
_OUR_HEADERS = {"message-id", "auto-submitted", "precedence", "x-auto-response-suppress", "feedback-id"}


class Outcome(StrEnum):
    """What follows."""

    ACCEPTED = "accepted"
    TRIED = "tried"  # valid, and not sent: sandbox mode
    WAIT = "wait"  # surely not accepted; the limit ends soon
    DEFERRED = "deferred"
    STOPPED = "stopped"
    REJECTED = "rejected"
    IN_DOUBT = "in doubt"


@dataclass(frozen=True, slots=True)
class ResponseRule:
    """`what` happened and what the operator can do about it complete a sentence."""

    outcome: Outcome
    what: str = ""
    remedy: str = ""
    strikes: int = 0  # as in SendDeferred


_RESOLVE = "look for it in SendGrid's Activity and settle it with 'newsletter deliveries resolve'"
_BY_ITSELF = "a later run sends it"
_URL = "set NEWSLETTER_SENDGRID_URL to where SendGrid's API is"
_NOT_THE_API = ResponseRule(Outcome.STOPPED, "was sent to a place that is not SendGrid's API", _URL)

RESPONSE_RULES: dict[int, ResponseRule] = {
    200: ResponseRule(Outcome.TRIED, "was looked at and not sent, as in sandbox mode", _RESOLVE),
    202: ResponseRule(Outcome.ACCEPTED),
    **dict.fromkeys((301, 302, 307, 308), _NOT_THE_API),  # a redirect is not followed: the key would go along
    400: ResponseRule(
        Outcome.REJECTED, "was refused by SendGrid", "correct what it names, or the address in subscribers.yaml"
    ),
    401: ResponseRule(
        Outcome.STOPPED,
        "was not taken: SendGrid refuses the key, or the account has no credits left",
        "set SENDGRID_API_KEY to a key with the permission Mail Send, and look at the account's plan",
    ),
    403: ResponseRule(
        Outcome.STOPPED,
        "was not taken: SendGrid does not let this account or key send it",
        "verify the domain of NEWSLETTER_SENDER at SendGrid (Settings, Sender Authentication), and give the key the "
        "permission Mail Send",
    ),
    **dict.fromkeys((404, 405, 406, 415), _NOT_THE_API),  # these speak of where and how we ask, not of the mail
    408: ResponseRule(Outcome.DEFERRED, "did not reach SendGrid whole", _BY_ITSELF, strikes=1),  # RFC 9110 §15.5.9
    413: ResponseRule(Outcome.REJECTED, "is too large for SendGrid", "lower max_papers in subscribers.yaml"),
    429: ResponseRule(
        Outcome.WAIT, "was not taken: SendGrid's rate limit is reached", _BY_ITSELF, strikes=2
    ),  # after much patience
    # "An error occurred on a SendGrid server": before or after the mail was queued, nobody says.
    500: ResponseRule(Outcome.IN_DOUBT, "may have been taken: SendGrid had an error of its own", _RESOLVE),
    # A gateway passed the request on and got no answer it could use; what stands behind it may have done the work.
    502: ResponseRule(Outcome.IN_DOUBT, "may have been taken: a gateway of SendGrid got no proper answer", _RESOLVE),
    504: ResponseRule(Outcome.IN_DOUBT, "may have been taken: a gateway of SendGrid got no answer in time", _RESOLVE),
    503: ResponseRule(
        Outcome.DEFERRED, "was not taken: SendGrid's API is not available", _BY_ITSELF, strikes=1
    ),  # it says so itself
}
_OTHER_4XX = ResponseRule(Outcome.REJECTED, "was refused by SendGrid", "correct what it names")
_OTHER = ResponseRule(Outcome.IN_DOUBT, "may have been taken: the answer is none that SendGrid documents", _RESOLVE)


class RequestStage(StrEnum):
    """How far a request came."""

    CONNECTING = "connecting"
    SENDING = "sending"
    WAITING = "waiting"


FAILURE_RULES: dict[RequestStage, ResponseRule] = {
    # Refused, no such host, TLS: not a byte of the mail left.
    RequestStage.CONNECTING: ResponseRule(
        Outcome.DEFERRED, "could not be handed over: no connection to SendGrid", _BY_ITSELF, strikes=2
    ),
    # Some bytes of the body never left this machine, and a request is whole only with all of Content-Length.
    RequestStage.SENDING: ResponseRule(
        Outcome.DEFERRED, "could not be handed over: the connection broke on the way", _BY_ITSELF, strikes=1
    ),
    # All of it left: too late an answer, none, or one that is no HTTP.
    RequestStage.WAITING: ResponseRule(Outcome.IN_DOUBT, "may have been taken: SendGrid's answer was lost", _RESOLVE),
}


def rule_for(status: int) -> ResponseRule:
    """What follows from an answer with this HTTP status."""
    return RESPONSE_RULES.get(status) or (_OTHER_4XX if 400 <= status < 500 else _OTHER)


# --- the request --------------------------------------------------------------------------------------


def request_body(message: Message, *, sandbox: bool = False) -> dict[str, Any]:
    """What POST /v3/mail/send is given for this mail: one personalization, one address, nothing tracked."""
    mime = message.mime
    readers = _addresses(mime, "To")
    name = readers[0].display_name if readers else ""
    body: dict[str, Any] = {
        "personalizations": [
            {
                "to": [_mailbox(Address(display_name=name, addr_spec=message.to))],
                "custom_args": {"delivery": message.delivery_id},  # each event of this mail brings it back
            }
        ],
        "from": _mailbox(_addresses(mime, "From")[0]),
        "subject": str(mime["Subject"]),
        "content": _contents(mime),
        "headers": {name: str(value) for name, value in mime.items() if _is_ours(name)},
        "categories": ["service" if message.delivery_id.startswith("service/") else "digest"],
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            "subscription_tracking": {"enable": False},
            "ganalytics": {"enable": False},
        },
    }
    if answers_to := _addresses(mime, "Reply-To"):
        body["reply_to"] = _mailbox(answers_to[0])
    if sandbox:
        body["mail_settings"] = {"sandbox_mode": {"enable": True}}
    return body


def _addresses(mime: EmailMessage, header: str) -> tuple[Address, ...]:
    found = mime[header]
    return tuple(found.addresses) if found is not None else ()


def _mailbox(address: Address) -> dict[str, str]:
    named = {"name": address.display_name} if address.display_name else {}
    return {"email": address.addr_spec, **named}


def _contents(mime: EmailMessage) -> list[dict[str, str]]:
    """The text part before the HTML part, the only order SendGrid takes."""
    parts = [(kind, mime.get_body((kind,))) for kind in ("plain", "html")]
    return [{"type": f"text/{kind}", "value": part.get_content()} for kind, part in parts if part is not None]


def _is_ours(name: str) -> bool:
    return name.lower() in _OUR_HEADERS or name.lower().startswith("list-")


# --- the line -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Line:
    """How far the present request came, and on which socket."""

    stage: RequestStage = RequestStage.CONNECTING
    sock: socket.socket | None = None

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        """What drips is cut then: a socket's own timeout begins anew with each byte."""
        timer = Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                # Not SSLSocket's own, which takes the encryption away under whoever is reading.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class _Watched(HTTPConnection):
    """Notes when it is open, and when the request has left whole."""

    def __init__(self, *args: Any, line: _Line, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._line = line

    def connect(self) -> None:
        super().connect()
        self._line.stage, self._line.sock = RequestStage.SENDING, self.sock

    def getresponse(self) -> HTTPResponse:
        self._line.stage = RequestStage.WAITING
        return super().getresponse()


class _WatchedTLS(_Watched, HTTPSConnection):
    """The same; open means that the certificate was found good."""


class _Plain(HTTPHandler):
    def __init__(self, line: _Line) -> None:
        super().__init__()
        self._line = line

    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(partial(_Watched, line=self._line), req)


class _TLS(HTTPSHandler):
    def __init__(self, line: _Line) -> None:
        super().__init__()
        self._line = line

    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(partial(_WatchedTLS, line=self._line), req)


class _EveryAnswer(HTTPErrorProcessor):
    """Any status is an answer: none is an exception, and no redirect is followed."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:
        return response

    https_response = http_response


@dataclass(frozen=True, slots=True)
class _Answer:
    """A whole answer, in the form the package's client reads."""

    status: int
    headers: HTTPMessage
    body: bytes

    def getcode(self) -> int:
        return self.status

    def info(self) -> HTTPMessage:
        return self.headers

    def read(self) -> bytes:
        return self.body


class _Client(Client):  # type: ignore[misc]  # the package has no types
    """The package's client, which follows redirects with the key and hides how far a request came."""

    def __init__(self, *args: Any, line: _Line, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.line = line

    def _build_client(self, name: str | None = None) -> _Client:
        path = [*self._url_path, name] if name else self._url_path
        return _Client(
            self.host, self.request_headers, self._version, path, self.append_slash, self.timeout, line=self.line
        )

    def _make_request(self, opener: OpenerDirector, request: Request, timeout: float | None = None) -> _Answer:
        watched = build_opener(_Plain(self.line), _TLS(self.line), _EveryAnswer)
        each_s = timeout or self.timeout
        with (
            self.line.cut_after(_WHOLE_REQUEST * each_s),
            watched.open(request, timeout=each_s) as response,
        ):
            return _Answer(response.status, response.headers, _words_of(response))


def _words_of(response: HTTPResponse) -> bytes:
    """The body of an error, as far as it comes. What follows hangs on the status alone, and that is known by now."""
    if response.status == 202:
        return b""
    body = b""
    try:
        while len(body) < 16_384 and (more := response.read1(4096)):
            body += more
    except (OSError, HTTPException):
        return body
    return body


# --- the sender ---------------------------------------------------------------------------------------


class SendGridSender:
    """A Sender (see senders/__init__.py).

    `url` is the API's address without /v3; `sleep` waits for the end of a rate limit, in seconds.
    """

    def __init__(
        self,
        api_key: str,
        *,
        url: str,
        timeout_s: float,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        # Its debug lines hold the key and the reader's address.
        logging.getLogger("python_http_client.client").disabled = True
        self._line = _Line()
        self._api = SendGridAPIClient(api_key, host=url.rstrip("/"))
        headers = self._api.client.request_headers
        self._api.client = _Client(self._api.host, headers, 3, timeout=timeout_s, line=self._line)
        self._key = api_key
        self._clock = clock
        self._sleep = sleep

    @property
    def name(self) -> str:
        """With the host, which tells the EU's accounts from the others."""
        return f"sendgrid:{urlsplit(self._api.host).netloc.rpartition('@')[2].lower()}"

    def send(self, message: Message, *, on_hand_over: Callable[[], None] = do_nothing) -> Accepted:
        on_hand_over()
        answer = self._ask_patiently(message, sandbox=False)
        if rule_for(answer.status).outcome is not Outcome.ACCEPTED:
            raise self._error(message, answer, sandbox=False)
        receipt = without_addresses(answer.headers.get("X-Message-Id", ""))
        return Accepted(receipt=receipt or "accepted without an X-Message-Id", at=self._clock())

    def rehearse(self, message: Message) -> None:
        """Have SendGrid look at this mail without sending it. Raises as `send` does."""
        answer = self._ask_patiently(message, sandbox=True)
        if rule_for(answer.status).outcome is Outcome.ACCEPTED:
            raise SendInDoubt(
                message.delivery_id,
                f"the sample digest was taken although sandbox mode was asked for; {_URL}",
            )
        if rule_for(answer.status).outcome is not Outcome.TRIED:
            raise self._error(message, answer, sandbox=True)

    def find(self, delivery_id: str) -> Evidence:
        """Cannot tell: the API knows no request by our id. The events do, and the store has them."""
        return Evidence(accepted=None)

    def close(self) -> None:
        """Nothing is kept open: each request has its own connection."""

    def _ask_patiently(self, message: Message, *, sandbox: bool) -> _Answer:
        """As often as the rate limit asks for patience, within reason."""
        answer = self._ask(message, sandbox=sandbox)
        for _ in range(MOST_WAITS):
            wait_s = self._wait_s(answer.headers)
            if rule_for(answer.status).outcome is not Outcome.WAIT or wait_s > MOST_WAIT_S:
                break
            self._sleep(wait_s)
            answer = self._ask(message, sandbox=sandbox)
        return answer

    def _ask(self, message: Message, *, sandbox: bool) -> _Answer:
        body = request_body(message, sandbox=sandbox)
        self._line.stage, self._line.sock = RequestStage.CONNECTING, None
        try:
            answer = self._api.send(body)
        except (OSError, HTTPException, UnicodeError) as error:  # UnicodeError: a host name that cannot be
            rule, said = FAILURE_RULES[self._line.stage], self._clean(str(getattr(error, "reason", error)))
            raise _as_error(message.delivery_id, rule, said, _RETRY_S, sandbox=sandbox) from error
        return _Answer(answer.status_code, answer.headers, answer.body)

    def _wait_s(self, headers: HTTPMessage) -> float:
        """Seconds until the rate limit ends, at least one (X-RateLimit-Reset: seconds of the epoch)."""
        reset = str(headers.get("X-RateLimit-Reset", "")).strip()
        if not re.fullmatch(r"[0-9]{1,12}", reset):
            return _UNTOLD_WAIT_S
        return min(max(int(reset) - self._clock().timestamp(), 1.0), _LONGEST_S)

    def _error(self, message: Message, answer: _Answer, *, sandbox: bool) -> SendError:
        rule = rule_for(answer.status)
        retry_s = self._wait_s(answer.headers) if rule.outcome is Outcome.WAIT else _RETRY_S
        said = ": ".join(filter(None, (f"HTTP {answer.status}", self._clean(_said(answer.body)))))
        return _as_error(message.delivery_id, rule, said, retry_s, sandbox=sandbox)

    def _clean(self, words: str) -> str:
        return without_addresses(words.replace(self._key, "(key)"))


def _as_error(delivery_id: str, rule: ResponseRule, said: str, retry_s: float, *, sandbox: bool) -> SendError:
    subject, remedy = f"the mail of {delivery_id}", rule.remedy
    if sandbox:
        subject = "the sample digest"
        remedy = rule.remedy if rule.outcome in (Outcome.STOPPED, Outcome.REJECTED) else "try again later"
    text = f"{subject} {rule.what} ({said}); {remedy}"
    match rule.outcome:
        case Outcome.DEFERRED | Outcome.WAIT:
            return SendDeferred(delivery_id, text, retry_after_s=retry_s, strikes=rule.strikes)
        case Outcome.STOPPED:
            return SendStopped(delivery_id, text)
        case Outcome.REJECTED:
            return SendRejected(delivery_id, text)
        case _:
            return SendInDoubt(delivery_id, text)


def _said(body: bytes) -> str:
    """SendGrid's own words: {"errors": [{"message", "field", "help"}]}. Empty for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    errors = found.get("errors") if isinstance(found, dict) else None
    return "; ".join(filter(None, map(_one, errors[:3]))) if isinstance(errors, list) else ""


def _one(error: object) -> str:
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return ""
    field = error.get("field")
    where = f"{field}: " if isinstance(field, str) and field not in ("", "null") else ""
    return f"{where}{error['message']}"
