"""Hands mails to SendGrid: one request of its v3 API for each (the `sendgrid` package). Its 202 is the acceptance.

There is no idempotency key: a request that may have been taken is never repeated, and what became of it only SendGrid's
events can tell (mail/inbound/sendgrid_events.py). sendgrid_rules.py says what follows from which answer,
sendgrid_http.py how far a request came.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from http.client import HTTPException, HTTPMessage
from typing import Any
from urllib.parse import urlsplit

from sendgrid import SendGridAPIClient

from newsletter.addresses import without_addresses
from newsletter.errors import SendError, SendInDoubt
from newsletter.model import Accepted, Evidence, Message
from newsletter.senders import do_nothing
from newsletter.senders.sendgrid_http import RequestProgress, Response, WatchedClient
from newsletter.senders.sendgrid_rules import (
    FAILURE_RULES,
    URL_REMEDY,
    Outcome,
    RequestStage,
    errors_in_words,
    rule_for,
    send_error,
)

MOST_WAIT_S = 120.0  # for the rate limit to end, in one go
MOST_WAITS = 3
_DEFAULT_WAIT_S = 30.0  # SendGrid said "too many" and not until when
_LONGEST_S = 24 * 3600.0  # whatever a header says
_RETRY_S = 15 * 60.0

# Ours to set. SendGrid refuses a mail that sets others itself: To, From, Subject, Reply-To, CC, BCC, Received, x-sg-id,
# x-sg-eid, DKIM-Signature, Content-Type, Content-Transfer-Encoding (Mail Send, "headers").
_OUR_HEADERS = {"message-id", "auto-submitted", "precedence", "x-auto-response-suppress", "feedback-id"}


def request_body(message: Message, *, sandbox: bool = False) -> dict[str, Any]:
    """Makes the body of POST /v3/mail/send for this mail: one personalization, one address, nothing tracked."""
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


class SendGridSender:
    """A Sender (see senders/__init__.py).

    `url` is the API's address without /v3; `sleep` waits for the end of a rate limit, in seconds, of which `hold` tells
    all others with the same account.
    """

    def __init__(
        self,
        api_key: str,
        *,
        url: str,
        timeout_s: float,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        hold: Callable[[float], object] = lambda seconds: None,
    ) -> None:
        # Its debug lines hold the key and the reader's address.
        logging.getLogger("python_http_client.client").disabled = True
        self._progress = RequestProgress()
        self._api = SendGridAPIClient(api_key, host=url.rstrip("/"))
        headers = self._api.client.request_headers
        self._api.client = WatchedClient(self._api.host, headers, 3, timeout=timeout_s, progress=self._progress)
        self._key = api_key
        self._clock = clock
        self._sleep = sleep
        self._hold = hold

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

    def validate(self, message: Message) -> None:
        """Lets SendGrid look at this mail without sending it (sandbox mode). Raises as `send` does."""
        answer = self._ask_patiently(message, sandbox=True)
        rule = rule_for(answer.status, answer.body, sandbox=True)
        if rule.outcome is Outcome.ACCEPTED:
            raise SendInDoubt(
                message.delivery_id,
                f"the sample digest was taken although sandbox mode was asked for; {URL_REMEDY}",
            )
        if rule.outcome is not Outcome.TRIED:
            raise self._error(message, answer, sandbox=True)

    def find(self, delivery_id: str) -> Evidence:
        """Cannot tell: the API knows no request by our id. The events do, and the store has them."""
        return Evidence(accepted=None)

    def close(self) -> None:
        """Nothing is kept open: each request has its own connection."""

    def _ask_patiently(self, message: Message, *, sandbox: bool) -> Response:
        """Asks again when the rate limit ends, within reason."""
        for waits_left in reversed(range(MOST_WAITS + 1)):
            answer = self._ask(message, sandbox=sandbox)
            if rule_for(answer.status).outcome is not Outcome.WAIT:
                break
            wait_s = self._wait_s(answer.headers)
            self._hold(wait_s)
            if wait_s > MOST_WAIT_S or not waits_left:
                break
            self._sleep(wait_s)
        return answer

    def _ask(self, message: Message, *, sandbox: bool) -> Response:
        body = request_body(message, sandbox=sandbox)
        self._progress.stage, self._progress.sock = RequestStage.CONNECTING, None
        try:
            answer = self._api.send(body)
        except (OSError, HTTPException, UnicodeError) as error:  # UnicodeError: a host name that cannot be
            rule, detail = FAILURE_RULES[self._progress.stage], self._clean(str(getattr(error, "reason", error)))
            raise send_error(message.delivery_id, rule, detail, _RETRY_S, sandbox=sandbox) from error
        return Response(answer.status_code, answer.headers, answer.body)

    def _wait_s(self, headers: HTTPMessage) -> float:
        """Gives the seconds until the rate limit ends, at least one (X-RateLimit-Reset: seconds of the epoch)."""
        reset = str(headers.get("X-RateLimit-Reset", "")).strip()
        if not re.fullmatch(r"[0-9]{1,12}", reset):
            return _DEFAULT_WAIT_S
        return min(max(int(reset) - self._clock().timestamp(), 1.0), _LONGEST_S)

    def _error(self, message: Message, answer: Response, *, sandbox: bool) -> SendError:
        rule = rule_for(answer.status, answer.body, sandbox=sandbox)
        retry_s = self._wait_s(answer.headers) if rule.outcome is Outcome.WAIT else _RETRY_S
        detail = ": ".join(filter(None, (f"HTTP {answer.status}", self._clean(errors_in_words(answer.body)))))
        return send_error(message.delivery_id, rule, detail, retry_s, sandbox=sandbox)

    def _clean(self, words: str) -> str:
        return without_addresses(words.replace(self._key, "(key)"))
