"""Readers' answers to a morning's mails, through a real mailbox: the CLI in processes."""

import imaplib
import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest

from newsletter.addresses import subscriber_id
from newsletter.model import Frequency, SuppressionReason
from newsletter.stores.tinydb import TinyStore
from tests import imap_server
from tests.e2e.test_cli import ADA, SUBSCRIBERS, Done, Place
from tests.e2e.test_clock import get, newsletter

pytestmark = pytest.mark.skipif(not imap_server.is_there(), reason=imap_server.MISSING)

KEY = "a-key-of-forty-characters-for-these-tests"
SENDING = {"sender": "papers@example.org", "secret_keys": KEY}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with imap_server.dovecot() as (plain, _, _):
        yield plain


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Place:
    here = Place(tmp_path_factory.mktemp("morning"))
    here.path("subscribers.yaml").write_text(SUBSCRIBERS, encoding="utf-8")
    here.newsletter("run", "--sample", "--quiet", **SENDING)
    return here


@pytest.fixture
def place(morning: Place, tmp_path: Path) -> Place:
    """After the morning's mails."""
    return morning.copy(tmp_path)


def inbox(place: Place, port: int) -> Done:
    return place.newsletter("inbox", "--once", **login(port))


def login(port: int) -> dict[str, str]:
    place = {"imap_host": "localhost", "imap_port": str(port), "imap_tls": "none"}
    return {**SENDING, **place, "imap_user": imap_server.USER, "imap_password": imap_server.PASSWORD}


def put(port: int, *mails: EmailMessage) -> None:
    with imaplib.IMAP4("localhost", port, timeout=10) as client:
        client.login(imap_server.USER, imap_server.PASSWORD)
        for mail in mails:
            client.append("INBOX", "", imaplib.Time2Internaldate(0), mail.as_bytes())


def reply_to(digest: EmailMessage, said: str, number: int = 1) -> EmailMessage:
    """As a mail program writes it: above a quote of the whole digest."""
    body = digest.get_body(("plain",))
    assert body is not None
    quoted = "\n".join(f"> {line}".rstrip() for line in body.get_content().splitlines())
    reply = EmailMessage()
    reply["From"], reply["To"], reply["Subject"] = digest["To"], digest["Reply-To"], f"Re: {digest['Subject']}"
    reply["Date"], reply["Message-ID"] = format_datetime(datetime.now(UTC)), f"<{number}@example.com>"
    reply["In-Reply-To"] = reply["References"] = digest["Message-ID"]
    reply.set_content(f"{said}\n\nOn Tue, 7 Oct 2025 at 07:00, Morning Papers wrote:\n{quoted}\n")
    return reply


def digest_of(place: Place, address: str) -> EmailMessage:
    return next(mail for mail in place.mails() if address in mail["To"])


def answers(place: Place) -> list[EmailMessage]:
    return [mail for mail in place.mails() if mail["Auto-Submitted"] == "auto-replied"]


def test_a_reader_leaves_by_one_word_and_nobody_by_a_quote(place: Place, port: int) -> None:
    ada, thankful = digest_of(place, ADA), digest_of(place, "konrad")
    put(port, reply_to(ada, "unsubscribe"), reply_to(thankful, "Thank you! What a morning.", 2))
    done = inbox(place, port)
    assert (done.returncode, done.stdout.strip()) == (0, "2 mails read")
    store = TinyStore(place.path("state"))
    (standing,) = store.get_address_statuses()
    assert standing.subscriber_id == subscriber_id(ADA)
    assert standing.suppression is not None
    assert standing.suppression.why is SuppressionReason.UNSUBSCRIBED
    answer, told = sorted(answers(place), key=lambda mail: ADA not in mail["To"])
    assert ADA in answer["To"]
    assert "konrad" in told["To"]
    assert "abmelden" in told.get_content()  # what can be wished for, since thanks are no command
    assert answer["From"].addresses[0].addr_spec == "service@example.org"
    assert answer["In-Reply-To"] == "<1@example.com>"
    assert "@" not in done.stderr.replace("[address]", "")


def test_the_same_mail_twice_is_done_and_answered_once(place: Place, port: int) -> None:
    mail = reply_to(digest_of(place, ADA), "weekly")
    put(port, mail, mail)
    inbox(place, port)
    put(port, mail)
    assert inbox(place, port).stdout.strip() == "1 mail read"
    store = TinyStore(place.path("state"))
    assert store.get_address_status(subscriber_id(ADA)).frequency is Frequency.WEEKLY
    assert len(answers(place)) == 1


def test_our_own_answer_in_the_inbox_starts_no_loop(place: Place, port: int) -> None:
    put(port, reply_to(digest_of(place, ADA), "help"))
    inbox(place, port)
    (answer,) = answers(place)
    put(port, answer)
    inbox(place, port)
    assert len(answers(place)) == 1


def test_without_a_mailbox_it_says_what_to_set(place: Place) -> None:
    done = place.newsletter("inbox", "--once", **SENDING)
    assert done.returncode == 3
    assert "NEWSLETTER_IMAP_HOST" in done.stderr


def test_the_web_part_reads_the_mailbox_too_and_finishes_the_mail_in_hand(place: Place, port: int) -> None:
    put(port, reply_to(digest_of(place, ADA), "unsubscribe"))
    with newsletter(place.folder, "serve", "--no-clock", "--port", "0", **login(port)) as serve:
        assert json.loads(serve.read_until("web_started"))["inbox"] is True
        assert json.loads(serve.read_until('"event": "mail"'))["became"].endswith("unsubscribe, answered")
        assert serve.end(signal.SIGTERM) == 0, serve.lines
    assert TinyStore(place.path("state")).get_address_status(subscriber_id(ADA)).suppression is not None
    assert "@" not in "".join(serve.lines)
    put(port, reply_to(digest_of(place, "konrad"), "unsubscribe", 2))
    with newsletter(place.folder, "serve", "--no-clock", "--no-inbox", "--port", "0", **login(port)) as serve:
        started = json.loads(serve.read_until("web_started"))
        assert (started["inbox"], get(started["port"], "/health")[0]) == (False, 200)
        assert serve.end(signal.SIGTERM) == 0, serve.lines
    assert len(TinyStore(place.path("state")).get_address_statuses()) == 1
    assert inbox(place, port).stdout.strip() == "1 mail read"


def test_a_mailbox_that_cannot_be_read_stops_no_page(place: Place, port: int) -> None:
    wrong = login(port) | {"imap_password": "another word"}
    with newsletter(place.folder, "serve", "--no-clock", "--port", "0", **wrong) as serve:
        web_port = json.loads(serve.read_until("web_started"))["port"]
        assert "refuses the login" in serve.read_until("inbox_failed")
        assert get(web_port, "/health")[0] == 200
        assert serve.end(signal.SIGTERM) == 0, serve.lines
    done = place.newsletter("serve", "--no-clock", "--port", "0", **SENDING, imap_host="localhost")
    assert (done.returncode, "NEWSLETTER_IMAP_PASSWORD" in done.stderr) == (3, True)
