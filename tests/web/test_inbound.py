"""Mail as SendGrid's Inbound Parse posts it: raw requests, with real signatures of a test key."""

import base64
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from newsletter.errors import ConfigError, StoreError
from newsletter.mail.inbound.command_words import Command
from newsletter.mail.inbound.parse import Ignored, Request, read_reply
from newsletter.mail.inbound.sendgrid_events import SIGNATURE_HEADER, TIMESTAMP_HEADER
from newsletter.mail.inbound.writer import Envelope, ReplyPolicy
from newsletter.signing import Purpose
from newsletter.web import create_app
from newsletter.web.inbound import PATH, mail_of
from tests import TESTS
from tests.fakes import MemoryStore
from tests.unit.mail.test_damaged_mails import POISON
from tests.web.site import NOW, SIGNER, WHO, part_of

REPLIES = TESTS / "replies"
SECRET = "a-long-secret-of-the-path"
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
TAG = SIGNER.tag(Purpose.REPLY, WHO, date(2026, 1, 5))
TO = f"news+{TAG}@example.org"
POLICY = ReplyPolicy(SIGNER, {"news@example.org"}, {"reader@example.org"})
BOUNDARY = "xYzZY"


class Recorder:
    """Remembers the requests of the mails it was given, as read_reply reads them."""

    def __init__(self) -> None:
        self.requests: list[Request | Ignored] = []
        self.is_broken = False
        self.bug: Exception | None = None

    def __call__(self, raw: bytes, envelope: Envelope) -> str:
        if self.is_broken:
            raise StoreError("the disk is full; make room")
        if self.bug:
            raise self.bug
        self.requests.append(read_reply(raw, POLICY, now=NOW, envelope=envelope))
        return "done"


@pytest.fixture
def handler() -> Recorder:
    return Recorder()


@pytest.fixture
def client(handler: Recorder) -> FlaskClient:
    return client_of(handler)


def client_of(handler: Recorder | None, secret: str | None = SECRET, key: str | None = PUBLIC) -> FlaskClient:
    part = replace(part_of(MemoryStore()), handle_mail=handler, inbound_secret=secret, webhook_key=key)
    return create_app(part).test_client()


def form(**fields: bytes | str) -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        + (value if isinstance(value, bytes) else value.encode())
        + b"\r\n"
        for name, value in fields.items()
    ]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def post(client: FlaskClient, body: bytes, path: str = f"/{SECRET}", **headers: str) -> TestResponse:
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    return client.post(f"{PATH}{path}", data=body, content_type=content_type, headers=headers)


def signed(body: bytes, at: datetime = NOW, key: ec.EllipticCurvePrivateKey = KEY) -> dict[str, str]:
    timestamp = str(int(at.timestamp()))
    signature = base64.b64encode(key.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    return {SIGNATURE_HEADER: signature, TIMESTAMP_HEADER: timestamp}


def envelope(sender: str = "reader@example.org", to: str = TO) -> str:
    return json.dumps({"to": [to], "from": sender})


HEADERS = (
    "Received: from mail.example.org by mx.sendgrid.example\n"
    "From: Rita <reader@example.org>\nTo: news@example.org\nSubject: Re: 2 papers\nMessage-ID: <1@example.org>\n"
    "Date: Tue, 6 Jan 2026 05:59:00 +0000\nMIME-Version: 1.0\n"
    'Content-Type: multipart/alternative;\n boundary="b1"\nContent-Transfer-Encoding: 8bit\n'
)


def parsed(text: bytes, charset: str = "utf-8", headers: str = HEADERS, **more: bytes | str) -> bytes:
    return form(
        headers=headers, text=text, envelope=envelope(), charsets=json.dumps({"text": charset}), dkim="none", **more
    )


def raw(name: str = "gmail_top") -> bytes:
    return (REPLIES / f"{name}.eml").read_bytes().replace(b"TAG", TAG.encode())


def the_one(handler: Recorder) -> Request:
    (request,) = handler.requests
    assert isinstance(request, Request), request
    return request


# --- what is understood


def test_a_raw_mail_is_handed_on_as_it_came(client: FlaskClient, handler: Recorder) -> None:
    answer = post(client, form(email=raw(), envelope=envelope(), to="x", subject="x"))
    assert answer.status_code == 200
    assert (the_one(handler).command, the_one(handler).subscriber_id) == (Command.UNSUBSCRIBE, WHO)


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("täglich", "utf-8"),
        ("täglich", "windows-1252"),
        ("täglich", "iso-8859-1"),
        ("毎日", "iso-2022-jp"),
        ("每日", "gb2312"),
        ("毎日", "shift_jis"),
    ],
)
def test_each_field_of_a_parsed_mail_has_its_own_charset(
    client: FlaskClient, handler: Recorder, text: str, charset: str
) -> None:
    assert post(client, parsed(text.encode(charset), charset)).status_code == 200
    assert the_one(handler).command is Command.DAILY
    assert the_one(handler).mail == "<1@example.org>"


