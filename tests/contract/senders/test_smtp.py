"""What becomes of a mail that a mail server refuses, loses, or takes without saying so: case by case, on a real one."""

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from threading import Thread

import dkim
import pytest
import trustme

from newsletter.errors import ConfigError, SendDeferred, SendError, SendInDoubt, SendRejected, SendStopped
from newsletter.mail.message import MailIdentity, build_service_message, list_unsubscribe
from newsletter.model import Message
from newsletter.senders.dkim_signature import DkimSignature
from newsletter.senders.smtp import SmtpSender, SmtpServer
from newsletter.senders.smtp_errors import ABOUT_US, ERRORS, SmtpStage, error_for
from newsletter.signing import Signer
from tests.mail_server import PASSWORD, USER, Do, MailHost, Postmaster, knows

NOW = datetime(2026, 11, 22, 6, 47, tzinfo=UTC)
ID, OTHER = "s_8k2mpq4x/2026-11-22", "s_8k2mpq4x/2026-11-23"
TO = "ada@example.net"
VERP = "bounces+abc@example.org"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def sender(server: Postmaster) -> Iterator[SmtpSender]:
    with sender_for(server) as made:
        yield made


@contextmanager
def sender_for(server: Postmaster, context: ssl.SSLContext | None = None, **changes: object) -> Iterator[SmtpSender]:
    there = SmtpServer("127.0.0.1", server.port, "none", "example.org", timeout_s=10)
    made = SmtpSender(replace(there, **changes), lambda: NOW, context=context)  # type: ignore[arg-type]
    yield made
    made.close()


def message(delivery_id: str = ID, *, to: str = TO, text: str = "Größe\n", envelope_from: str = VERP) -> Message:
    mime = EmailMessage(policy=SMTP)
    mime["From"] = Address("Größe & Co", addr_spec="papers@example.org")
    mime["To"] = Address("Ада Лавлейс", addr_spec=to)
    mime["Subject"] = "Heute: 2 größere Arbeiten"
    mime.set_content(text, charset="utf-8", cte="quoted-printable")
    return Message(delivery_id, to, mime, envelope_from)


# --- the table ------------------------------------------------------------------------------------------


def test_every_stage_has_a_verdict_for_every_answer() -> None:
    assert set(ERRORS) == set(SmtpStage)


def test_doubt_begins_with_the_dot_and_not_before() -> None:
    doubtful = [stage for stage in SmtpStage if SendInDoubt in (error_for(stage, None), error_for(stage, 354))]
    assert doubtful == [SmtpStage.END]


@pytest.mark.parametrize("stage", SmtpStage)
def test_what_was_answered_is_never_in_doubt(stage: SmtpStage) -> None:
    assert {error_for(stage, code) for code in (*range(400, 600),)} <= {SendDeferred, SendRejected, SendStopped}
    assert error_for(stage, 451) is SendDeferred


@pytest.mark.parametrize("code", sorted(ABOUT_US))
@pytest.mark.parametrize("stage", [SmtpStage.SENDER, SmtpStage.RECIPIENT, SmtpStage.DATA, SmtpStage.END])
def test_an_answer_about_us_stops_the_run_and_rejects_no_mail(stage: SmtpStage, code: int) -> None:
    assert error_for(stage, code) is SendStopped


# --- refused, lost, in doubt ----------------------------------------------------------------------------

