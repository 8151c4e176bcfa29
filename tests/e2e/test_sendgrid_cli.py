"""A morning through SendGrid as an operator has it: the real command line, a SendGrid on this machine, its events."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import flask
import pytest

from newsletter import app
from newsletter.model import DeliveryState
from newsletter.stores.tinydb import TinyStore
from newsletter.subscribers.subscribers_yaml import parse_file
from newsletter.web.sendgrid_events import PATH, blueprint
from tests import ROOT
from tests.e2e import starts, test_cli
from tests.e2e.test_cli import Done
from tests.sendgrid_server import (
    KEY,
    Body,
    Cut,
    EventSigner,
    Rule,
    SendGridServer,
    Turn,
    error,
    event,
    sendgrid_server,
    tell,
)

DAY = date(2025, 10, 7)
LISTED = parse_file((ROOT / "subscribers.yaml").read_bytes(), source="subscribers.yaml")
READERS = [one.subscriber_id for one in LISTED.subscribers]
DELIVERIES = [f"{who}/{DAY}" for who in READERS]


class Place(test_cli.Place):
    """A folder with the three sample readers, whose mail goes by SendGrid."""

    def newsletter(self, *args: str, url: str = "http://127.0.0.1:1", **settings: str | None) -> Done:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSLETTER_", "SENDGRID_"))}
        wanted = {
            "SENDGRID_API_KEY": KEY,
            "NEWSLETTER_SEND_BY": "sendgrid",
            "NEWSLETTER_SENDGRID_URL": url,
            "NEWSLETTER_SENDER": "Papers <news@example.org>",
            "NEWSLETTER_SECRET_KEYS": "k" * 40,
            "NEWSLETTER_BASE_URL": "https://papers.example.org",
            "NEWSLETTER_CONTACT": "op@example.org",
        } | settings
        given = {name: value for name, value in wanted.items() if value is not None}
        return starts.run(*args, folder=self.folder, env={**clean, **given, "NO_PROXY": "127.0.0.1"})

    @property
    def store(self) -> TinyStore:
        return TinyStore(self.folder / "state")

    def states(self) -> list[DeliveryState]:
        rows = {row.subscriber_id: row.state for row in self.store.get_deliveries()}
        return [rows[who] for who in READERS if who in rows]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "subscribers.yaml").write_bytes((ROOT / "subscribers.yaml").read_bytes())
    return Place(tmp_path)


def bad_address(number: int) -> Rule:
    """SendGrid objects to the mail of that reader."""

    def rule(body: Body) -> Turn | None:
        mine = body["personalizations"][0]["custom_args"]["delivery"] == DELIVERIES[number]
        return error(400, "Does not contain a valid address.", "personalizations.0.to.0.email") if mine else None

    return rule


@contextmanager
def hook(place: Place, signer: EventSigner) -> Iterator[str]:
    """The hook on a port of this machine, over the place's own memory."""
    site = flask.Flask("hook")
    site.register_blueprint(blueprint(place.store, signer.public, app.utc_now))
    with make_server("127.0.0.1", 0, site, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}{PATH}"
        server.shutdown()
        thread.join()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Tests look at the memory."""


def run(place: Place, server: SendGridServer) -> Done:
    return place.newsletter("run", "--sample", url=server.url)


def test_each_reader_gets_one_mail_and_a_second_run_sends_none(place: Place) -> None:
    with sendgrid_server() as server:
        first, second = run(place, server), run(place, server)
        assert server.deliveries() == DELIVERIES
        assert len(server.requests) == 3
    assert (first.returncode, second.returncode) == (0, 0)
    assert "3 sent + 0 empty + 0 skipped + 0 failed + 0 in doubt" in first.stdout
    assert "outbox" not in first.stdout
    assert "3 sent (already sent) + 0 empty" in second.stdout
    assert place.states() == [DeliveryState.ACCEPTED] * 3
    assert not list((place.folder / "outbox").glob("*.eml"))


def test_one_bad_address_stops_nobody_else(place: Place) -> None:
    with sendgrid_server(rule=bad_address(1)) as server:
        done = run(place, server)
        assert server.deliveries() == [DELIVERIES[0], DELIVERIES[2]]
    assert done.returncode == 6
    assert place.states() == [DeliveryState.ACCEPTED, DeliveryState.REJECTED, DeliveryState.ACCEPTED]
    assert "personalizations.0.to.0.email: Does not contain a valid address." in done.stderr
    assert re.search(r"correct what it names, or the address in subscribers\.yaml", done.stderr)
    assert "@" not in done.stderr


def test_a_refused_key_stops_at_the_first_mail_and_says_what_to_do(place: Place) -> None:
    with sendgrid_server(error(401, "The provided authorization grant is invalid, expired, or revoked")) as server:
        done = run(place, server)
        assert len(server.requests) == 1
    assert done.returncode == 6
    assert "set SENDGRID_API_KEY to a key with the permission Mail Send" in done.stderr
    assert done.stdout.count(" stopped ") == 3
    assert place.states() == [DeliveryState.DEFERRED]
    everything = (
        done.stdout
        + done.stderr
        + "".join(path.read_text(errors="replace") for path in place.folder.rglob("*") if path.is_file())
    )
    assert KEY not in everything


def test_a_lost_answer_is_a_visible_doubt_until_the_event_of_the_mail_comes(place: Place) -> None:
    signer = EventSigner()
    with sendgrid_server(Cut.AFTER_ACCEPTING) as server:
        first = run(place, server)
        assert first.returncode == 6
        assert "2 sent + 0 empty + 0 skipped + 0 failed + 1 in doubt" in first.stdout
        assert f"In doubt: {DELIVERIES[0]}" in place.newsletter("status").stderr
        again = run(place, server)
        assert "1 in doubt" in again.stdout
        with hook(place, signer) as url:
            told = [event(kind, DELIVERIES[0], app.utc_now()) for kind in ("processed", "delivered")]
            assert tell(url, signer, told, app.utc_now(), seed=3) == [200] * 4
        assert place.states() == [DeliveryState.DELIVERED, DeliveryState.ACCEPTED, DeliveryState.ACCEPTED]
        assert "In doubt" not in place.newsletter("status").stderr
        last = run(place, server)
        assert last.returncode == 0
        assert "3 sent (already sent) + 0 empty" in last.stdout
        assert server.deliveries() == DELIVERIES


def test_when_sendgrid_is_away_the_mails_wait(place: Place) -> None:
    done = place.newsletter("run", "--sample")
    assert done.returncode == 6
    assert place.states() == [DeliveryState.DEFERRED]
    assert "no connection to SendGrid" in done.stderr
    assert "3 failed (deferred)" in done.stdout


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"SENDGRID_API_KEY": None}, "set SENDGRID_API_KEY"),
        ({"SENDGRID_API_KEY": "SG.two words"}, "set SENDGRID_API_KEY"),
        ({"NEWSLETTER_SENDER": None}, "set NEWSLETTER_SENDER"),
        ({"NEWSLETTER_SECRET_KEYS": None}, "set NEWSLETTER_SECRET_KEYS"),
    ],
)
def test_what_cannot_work_is_refused_at_the_start(place: Place, settings: dict[str, str | None], said: str) -> None:
    with sendgrid_server() as server:
        done = place.newsletter("run", "--sample", url=server.url, **settings)
        assert server.requests == []
    assert done.returncode == 3
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "two words" not in done.stderr


def test_check_has_sendgrid_look_at_a_sample(place: Place) -> None:
    with sendgrid_server() as server:
        done = place.newsletter("check", "--sandbox", url=server.url)
        (body,) = server.rehearsed
        assert server.accepted == []
    assert done.returncode == 0
    assert "✓ SendGrid: took the sample digest in sandbox mode and mailed nothing" in done.stdout
    assert body["personalizations"][0]["to"][0]["email"] == "op@example.org"
    assert [part["type"] for part in body["content"]] == ["text/plain", "text/html"]
    assert sorted(path.name for path in place.folder.iterdir()) == ["subscribers.yaml"]


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        (error(400, "The from address is malformed.", "from"), r"\(HTTP 400: from: The from address is malformed\.\)"),
        (error(401, "authorization required"), "set SENDGRID_API_KEY"),
        (error(403, "The from address does not match a verified Sender Identity"), "verify the domain of"),
    ],
)
def test_check_says_plainly_what_sendgrid_objects_to(place: Place, turn: Turn, said: str) -> None:
    with sendgrid_server(turn) as server:
        done = place.newsletter("check", "--sandbox", url=server.url)
    assert done.returncode == 3
    assert "✗ SendGrid" in done.stdout
    assert re.search(said, done.stdout)


def test_a_rehearsal_needs_sendgrid(place: Place) -> None:
    done = place.newsletter("check", "--sandbox", NEWSLETTER_SEND_BY="outbox")
    assert done.returncode == 3
    assert "set NEWSLETTER_SEND_BY to sendgrid" in done.stdout
