"""A morning that mails by a real mail server on loopback, and the bounces that come back: the CLI in processes."""

import subprocess
import sys
from base64 import b64encode
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from newsletter.model import DeliveryState
from newsletter.signing import Purpose, Signer, tag_of
from newsletter.stores.tinydb import TinyStore
from tests import TESTS
from tests.e2e.test_cli import ADA, SAMPLE_DAY, Done, Place, summary
from tests.mail_server import PASSWORD, USER, Do, Postmaster
from tests.make import present

KEY = "a-key-of-forty-characters-for-these-tests"
BOUNCES = TESTS / "bounces"
READERS = [ADA, "henrietta@example.com", "konrad+papers@example.org"]


def settings(server: Postmaster, **changes: str) -> dict[str, str]:
    return {
        "send_by": "smtp",
        "sender": "Morning Papers <papers@example.org>",
        "secret_keys": KEY,
        "bounce_to": "bounces@example.org",
        "smtp_host": "127.0.0.1",
        "smtp_port": str(server.port),
        "smtp_tls": "none",
        **changes,
    }


def run(place: Place, server: Postmaster, **changes: str) -> Done:
    return place.newsletter("run", "--sample", **settings(server, **changes))


def readers(server: Postmaster) -> list[str]:
    return sorted(address for mail in server.mails for address in mail.to)