CASES: list[tuple[str, str | Do, type[SendError], int]] = [
    # stage, what the server does, what it means, mails it has afterwards
    ("CONNECT", "554 5.3.2 no mail today", SendDeferred, 0),
    ("CONNECT", "421 4.3.2 too busy", SendDeferred, 0),
    ("CONNECT", "250 what?", SendDeferred, 0),
    ("CONNECT", "SSH-2.0-OpenSSH_9.6", SendDeferred, 0),
    ("CONNECT", Do.DROP, SendDeferred, 0),
    ("EHLO", Do.DROP, SendDeferred, 0),
    ("MAIL", "451 4.3.0 later", SendDeferred, 0),
    ("MAIL", "421 4.3.2 going down", SendDeferred, 0),
    ("MAIL", "553 5.1.8 that sender is nobody", SendRejected, 0),
    ("MAIL", "530 5.7.0 authentication required", SendStopped, 0),
    ("MAIL", "354 what?", SendDeferred, 0),
    ("MAIL", Do.DROP, SendDeferred, 0),
    ("RCPT", "450 4.2.0 greylisted", SendDeferred, 0),
    ("RCPT", "421 4.7.0 too many", SendDeferred, 0),
    ("RCPT", "550 5.1.1 no such user", SendRejected, 0),
    ("RCPT", "535 5.7.8 who are you", SendStopped, 0),
    ("RCPT", Do.DROP, SendDeferred, 0),
    ("DATA", "451 4.3.0 later", SendDeferred, 0),
    ("DATA", "554 5.5.1 no valid recipients", SendRejected, 0),
    ("DATA", "250 what?", SendDeferred, 0),
    ("DATA", Do.DROP, SendDeferred, 0),
    ("END", "451 4.3.0 later", SendDeferred, 0),
    ("END", "421 4.3.2 going down", SendDeferred, 0),
    ("END", "550 5.7.1 looks like spam", SendRejected, 0),
    ("END", "552 5.3.4 too big", SendRejected, 0),
    ("END", Do.DROP, SendInDoubt, 0),
    ("END", Do.KEEP_AND_DROP, SendInDoubt, 1),
    ("END", "%&/", SendInDoubt, 0),
    ("END", "354 go on", SendInDoubt, 0),
    ("END", "x" * 10_000, SendInDoubt, 0),
    ("END", "550" + "x" * 10_000, SendInDoubt, 0),  # too long to be read to its end
]


@pytest.mark.parametrize(("stage", "act", "error", "taken"), CASES, ids=lambda value: str(value)[:30])
def test_each_failure_is_what_the_table_says_and_is_not_repeated(
    server: Postmaster, sender: SmtpSender, stage: str, act: str | Do, error: type[SendError], taken: int
) -> None:
    server.on(stage, act)
    with pytest.raises(error) as raised:
        sender.send(message())
    assert type(raised.value) is error
    assert raised.value.delivery_id == ID
    assert ID in str(raised.value)
    assert len(server.mails) == taken
    assert server.offered <= 1
    server_said = act if isinstance(act, str) and re.match(r"[45]\d\d ", act) else ""
    assert server_said in str(raised.value)
    sender.send(message(OTHER))  # and the next mail finds a connection that works
    assert len(server.mails) == taken + 1


@pytest.mark.parametrize(
    ("stage", "act", "error", "taken"),
    [
        ("CONNECT", Do.HANG, SendDeferred, 0),
        ("MAIL", Do.HANG, SendDeferred, 0),
        ("RCPT", Do.HANG, SendDeferred, 0),
        ("DATA", Do.HANG, SendDeferred, 0),
        ("END", Do.HANG, SendInDoubt, 0),
        ("END", Do.KEEP_AND_HANG, SendInDoubt, 1),
    ],
)
def test_a_server_that_does_not_answer_is_not_waited_for_for_ever(
    server: Postmaster, stage: str, act: Do, error: type[SendError], taken: int
) -> None:
    server.on(stage, act)
    patience = 1.0 if stage == "END" else 0.2  # on a busy machine an answer before the end may take its time, too
    with (
        sender_for(server, timeout_s=patience, end_timeout_s=patience) as hurried,
        pytest.raises(error, match="timed out"),
    ):
        hurried.send(message())
    assert len(server.mails) == taken
    assert server.offered <= 1


