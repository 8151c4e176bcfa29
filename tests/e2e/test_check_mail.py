"""`newsletter check --mail` against real servers on loopback: what works is said, what does not with its remedy."""

import pytest

from tests import imap_server
from tests.e2e.test_cli import Done, Place
from tests.e2e.test_smtp import settings
from tests.http_server import free_port
from tests.mail_server import PASSWORD, USER, Postmaster


def check(place: Place, server: Postmaster, *args: str, **changes: str) -> Done:
    wanted = settings(server, **{"contact": "operator@example.org", "smtp_timeout_s": "3", **changes})
    return place.newsletter("check", "--mail", *args, **wanted)


def test_a_server_that_answers_is_greeted_and_gets_no_mail(place: Place, server: Postmaster) -> None:
    done = check(place, server)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"✓ mail server: 127.0.0.1:{server.port} answers, not encrypted, without a login" in done.stdout
    assert not server.mails
    assert (server.offered, server.quits) == (0, 1)


def test_a_wrong_port_is_told_with_what_to_check(place: Place, server: Postmaster) -> None:
    done = check(place, server, smtp_port=str(free_port()))
    assert done.returncode == 3
    assert "(connecting: Connection refused); check NEWSLETTER_SMTP_HOST and NEWSLETTER_SMTP_PORT" in done.stdout


def test_a_wrong_password_is_told_and_not_shown(place: Place, guarded: Postmaster) -> None:
    login = {"smtp_tls": "starttls", "smtp_user": USER}
    wrong = check(place, guarded, **login, smtp_password="wrong horse")
    right = check(place, guarded, **login, smtp_password=PASSWORD)
    assert wrong.returncode == 3
    assert "set NEWSLETTER_SMTP_USER and NEWSLETTER_SMTP_PASSWORD" in wrong.stdout
    assert "horse" not in wrong.stdout + wrong.stderr
    assert "encrypted by STARTTLS, logged in" in right.stdout


def test_a_test_mail_goes_to_whom_it_is_asked_for_and_leaves_no_row(place: Place, server: Postmaster) -> None:
    done = check(place, server, "--to", "operator@example.org")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ test mail: accepted" in done.stdout
    [mail] = server.mails
    assert mail.to == ("operator@example.org",)
    assert b"Subject: Morning Papers: a test mail" in mail.raw
    assert "papers" not in place.newsletter("deliveries").stdout.partition("\n")[2]


def test_a_test_mail_that_is_refused_is_told(place: Place, server: Postmaster) -> None:
    server.refuse("operator@example.org", "550 5.1.1 there is nobody of that name")
    done = check(place, server, "--to", "operator@example.org")
    assert done.returncode == 3
    assert "550 5.1.1 there is nobody of that name" in done.stdout


def test_the_address_of_a_test_mail_needs_the_trial(place: Place) -> None:
    done = place.newsletter("check", "--to", "operator@example.org")
    assert done.returncode == 2
    assert "--to goes with --mail" in done.stderr


def test_the_outbox_needs_no_server(place: Place) -> None:
    done = place.newsletter("check", "--mail", contact="operator@example.org")
    assert done.returncode == 0, done.stdout
    assert "✓ mail server: none: mails go to a folder (NEWSLETTER_SEND_BY)" in done.stdout


@pytest.mark.skipif(not imap_server.is_there(), reason=imap_server.MISSING)
def test_the_mailbox_is_looked_into_and_left_as_it_is(place: Place, server: Postmaster) -> None:
    with imap_server.dovecot() as (plain, _tls, _authority):
        box = {
            "imap_host": "localhost",
            "imap_port": str(plain),
            "imap_tls": "none",
            "imap_user": imap_server.USER,
            "imap_password": imap_server.PASSWORD,
        }
        right = check(place, server, **box)
        again = check(place, server, **box)
        wrong = check(place, server, **{**box, "imap_password": "wrong horse"})
        folder = check(place, server, **box, imap_folder="Nowhere")
    assert "✓ mailbox: localhost takes the login; 0 new mails in INBOX, Done will be made" in right.stdout
    assert "Done will be made" in again.stdout, "nothing was made"
    assert wrong.returncode == folder.returncode == 3
    assert "set NEWSLETTER_IMAP_USER and NEWSLETTER_IMAP_PASSWORD anew" in wrong.stdout
    assert "horse" not in wrong.stdout + wrong.stderr
    assert "set NEWSLETTER_IMAP_FOLDER to one" in folder.stdout


def test_a_mailbox_out_of_reach_is_told_with_what_to_check(place: Place, server: Postmaster) -> None:
    port = str(free_port())
    box = {"imap_host": "localhost", "imap_port": port, "imap_tls": "none", "imap_user": "u", "imap_password": "p"}
    done = check(place, server, **box)
    assert done.returncode == 3
    assert "Connection refused" in done.stdout
    assert "check NEWSLETTER_IMAP_HOST, NEWSLETTER_IMAP_PORT and NEWSLETTER_IMAP_TLS" in done.stdout