@pytest.mark.parametrize("charset", ["x-unknown", "utf-8", "base64"])
def test_a_wrong_charset_is_no_reason_to_lose_a_mail(client: FlaskClient, handler: Recorder, charset: str) -> None:
    post(client, parsed("täglich".encode("cp1252"), charset))
    assert the_one(handler).command is Command.DAILY


def test_a_parsed_mail_of_html_alone_is_read(client: FlaskClient, handler: Recorder) -> None:
    post(client, parsed(b"", html="<p>pause 3 weeks</p><blockquote>unsubscribe</blockquote>"))
    assert the_one(handler).until == date(2026, 1, 27)


def test_quotes_in_a_parsed_mail_do_nothing(client: FlaskClient, handler: Recorder) -> None:
    post(client, parsed(b'Thanks!\r\n\r\nOn Tue, Papers wrote:\r\n> reply with the word "unsubscribe"\r\n'))
    assert not the_one(handler).is_understood


@pytest.mark.parametrize(
    "headers",
    [
        HEADERS.replace("MIME-Version: 1.0", "Auto-Submitted: auto-replied\nMIME-Version: 1.0"),
        HEADERS.replace("multipart/alternative", "multipart/report; report-type=delivery-status"),
        HEADERS.replace("multipart/alternative", "text/calendar; method=REPLY"),
        HEADERS.replace("Subject", "List-Id: <x.example.org>\nSubject"),
    ],
)
def test_a_parsed_mail_of_a_machine_is_ignored(client: FlaskClient, handler: Recorder, headers: str) -> None:
    post(client, parsed(b"unsubscribe", headers=headers))
    assert isinstance(handler.requests[0], Ignored)


def test_an_empty_envelope_sender_is_a_bounce(client: FlaskClient, handler: Recorder) -> None:
    post(client, form(email=raw(), envelope=envelope(sender="")))
    assert isinstance(handler.requests[0], Ignored)


def test_sendgrids_dkim_result_is_as_good_as_a_tag(client: FlaskClient, handler: Recorder) -> None:
    headers, unaddressed = HEADERS, envelope(to="news@example.org")
    for dkim in ("{@example.org : pass}", "{@example.org : fail}", "{@example.net : pass}", "none"):
        post(client, form(headers=headers, text=b"help", envelope=unaddressed, dkim=dkim))
    assert [isinstance(one, Request) for one in handler.requests] == [True, False, False, False]


# --- whom it believes


def test_a_good_signature_needs_no_secret(handler: Recorder) -> None:
    body = form(email=raw(), envelope=envelope())
    assert post(client_of(handler, secret=None), body, "", **signed(body)).status_code == 200
    assert the_one(handler).command is Command.UNSUBSCRIBE


def other(body: bytes) -> dict[str, str]:
    return signed(body, key=ec.generate_private_key(ec.SECP256R1()))