def test_a_mail_leaves_with_the_dot_that_ends_it_and_not_before(server: Postmaster, sender: SmtpSender) -> None:
    offered: list[int] = []

    def keep() -> None:
        offered.append(server.offered)
        raise LookupError("not now")

    with pytest.raises(LookupError):
        sender.send(message(), on_hand_over=keep)
    assert (offered, server.mails) == ([1], [])
    sender.send(message(OTHER))
    assert len(server.mails) == 1


def test_a_line_cut_in_the_middle_of_the_text_is_no_doubt(sender: SmtpSender, host: MailHost) -> None:
    """The server says go on and hangs up; the text is longer than what the two machines keep in between."""
    listener = socket.create_server(("127.0.0.1", 0))
    long = message()
    long.mime.set_payload(("all work and no play " * 40 + "\r\n") * 20_000)

    def converse() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 mail.example.org\r\n")
            for reply in (b"250 hello", b"250 ok", b"250 ok", b"354 go on"):
                lines.readline()
                connection.sendall(reply + b"\r\n")

    other = Thread(target=converse)
    other.start()
    with listener, sender_for(Postmaster(), port=listener.getsockname()[1]) as made:
        with pytest.raises(SendDeferred, match="the mail's text"):
            made.send(long)
        other.join(10)


def test_nobody_listening_defers_with_a_remedy(sender: SmtpSender, server: Postmaster) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with (
            sender_for(server, port=free.getsockname()[1]) as made,
            pytest.raises(
                SendDeferred, match=r"\(connecting: Connection refused\); check NEWSLETTER_SMTP_HOST"
            ) as raised,
        ):
            made.send(message())
    assert raised.value.retry_after_s > 0


@pytest.mark.parametrize("name", ["nowhere.invalid", "a" * 70 + ".example.org"])
def test_a_host_the_dns_does_not_know_defers(server: Postmaster, name: str) -> None:
    with sender_for(server, host=name) as made, pytest.raises(SendDeferred, match="check NEWSLETTER_SMTP_HOST"):
        made.send(message())


def test_foreign_words_are_bounded_and_hold_no_address(server: Postmaster, sender: SmtpSender) -> None:
    server.on("RCPT", f"550 5.1.1 <{TO}>: Recipient rejected: {TO} " + "very " * 50)
    with pytest.raises(SendRejected) as raised:
        sender.send(message())
    assert "ada" not in str(raised.value)
    assert "550 5.1.1 <(address)>: Recipient rejected: (address) very" in str(raised.value)
    assert len(str(raised.value)) < 350


@pytest.mark.parametrize(
    ("stage", "answer", "said"),
    [
        ("MAIL", "550 5.1.1 no such user", ""),  # the sender's address, not the reader's
        ("RCPT", "550 5.1.1 no such user", "550 5.1.1 no such user"),
        ("END", "550 5.1.1 no such user", "550 5.1.1 no such user (in reply to DATA)"),
    ],
)
def test_what_was_said_of_the_readers_address_is_handed_on_whole(
    server: Postmaster, sender: SmtpSender, stage: str, answer: str, said: str
) -> None:
    server.on(stage, answer)
    with pytest.raises(SendRejected) as raised:
        sender.send(message())
    assert raised.value.answer == said


def test_an_address_that_was_never_offered_was_refused_by_nobody(sender: SmtpSender) -> None:
    with pytest.raises(SendRejected) as raised:
        sender.send(message(to="ada@größe.example.net"))
    assert raised.value.answer == ""


# --- the connection -------------------------------------------------------------------------------------


def test_two_mails_go_over_one_connection_and_close_says_goodbye(server: Postmaster, sender: SmtpSender) -> None:
    assert "Q1" in sender.send(message()).receipt
    assert sender.send(message(OTHER)).receipt == "250 2.0.0 Ok: queued as Q2"
    sender.close()
    assert [mail.connection for mail in server.mails] == [1, 1]
    assert server.quits == 1