def bounce(place: Place, raw: bytes, *args: str) -> tuple[int, str]:
    """As a mail server pipes it in."""
    done = subprocess.run(
        [sys.executable, "-m", "newsletter", "bounce", *args],
        cwd=place.folder,
        env={"PATH": "/usr/bin:/bin", "NEWSLETTER_SECRET_KEYS": KEY},
        input=raw,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode, (done.stdout + done.stderr).decode()


def test_each_mail_arrives_once_and_a_second_run_sends_nothing(place: Place, server: Postmaster) -> None:
    first = run(place, server)
    assert (first.returncode, summary(first)) == (
        0,
        "3 subscribers = 3 sent + 0 empty + 0 skipped + 0 failed + 0 in doubt",
    )
    assert readers(server) == READERS
    assert len(server.connections) == 1
    assert server.quits == 1
    assert "queued as Q1" in place.newsletter("deliveries").stdout
    assert "outbox" not in first.stdout
    second = run(place, server)
    assert second.returncode == 0
    assert len(server.mails) == 3
    assert len(server.connections) == 1


def test_one_bad_address_does_not_stop_the_others(place: Place, server: Postmaster) -> None:
    server.refuse("henrietta@example.com", "550 5.1.1 <henrietta@example.com>: there is nobody of that name")
    done = run(place, server)
    assert (done.returncode, summary(done)) == (
        6,
        "3 subscribers = 2 sent + 0 empty + 0 skipped + 1 failed (rejected) + 0 in doubt",
    )
    assert readers(server) == [ADA, "konrad+papers@example.org"]
    assert "550 5.1.1 <(address)>: there is nobody of that name" in done.stdout
    run(place, server)
    assert len(server.mails) == 2
    assert server.offered == 3


def test_a_mail_whose_answer_was_lost_is_held_and_not_sent_again(place: Place, server: Postmaster) -> None:
    server.on("END", Do.KEEP_AND_DROP)
    done = run(place, server)
    assert (done.returncode, summary(done)) == (
        6,
        "3 subscribers = 2 sent + 0 empty + 0 skipped + 0 failed + 1 in doubt",
    )
    assert readers(server) == READERS
    again = run(place, server)
    assert again.returncode == 6
    assert readers(server) == READERS
    assert "in doubt" in again.stdout


def test_a_refused_login_stops_the_run_with_what_to_set(place: Place, guarded: Postmaster) -> None:
    done = run(place, guarded, smtp_tls="starttls", smtp_user=USER, smtp_password="wrong horse")
    assert done.returncode == 6
    assert done.stdout.count("set NEWSLETTER_SMTP_USER and NEWSLETTER_SMTP_PASSWORD") == 1
    assert "horse" not in done.stdout + done.stderr
    assert len(guarded.connections) == 1


def test_mails_go_signed_and_logged_in_over_tls(place: Place, guarded: Postmaster, tmp_path: Path) -> None:
    key = generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (tmp_path / "dkim.pem").write_bytes(pem)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + b64encode(public)
    done = run(
        place,
        guarded,
        smtp_tls="starttls",
        smtp_user=USER,
        smtp_password=PASSWORD,
        dkim_key="dkim.pem",
        dkim_selector="papers",
        base_url="https://papers.example.org",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert readers(guarded) == READERS
    for mail in guarded.mails:
        assert dkim.verify(mail.raw, dnsfunc=lambda name, timeout=5: record)
        assert b"list-unsubscribe-post" in mail.raw.split(b"\r\n\r\n")[0].split(b"h=")[1].split(b";")[0]
        read = message_from_bytes(mail.raw, EmailMessage, policy=SMTP)
        assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert read["Message-ID"].startswith(f"<{SAMPLE_DAY}.s_")


def test_settings_that_cannot_work_are_told_before_anything_happens(place: Place, server: Postmaster) -> None:
    done = run(place, server, sender="papers@example.invalid")
    assert done.returncode == 3
    assert "set NEWSLETTER_SENDER to an address of your own domain" in done.stderr
    check = place.newsletter("check", **settings(server, contact="me@example.org", dkim_selector="papers"))
    assert check.returncode == 3
    assert "set both NEWSLETTER_DKIM_KEY and NEWSLETTER_DKIM_SELECTOR" in check.stdout
    assert not server.connections


def test_a_bounce_comes_back_to_its_mail_and_its_reader_is_left_in_peace(place: Place, server: Postmaster) -> None:
    run(place, server)
    (mail,) = [mail for mail in server.mails if mail.to == (ADA,)]
    tag = tag_of(mail.envelope_from)
    who, on = present(Signer([KEY]).read_tag(Purpose.BOUNCE, tag))
    assert mail.envelope_from == f"bounces+{tag}@example.org"
    raw = (BOUNCES / "postfix_no_user.eml").read_bytes()
    assert bounce(place, raw) == (0, "nothing changed: no address in it has a tag of ours\n")
    expected = (
        f"{who}/{on} bounced hard: 5.1.1 550 5.1.1 <(address)>: Recipient address rejected: no mailbox here\n"
        f"{who} gets no more mail: hard bounce\n"
    )
    assert bounce(place, raw, "--to", mail.envelope_from) == (0, expected)
    assert bounce(place, raw.replace(b"TAG", tag.encode())) == (0, expected)  # the same once more
    store = TinyStore(place.path("state"))
    assert present(store.get_delivery(who, on)).state is DeliveryState.REJECTED
    again = run(place, server)
    assert f"{who}" in again.stdout
    assert "suppressed" in again.stdout
    assert len(server.mails) == 3


@pytest.mark.parametrize(
    ("args", "raw", "code", "said"),
    [
        ([], b"", 0, "nothing changed: no address in it has a tag of ours\n"),
        ([], b"\xff\0" * 3_000_000, 0, "nothing changed: no address in it has a tag of ours\n"),
        (
            ["--to", f"b+{Signer([KEY]).tag(Purpose.BOUNCE, 's_aaaaaaaa', date(2026, 1, 2))}@example.org"],
            (BOUNCES / "qmail_no_user.eml").read_bytes(),
            0,
            "nothing changed: there is no delivery s_aaaaaaaa/2026-01-02\n",
        ),
    ],
)
def test_a_mail_that_means_nothing_is_not_bounced_in_its_turn(
    place: Place, args: list[str], raw: bytes, code: int, said: str
) -> None:
    assert bounce(place, raw, *args) == (code, said)


def test_a_bounce_can_be_a_file(place: Place) -> None:
    assert bounce(place, b"", str(BOUNCES / "out_of_office.eml"))[0] == 0