def old(body: bytes) -> dict[str, str]:
    return signed(body, at=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("sign", [other, old, lambda body: signed(body + b"x"), lambda body: {}])
@pytest.mark.parametrize("path", ["", "/", "/another-secret", f"/{SECRET}x", f"/{SECRET}/", f"//{SECRET}", "/ü"])
def test_everybody_else_is_refused_and_not_heard(
    client: FlaskClient, handler: Recorder, sign: Callable[[bytes], dict[str, str]], path: str
) -> None:
    body = form(email=raw(), envelope=envelope())
    assert post(client, body, path, **sign(body)).status_code == 403
    assert handler.requests == []


def test_without_a_secret_and_a_key_nobody_is_believed(handler: Recorder) -> None:
    body = form(email=raw())
    for path in ("", f"/{SECRET}", "/None"):
        assert post(client_of(handler, secret=None, key=None), body, path, **signed(body)).status_code == 403
    assert post(client_of(None), body).status_code == 403


# --- what it answers


def test_a_memory_out_of_order_asks_for_a_repeat(client: FlaskClient, handler: Recorder) -> None:
    handler.is_broken = True
    assert post(client, form(email=raw())).status_code == 503


@pytest.mark.parametrize("bug", [RecursionError(), ValueError("a bug"), MemoryError(), OSError()], ids=repr)
def test_a_mail_that_raises_is_repeated_once_then_given_up(handler: Recorder, bug: Exception) -> None:
    handler.bug = bug
    failed: list[str] = []

    def gives_up(mail: str, error: Exception) -> bool:
        failed.append(mail)
        return failed.count(mail) > 1

    part = replace(part_of(MemoryStore()), handle_mail=handler, inbound_secret=SECRET, gives_up=gives_up)
    client = create_app(part).test_client()
    both = [parsed(b"help", html="<p>help</p>"), form(email=raw())]
    assert [post(client, body).status_code for body in both * 2] == [503, 503, 200, 200]
    assert len(set(failed)) == 2


def test_settings_that_need_mending_ask_for_a_repeat(client: FlaskClient, handler: Recorder) -> None:
    handler.bug = ConfigError("subscribers.yaml is broken; mend it")
    assert [post(client, form(email=raw())).status_code for _ in range(3)] == [503, 503, 503]


@pytest.mark.parametrize("name", POISON)
def test_a_mail_deeper_than_python_is_answered_as_done(client: FlaskClient, handler: Recorder, name: str) -> None:
    headers, _, body = POISON[name].partition(b"\n\n")
    for fields in ({"email": POISON[name]}, {"headers": headers, "text": body, "html": body}):
        assert post(client, form(**fields, envelope=envelope())).status_code == 200
    assert not [one for one in handler.requests if isinstance(one, Request) and one.command is not Command.HELP]


@pytest.mark.parametrize("body", [b"", b"--", b"{}", form(), form(other="x"), form(email=raw())[:-40]])
def test_what_is_no_form_or_no_mail_is_answered_as_done(client: FlaskClient, body: bytes) -> None:
    assert post(client, body).status_code == 200
    assert client.post(f"{PATH}/{SECRET}", data=body).status_code == 200


def test_a_body_beyond_the_limit_is_refused(client: FlaskClient) -> None:
    assert post(client, b"x" * (30 * 1024 * 1024 + 1)).status_code == 413


def test_get_and_head_change_nothing(client: FlaskClient, handler: Recorder) -> None:
    assert {client.open(f"{PATH}/{SECRET}", method=method).status_code for method in ("GET", "HEAD")} == {405}
    assert handler.requests == []


def test_damaged_posts_give_no_500_and_no_other_wish(client: FlaskClient, handler: Recorder) -> None:
    chance = random.Random(5)
    bodies = [
        parsed(b"Thanks!\n\n> unsubscribe", html="<p>Thanks!</p>", dkim_="{@x : pass}"),
        form(email=raw("gmail_thanks"), envelope=envelope()),
    ]
    for _ in range(600):
        body = bytearray(chance.choice(bodies))
        for _ in range(chance.randint(1, 4)):
            start = chance.randrange(len(body))
            body[start : start + chance.choice([0, 1, 4, 40])] = chance.randbytes(chance.randint(0, 4))
        assert post(client, bytes(body)).status_code == 200
    assert not [one for one in handler.requests if isinstance(one, Request) and one.command is Command.UNSUBSCRIBE]


def test_no_fields_at_all_are_an_empty_mail() -> None:
    assert mail_of({"envelope": b"[1]", "charsets": b"{"})[1] == Envelope()
