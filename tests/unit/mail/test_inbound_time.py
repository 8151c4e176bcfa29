"""Reading a mail takes time that grows with its length, whatever stands in it: nobody waits for another's mail."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial

import pytest

from newsletter.errors import ConfigError
from newsletter.mail.inbound.bounces import read_bounce
from newsletter.mail.inbound.command_words import Command
from newsletter.mail.inbound.parse import Ignored, Request, read_reply
from newsletter.mail.inbound.parts import addresses_in, header_of, headers_of, open_mail, parts_of
from newsletter.mail.inbound.writer import ReplyPolicy
from newsletter.model import MOST_PROFILE_CHARS
from newsletter.signing import Purpose, Signer
from newsletter.subscribers.profile_repair import repair
from newsletter.subscribers.profile_yaml import read as read_profile
from tests import make
from tests.bounded_time import assert_takes_at_most

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
SIGNER, WHO = Signer(["a key for measuring"]), "s_time2345"
TAG = SIGNER.tag(Purpose.REPLY, WHO, date(2026, 3, 2))
HOUSE = ReplyPolicy(SIGNER, {"digest@example.org"}, set())
HEAD = f"From: rita@example.org\nTo: news+{TAG}@example.org\nSubject: Re: 3 papers\nMessage-ID: <1@example.org>\n"
LENGTH = 100_000
MOST_S = 1.6  # of the processor: a tenth is what it takes, and a pattern that goes back takes ten seconds or more

BLANKS = (" ", "\t", "\u00a0", "\u3000", "\r", "\n", "\r\n", " \n", "\t\n")
QUOTES = (">", "> ", ">\n", "> \n", ">\nx\n\n", "|", "_", "-", "- ", "-- \n", "---", "____\n", "=", "*", "(", "((", "[")
ADDRESSES = ("<", "<@", " <@", "<@>", "@", "2026/1/1 <@", "2026/1/1 <@>\n", "a@example.org, ")
INTROS = (
    "On ",
    "On x wrote: ",
    "On x wrote:\n",
    "wrote:\n",
    "Am x schrieb ",
    "在写道:",
    "2026年:",
    "In data ha scritto:",
)
YAML = ("a: >\n", "a: >\n  x\n", "a: b\n", "To: a\n", "From: x\n", "- ", "{", "&a ", "*a ")
WORDS = ("please ", "Hello,", "+3 ", "unsubscribe ", "pause ", "“", '"', "?", "e\u0301", "\ufdfa", "\u200d", "\x00")
HTML = (
    "<",
    "</",
    "<a ",
    "<a href='",
    "<p>",
    "<i>",
    "</i>",
    "<br>",
    "x<br>",
    "&",
    "&amp;",
    "&#",
    "<!",
    "<!--",
    "<!-- -->",
)
MORE_HTML = ("<![CDATA[", "<?", "<blockquote>", "</blockquote>", "<div class=gmail_quote>", "<style>", "<title>", "<aa")
TEXTS = (*BLANKS, *QUOTES, *ADDRESSES, *INTROS, *YAML, *WORDS, *HTML)


def of_length(piece: str, length: int = LENGTH) -> str:
    return piece * (length // len(piece.encode()))


def assert_is_read_at_once(raw: bytes) -> None:
    assert_takes_at_most(MOST_S, lambda: read_reply(raw, HOUSE, now=NOW))


def mail(body: str, kind: str) -> bytes:
    return f"{HEAD}Content-Type: {kind}; charset=utf-8\n\n{body}".encode()


@pytest.mark.parametrize("piece", TEXTS, ids=ascii)
def test_a_text_of_one_thing_again_and_again_is_read_at_once(piece: str) -> None:
    said = of_length(piece)
    for body in (f"{said}x", f"> quoted\n{said}x", f"profile\n\n{said}x", f"\n> quoted\n>\n{said}"):
        assert_is_read_at_once(mail(body, "text/plain; format=flowed"))


@pytest.mark.parametrize("piece", [*BLANKS, *HTML, *MORE_HTML, *INTROS, *ADDRESSES], ids=ascii)
def test_so_is_html(piece: str) -> None:
    assert_is_read_at_once(mail(f"<p>{of_length(piece)}x", "text/html"))
    assert_is_read_at_once(mail(f"<blockquote>{of_length(piece)}</blockquote>x", "text/html"))


HEADER_NAMES = (
    "From",
    "Cc",
    "Subject",
    "Date",
    "References",
    "Content-Type",
    "Authentication-Results",
    "Auto-Submitted",
)
IN_HEADERS = ("(", "a:", "<", '"', '"\\', "a@example.org,", "=?a?q?x", "=?utf-8?q?x?= ", ";", ';"', "Re: ", " ", "[a] ")


@pytest.mark.parametrize("piece", IN_HEADERS, ids=ascii)
@pytest.mark.parametrize("name", HEADER_NAMES)
def test_so_are_headers_one_long_or_many_short(name: str, piece: str) -> None:
    long, short = of_length(piece, 30_000), of_length(piece, 2_000)  # no more than 20,000 characters are looked at
    assert_is_read_at_once(f"{name}: {long}\n{HEAD}\nunsubscribe\n".encode())
    assert_is_read_at_once((f"{name}: {short}\n" * 100 + f"{HEAD}\nunsubscribe\n").encode())


CHARSETS = (
    "punycode",
    "idna",
    "unicode_escape",
    "raw-unicode-escape",
    "undefined",
    "base64",
    "rot13",
    "utf-7",
    "utf-16",
)


@pytest.mark.parametrize("charset", CHARSETS)
def test_so_is_a_text_in_what_python_takes_for_a_charset(charset: str) -> None:
    said = "a" * LENGTH + "-" + "b" * LENGTH
    assert_is_read_at_once(f"{HEAD}Content-Type: text/plain; charset={charset}\n\n{said}\\N\n".encode())
    found = read_reply(f"{HEAD}Content-Type: text/plain; charset={charset}\n\nweekly\n".encode(), HOUSE, now=NOW)
    assert isinstance(found, Request)
    if charset != "utf-16":  # which these six letters could be
        assert found.command is Command.WEEKLY


def nested(depth: int) -> str:
    text = 'Content-Type: multipart/mixed; boundary="b0"\n\n'
    for level in range(depth):
        text += f'--b{level}\nContent-Type: multipart/mixed; boundary="b{level + 1}"\n\n'
    return text


def structures() -> Iterator[tuple[str, str]]:
    parts = 'Content-Type: multipart/mixed; boundary="b"\n\n'
    yield "parts", parts + "--b\n\nx\n" * 60_000
    yield "mails in a digest", parts.replace("mixed", "digest") + "--b\n\na: b\n\nx\n" * 30_000
    yield "parts with long types", parts + f"--b\nContent-Type: text/plain{';' * 1900}\n\nx\n" * 160
    yield "parts with many fields", parts + f"--b\nContent-Type: text/plain{';a=b' * 480}\n\nx\n" * 160
    yield "deep", nested(2_000)
    yield "deep, with many lines", nested(90) + "a\n" * 300_000
    yield "mails in mails", "Content-Type: message/rfc822\n\n" * 3_000
    yield "header lines", "X-A: b\n" * 100_000 + "\n"
    yield "a folded header", "X-A: b\n" + " c\n" * 100_000 + "\n"
    yield "large", "\n" + "x" * 10_000_000


@pytest.mark.parametrize("text", [pytest.param(text, id=what) for what, text in structures()])
def test_so_is_a_mail_of_any_build(text: str) -> None:
    assert_is_read_at_once(f"{HEAD}{text}".encode())


BOUNCE = SIGNER.tag(Purpose.BOUNCE, WHO, date(2026, 3, 2))
BOUNCED = f"From: mailer-daemon@example.net\nTo: b+{BOUNCE}@example.org\nSubject: Undelivered\n"
IN_BOUNCES = (
    "550 ",
    "5.1.1 ",
    "Status: 5.1.1\n",
    "Action: failed\n",
    "a@example.org ",
    "<a@example.org>: ",
    "failed ",
    "+3,",
)
REPORT = 'Content-Type: multipart/report; boundary="b"\n\n--b\nContent-Type: message/delivery-status\n\n'


@pytest.mark.parametrize("piece", [*IN_BOUNCES, *BLANKS, *QUOTES], ids=ascii)
def test_so_are_bounces(piece: str) -> None:
    for head in ("\n", REPORT):
        raw = f"{BOUNCED}{head}{of_length(piece)}x".encode()
        assert_takes_at_most(MOST_S, partial(read_bounce, raw, SIGNER, now=NOW))


LINES = (
    "a\n",
    "a: b\n",
    "a: >\n",
    "a: >\n  x\n",
    "...\n",
    "---\n",
    "- ",
    "- - ",
    "[",
    "{",
    "? ",
    "> ",
    "\u00a0",
    "like: [“a”, ",
    "“",
)


@pytest.mark.parametrize("piece", LINES, ids=ascii)
def test_so_is_a_profile_of_the_greatest_length(piece: str) -> None:
    text = of_length(piece, MOST_PROFILE_CHARS)

    def refuse() -> None:
        with pytest.raises(ConfigError):
            read_profile(text, make.subscriber())

    assert_takes_at_most(MOST_S, refuse)
    assert len(repair(text)) < 20 * MOST_PROFILE_CHARS


def test_one_header_that_cannot_be_read_hides_no_other() -> None:
    raw = f"Cc: {'(' * 5000}\nDelivered-To: {'(' * 5000}\n{HEAD}\nunsubscribe\n".encode()
    found = read_reply(raw, HOUSE, now=NOW)
    assert isinstance(found, Request)
    assert found.command is Command.UNSUBSCRIBE


@pytest.mark.parametrize("behind", [nested(2_000), "Content-Type: message/rfc822\n\n" * 3_000, "x" * 3_000_000])
def test_the_text_counts_whatever_is_attached_behind_it(behind: str) -> None:
    raw = f'{HEAD}Content-Type: multipart/mixed; boundary="o"\n\n--o\nContent-Type: text/plain\n\nweekly\n--o\n{behind}'
    found = read_reply(raw.encode(), HOUSE, now=NOW)
    assert isinstance(found, Request)
    assert found.command is Command.WEEKLY


def test_a_wish_behind_100000_other_headers_counts() -> None:
    more = "X-A: b\n" * 100_000
    found = read_reply(f"{HEAD}{more}\nweekly\n".encode(), HOUSE, now=NOW)
    assert isinstance(found, Request)
    assert found.command is Command.WEEKLY


@pytest.mark.parametrize("gap", [" " * 300, "\u00a0" * 300, "-" * 300])
def test_a_long_line_that_begins_with_a_command_says_more_than_the_command(gap: str) -> None:
    for line in (f"unsubscribe{gap}me? No, my neighbour", f"{'x' * 100_000}"):
        raw = f"{HEAD.replace('3 papers', 'unsubscribe')}\n{line}\n".encode()
        found = read_reply(raw, HOUSE, now=NOW)
        assert isinstance(found, Ignored) or found.command is Command.HELP


def test_a_quote_of_a_long_digest_hides_no_word_below_it() -> None:
    quoted = "".join(f"> line {number} of a digest that goes on and on and on\n" for number in range(4_000))
    found = read_reply(f"{HEAD}\n{quoted}\nunsubscribe\n".encode(), HOUSE, now=NOW)
    assert isinstance(found, Request)
    assert found.command is Command.UNSUBSCRIBE


def test_headers_are_decoded_as_before() -> None:
    raw = (
        b"Subject: =?utf-8?q?t=C3=A4glich?= and\n =?utf-8?q?more?= =?x\n"
        b"To: a@example.org\nTo: =?utf-8?q?R?= <b@example.org>\n\n"
    )
    mail = open_mail(raw)
    assert header_of(mail, "subject").split() == ["täglich", "and", "more", "=?x"]
    assert addresses_in(headers_of(mail, "To")) == ["a@example.org", "b@example.org"]
    assert list(parts_of(mail)) == [mail]