def test_a_refused_mail_leaves_the_connection_to_the_next(server: Postmaster, sender: SmtpSender) -> None:
    server.on("RCPT", "550 5.1.1 no such user", "450 4.2.0 greylisted")
    for error in (SendRejected, SendDeferred):
        with pytest.raises(error):
            sender.send(message())
    sender.send(message(OTHER))
    assert len(server.connections) == 1
    assert [mail.to for mail in server.mails] == [(TO,)]


@pytest.mark.parametrize("goodbye", ["", "421 4.4.2 idle for too long"])
def test_a_connection_the_server_closed_meanwhile_fails_no_mail_and_doubles_none(
    server: Postmaster, sender: SmtpSender, goodbye: str
) -> None:
    sender.send(message())
    server.close_idle(goodbye)
    assert "Q2" in sender.send(message(OTHER)).receipt
    assert [mail.connection for mail in server.mails] == [1, 2]


def test_a_mail_is_offered_anew_once_and_only_on_an_old_connection(server: Postmaster, sender: SmtpSender) -> None:
    sender.send(message())
    server.on("MAIL", Do.DROP, Do.DROP, Do.DROP)
    with pytest.raises(SendDeferred):
        sender.send(message(OTHER))
    assert server.offered == 3  # the first mail, and the other one twice


@pytest.mark.parametrize("act", [Do.DROP, Do.KEEP_AND_DROP])
def test_a_mail_in_doubt_on_an_old_connection_is_not_offered_again(
    server: Postmaster, sender: SmtpSender, act: Do
) -> None:
    sender.send(message())
    server.on("END", act)
    with pytest.raises(SendInDoubt, match="look into its log"):
        sender.send(message(OTHER))
    assert server.offered == 2


# --- envelope and bytes ---------------------------------------------------------------------------------


def test_the_envelope_names_one_reader_and_who_hears_of_bounces(server: Postmaster, sender: SmtpSender) -> None:
    sender.send(message())
    sender.send(message(envelope_from=""))
    assert [mail.to for mail in server.mails] == [(TO,), (TO,)]
    assert [mail.envelope_from for mail in server.mails] == [VERP, "papers@example.org"]


TEXTS = ["plain\n", ".\n", "..\r\n.\r\n.a\n", "no line end", "\n\n\n", "From here\n", "Größe 🦕 λ\n" * 50, "x" * 5000]


@pytest.mark.parametrize("text", TEXTS)
def test_the_bytes_that_arrive_are_the_mails(server: Postmaster, sender: SmtpSender, text: str) -> None:
    mail = message(text=text)
    sender.send(mail)
    assert server.mails[0].raw == mail.mime.as_bytes(policy=SMTP)
    assert server.mails[0].raw.isascii()


def test_dots_at_the_start_of_lines_survive(server: Postmaster, sender: SmtpSender) -> None:
    mail = message()
    mail.mime.set_content(".\n..\n.a\nend\n", cte="7bit")
    sender.send(mail)
    assert server.mails[0].raw == mail.mime.as_bytes(policy=SMTP)
    assert b"\r\n\r\n.\r\n..\r\n.a\r\nend\r\n" in server.mails[0].raw


def test_no_lone_line_end_can_hide_the_end_of_a_mail(server: Postmaster, sender: SmtpSender) -> None:
    """A server on the way may take LF.LF for the end, and what follows for another mail."""
    mail = message()
    mail.mime.set_payload("one\n.\nMAIL FROM:<x@example.org>\r.\rtwo\r\n")
    sender.send(mail)
    (arrived,) = server.mails
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", arrived.raw) is None
    assert arrived.raw.endswith(b"one\r\n.\r\nMAIL FROM:<x@example.org>\r\n.\r\ntwo\r\n")


def test_names_beyond_ascii_are_read_back(server: Postmaster, sender: SmtpSender) -> None:
    sender.send(message())
    read = message_from_bytes(server.mails[0].raw, EmailMessage, policy=SMTP)
    assert read["From"].addresses[0].display_name == "Größe & Co"
    assert read["To"].addresses[0].display_name == "Ада Лавлейс"
    assert read["Subject"] == "Heute: 2 größere Arbeiten"


