"""A newcomer hears of it at once: by a file that is saved, a run, or a command, with a real mail server on loopback."""

import json
import signal
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from subprocess import TimeoutExpired
from time import monotonic

import pytest

from newsletter.addresses import subscriber_id
from newsletter.model import PromisedMail
from newsletter.stores.tinydb import TinyStore
from tests.e2e.starts import Running
from tests.e2e.test_cli import Place
from tests.e2e.test_clock import newsletter
from tests.e2e.test_smtp import settings
from tests.http_server import Handler, serving
from tests.mail_server import Do, Postmaster
from tests.make import text_of

EVE, WHO = "eve@example.org", subscriber_id("eve@example.org")
SITE = "https://papers.example.org"
ADD = ("subscribers", "add", EVE, "--name", "Eve", "--categories", "cs.LG", "--topic", "State space models")
LISTED = ("ada@example.org", "henrietta@example.com", "konrad+papers@example.org")
ENTRY = f"\n  - email: {EVE}\n    categories: [cs.LG]\n    keywords: {{like: [state space]}}\n"


@pytest.fixture
def feeds() -> Iterator[str]:
    """An arXiv that wants to be left alone, so that no run waits for turns."""

    class FeedHandler(Handler):
        def do_GET(self) -> None:
            self.answer(429, b"", Retry_After="900")

    with serving(FeedHandler) as address:
        yield f"{address}/atom"


def by(server: Postmaster, **changes: str) -> dict[str, str]:
    return settings(server, base_url=SITE, contact="olga@example.org", **changes)


def chat(told: list[str]) -> type[Handler]:
    """Where alerts are posted: the kinds of trouble go into `told`."""

    class ChatHandler(Handler):
        def do_POST(self) -> None:
            told.extend(trouble["kind"] for trouble in json.loads(self.body())["troubles"])
            self.answer(204)

    return ChatHandler


def addressed(server: Postmaster) -> list[str]:
    return sorted(address for mail in server.mails for address in mail.to)


def mail_to(server: Postmaster, address: str) -> EmailMessage:
    (found,) = [mail for mail in server.mails if mail.to == (address,)]
    return message_from_bytes(found.raw, EmailMessage, policy=SMTP)


def wait_a_moment(running: Running) -> None:
    """Or less, if that process ends."""
    with suppress(TimeoutExpired, TimeoutError):
        running.process.wait(0.05)


def state(place: Place) -> PromisedMail | None:
    known = TinyStore(place.folder / "state").get_welcomes() or ()
    return next((one.mail for one in known if one.subscriber_id == WHO), None)


