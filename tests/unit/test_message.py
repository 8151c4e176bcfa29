"""The mail as mail programs read it: headers of a list mail, two parts, the same bytes each time."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from email.headerregistry import Address
from email.message import EmailMessage

import pytest

from newsletter.digest import compose
from newsletter.message import build_message
from newsletter.model import Digest, Message, RenderedDigest
from tests import make

RENDERED = RenderedDigest("3 papers: Über Größe", "<p>" + "x" * 3000 + "&#252;</p>", "Größe\n" + "y" * 3000 + "\n流形")


def digest_for(**subscriber: object) -> Digest:
    return compose(
        make.subscriber(**subscriber),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=1,
        candidates=[make.announcement()],
        sheet=make.sheet(make.score()),
    )


def build(rendered: RenderedDigest = RENDERED, **subscriber: object) -> Message:
    sender = Address("Morning Papers", addr_spec="digest@news.example.org")
    return build_message(digest_for(**subscriber), rendered, sender=sender, reply_to="back@example.org", now=make.NOW)


def read_back(message: Message) -> EmailMessage:
    return email.message_from_bytes(message.mime.as_bytes(), policy=email.policy.default)


def test_the_headers_of_a_list_mail_are_there() -> None:
    mail = read_back(build(name="Zoë Müller, PhD"))
    assert mail["From"] == "Morning Papers <digest@news.example.org>"
    assert mail["To"].addresses[0].display_name == "Zoë Müller, PhD"
    assert mail["To"].addresses[0].addr_spec == "reader@example.org"
    assert mail["Reply-To"] == "back@example.org"
    assert mail["Subject"] == "3 papers: Über Größe"
    assert mail["Message-ID"] == "<2026-01-06.s_abcd2345@news.example.org>"
    assert mail["List-Id"] == "<digest.news.example.org>"
    assert mail["List-Unsubscribe"] == "<mailto:back@example.org?subject=unsubscribe>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Precedence"] == "bulk"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["Date"].datetime == make.NOW


def test_both_parts_come_back_as_they_were_text_first() -> None:
    mail = read_back(build())
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == RENDERED.text.splitlines()
    assert html.get_content().splitlines() == [RENDERED.html]
    assert html.get_content_charset() == "us-ascii"


def test_no_line_is_too_long_and_the_bytes_are_ascii() -> None:
    raw = build(name="Ł" * 60).mime.as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_the_same_delivery_gives_the_same_bytes() -> None:
    assert build().mime.as_bytes() == build().mime.as_bytes()


@pytest.mark.parametrize("name", ["Eve\r\nBcc: all@example.org", "Eve\nX: y"])
def test_line_breaks_in_a_name_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)invalid|linefeed|carriage"):
        build(name=name)


def test_line_breaks_in_a_subject_are_refused() -> None:
    with pytest.raises(ValueError, match=r"(?i)linefeed|carriage"):
        build(replace(RENDERED, subject="Hello\nBcc: all@example.org"))