def test_eight_bit_text_is_announced(server: Postmaster, sender: SmtpSender) -> None:
    mail = message()
    mail.mime.set_content("Größe\n", charset="utf-8", cte="8bit")
    sender.send(mail)
    assert "BODY=8BITMIME" in server.mails[0].options
    assert server.mails[0].raw == mail.mime.as_bytes(policy=SMTP)


def test_a_server_that_knows_only_helo_gets_seven_bits(server: Postmaster, sender: SmtpSender) -> None:
    mail = message()
    mail.mime.set_content("Größe\n", charset="utf-8", cte="8bit")
    server.on("EHLO", "502 5.5.1 never heard of it")
    sender.send(mail)
    assert server.mails[0].raw.isascii()
    assert message_from_bytes(server.mails[0].raw, EmailMessage, policy=SMTP).get_content() == "Größe\n"


@pytest.mark.parametrize(
    "address", ["größe@example.net", "ada@größe.example", "a b@example.net", "a>b@example.net", ""]
)
def test_an_address_that_not_every_server_takes_is_rejected_plainly(
    server: Postmaster, sender: SmtpSender, address: str
) -> None:
    with pytest.raises(SendRejected, match="plain ASCII"):
        sender.send(replace(message(), to=address))
    assert not server.connections


@pytest.mark.parametrize("address", ["a@example.net\r\nRCPT TO:<b@example.net>", "a@example.net\n", "a\0@example.net"])
def test_no_address_can_hold_a_command(server: Postmaster, sender: SmtpSender, address: str) -> None:
    for mail in (replace(message(), to=address), message(envelope_from=address)):
        with pytest.raises(SendRejected):
            sender.send(mail)
    assert not server.offered


# --- TLS and login --------------------------------------------------------------------------------------


