"""The SendGrid sender against a server that behaves as SendGrid does: what is sent, what follows from each failure."""

import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from email.headerregistry import Address
from pathlib import Path
from threading import Event

import pytest
import trustme

from newsletter.errors import SendDeferred, SendError, SendInDoubt, SendRejected, SendStopped
from newsletter.mail.message import MailIdentity, build_message, build_service_message
from newsletter.model import Counts, Digest, Evidence, Message, RenderedDigest
from newsletter.senders import Sender
from newsletter.senders.sendgrid import MOST_WAITS, SendGridSender, request_body
from newsletter.senders.sendgrid_rules import RESPONSE_RULES, Outcome, rule_for
from newsletter.signing import Signer
from tests import make
from tests.contract.senders import test_sender as every_sender
from tests.contract.senders.test_sender import ID, NOW, message
from tests.contract.senders.test_smtp_time import serving
from tests.sendgrid_server import (
    KEY,
    RESERVED,
    Answer,
    Cut,
    SendGridServer,
    Turn,
    error,
    objections,
    schema,
    sendgrid_server,
)

URL = "https://papers.example.org"


class Clock:
    """Time passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = NOW
        self.waits: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)


def sender_for(server: SendGridServer, clock: Clock | None = None, **changes: object) -> SendGridSender:
    clock = clock or Clock()
    given = {"url": server.url, "timeout_s": 5.0, "clock": clock, "sleep": clock.sleep} | changes
    return SendGridSender(str(given.pop("api_key", KEY)), **given)  # type: ignore[arg-type]


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    with sendgrid_server() as running:
        yield running


@pytest.fixture
def sender(server: SendGridServer) -> Sender:
    return sender_for(server)


def failure(*script: Turn, mail: Message | None = None, clock: Clock | None = None) -> SendError:
    """What sending one mail raises, when the server follows this script."""
    with sendgrid_server(*script) as server, pytest.raises(SendError) as raised:
        sender_for(server, clock).send(mail or message())
    return raised.value


def digest_mail(**changes: object) -> Message:
    subscriber = make.subscriber(name="Jürgen Ångström, Dr.", **changes)
    digest = Digest(subscriber, date(2026, 1, 6), (), (), Counts(0, 0, 0, 0, 0), "local ranker", None)
    identity = MailIdentity(
        Address("Morgenblätter „Zwei“", addr_spec="news@example.org"),
        "news@example.org",
        Signer(["k" * 40]),
        URL,
    )
    rendered = RenderedDigest("3 Arbeiten: Größe ≥ 2", "<p>Gr&#246;&#223;e</p>\n", "Größe ≥ 2\n")
    return build_message(digest, rendered, identity, now=NOW)


# --- what every sender promises; `find` never can tell

test_an_accepted_mail_has_a_receipt_and_a_time = every_sender.test_an_accepted_mail_has_a_receipt_and_a_time

# --- what is sent


def test_a_digest_is_one_request_with_one_address_that_is_not_tracked() -> None:
    mail = digest_mail()
    body = request_body(mail)
    assert body["personalizations"] == [
        {
            "to": [{"email": "reader@example.org", "name": "Jürgen Ångström, Dr."}],
            "custom_args": {"delivery": mail.delivery_id},
        }
    ]
    assert body["from"] == {"email": "news@example.org", "name": "Morgenblätter „Zwei“"}
    assert body["reply_to"]["email"].startswith("news+")
    assert body["subject"] == "3 Arbeiten: Größe ≥ 2"
    assert body["categories"] == ["digest"]
    assert [value["enable"] for value in body["tracking_settings"].values()] == [False] * 4
    assert "mail_settings" not in body


def test_our_headers_go_along_and_no_reserved_one() -> None:
    mail = digest_mail()
    headers = request_body(mail)["headers"]
    assert set(headers) == {
        *("Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted", "Precedence"),
        *("X-Auto-Response-Suppress", "Feedback-ID"),
    }
    assert not {name.lower() for name in headers} & RESERVED
    assert headers["Message-ID"] == mail.mime["Message-ID"]
    assert headers["List-Unsubscribe"].startswith(f"<{URL}/u/")
    assert headers["List-Unsubscribe"].endswith("?subject=unsubscribe>")


def test_the_parts_are_those_of_the_mail_text_first() -> None:
    content = request_body(digest_mail())["content"]
    assert [(part["type"], part["value"].splitlines()) for part in content] == [
        ("text/plain", ["Größe ≥ 2"]),
        ("text/html", ["<p>Gr&#246;&#223;e</p>"]),
    ]
    assert content[1]["value"].isascii()


def test_a_service_mail_has_its_own_category_and_no_html() -> None:
    service = Address("Service", addr_spec="service@example.org")
    alert = build_service_message(key="a.1", sender=service, to="op@example.org", subject="Hm", text="?\n", now=NOW)
    body = request_body(alert)
    assert body["categories"] == ["service"]
    assert [part["type"] for part in body["content"]] == ["text/plain"]
    assert "reply_to" not in body
    assert objections(body) == []


@pytest.mark.skipif(schema() is None, reason="the published schema is not here: put sendgrid-oai beside the project")
@pytest.mark.parametrize("sandbox", [False, True])
def test_requests_meet_the_published_schema_hardened(sandbox: bool) -> None:
    assert objections(request_body(digest_mail(), sandbox=sandbox)) == []
    for spoil in (
        {"tracking": {}},
        {"from": {"name": "nobody"}},
        {"subject": ""},
        {"categories": ["x"] * 11},
        {"personalizations": [{"to": [{"email": "a@example.org", "nick": "a"}]}]},
        {"headers": {"Reply-To": "a@example.org"}},
    ):
        assert objections(request_body(digest_mail()) | spoil), spoil


# --- what is accepted


def test_the_receipt_is_sendgrids_own_id(server: SendGridServer, sender: Sender) -> None:
    assert sender.send(digest_mail()).receipt == "message-1"
    assert server.accepted == [request_body(digest_mail())]


def test_a_202_without_an_id_is_accepted_too() -> None:
    with sendgrid_server(Answer(202)) as server:
        assert sender_for(server).send(message()).receipt


def test_whether_a_mail_was_taken_only_the_events_can_tell(sender: Sender) -> None:
    sender.send(message())
    assert sender.find(ID) == Evidence(accepted=None)


def test_a_sender_that_was_closed_sends_again(server: SendGridServer, sender: Sender) -> None:
    for number in (1, 2):
        sender.send(message(f"s_8k2mpq4x/2026-11-2{number}"))
        sender.close()
        sender.close()
    assert server.deliveries() == ["s_8k2mpq4x/2026-11-21", "s_8k2mpq4x/2026-11-22"]


# --- the table of answers

TABLE: list[tuple[int, type[SendError]]] = [
    (200, SendInDoubt),
    (201, SendInDoubt),
    (301, SendStopped),
    (303, SendInDoubt),
    (307, SendStopped),
    (400, SendRejected),
    (401, SendStopped),
    (403, SendStopped),
    (404, SendStopped),
    (405, SendStopped),
    (406, SendStopped),
    (408, SendDeferred),
    (413, SendRejected),
    (415, SendStopped),
    (422, SendRejected),
    (500, SendInDoubt),
    (502, SendInDoubt),
    (503, SendDeferred),
    (504, SendInDoubt),
    (520, SendInDoubt),
]


@pytest.mark.parametrize(("status", "kind"), TABLE)
def test_each_answer_has_its_consequence(status: int, kind: type[SendError]) -> None:
    raised = failure(error(status, "so it is", "a.field"))
    assert type(raised) is kind
    assert raised.delivery_id == ID
    assert f"HTTP {status}: a.field: so it is" in str(raised)
    assert "; " in str(raised)


@pytest.mark.parametrize("status", sorted({status for status, _ in TABLE} - {200}))
def test_each_answer_says_how_much_it_is_about_sendgrid(status: int) -> None:
    """Two in a row, and a run offers it no other mail: a doubt and "not available" are one, a refused key is two."""
    raised = failure(error(status, "so it is"))
    of_kind = {SendRejected: 0, SendInDoubt: 1, SendDeferred: 1, SendStopped: 2}
    assert raised.strikes == of_kind[type(raised)]


def test_the_table_of_the_code_is_tested_whole() -> None:
    tested = {status for status, _ in TABLE} | {202, 429, 302, 308}
    assert set(RESPONSE_RULES) <= tested
    assert rule_for(302) == rule_for(308) == rule_for(301)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "set SENDGRID_API_KEY"),
        (403, "verify the domain of NEWSLETTER_SENDER"),
        (404, "set NEWSLETTER_SENDGRID_URL"),
        (413, "lower max_papers"),
        (500, "deliveries resolve"),
    ],
)
def test_the_operator_is_told_what_to_do(status: int, remedy: str) -> None:
    assert remedy in str(failure(error(status, "no"))).rpartition(";")[2]


def test_a_redirect_is_not_followed_with_the_key(server: SendGridServer) -> None:
    failure(error(301, "moved", Location=f"{server.url}/v3/mail/send"))
    failure(error(307, "moved", Location=f"{server.url}/v3/mail/send"))
    assert server.requests == []


def test_sendgrids_words_are_bounded_and_without_the_address() -> None:
    told = str(failure(error(400, "reader@example.org is not an address. " * 50, "personalizations.0.to")))
    assert "personalizations.0.to: (address) is not an address" in told
    assert "reader@" not in told
    assert len(told) < 500


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>Bad Gateway</html>",
        b"[" * 100_000,
        b'{"errors": {"message": "x"}}',
        b'{"errors": [7, null, {"message": 7}]}',
        b"\xff\xfe",
        b"9" * 5000,
    ],
)
def test_an_answer_without_sendgrids_words_is_judged_by_its_status(raw: bytes) -> None:
    assert type(failure(Answer(400, raw=raw))) is SendRejected
    assert type(failure(Answer(502, raw=raw))) is SendInDoubt


def test_an_answer_cut_in_its_body_is_judged_by_its_status() -> None:
    words = b'{"errors": [{"message": "bad"}]}'
    assert type(failure(Answer(400, raw=words, is_cut=True))) is SendRejected
    assert type(failure(Answer(503, raw=words, is_cut=True))) is SendDeferred
    with sendgrid_server(Answer(202, headers={"X-Message-Id": "m"}, raw=words, is_cut=True)) as server:
        assert sender_for(server).send(message()).receipt == "m"


# --- the rate limit


def until(seconds: float) -> Answer:
    return error(429, "too many requests", X_RateLimit_Reset=str(int(NOW.timestamp() + seconds)))


def test_the_end_of_the_rate_limit_is_waited_for() -> None:
    clock = Clock()
    with sendgrid_server(until(40), until(70)) as server:
        assert sender_for(server, clock).send(message()).at == NOW + timedelta(seconds=70)
    assert clock.waits == [40, 30]
    assert server.deliveries() == [ID]


def test_a_limit_that_lasts_longer_defers_until_its_end() -> None:
    clock = Clock()
    raised = failure(until(1000), clock=clock)
    assert type(raised) is SendDeferred
    assert raised.retry_after_s == 1000
    assert clock.waits == []


def test_patience_ends() -> None:
    clock = Clock()
    raised = failure(*[error(429, "too many")] * (MOST_WAITS + 1), clock=clock)
    assert type(raised) is SendDeferred
    assert len(clock.waits) == MOST_WAITS


@pytest.mark.parametrize("seconds", [40, 1000])
def test_of_each_refusal_all_others_are_told(seconds: float) -> None:
    told: list[float] = []
    with sendgrid_server(*[until(seconds)] * (MOST_WAITS + 1)) as server, pytest.raises(SendDeferred):
        sender_for(server, clock=Clock(), sleep=lambda _seconds: None, hold=told.append).send(message())
    assert told == [seconds] * (MOST_WAITS + 1 if seconds < 120 else 1)


@pytest.mark.parametrize("reset", ["", "soon", "-5", "1e9", "9" * 4000, "999999999999", "0", "²"])
def test_a_strange_end_of_the_limit_does_no_harm(reset: str) -> None:
    clock = Clock()
    turn = Answer(429, headers={"X-RateLimit-Reset": reset.encode().decode("latin-1")})
    raised = failure(*[turn] * (MOST_WAITS + 1), clock=clock)
    assert isinstance(raised, SendDeferred)
    assert 1 <= raised.retry_after_s <= 86_400
    assert all(1 <= wait <= 120 for wait in clock.waits)


# --- the line


DRIPS = {
    "the status": (b"", SendInDoubt),
    "the headers": (b"HTTP/1.1 400 Bad Request\r\nX-Drip: ", SendRejected),
    "the body": (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 9999\r\n\r\n", SendRejected),
}


@pytest.mark.parametrize(("begun", "kind"), DRIPS.values(), ids=DRIPS)
@pytest.mark.parametrize("is_encrypted", [False, True], ids=["http", "https"])
def test_an_answer_that_drips_is_cut(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, begun: bytes, kind: type[SendError], is_encrypted: bool
) -> None:
    """A byte comes before each timeout, and there is an end all the same: in doubt unless the status was there."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    over = Event()

    def drip(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) if is_encrypted else connection as line:
            line.recv(65_536)
            line.sendall(begun)
            while not over.wait(0.02):
                line.sendall(b"H")

    scheme = "https" if is_encrypted else "http"
    with (
        serving(drip) as port,
        closing(
            SendGridSender(
                KEY, clock=lambda: NOW, sleep=lambda _s: None, url=f"{scheme}://127.0.0.1:{port}", timeout_s=0.5
            )
        ) as sender,
        pytest.raises(SendError) as raised,
    ):
        sender.send(message())
    over.set()
    assert type(raised.value) is kind


