"""A stranger becomes a reader: a form over HTTP, a mail by a real mail server, a button, and a run that mails them."""

import json
import re
import signal
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from html import unescape
from http.client import HTTPConnection
from time import monotonic
from urllib.parse import urlencode

import pytest

from tests.e2e.starts import Running
from tests.e2e.test_cli import Done, Place, summary
from tests.e2e.test_clock import newsletter
from tests.e2e.test_smtp import settings
from tests.mail_server import Do, Postmaster
from tests.make import text_of

EVE = "eve@example.org"
SITE = "https://papers.example.org"
FORM = {
    "do": "subscribe",
    "email": EVE,
    "name": "Eve",
    "categories": "cs.LG",
    "words": "Layers that mix information along a sequence: state space models, linear recurrences, sparse attention. "
    "The same quality with fewer bits, weights or memory: quantization, pruning, small recursive networks.",
    "frequency": "daily",
    "zone": "Europe/Berlin",
    "language": "en",
}


def door(server: Postmaster, **changes: str) -> dict[str, str]:
    return settings(server, base_url=SITE, open_subscription="true", **changes)


class Web:
    """`newsletter serve`, and who asks it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.port = json.loads(running.read_until("web_started"))["port"]

    def ask(self, path: str, **form: str) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            if form:
                connection.request("POST", path, urlencode(form), headers)
            else:
                connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def subscribe(self, **changes: str) -> str:
        """The answer to the form; what follows from it is in the log then."""
        status, page = self.ask("/subscribe", **(FORM | changes))
        assert status == 200
        assert "sign_up" in self.running.read_until("sign_up")
        return page


@pytest.fixture(autouse=True)
def nobody_is_welcomed(place: Place) -> None:
    """All mails are about sign-ups, but for digests."""
    path = place.path("subscribers.yaml")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("defaults:\n", "defaults:\n  welcome: false\n", 1), encoding="utf-8")


@pytest.fixture
def web(place: Place, server: Postmaster) -> Iterator[Web]:
    with newsletter(place.folder, "serve", "--no-clock", "--port", "0", **door(server)) as running:
        yield Web(running)


def mail_to(server: Postmaster, address: str) -> EmailMessage:
    (found,) = [mail for mail in server.mails if mail.to == (address,)]
    return message_from_bytes(found.raw, EmailMessage, policy=SMTP)


def link_in(mail: EmailMessage) -> str:
    (path,) = re.findall(rf"{SITE}(/confirm/\S+)", text_of(mail))
    return str(path)


def run(place: Place, server: Postmaster) -> Done:
    return place.newsletter("run", "--sample", **door(server))


def test_from_the_form_to_the_first_mail_and_off_the_list_again(web: Web, place: Place, server: Postmaster) -> None:
    assert "Look into your mailbox" in web.subscribe()
    mail = mail_to(server, EVE)
    assert mail["From"] == '"Morning Papers (service)" <service@example.org>'
    assert summary(run(place, server)).startswith("3 subscribers = 3 sent")
    assert "Get these mails?" in web.ask(link_in(mail))[1]
    status, welcome = web.ask(link_in(mail), wish="confirm")
    assert (status, "You are subscribed" in welcome) == (200, True)
    (profile,) = re.findall(r'href="(/profile/[^"]+)"', welcome)
    assert "relevant: >-\n      Layers that mix" in unescape(web.ask(profile)[1])

    listed = place.newsletter("subscribers", **door(server)).stdout
    assert [line.split()[-1] for line in listed.splitlines()[1:]] == ["file", "file", "file", "web"]
    server.mails.clear()
    first = run(place, server)
    assert summary(first).startswith("4 subscribers = 4 sent (3 already sent, 1 sent)"), first.stdout
    digest = mail_to(server, EVE)
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert digest["To"] == "Eve <eve@example.org>"

    assert web.subscribe(email="EVE+again@example.org").startswith("<!DOCTYPE html>")
    assert [mail.to for mail in server.mails] == [(EVE,)], "one mail about it a day"
    (leave,) = re.findall(rf"<{SITE}(/u/[^>]+)>", digest["List-Unsubscribe"])
    assert "You are unsubscribed" in web.ask(leave, **{"List-Unsubscribe": "One-Click"})[1]
    assert "This link is over" in web.ask(link_in(mail), wish="confirm")[1]

    removed = place.newsletter("subscribers", "remove", EVE, **door(server))
    assert "is suppressed since" in removed.stdout
    assert summary(run(place, server)).startswith("3 subscribers = 3 sent")
    assert web.running.end(signal.SIGTERM) == 0
    assert "@" not in "".join(web.running.lines)


def test_a_mail_server_that_refuses_is_in_the_log_and_not_on_the_page(web: Web, server: Postmaster) -> None:
    server.refuse(EVE, "550 5.1.1 there is nobody of that name")
    page = web.subscribe()
    assert "not mailed: SendRejected" in web.running.lines[-1]
    server.on("RCPT", "451 4.3.0 come back later")
    assert web.subscribe(email="ann@example.org") == page
    assert "not mailed: SendDeferred, again at" in web.running.lines[-1]
    web.running.read_until("sign_up")
    assert "mailed: asked to confirm" in web.running.lines[-1]
    assert [mail.to for mail in server.mails] == [("ann@example.org",)]
    server.on("END", Do.KEEP_AND_DROP)
    assert web.subscribe(email="bob@example.org") == page
    assert "not mailed: SendInDoubt" in web.running.lines[-1]


READERS = [f"reader{number}@example.org" for number in range(4)]


@pytest.mark.parametrize(
    ("stage", "last"), [("CONNECT", signal.SIGTERM), ("RCPT", signal.SIGKILL), ("DATA", signal.SIGTERM)]
)
def test_what_was_promised_is_mailed_once_whatever_ends_the_process(
    place: Place, server: Postmaster, stage: str, last: signal.Signals
) -> None:
    """The mail server hangs, and is well again when the web part is started again. Platforms kill after 10 s."""
    server.on(stage, Do.HANG, Do.HANG)
    with newsletter(place.folder, "serve", "--no-clock", "--port", "0", **door(server)) as running:
        web = Web(running)
        for email in READERS:
            assert web.ask("/subscribe", **(FORM | {"email": email}))[0] == 200
        begun = monotonic()
        assert running.end(last) == (0 if last is signal.SIGTERM else -signal.SIGKILL)
        assert monotonic() - begun < 10
    assert server.mails == []
    server.forget_script()
    with newsletter(place.folder, "serve", "--no-clock", "--port", "0", **door(server)) as running:
        for _ in READERS:
            running.read_until("mailed: asked to confirm")
        assert running.end(signal.SIGTERM) == 0
    assert sorted(mail.to[0] for mail in server.mails) == READERS


def test_a_mail_that_was_leaving_as_the_process_was_killed_is_not_sent_twice(place: Place, server: Postmaster) -> None:
    server.on("END", Do.KEEP_AND_HANG)
    with newsletter(place.folder, "serve", "--no-clock", "--port", "0", **door(server)) as running:
        web = Web(running)
        assert web.ask("/subscribe", **(FORM | {"email": READERS[0]}))[0] == 200
        until = monotonic() + 30
        while not server.mails and monotonic() < until:
            web.ask("/health")
        assert running.end(signal.SIGKILL) == -signal.SIGKILL
    with newsletter(place.folder, "serve", "--no-clock", "--port", "0", **door(server)) as running:
        web = Web(running)
        web.subscribe(email=READERS[1])
        assert running.end(signal.SIGTERM) == 0
    assert [mail.to[0] for mail in server.mails] == READERS[:2]


def test_two_web_parts_of_one_memory_send_each_mail_once(place: Place, server: Postmaster) -> None:
    command = ("serve", "--no-clock", "--port", "0")
    with (
        newsletter(place.folder, *command, **door(server)) as one,
        newsletter(place.folder, *command, **door(server)) as another,
    ):
        webs = [Web(one), Web(another)]
        for number, email in enumerate(READERS * 2):
            assert webs[number % 2].ask("/subscribe", **(FORM | {"email": email}))[0] == 200
        until = monotonic() + 30
        while len(server.mails) < len(READERS) and monotonic() < until:
            webs[0].ask("/health")
        assert [one.end(signal.SIGTERM), another.end(signal.SIGTERM)] == [0, 0]
    assert sorted(mail.to[0] for mail in server.mails) == READERS


def test_check_says_where_others_can_subscribe(place: Place, server: Postmaster) -> None:
    fine = place.newsletter("check", **door(server), contact="olga@example.org")
    assert (fine.returncode, "others can subscribe at https://papers.example.org/subscribe" in fine.stdout) == (0, True)


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"send_by": "outbox"}, "set NEWSLETTER_SEND_BY to smtp or sendgrid, or set NEWSLETTER_OPEN_SUBSCRIPTION"),
        ({"base_url": ""}, "set NEWSLETTER_BASE_URL to where readers reach the web part, or set"),
        ({"secret_keys": ""}, "set NEWSLETTER_SECRET_KEYS ('newsletter config --new-secret' makes one), or set"),
        ({"sender": "digest@newsletter.invalid"}, "set NEWSLETTER_SENDER to an address of your own domain"),
    ],
)
def test_settings_with_which_nobody_could_confirm_are_refused(
    place: Place, server: Postmaster, changes: dict[str, str], remedy: str
) -> None:
    given = door(server) | {"contact": "olga@example.org"} | changes
    served, checked = (place.newsletter(*args, **given) for args in (["serve", "--port", "0"], ["check"]))
    assert (served.returncode, checked.returncode) == (3, 3)
    assert remedy in served.stderr
    assert remedy in checked.stdout
