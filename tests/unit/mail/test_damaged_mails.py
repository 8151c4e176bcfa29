"""Whatever the bytes of a mail are, reading them raises nothing: neither as a bounce nor as a reply."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.inbound.bounces import NoEvent, read_bounce
from newsletter.mail.inbound.parse import Ignored, Request, read_reply
from newsletter.mail.inbound.writer import Envelope, ReplyPolicy
from newsletter.model import MailEvent
from newsletter.signing import Purpose, Signer
from tests import TESTS

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SIGNER, WHO, ON = Signer(["a key for damage"]), "s_damage23", date(2026, 11, 20)
REPLY, BOUNCE = (SIGNER.tag(purpose, WHO, ON).encode() for purpose in (Purpose.REPLY, Purpose.BOUNCE))
HOUSE = ReplyPolicy(SIGNER, {"digest@example.org"}, set(), "mx.example.org")
COUNT = 1_500

MAILS = [path.read_bytes().replace(b"TAG", REPLY) for path in sorted((TESTS / "replies").glob("*.eml"))]
MAILS += [path.read_bytes().replace(b"TAG", BOUNCE) for path in sorted((TESTS / "bounces").glob("*.eml"))]
SEEDS = (
    *(
        b"(",
        b'"',
        b"<",
        b">",
        b"<@",
        b"=?utf-8?q?",
        b"?=",
        b"=?x?b?!!?=",
        b";",
        b":",
        b",",
        b"\\",
        b"\x00",
        b"\xff\xfe",
    ),
    *(
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b"\n ",
        b"\n> ",
        b"--",
        b"--b\n",
        b"boundary=b\n",
        b"charset=rot13\n",
        b"charset=utf-16\n",
    ),
    *(b"Content-Type: message/rfc822\n\n", b'Content-Type: multipart/mixed; boundary="b"\n\n', b"Content-Type: ;;;\n"),
    *(b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: uuencode\n", b"Content-Type: text/html\n\n"),
    *(
        b"message/delivery-status",
        b"message/feedback-report",
        b"text/rfc822-headers",
        b"multipart/report",
        b"format=flowed",
    ),
    *(
        b"Date: Fri, 31 Feb 0000 99:99:99 +9999\n",
        b"Subject*0*=x''%",
        b"filename*1*=",
        b"From: a@b, c@d\n",
        b"<!--",
        b"</p>",
    ),
)


def damaged(chance: random.Random) -> bytes:
    raw = chance.choice(MAILS)
    for _ in range(chance.randint(1, 4)):
        raw = chance.choice(DAMAGES)(raw, chance)
    return raw


def _cut(raw: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(raw) + 1) for _ in range(2))
    return raw[:start] + raw[end:]


def _insert(raw: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + chance.choice(SEEDS) * chance.choice([1, 1, 2, 20, 2_000]) + raw[at:]


def _repeat(raw: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(raw) + 1) for _ in range(2))
    return raw[:start] + raw[start:end][:200] * chance.choice([2, 50]) + raw[end:]


def _replace(raw: bytes, chance: random.Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(min(len(raw), chance.randint(1, 8))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _splice(raw: bytes, chance: random.Random) -> bytes:
    other = chance.choice(MAILS)
    return raw[: chance.randrange(len(raw) + 1)] + other[chance.randrange(len(other)) :]


def _nest(raw: bytes, chance: random.Random) -> bytes:
    return chance.choice(SEEDS[-18:-15]) * chance.choice([1, 40, 1_500]) + raw


DAMAGES: list[Callable[[bytes, random.Random], bytes]] = [_cut, _insert, _repeat, _replace, _splice, _nest]


def read(raw: bytes) -> None:
    assert isinstance(read_bounce(raw, SIGNER, now=NOW), MailEvent | NoEvent)
    found = read_reply(raw, HOUSE, now=NOW, envelope=Envelope(to=(f"news+{REPLY.decode()}@example.org",)))
    assert isinstance(found, Request | Ignored)


def test_thousands_of_damaged_mails_raise_nothing() -> None:
    chance = random.Random(COUNT)
    for _ in range(COUNT):
        read(damaged(chance))


@given(st.lists(st.sampled_from(SEEDS), max_size=40), st.sampled_from(["From", "To", "Cc", "Content-Type", "Date", ""]))
def test_nor_do_mails_of_nothing_but_such_pieces(pieces: list[bytes], name: str) -> None:
    read(f"{name}: ".encode() + b"".join(pieces))


POISON = {
    "comments in Cc": b"From: x@example.net\nTo: n@example.org\nCc: " + b"(" * 5_000 + b"\n\nx",
    "comments in From": b"From: " + b"(" * 5_000 + b"a@b" + b")" * 5_000 + b"\n\nx",
    "comments in To": b"From: x@example.net\nDelivered-To: " + b"(" * 90_000 + b"\n\nx",
    "groups": b"From: x@example.net\nCc: " + b"a:" * 9_000 + b"\n\nx",
    "mails": b"From: x@example.net\n" + b"Content-Type: message/rfc822\n\n" * 5_000,
    "statuses": b"Content-Type: message/delivery-status\n\n" * 2_000,
    "parts": b"From: x@example.net\n"
    + b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(3_000)),
    "blockquotes": b"From: x@example.net\nContent-Type: text/html\n\n" + b"<blockquote><div>" * 30_000,
}


@pytest.mark.parametrize("name", POISON)
def test_nor_do_mails_that_are_deeper_than_python(name: str) -> None:
    for tag in (b"", b"Delivered-To: n+" + REPLY + b"@example.org\n", b"Delivered-To: n+" + BOUNCE + b"@example.org\n"):
        read(tag + POISON[name])
