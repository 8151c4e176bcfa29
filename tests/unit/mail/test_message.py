"""The mail as mail programs read it: headers of a list mail, two parts, the same bytes each time."""

import email
import email.policy
import re
from dataclasses import replace
from email.headerregistry import Address
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.message import MailIdentity, beyond_latin_1, build_message, build_service_message
from newsletter.model import Digest, Message, RenderedDigest
from newsletter.run.digest import build_digest
from newsletter.signing import Purpose, Signer, tag_of
from tests import make

RENDERED = RenderedDigest("3 papers: Über Größe", "<p>" + "x" * 3000 + "&#252;</p>", "Größe\n" + "y" * 3000 + "\n流形")


def digest_for(**subscriber: object) -> Digest:
    return build_digest(
        make.subscriber(**subscriber),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=1,
        candidates=[make.announcement()],
        score_report=make.score_report(make.score()),
    )


PLAIN = MailIdentity(Address("Morning Papers", addr_spec="digest@news.example.org"), "back@example.org")
SIGNER = Signer(["a key"])
FULL = replace(PLAIN, signer=SIGNER, base_url="https://papers.example.org", bounce_to="bounces@example.org")


def build(rendered: RenderedDigest = RENDERED, *, identity: MailIdentity = PLAIN, **subscriber: object) -> Message:
    return build_message(digest_for(**subscriber), rendered, identity, now=make.NOW)


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
    assert mail["Feedback-ID"] == "::digest:newsexampleorg"
    assert "List-Unsubscribe-Post" not in mail  # one click needs a web part


def feedback_sender(domain: str) -> str:
    mail = read_back(build(identity=replace(PLAIN, sender=Address("Papers", addr_spec=f"digest@{domain}"))))
    return str(mail["Feedback-ID"]).rpartition(":")[2]


def test_a_long_or_a_short_domain_has_a_sender_id_of_its_own_that_is_not_cut_within_a_word() -> None:
    """Google's help on the feedback loop: 5 to 15 characters, unique, the same in the whole stream."""
    assert feedback_sender("newsletter.invalid").startswith("newslette-")
    domains = [
        *("newsletter.invalid", "news.example.org", "a.b", "b.a", "x-y.de", "papers.mathematics.uni-example.de"),
        *("papers.medicine.uni-example.de", "papers.medicine.uni-example.com", "xn--n3h.example.org"),
    ]
    ids = [feedback_sender(domain) for domain in domains]
    assert len(set(ids)) == len(domains)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{4,14}", one) for one in ids), ids
    assert feedback_sender("NewsLetter.invalid") == ids[0]


def test_with_a_key_and_a_web_part_one_click_unsubscribes_and_answers_carry_the_delivery() -> None:
    message = build(identity=FULL)
    mail = read_back(message)
    whose = ("s_abcd2345", make.TUESDAY)
    reply_to = mail["Reply-To"].addresses[0].addr_spec
    assert SIGNER.read_tag(Purpose.REPLY, tag_of(reply_to)) == whose
    assert SIGNER.read_tag(Purpose.BOUNCE, tag_of(message.envelope_from)) == whose
    link, mailto = mail["List-Unsubscribe"].split(", ")
    assert (
        mailto == f"<mailto:{reply_to.replace('+', '%2B')}?subject=unsubscribe>"
    )  # RFC 6068: a plus may become a blank
    assert link.startswith("<https://papers.example.org/u/")
    assert SIGNER.read_link(Purpose.UNSUBSCRIBE, link[1:-1].rpartition("/")[2]) == "s_abcd2345"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.to not in message.mime["List-Unsubscribe"] + message.envelope_from


def test_the_link_to_ones_topics_is_good_for_nothing_else() -> None:
    links = FULL.links_for("s_abcd2345", make.TUESDAY)
    place, _, token = links.profile_url.rpartition("/")
    assert place == "https://papers.example.org/profile"
    whose = {purpose: SIGNER.read_link(purpose, token) for purpose in Purpose}
    assert whose == dict.fromkeys(Purpose) | {Purpose.PROFILE: "s_abcd2345"}
    assert replace(FULL, base_url="").links_for("s_abcd2345", make.TUESDAY).profile_url == ""


def test_the_link_to_a_days_page_is_good_for_the_archive_alone() -> None:
    links = FULL.links_for("s_abcd2345", make.TUESDAY)
    place, token, day = links.web_url.rsplit("/", 2)
    assert (place, day) == ("https://papers.example.org/archive", "2026-01-06")
    whose = {purpose: SIGNER.read_link(purpose, token) for purpose in Purpose}
    assert whose == dict.fromkeys(Purpose) | {Purpose.ARCHIVE: "s_abcd2345"}
    assert replace(FULL, base_url="").links_for("s_abcd2345", make.TUESDAY).web_url == ""


def test_no_one_click_without_https() -> None:
    """RFC 8058 §3.1 knows no other; a reader can still open the link in the mail."""
    mail = read_back(build(identity=replace(FULL, base_url="http://127.0.0.1:8000")))
    assert "List-Unsubscribe-Post" not in mail
    assert mail["List-Unsubscribe"].startswith("<mailto:")


def test_a_mailbox_without_plus_addressing_gets_plain_replies() -> None:
    mail = read_back(build(identity=replace(FULL, has_tags=False)))
    assert mail["Reply-To"] == "back@example.org"
    assert mail["List-Unsubscribe-Post"]


def test_a_way_to_unsubscribe_is_never_broken_into_lines() -> None:
    lines = build(identity=FULL).mime.as_bytes().decode().split("\r\n")
    at = next(number for number, line in enumerate(lines) if line.startswith("List-Unsubscribe:"))
    assert lines[at].startswith("List-Unsubscribe: <https://papers.example.org/u/")
    assert lines[at].endswith(">,")
    assert lines[at + 1].startswith(" <mailto:back%2B")
    assert lines[at + 1].endswith("?subject=unsubscribe>")


@given(st.text(max_size=30))
def test_a_text_part_is_never_taken_for_latin_1_and_says_the_same(text: str) -> None:
    sent = beyond_latin_1(text)
    assert sent.rstrip("\u2060\n") == text.rstrip("\u2060\n")
    try:
        sent.encode("latin-1")
    except UnicodeEncodeError:
        pass
    else:
        assert sent.isascii()


def test_html_that_is_not_ascii_is_refused() -> None:
    with pytest.raises(ValueError, match="not ASCII"):
        build(replace(RENDERED, html="<p>ü</p>"))


def service(**changes: str) -> Message:
    plain = {"key": "alert-1", "to": "op@example.org", "subject": "2 mails failed", "text": "Größe — 流形\n"}
    sender = Address("Morning Papers (service)", addr_spec="service@news.example.org")
    return build_service_message(sender=sender, now=make.NOW, **(plain | changes))


def test_a_service_mail_is_no_list_mail_and_comes_from_another_address() -> None:
    message = service()
    mail = read_back(message)
    assert message.delivery_id == "service/alert-1"
    assert mail["From"].addresses[0].addr_spec == "service@news.example.org"
    assert mail["Message-ID"] == "<service.alert-1@news.example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert not [name for name in mail if name.startswith("List-")]
    assert mail.get_content().splitlines() == ["Größe — 流形"]


@pytest.mark.parametrize(
    "changes", [{"subject": "a\r\nBcc: x@example.org"}, {"to": "a@example.org\nBcc: b@example.org"}, {"key": "a b>"}]
)
def test_a_service_mail_takes_no_line_breaks_and_no_odd_key(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"(?i)invalid|linefeed|carriage|Message-ID"):
        service(**changes)


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
