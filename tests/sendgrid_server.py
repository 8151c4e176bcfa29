"""A server on this machine that takes mail as SendGrid's v3 API does, fails as a test tells it to, and tells events.

It objects to what SendGrid would object to, so a mail it accepted was well formed. `script` gives one turn to each
request, after which everything works; `rule` looks at the body first. Real HTTP, no sleeping: a hanging answer waits
until the server closes.
"""

import base64
import json
import socket
import ssl
import struct
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

import jsonschema
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.http_server import Handler, serving

Body = dict[str, Any]
KEY = "SG.test-key-of-this-suite.0123456789abcdefghijklmnop"
SCHEMA = Path(__file__).parents[1] / "../shared/reference/sendgrid/tsg_mail_v3.json"
RESERVED = {
    *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from"),
    *("subject", "reply-to", "cc", "bcc"),
}
MOST_BYTES = 30 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    status: int
    errors: Sequence[Mapping[str, object]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None  # in place of the errors
    is_cut: bool = False  # in the middle of the body


class Cut(StrEnum):
    """Where the line breaks, or falls silent. Only the last four have the mail."""

    BEFORE_READING = "before reading"
    WHILE_READING = "while reading"
    BEFORE_ACCEPTING = "before accepting"
    AFTER_ACCEPTING = "after accepting"
    SILENCE = "silence"
    NO_HTTP = "no HTTP"
    HALF_A_LINE = "half a line"


_HAS_THE_MAIL = {Cut.AFTER_ACCEPTING, Cut.SILENCE, Cut.NO_HTTP, Cut.HALF_A_LINE}
Turn = Answer | Cut
Rule = Callable[[Body], Turn | None]


def error(status: int, message: str, name: str | None = None, **headers: str) -> Answer:
    """As the API words it; `X_RateLimit_Reset="…"` becomes a header."""
    return Answer(
        status,
        [{"message": message, "field": name, "help": None}],
        {header.replace("_", "-"): value for header, value in headers.items()},
    )


# --- what SendGrid objects to -------------------------------------------------------------------------


@cache
def schema() -> Body | None:
    """The published schema of a request, hardened; None where it is not at hand."""
    if not SCHEMA.exists():
        return None
    document = json.loads(SCHEMA.read_text(encoding="utf-8"))
    body = document["components"]["requestBodies"]["PostMailSend"]["content"]["application/json"]["schema"]
    return _hardened({**body, "components": document["components"]})


def _hardened(part: Any) -> Any:
    """Nothing that is not named; objects that name nothing (headers, custom_args) hold what they like."""
    if isinstance(part, list):
        return [_hardened(each) for each in part]
    if not isinstance(part, dict):
        return part
    inner = {key: _hardened(value) for key, value in part.items()}
    closed = inner.get("type") == "object" and "properties" in inner
    return {**inner, "additionalProperties": False} if closed else inner


def objections(body: Body) -> list[str]:
    """By the schema, and by the limits that the documentation has and the schema has not."""
    found = [problem.message for problem in _by_schema(body)]
    mails, contents = body.get("personalizations", []), body.get("content", [])
    tos = [to["email"].lower() for each in mails for to in each.get("to", [])]
    kinds = [part["type"] for part in contents]
    every = [header for each in (body, *mails) for header in each.get("headers", {}).items()]
    limits = {
        "personalizations: 1 to 1000": 1 <= len(mails) <= 1000,
        "each address once": len(tos) == len(set(tos)),
        "text/plain first": kinds == sorted(kinds, key=["text/plain", "text/html"].index),
        "no empty content": bool(contents) and all(part["value"] for part in contents),
        "reserved header": not any(name.lower() in RESERVED for name, _ in every),
        "header is text in ASCII on one line": all(
            isinstance(value, str) and value.isascii() and value.isprintable() for _, value in every
        ),
        "custom_args: 10000 bytes": all(len(json.dumps(each.get("custom_args", {}))) <= 10_000 for each in mails),
        "10 categories": len(set(body.get("categories", ()))) == len(body.get("categories", ())) <= 10,
        "subject": bool(body.get("subject")),
    }
    return found + [name for name, holds in limits.items() if not holds]


def _by_schema(body: Body) -> Iterable[jsonschema.ValidationError]:
    known = schema()
    if known is None:
        return ()
    return jsonschema.Draft202012Validator(known, format_checker=jsonschema.FormatChecker()).iter_errors(body)


# --- events -------------------------------------------------------------------------------------------


class EventSigner:
    """Signs posts as SendGrid does, with a key of its own; `public` is what SendGrid's settings would show."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public = base64.b64encode(der).decode("ascii")

    def sign(self, timestamped: bytes) -> str:
        return base64.b64encode(self._key.sign(timestamped, ec.ECDSA(SHA256()))).decode("ascii")

    def headers(self, body: bytes, at: datetime) -> dict[str, str]:
        timestamp = str(int(at.timestamp()))
        return {
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Signature": self.sign(timestamp.encode() + body),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }


def event(kind: str, delivery: str, at: datetime, **more: object) -> Body:
    """One entry of a post, as the documentation shows them."""
    return {
        "email": "reader@example.org",
        "timestamp": int(at.timestamp()),
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        "event": kind,
        "category": ["digest"],
        "sg_event_id": f"{kind}-{delivery}",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        "delivery": delivery,
        **more,
    }


def tell(url: str, signer: EventSigner, events: Sequence[Body], at: datetime, *, seed: int = 0) -> list[int]:
    """Posts each event twice, one by one and out of order. The statuses of the answers."""
    posts = [json.dumps([one]).encode() for one in (*events, *events)]
    Random(seed).shuffle(posts)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    statuses = []
    for body in posts:
        request = urllib.request.Request(url, data=body, headers=signer.headers(body, at), method="POST")
        with opener.open(request, timeout=10) as answer:
            statuses.append(answer.status)
    return statuses


_PERIODS = (None, "day", "week", "month")
_METRICS = (
    "blocks bounce_drops bounces clicks deferred delivered invalid_emails opens processed requests spam_report_drops "
    "spam_reports unique_clicks unique_opens unsubscribe_drops unsubscribes"
).split()


# --- the server ---------------------------------------------------------------------------------------


class SendGridServer:
    """`accepted` are the bodies it took, in order; `requests` all that it read whole.

    `sent_before` are the digests of earlier days that its statistics tell of; None: the key may not read them.
    """

    sent_before: int | None = None

    def __init__(self, script: Iterable[Turn], rule: Rule | None) -> None:
        self.requests: list[Body] = []
        self.accepted: list[Body] = []
        self.rehearsed: list[Body] = []
        self.released = threading.Event()
        self.url = ""
        self._script = iter(script)
        self._rule = rule
        self._lock = threading.Lock()

    def deliveries(self) -> list[str]:
        """Whose mails were accepted."""
        return [body["personalizations"][0]["custom_args"]["delivery"] for body in self.accepted]

    def statistics(self, asked: SplitResult, key: str | None) -> Answer:
        """Answers `GET /v3/categories/stats` as tsg_stats_v3.json has it: a list of days, each with its categories."""
        query = dict(parse_qsl(asked.query))
        if asked.path != "/v3/categories/stats":
            return error(404, "not found")
        if key != f"Bearer {KEY}":
            return error(401, "The provided authorization grant is invalid, expired, or revoked")
        if self.sent_before is None:
            return error(403, "access forbidden")
        if not query.keys() >= {"start_date", "categories"} or query.get("aggregated_by") not in _PERIODS:
            return error(400, "start_date and categories are required", "start_date")
        names = [query["categories"], "another category"]
        metrics = {**dict.fromkeys(_METRICS, 0), "requests": self.sent_before}
        stats = [{"type": "category", "name": name, "metrics": metrics} for name in names]
        days = [{"date": query["start_date"], "stats": stats}]
        return Answer(200, raw=json.dumps(days).encode())

    def next_turn(self) -> Turn | None:
        with self._lock:
            return next(self._script, None)

    def answer(self, body: Body, key: str | None, turn: Turn | None) -> Turn:
        with self._lock:
            self.requests.append(body)
            turn = turn or (self._rule(body) if self._rule else None) or self._usual(body, key)
            if turn.status == 202 if isinstance(turn, Answer) else turn in _HAS_THE_MAIL:
                self.accepted.append(body)
            if isinstance(turn, Answer) and turn.status == 200:
                self.rehearsed.append(body)
            return turn

    def _usual(self, body: Body, key: str | None) -> Answer:
        if key != f"Bearer {KEY}":
            return error(401, "The provided authorization grant is invalid, expired, or revoked")
        if problems := objections(body):
            return Answer(400, [{"message": problem, "field": None} for problem in problems])
        if body.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return Answer(200)
        return Answer(202, headers={"X-Message-Id": f"message-{len(self.accepted) + 1}"})


@contextmanager
def sendgrid_server(
    *script: Turn, rule: Rule | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[SendGridServer]:
    """The server, running; its `url` is what NEWSLETTER_SENDGRID_URL would be."""
    server = SendGridServer(script, rule)
    with serving(_handler(server), tls) as server.url:
        try:
            yield server
        finally:
            server.released.set()


def _handler(server: SendGridServer) -> type[Handler]:
    class SendGridHandler(Handler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(server.statistics(urlsplit(self.path), self.headers["Authorization"]))

        def do_POST(self) -> None:
            turn = server.next_turn()
            if turn is Cut.BEFORE_READING:
                return self._reset()
            if turn is Cut.WHILE_READING:
                self.rfile.read(10)
                return self._reset()
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path != "/v3/mail/send":
                return self._send(error(404, "not found"))
            if len(raw) > MOST_BYTES:
                return self._send(error(413, "content too large"))
            turn = server.answer(json.loads(raw), self.headers["Authorization"], turn)
            return self._send(turn) if isinstance(turn, Answer) else self._break(turn)

        def _break(self, turn: Cut) -> None:
            self.close_connection = True
            if turn is Cut.SILENCE:
                server.released.wait(10)
            if turn is Cut.NO_HTTP:
                self.wfile.write(b"220 mail.example.org ESMTP\r\n")
            if turn is Cut.HALF_A_LINE:
                self.wfile.write(b"HTTP/1.1 20")
            if turn in (Cut.BEFORE_ACCEPTING, Cut.AFTER_ACCEPTING):
                self._reset()

        def _reset(self) -> None:
            """Not the polite end of a connection: RST, as from a machine that went down."""
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

        def _send(self, answer: Answer) -> None:
            raw = answer.raw
            if raw is None:
                raw = json.dumps({"errors": answer.errors}).encode() if answer.errors else b""
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(raw[: len(raw) // 2] if answer.is_cut else raw)
            self.close_connection = True

    return SendGridHandler
