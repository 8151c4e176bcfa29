"""What a mail that came back means. The mails in tests/bounces are our own, in the shapes that real servers send."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.inbound.bounces import NoEvent, read_bounce
from newsletter.model import EventKind, MailEvent
from newsletter.signing import Purpose, Signer
from tests import TESTS

BOUNCES = TESTS / "bounces"
WHO, ON = "s_aaaaaaaa", date(2026, 11, 22)
SIGNER = Signer(["an old key of the newsletter", "the key of the newsletter"])
TAG = SIGNER.tag(Purpose.BOUNCE, WHO, ON)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

EVENTS = {
    # the mail: what it means, when, and words of its detail
    "postfix_no_user": (EventKind.BOUNCED_HARD, "06:02:11", "5.1.1 550 5.1.1 <(address)>: Recipient address rejected"),
    "postfix_mailbox_full": (EventKind.BOUNCED_SOFT, "06:02:11", "5.2.2 552 5.2.2 <(address)>: mailbox is over"),
    "postfix_gave_up": (EventKind.BOUNCED_SOFT, "06:02:11", "4.4.1 connect to store.example.net"),
    "postfix_delayed": (EventKind.DEFERRED, "06:02:11", "4.4.1 connect to store.example.net"),
    "exim_no_user": (EventKind.BOUNCED_HARD, "06:03:00", "5.0.0 550 5.1.1 there is nobody"),
    "exim_blocked": (EventKind.BOUNCED_SOFT, "06:03:00", "5.0.0 554 5.7.1 your network"),
    "exim_old_full": (EventKind.BOUNCED_SOFT, "06:03:00", "552 the mailbox of this reader is full"),
    "exchange_no_user": (EventKind.BOUNCED_HARD, "06:02:19", "5.1.10 550 5.1.10 RESOLVER"),
    "gmail_no_user": (EventKind.BOUNCED_HARD, "06:05:00", "5.1.1 550-5.1.1 The account"),
    "gmail_dmarc": (EventKind.BOUNCED_SOFT, "06:05:00", "5.7.26 550-5.7.26 Unauthenticated"),
    "qmail_no_user": (EventKind.BOUNCED_HARD, "06:04:00", "Sorry, no mailbox here by that name. (#5.1.1)"),
    "sendmail_no_user": (EventKind.BOUNCED_HARD, "06:05:36", "5.1.1 550 5.1.1 <(address)>... User unknown"),
    "complaint": (EventKind.COMPLAINED, "09:00:00", "abuse, reported by ReportMaker/1.0"),
    "complaint_without_sender": (EventKind.COMPLAINED, "09:00:00", "abuse, reported by ReportMaker/1.0"),
}
NOTHING = {
    "out_of_office": "it is no bounce",
    "success_report": "it tells of no failure",
    "not_spam": "a report of another kind than a complaint: not-spam",
}


def bounce(name: str, tag: str = TAG) -> bytes:
    return (BOUNCES / f"{name}.eml").read_bytes().replace(b"TAG", tag.encode())


def with_fields(fields: str) -> bytes:
    """The bounce of Exchange with these fields instead of its status and diagnostic."""
    raw = bounce("exchange_no_user")
    start = raw.index(b"Status: 5.1.10")
    end = raw.index(b"lookup\n", start) + len(b"lookup\n")
    return raw[:start] + fields.encode() + raw[end:]


def read(raw: bytes, *, now: datetime = NOW, to: str = "") -> MailEvent | NoEvent:
    return read_bounce(raw, SIGNER, now=now, to=to)


def event(raw: bytes, *, now: datetime = NOW, to: str = "") -> MailEvent:
    found = read(raw, now=now, to=to)
    assert isinstance(found, MailEvent), found
    return found


@pytest.mark.parametrize("name", EVENTS)
def test_a_bounce_says_which_mail_what_and_when(name: str) -> None:
    kind, at, words = EVENTS[name]
    found = event(bounce(name))
    assert (found.subscriber_id, found.digest_on, found.kind) == (WHO, ON, kind)
    assert f"{found.at:%Y-%m-%d %H:%M:%S}" == f"2026-11-22 {at}"
    assert found.detail.startswith(words)
    assert len(found.detail) <= 200
    assert "@" not in found.detail


@pytest.mark.parametrize("name", NOTHING)
def test_what_is_no_bad_news_of_a_mail_means_nothing(name: str) -> None:
    assert read(bounce(name)) == NoEvent(NOTHING[name])


def test_every_mail_of_the_folder_is_expected_to_mean_something() -> None:
    assert {path.stem for path in BOUNCES.glob("*.eml")} == {*EVENTS, *NOTHING}


@pytest.mark.parametrize("name", EVENTS)
def test_line_ends_do_not_matter(name: str) -> None:
    assert event(bounce(name).replace(b"\n", b"\r\n")) == event(bounce(name))


# --- whose it is


FORGED = [
    "a" * 24,
    TAG[:-1] + ("a" if TAG[-1] != "a" else "b"),
    SIGNER.tag(Purpose.REPLY, WHO, ON),
    Signer(["somebody else's key"]).tag(Purpose.BOUNCE, WHO, ON),
    "",
]


@pytest.mark.parametrize("tag", FORGED)
@pytest.mark.parametrize("name", ["postfix_no_user", "complaint"])
def test_without_a_tag_of_ours_nobody_is_suppressed(name: str, tag: str) -> None:
    assert read(bounce(name, tag)) == NoEvent("no address in it has a tag of ours")


def test_a_bounce_of_a_mail_signed_with_an_older_key_counts() -> None:
    older = Signer(["an old key of the newsletter"]).tag(Purpose.BOUNCE, WHO, ON)
    assert event(bounce("postfix_no_user", older)).subscriber_id == WHO


@pytest.mark.parametrize("header", ["Delivered-To", "X-Original-To", "Envelope-To", "To"])
def test_the_address_is_where_the_server_wrote_it(header: str) -> None:
    raw = bounce("qmail_no_user", "").replace(b"Delivered-To: bounces+@example.org\n", b"")
    raw = raw.replace(b"To: bounces+@example.org\n", b"")
    assert isinstance(read(raw), NoEvent)
    assert event(f"{header}: Bounces <bounces+{TAG}@example.org>\n".encode() + raw).subscriber_id == WHO


def test_who_knows_the_recipient_may_say_it() -> None:
    raw = bounce("qmail_no_user", "")
    assert event(raw, to=f"bounces+{TAG.upper()}@example.org").subscriber_id == WHO


def test_what_the_mail_returns_does_not_say_whose_it_was() -> None:
    """Anybody who got one of our mails could write that about it to any address of ours."""
    raw = bounce("postfix_no_user").replace(b"To: bounces+" + TAG.encode(), b"To: bounces")
    assert f"Return-Path: <bounces+{TAG}@example.org>".encode() in raw
    assert isinstance(read(raw), NoEvent)


# --- complaints that quote no envelope sender, as Microsoft's do (JMRP)

REPLY_TAG = SIGNER.tag(Purpose.REPLY, WHO, ON)
LINK = SIGNER.link(Purpose.UNSUBSCRIBE, WHO)
MESSAGE_ID = f"Message-ID: <{ON}.{WHO}@example.org>"


def jmrp(*quoted: str, mark: str = "X-HmXmrOriginalRecipient: reader@provider.example", report: bool = False) -> bytes:
    """A complaint with these headers of our mail in it, in the old form or with a report."""
    kind = "report; report-type=feedback-report" if report else "mixed"
    own = ["--b", "Content-Type: message/feedback-report", "", "Feedback-Type: abuse", "User-Agent: Any/1", ""]
    lines = [
        *("From: <staff@provider.example>", "To: abuse@example.org", "Subject: complaint about message from 192.0.2.5"),
        *("Date: Sun, 22 Nov 2026 09:00:00 +0000", f'Content-Type: multipart/{kind}; boundary="b"', ""),
        *(own if report else []),
        *("--b", "Content-Type: message/rfc822", "", *filter(None, [mark]), "From: Papers <papers@example.org>"),
        *(*quoted, "Subject: 3 papers", "", "Three papers.", "--b--", ""),
    ]
    return "\n".join(lines).encode()


@pytest.mark.parametrize("report", [False, True])
@pytest.mark.parametrize(
    "quoted",
    [
        [f"Return-Path: bounces+{TAG}@example.org"],
        [f"Return-Path: <bounces+{TAG}@example.org>"],
        [f"Reply-To: news+{REPLY_TAG}@example.org"],
        [f"Reply-To: Papers <NEWS+{REPLY_TAG.upper()}@EXAMPLE.ORG>"],
        [f"List-Unsubscribe: <mailto:news+{REPLY_TAG}@example.org?subject=unsubscribe>"],
        [f"List-Unsubscribe: <https://example.org/u/x>,\n <mailto:news%2B{REPLY_TAG}@example.org?subject=unsubscribe>"],
        [MESSAGE_ID, f"List-Unsubscribe: <https://example.org/u/{LINK}>"],
        [f"List-Unsubscribe: <https://example.org/papers/u/{LINK}>", MESSAGE_ID],
    ],
)
def test_a_complaint_is_known_by_what_we_signed_in_the_mail_it_quotes(quoted: list[str], report: bool) -> None:
    found = event(jmrp(*quoted, report=report))
    assert (found.kind, found.subscriber_id, found.digest_on) == (EventKind.COMPLAINED, WHO, ON)
    assert f"{found.at:%H:%M}" == "09:00"


@pytest.mark.parametrize("report", [False, True])
@pytest.mark.parametrize(
    "quoted",
    [
        [MESSAGE_ID],  # which anybody can write
        [MESSAGE_ID, "List-Unsubscribe: <https://example.org/u/x>"],
        [f"Reply-To: news+{'a' * 24}@example.org", MESSAGE_ID],
        [f"List-Unsubscribe: <https://example.org/u/{LINK}>"],  # of which day?
        [f"List-Unsubscribe: <https://example.org/u/{LINK}>", "Message-ID: <2026-11-22.s_bbbbbbbb@example.org>"],
        [f"List-Unsubscribe: <https://example.org/u/{LINK}>", f"Message-ID: <2026-99-99.{WHO}@example.org>"],
        [f"List-Unsubscribe: <https://example.org/u/{SIGNER.link(Purpose.PROFILE, WHO)}>", MESSAGE_ID],
        [f"Subject: bounces+{TAG}@example.org", f"X-Return-Path: bounces+{TAG}@example.org"],
    ],
)
def test_a_complaint_without_a_signature_of_ours_costs_nobody_anything(quoted: list[str], report: bool) -> None:
    assert read(jmrp(*quoted, report=report)) == NoEvent("no address in it has a tag of ours")


def test_microsofts_form_is_known_by_its_sender_and_subject_too() -> None:
    raw = jmrp(f"Reply-To: news+{REPLY_TAG}@example.org", mark="")
    assert isinstance(read(raw), NoEvent)
    assert event(raw.replace(b"staff@provider", b"staff@hotmail")).kind is EventKind.COMPLAINED


def test_a_reader_who_forwards_our_mail_complains_of_nothing() -> None:
    raw = jmrp(f"Reply-To: news+{REPLY_TAG}@example.org", f"Return-Path: <bounces+{TAG}@example.org>", mark="")
    raw = raw.replace(b"complaint about message from 192.0.2.5", b"Fwd: 3 papers")
    assert isinstance(read(raw), NoEvent)
    assert isinstance(read(raw.replace(b"<staff@provider", b"<reader@hotmail")), NoEvent)


# --- when it was


@pytest.mark.parametrize(
    "line", [b"", b"Date: yesterday\n", b"Date: Mon, 1 Jan 2035 00:00:00 +0000\n", b"Date: 1 Jan 1999 00:00:00 +0000\n"]
)
def test_a_time_that_cannot_be_is_now(line: bytes) -> None:
    raw = bounce("qmail_no_user").replace(b"Date: 22 Nov 2026 06:04:00 -0000\n", line)
    assert event(raw).at == NOW


def test_a_copy_is_the_same_event() -> None:
    assert event(bounce("exim_no_user"), now=datetime(2026, 12, 1, tzinfo=UTC)) == event(bounce("exim_no_user"))


# --- what it says


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("5.1.1", EventKind.BOUNCED_HARD),
        ("5.1.2", EventKind.BOUNCED_HARD),
        ("5.1.6", EventKind.BOUNCED_HARD),
        ("5.1.10", EventKind.BOUNCED_HARD),
        ("5.1.7", EventKind.BOUNCED_SOFT),  # the sender's, as 5.1.8
        ("5.1.8", EventKind.BOUNCED_SOFT),
        ("5.2.1", EventKind.BOUNCED_SOFT),  # disabled, which may pass
        ("5.4.4", EventKind.BOUNCED_SOFT),  # no way to the domain
        ("5.0.0", EventKind.BOUNCED_SOFT),  # Exim of a host that was down for days
        ("5.2.2", EventKind.BOUNCED_SOFT),
        ("5.3.4", EventKind.BOUNCED_SOFT),
        ("5.4.6", EventKind.BOUNCED_SOFT),
        ("5.6.0", EventKind.BOUNCED_SOFT),
        ("5.7.1", EventKind.BOUNCED_SOFT),
        ("4.2.2", EventKind.BOUNCED_SOFT),
        ("4.4.7", EventKind.BOUNCED_SOFT),
        ("4.0.0", EventKind.BOUNCED_SOFT),
        ("", EventKind.BOUNCED_SOFT),
    ],
)
def test_only_a_mailbox_that_is_gone_is_hard(status: str, kind: EventKind) -> None:
    assert event(with_fields(f"Status: {status}\n")).kind is kind


QMAIL_SAYS = b"Sorry, no mailbox here by that name. (#5.1.1)"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (b"203.0.113.4 does not like recipient.\nRemote host said: 550 User unknown", EventKind.BOUNCED_HARD),
        (
            b"203.0.113.4 failed after I sent the message.\nRemote host said: 550 Blocked for spam",
            EventKind.BOUNCED_SOFT,
        ),
        (b"203.0.113.4 does not like recipient.\nRemote host said: 550 Mailbox quota exceeded", EventKind.BOUNCED_SOFT),
        (
            b"I tried to deliver a bounce message to this address, but the mailbox is full. (#5.1.1)",
            EventKind.BOUNCED_SOFT,
        ),
        (b"Sorry, I couldn't find any host by that name. (#4.1.2)", EventKind.BOUNCED_SOFT),
    ],
)
def test_without_a_report_the_paragraph_with_the_status_is_judged(words: bytes, kind: EventKind) -> None:
    raw = bounce("qmail_no_user")
    assert QMAIL_SAYS in raw
    assert event(raw.replace(QMAIL_SAYS, words)).kind is kind


@pytest.mark.parametrize(
    ("diagnostic", "kind"),
    [
        ("SMTP; 550 go away", EventKind.BOUNCED_SOFT),  # Sendmail: any 550 without a status is 5.1.1
        ("SMTP; 550 Requested action not taken: mailbox unavailable", EventKind.BOUNCED_SOFT),
        ("SMTP; 550 no such user", EventKind.BOUNCED_HARD),
        ("SMTP; 550 5.1.1 go away", EventKind.BOUNCED_HARD),
        ("SMTP; 550 5.7.1 go away", EventKind.BOUNCED_SOFT),
        ("X-Unix; 67", EventKind.BOUNCED_HARD),
    ],
)
def test_a_status_that_the_reporting_server_has_guessed_needs_words(diagnostic: str, kind: EventKind) -> None:
    assert event(with_fields(f"Status: 5.1.1\nDiagnostic-Code: {diagnostic}\n")).kind is kind


@pytest.mark.parametrize(
    "rule",
    [
        b"--- Below this line is a copy of the message.",
        b"Received: from mail.example.org",
        b"Message-ID: <x@example.org>",
        b"The original message follows.",
        b"Below is a copy of your message.",
        b"> Three papers.",
    ],
)
def test_what_our_own_mail_says_proves_nothing(rule: bytes) -> None:
    words = (
        b"It could not be delivered.\n\n" + rule + b"\n\nNo such user exists in this dataset: an unknown user. 5.1.1"
    )
    assert event(bounce("qmail_no_user").replace(QMAIL_SAYS, words)).kind is EventKind.BOUNCED_SOFT


def test_what_was_answered_to_mail_from_is_about_us_though_only_the_text_tells_the_command() -> None:
    raw = bounce("postfix_no_user")
    assert b"RCPT TO command)" in raw
    assert event(raw).kind is EventKind.BOUNCED_HARD
    assert event(raw.replace(b"RCPT TO command)", b"MAIL FROM command)")).kind is EventKind.BOUNCED_SOFT


def test_the_paper_that_comes_back_is_not_read_for_a_status() -> None:
    raw = bounce("exim_old_full").replace(b"552 the mailbox of this reader is full", b"no mailbox")
    assert "550" not in event(raw).detail


@pytest.mark.parametrize(
    "raw",
    [
        b"To: " + b"(" * 5000 + b"\n\nx",
        b"Delivered-To: " + b'"' * 5000 + b"\n\nx",
        b"Content-Type: message/rfc822\n\n" * 1500 + b"x",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" * 1500 + b"x",
    ],
    ids=["parentheses", "quotes", "mails in mails", "parts in parts"],
)
def test_a_mail_too_deep_to_be_read_is_no_event(raw: bytes) -> None:
    assert isinstance(read(raw, to=f"b+{TAG}@example.org"), NoEvent)


@given(st.binary(max_size=300), st.integers(0, 4000), st.integers(0, 300), st.sampled_from([*EVENTS, *NOTHING]))
def test_no_mail_whatever_is_in_it_breaks_the_reader(junk: bytes, start: int, length: int, name: str) -> None:
    raw = bounce(name)
    found = read(raw[:start] + junk + raw[start + length :], to=f"b+{TAG}@example.org")
    assert isinstance(found, NoEvent) or (found.subscriber_id == WHO and len(found.detail) <= 200)
    assert isinstance(read(junk), NoEvent)