def closed_port() -> str:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize(
    "url",
    [
        closed_port(),
        "http://nowhere.invalid",
        "http://127.0.0.1:port",
        f"http://{'a' * 70}.example.org",
        "http://",
    ],
)
def test_without_a_connection_the_mail_is_deferred(server: SendGridServer, url: str) -> None:
    with pytest.raises(SendDeferred, match="no connection to SendGrid") as raised:
        sender_for(server, url=url).send(message())
    assert raised.value.retry_after_s > 0
    assert raised.value.strikes == 2


def test_how_far_the_mail_before_came_means_nothing_for_the_next(server: SendGridServer) -> None:
    sender = sender_for(server)
    sender.send(message())
    sender._api.client.host = closed_port()
    with pytest.raises(SendDeferred, match="Connection refused"):
        sender.send(message())


def test_without_tls_no_mail_leaves(server: SendGridServer) -> None:
    with pytest.raises(SendDeferred, match="no connection"):
        sender_for(server, url=server.url.replace("http:", "https:")).send(message())
    assert server.requests == []


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate by an authority that this process trusts (OpenSSL's own SSL_CERT_FILE)."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_over_tls_the_table_is_the_same(tls: ssl.SSLContext) -> None:
    with sendgrid_server(error(503, "away"), Cut.AFTER_ACCEPTING, tls=tls) as server:
        sender = sender_for(server)
        for kind in (SendDeferred, SendInDoubt):
            with pytest.raises(kind):
                sender.send(message())
        assert sender.send(message()).receipt == "message-2"
        assert len(server.accepted) == 2


def test_a_certificate_nobody_vouches_for_is_not_trusted(tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with sendgrid_server(tls=tls) as server:
        with pytest.raises(SendDeferred, match="certificate verify failed"):
            sender_for(server).send(message())
        assert server.requests == []


@pytest.mark.parametrize("cut", [Cut.WHILE_READING, Cut.BEFORE_ACCEPTING])
def test_a_line_cut_once_the_mail_left_this_machine_is_in_doubt_even_if_nobody_read_it(cut: Cut) -> None:
    """From here it looks like a mail that was taken: all bytes were given to the network."""
    assert type(failure(cut)) is SendInDoubt


def test_a_line_cut_at_once_is_deferred_or_in_doubt_but_never_taken_for_sent_or_refused() -> None:
    """Which of the two hangs on whether the last byte left before the news came."""
    assert isinstance(failure(Cut.BEFORE_READING), SendDeferred | SendInDoubt)


@pytest.mark.parametrize("cut", [Cut.AFTER_ACCEPTING, Cut.NO_HTTP, Cut.HALF_A_LINE])
def test_an_answer_that_is_lost_is_in_doubt_and_the_mail_is_sent_once(cut: Cut) -> None:
    with sendgrid_server(cut) as server, pytest.raises(SendInDoubt, match="answer was lost"):
        sender_for(server).send(message())
    assert server.deliveries() == [ID]


def test_silence_ends_with_the_timeout_and_is_in_doubt() -> None:
    with sendgrid_server(Cut.SILENCE) as server, pytest.raises(SendInDoubt, match="timed out"):
        sender_for(server, timeout_s=1.0).send(message())
    assert server.deliveries() == [ID]


def test_a_line_cut_while_the_mail_still_leaves_is_surely_no_delivery() -> None:
    """The rest of it never left this machine, and a request without its end is none."""
    large = message(text="x" * 70 + "\n")
    large.mime.get_body(("plain",)).set_content("0123456789\n" * 2_000_000, charset="utf-8", cte="8bit")  # type: ignore[union-attr]
    with sendgrid_server(Cut.WHILE_READING) as server, pytest.raises(SendDeferred, match="broke on the way"):
        sender_for(server).send(large)
    assert server.requests == []


@pytest.mark.parametrize("body", [b"", b"{}", b"<!DOCTYPE html><title>Sign in</title>"])
def test_an_answer_of_sandbox_mode_to_a_mail_that_was_to_leave_is_in_doubt_and_not_said_to_be_a_rehearsal(
    body: bytes,
) -> None:
    with (
        sendgrid_server(Answer(200, raw=body)) as server,
        pytest.raises(SendInDoubt, match="may have been taken") as said,
    ):
        sender_for(server).send(message())
    assert "sandbox" not in str(said.value)


# --- sandbox mode


def test_a_rehearsal_is_looked_at_and_not_sent(server: SendGridServer) -> None:
    sender_for(server).validate(digest_mail())
    assert server.accepted == []
    assert server.rehearsed == [request_body(digest_mail(), sandbox=True)]


@pytest.mark.parametrize(
    ("turn", "kind", "said"),
    [
        (error(400, "bad", "from"), SendRejected, "the sample digest was refused by SendGrid"),
        (error(401, "bad"), SendStopped, "set SENDGRID_API_KEY"),
        (error(403, "bad"), SendStopped, "verify the domain"),
        (error(503, "bad"), SendDeferred, "try again later"),
        (Answer(202), SendInDoubt, "although sandbox mode was asked for"),
        (Answer(200, raw=b"<!DOCTYPE html><title>Sign in</title>"), SendStopped, "set NEWSLETTER_SENDGRID_URL"),
    ],
)
def test_a_rehearsal_that_fails_says_why(turn: Turn, kind: type[SendError], said: str) -> None:
    with sendgrid_server(turn) as server, pytest.raises(kind, match=said):
        sender_for(server).validate(digest_mail())


# --- the secret


def test_the_key_and_the_address_are_in_no_log_and_no_error(
    server: SendGridServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sender = sender_for(server)
    sender.send(digest_mail())
    echo = Answer(400, [{"message": f"Authorization: Bearer {KEY} for reader@example.org"}])
    raised = failure(echo, mail=digest_mail())
    kept = caplog.text + str(raised) + repr(raised) + repr(sender) + str(raised.__cause__)
    assert KEY not in kept
    assert "reader@example.org" not in kept


def test_every_rule_that_fails_ends_with_a_remedy() -> None:
    for status, rule in RESPONSE_RULES.items():
        is_well = rule.outcome in (Outcome.ACCEPTED, Outcome.TRIED)
        assert is_well or (rule.what and rule.remedy), status