def server_context(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_over_tls_and_over_one_connection(
    host: MailHost, authority: trustme.CA, trusting: ssl.SSLContext, security: str
) -> None:
    implicit = security == "tls"
    with (
        host.serve(tls=server_context(authority), implicit=implicit, require_starttls=not implicit) as server,
        sender_for(server, trusting, security=security) as sender,
    ):
        sender.send(message())
        sender.send(message(OTHER))
    assert [mail.raw for mail in server.mails] == [message().mime.as_bytes(policy=SMTP)] * 2
    assert len(server.connections) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("wrong", ["the name", "the authority"])
def test_a_certificate_that_is_not_to_be_trusted_stops_the_run(
    host: MailHost, authority: trustme.CA, trusting: ssl.SSLContext, security: str, wrong: str
) -> None:
    shown = server_context(authority, "other.example") if wrong == "the name" else server_context(trustme.CA())
    with (
        host.serve(tls=shown, implicit=security == "tls") as server,
        sender_for(server, trusting, security=security) as sender,
        pytest.raises(SendStopped, match=r"certificate.*check NEWSLETTER_SMTP_HOST"),
    ):
        sender.send(message())
    assert not server.offered


def test_by_default_only_what_this_machine_trusts_is_trusted(host: MailHost, authority: trustme.CA) -> None:
    with (
        host.serve(tls=server_context(authority), implicit=True) as server,
        sender_for(server, security="tls") as sender,
        pytest.raises(SendStopped, match="certificate"),
    ):
        sender.send(message())


def test_a_server_without_starttls_gets_no_mail_in_the_clear(server: Postmaster) -> None:
    with sender_for(server, security="starttls") as sender, pytest.raises(SendStopped, match="NEWSLETTER_SMTP_TLS"):
        sender.send(message())
    assert not server.offered


def test_tls_with_somebody_who_does_not_speak_it_defers(server: Postmaster, trusting: ssl.SSLContext) -> None:
    with (
        sender_for(server, trusting, security="tls") as sender,
        pytest.raises(SendDeferred, match="securing") as raised,
    ):
        sender.send(message())
    assert type(raised.value) is SendDeferred


@pytest.fixture
def guarded(host: MailHost, authority: trustme.CA) -> Iterator[Postmaster]:
    """A server that takes mail from those who log in, and lets nobody say a password in the clear."""
    with host.serve(tls=server_context(authority), authenticator=knows, auth_required=True) as postmaster:
        yield postmaster


def test_a_login_opens_the_door(guarded: Postmaster, trusting: ssl.SSLContext) -> None:
    with sender_for(guarded, trusting, security="starttls", user=USER, password=PASSWORD) as sender:
        sender.send(message())
    assert len(guarded.mails) == 1


def test_a_refused_login_stops_the_run_and_tells_no_password(guarded: Postmaster, trusting: ssl.SSLContext) -> None:
    with (
        sender_for(guarded, trusting, security="starttls", user=USER, password="wrong horse") as sender,
        pytest.raises(SendStopped, match=r"535.*set NEWSLETTER_SMTP_USER and NEWSLETTER_SMTP_PASSWORD") as raised,
    ):
        sender.send(message())
    assert "horse" not in f"{raised.value} {sender} {sender.server}"


def test_a_login_that_is_asked_for_and_not_made_stops_the_run(guarded: Postmaster, trusting: ssl.SSLContext) -> None:
    with (
        sender_for(guarded, trusting, security="starttls") as sender,
        pytest.raises(SendStopped, match=r"530.*set NEWSLETTER_SMTP_USER"),
    ):
        sender.send(message())


def test_a_login_where_there_is_none_stops_the_run(server: Postmaster) -> None:
    with (
        sender_for(server, user=USER, password=PASSWORD) as sender,
        pytest.raises(SendStopped, match="set NEWSLETTER_SMTP_USER"),
    ):
        sender.send(message())


def test_a_login_by_means_we_do_not_have_stops_the_run(server: Postmaster) -> None:
    server.on("EHLO", "250-mail.example.org\r\n250 AUTH XOAUTH2")
    with (
        sender_for(server, user=USER, password=PASSWORD) as sender,
        pytest.raises(SendStopped, match=r"No suitable authentication method.*set NEWSLETTER_SMTP_USER"),
    ):
        sender.send(message())


def test_a_server_that_cannot_check_passwords_now_defers(server: Postmaster) -> None:
    server.on("EHLO", "250-mail.example.org\r\n250 AUTH PLAIN")
    server.on("AUTH", "454 4.7.0 the directory is away")
    with sender_for(server, user=USER, password=PASSWORD) as sender, pytest.raises(SendDeferred, match="454") as raised:
        sender.send(message())
    assert type(raised.value) is SendDeferred


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_silence_instead_of_tls_defers(trusting: ssl.SSLContext, security: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        sender_for(Postmaster(), trusting, port=silent.getsockname()[1], security=security, timeout_s=0.2) as sender,
        pytest.raises(SendDeferred, match="timed out"),
    ):
        sender.send(message())


# --- DKIM -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def key_pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """The file of a private key, and the DNS record of its public half."""
    from base64 import b64encode

    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = generate_private_key(65537, 2048)
    path = tmp_path_factory.mktemp("dkim") / "key.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return path, b"v=DKIM1; k=rsa; p=" + b64encode(public)


def listed_message() -> Message:
    links = MailIdentity(
        Address(addr_spec="papers@example.org"), "news@example.org", Signer(["k" * 32]), "https://papers.example.org"
    ).links_for("s_aaaaaaaa", date(2026, 11, 22))
    mail = message()
    for name, value in list_unsubscribe(links).items():
        mail.mime[name] = value
    mail.mime["Reply-To"] = links.reply_to
    mail.mime["List-Id"] = "<digest.example.org>"
    mail.mime["Date"] = "Sun, 22 Nov 2026 06:47:00 +0000"
    mail.mime["Message-ID"] = "<2026-11-22.s_aaaaaaaa@example.org>"
    return mail


def is_valid(raw: bytes, record: bytes) -> bool:
    asked = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    valid = dkim.verify(raw, dnsfunc=dns)
    assert asked == [b"papers2026._domainkey.example.org."]
    return bool(valid)


def signed_on_the_wire(server: Postmaster, key: Path, mail: Message) -> bytes:
    at = SmtpServer("127.0.0.1", server.port, "none", "example.org")
    sender = SmtpSender(at, lambda: NOW, signed=DkimSignature(key, "papers2026", "example.org"))
    sender.send(mail)
    sender.close()
    return server.mails[-1].raw


def test_a_signature_covers_what_a_reader_sees_and_how_to_leave(
    server: Postmaster, key_pair: tuple[Path, bytes]
) -> None:
    raw = signed_on_the_wire(server, key_pair[0], listed_message())
    assert is_valid(raw, key_pair[1])
    assert raw.endswith(listed_message().mime.as_bytes(policy=SMTP))
    signature = str(message_from_bytes(raw)["DKIM-Signature"])
    match = re.search(r"h=([^;]*)", signature)
    assert match is not None
    covered = re.sub(r"\s", "", match[1]).split(":")
    assert set(covered) == {
        *("from", "to", "subject", "date", "message-id", "reply-to", "mime-version", "content-type"),
        *("list-id", "list-unsubscribe", "list-unsubscribe-post"),
    }
    assert "c=relaxed/relaxed" in signature
    assert "d=example.org" in signature
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


def renamed(raw: bytes) -> bytes:
    return raw.replace(b"Subject: ", b"Subject: Re: ", 1)


def without_the_button(raw: bytes) -> bytes:
    return raw.replace(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b"", 1)


def with_a_second_from(raw: bytes) -> bytes:
    return b"From: somebody@else.example\r\n" + raw


def with_another_text(raw: bytes) -> bytes:
    return raw.replace(b"Gr=C3=B6=C3=9Fe\r\n", b"Kleine\r\n", 1)


@pytest.mark.parametrize("change", [renamed, without_the_button, with_a_second_from, with_another_text])
def test_a_mail_changed_on_the_way_is_not_valid(
    server: Postmaster, key_pair: tuple[Path, bytes], change: Callable[[bytes], bytes]
) -> None:
    raw = signed_on_the_wire(server, key_pair[0], listed_message())
    assert change(raw) != raw
    assert not is_valid(change(raw), key_pair[1])


def test_headers_that_are_folded_anew_are_still_valid(server: Postmaster, key_pair: tuple[Path, bytes]) -> None:
    raw = signed_on_the_wire(server, key_pair[0], listed_message())
    folded = raw.replace(b"Message-ID: ", b"Message-ID:\r\n  ", 1)
    assert folded != raw
    assert is_valid(folded, key_pair[1])


def test_a_service_mail_is_signed_too(server: Postmaster, key_pair: tuple[Path, bytes]) -> None:
    mail = build_service_message(
        key="alert.1", sender=Address(addr_spec="service@example.org"), to=TO, subject="!", text="!\n", now=NOW
    )
    assert is_valid(signed_on_the_wire(server, key_pair[0], mail), key_pair[1])


def test_a_key_with_the_line_ends_of_windows_is_a_key(tmp_path: Path, key_pair: tuple[Path, bytes]) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(key_pair[0].read_bytes().replace(b"\n", b"\r\n"))
    raw = listed_message().mime.as_bytes(policy=SMTP)
    assert is_valid(DkimSignature(path, "papers2026", "example.org")(raw), key_pair[1])


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"no key",
        b"-----BEGIN PRIVATE KEY-----\n????\n-----END PRIVATE KEY-----\n",
        b"--\nAAAA\n--",
        b"\0\xff",
    ],
)
def test_a_key_that_cannot_sign_is_told_at_the_start(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"key\.pem.*(set NEWSLETTER_DKIM_KEY|openssl genrsa)"):
        DkimSignature(path, "papers2026", "example.org")