def test_whom_the_command_adds_has_the_welcome_and_then_the_digest(place: Place, server: Postmaster) -> None:
    done = place.newsletter(*ADD, **by(server))
    assert (done.returncode, "A welcome has left." in done.stdout) == (0, True), done.stderr
    mail = mail_to(server, EVE)
    assert (mail["From"], mail["To"]) == ("Morning Papers <papers@example.org>", "Eve <eve@example.org>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"<{SITE}/u/" in mail["List-Unsubscribe"]
    assert all(f"{SITE}/profile/" in text_of(mail, kind) for kind in ("plain", "html"))
    again = place.newsletter(*ADD, **by(server))
    assert (again.returncode, addressed(server)) == (0, [EVE])
    server.mails.clear()
    run = place.newsletter("run", "--sample", **by(server))
    assert addressed(server) == sorted([*LISTED, EVE]), run.stdout
    left = place.newsletter("subscribers", "remove", EVE, **by(server))
    assert left.returncode == 0
    assert EVE not in "".join(path.read_text() for path in (place.folder / "state").rglob("*.json"))


def test_a_run_welcomes_before_its_digests_and_a_dry_run_nobody(place: Place, server: Postmaster, feeds: str) -> None:
    dry = place.newsletter("run", "--dry-run", **by(server, feed_url=feeds))
    assert dry.stdout.count("is new and would be welcomed") == len(LISTED)
    assert server.mails == []
    run = place.newsletter("run", "--only", LISTED[0], **by(server, feed_url=feeds))
    assert addressed(server) == [LISTED[0]], run.stdout
    assert "1 newcomer was welcomed" in run.stdout
    for _ in range(2):
        place.newsletter("run", **by(server, feed_url=feeds))
    assert addressed(server) == sorted(LISTED)


def test_a_run_on_a_sample_welcomes_nobody_and_makes_nobody_an_old_reader(
    place: Place, server: Postmaster, feeds: str
) -> None:
    place.newsletter("run", "--sample", "--only", LISTED[0], **by(server))
    server.mails.clear()
    place.newsletter("run", **by(server, feed_url=feeds))
    assert addressed(server) == sorted(LISTED[1:])


def test_a_mail_server_that_fails_stops_no_digest_and_is_told(place: Place, server: Postmaster, feeds: str) -> None:
    server.refuse(LISTED[0], "550 5.1.1 there is nobody of that name")
    run = place.newsletter("run", **by(server, feed_url=feeds))
    assert addressed(server) == sorted(LISTED[1:])
    assert "3 subscribers = " in run.stdout


def test_a_damaged_memory_of_welcomes_stops_no_digest_and_is_told(place: Place, server: Postmaster, feeds: str) -> None:
    path = place.path("state/welcomes/all.json")
    path.parent.mkdir(parents=True)
    path.write_text("[]", encoding="utf-8")
    told: list[str] = []
    with serving(chat(told)) as address:
        live = place.newsletter("run", "--only", LISTED[0], **by(server, feed_url=feeds, alert_url=address))
    assert "1 subscribers = " in live.stdout
    assert "welcome" in told
    place.newsletter("run", "--sample", **by(server))
    assert addressed(server) == sorted(LISTED)
    assert path.read_text(encoding="utf-8") == "[]"


def test_the_clock_welcomes_whom_the_file_has_anew_within_seconds(place: Place, server: Postmaster, feeds: str) -> None:
    with newsletter(place.folder, "clock", **by(server, feed_url=feeds)) as clock:
        for _ in LISTED:
            clock.read_until('"became": "mailed"')
        path = place.path("subscribers.yaml")
        path.write_text(path.read_text(encoding="utf-8") + ENTRY, encoding="utf-8")
        begun = monotonic()
        assert WHO in clock.read_until('"became": "mailed"')
        assert monotonic() - begun < 30
        assert clock.end(signal.SIGTERM) == 0
    assert addressed(server) == sorted([*LISTED, EVE])


@pytest.mark.parametrize("stage", ["CONNECT", "RCPT", "DATA"])
def test_a_command_killed_before_the_mail_left_is_followed_by_the_web_part(
    place: Place, server: Postmaster, stage: str
) -> None:
    place.newsletter("run", "--sample", **by(server))
    server.mails.clear()
    server.on(stage, Do.HANG)
    with newsletter(place.folder, *ADD, **by(server)) as adding:
        until = monotonic() + 30
        while state(place) is not PromisedMail.WAITING and monotonic() < until:
            wait_a_moment(adding)
        assert adding.end(signal.SIGKILL) == -signal.SIGKILL
    server.forget_script()
    with newsletter(place.folder, "serve", "--no-clock", "--port", "0", **by(server)) as web:
        assert WHO in web.read_until('"became": "mailed"')
        assert web.end(signal.SIGTERM) == 0
    assert addressed(server) == [EVE]


def test_a_welcome_that_was_leaving_as_its_process_was_killed_is_not_sent_twice_and_is_told(
    place: Place, server: Postmaster
) -> None:
    place.newsletter("run", "--sample", **by(server))
    server.mails.clear()
    server.on("END", Do.KEEP_AND_HANG)
    with newsletter(place.folder, *ADD, **by(server)) as adding:
        until = monotonic() + 30
        while not server.mails and monotonic() < until:
            wait_a_moment(adding)
        assert adding.end(signal.SIGKILL) == -signal.SIGKILL
    assert state(place) is PromisedMail.LEAVING
    told: list[str] = []
    with (
        serving(chat(told)) as address,
        newsletter(place.folder, "serve", "--no-clock", "--port", "0", **by(server, alert_url=address)) as web,
    ):
        web.read_until("alert_sent")
        assert web.end(signal.SIGTERM) == 0
    assert (addressed(server), told) == ([EVE], ["welcome"])


def test_two_processes_at_once_welcome_each_newcomer_once(place: Place, server: Postmaster) -> None:
    command = ("serve", "--no-clock", "--port", "0")
    with (
        newsletter(place.folder, *command, **by(server)) as one,
        newsletter(place.folder, *command, **by(server)) as another,
    ):
        for each in (one, another):
            each.read_until("web_started")  # before that, SIGTERM ends a process as it ends any
        until = monotonic() + 40
        while len(server.mails) < len(LISTED) and monotonic() < until:
            wait_a_moment(one)
        assert [one.end(signal.SIGTERM), another.end(signal.SIGTERM)] == [0, 0]
    assert addressed(server) == sorted(LISTED)
