"""A mail server that drips, floods or falls silent costs a bounded time, and one that ends a session costs no mail."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from threading import Event, Semaphore, Thread

import pytest
import trustme

from newsletter.errors import SendDeferred, SendError, SendInDoubt, SendRejected
from newsletter.senders.smtp import SmtpSender, SmtpServer
from tests.contract.senders.test_smtp import ID, NOW, OTHER, message, sender, sender_for
from tests.mail_server import Do, Postmaster

__all__ = ["sender"]  # a fixture

TIMEOUT_S, END_S = 10.0, 600.0
GREETING, STAGES = "GREETING", ("EHLO", "MAIL", "RCPT", "DATA", "END", "RSET", "QUIT")


class Ticking:
    """A clock that is two seconds later at each look. At each look the server may send one piece more."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.looks = Semaphore(0)

    def __call__(self) -> float:
        self.now_s += 2.0
        self.looks.release()
        return self.now_s


@contextmanager
def serving(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on loopback that talks to each connection in this way; its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            Thread(target=guarded, args=(connection,), daemon=True).start()

    def guarded(connection: socket.socket) -> None:
        try:
            talk(connection)
        except OSError:
            return  # the client has hung up, which is what it is to do

    Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        for each in (listener, *connections):
            with each:
                if each is not listener:
                    each.close()
                else:
                    each.shutdown(socket.SHUT_RDWR)


def converse(connection: socket.socket, stage: str, misbehave: Callable[[socket.socket], None]) -> None:
    """A plain session up to the stage; there it misbehaves. Each mail but the first is refused at END if it is RSET."""
    if stage == GREETING:
        misbehave(connection)
    connection.sendall(b"220 mail.example.org\r\n")
    with connection.makefile("rb") as lines:
        while line := lines.readline():
            word = line[:4].strip().decode().upper()
            if word == "DATA" and stage != "DATA":
                connection.sendall(b"354 go on\r\n")
                while lines.readline() not in (b".\r\n", b""):
                    pass
                word = "END"
            if word == stage:
                misbehave(connection)
            connection.sendall(b"550 5.7.1 no\r\n" if word == "END" and stage == "RSET" else b"250 ok\r\n")


def drip(clock: Ticking, piece: bytes) -> Callable[[socket.socket], None]:
    def misbehave(connection: socket.socket) -> None:
        while clock.looks.acquire(timeout=10):
            connection.sendall(piece)

    return misbehave


def flood(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"250-and more\r\n" * 100)


def hurried(port: int, clock: Callable[[], float]) -> SmtpSender:
    at = SmtpServer("127.0.0.1", port, "none", "example.org", timeout_s=TIMEOUT_S, end_timeout_s=END_S)
    return SmtpSender(at, lambda: NOW, monotonic=clock)


@pytest.mark.parametrize("piece", [b"2", b"250-wait\r\n"], ids=["bytes", "lines"])
@pytest.mark.parametrize("stage", [GREETING, "EHLO", "MAIL", "RCPT", "DATA", "END"])
def test_what_drips_without_end_is_cut_when_the_time_of_a_mail_is_over(stage: str, piece: bytes) -> None:
    clock = Ticking()
    if stage == GREETING and piece != b"2":
        piece = b"220-wait\r\n"
    with (
        serving(lambda connection: converse(connection, stage, drip(clock, piece))) as port,
        pytest.raises(SendError, match="timed out: not done after") as raised,
    ):
        hurried(port, clock).send(message())
    assert type(raised.value) is (SendInDoubt if stage == "END" else SendDeferred)
    assert raised.value.strikes == (1 if stage == "END" else 2)
    most_s = 8 * TIMEOUT_S + (END_S if stage == "END" else 0)  # four to connect, four for the mail
    assert clock.now_s <= most_s + 20


@pytest.mark.parametrize("stage", ["RSET", "QUIT"])
def test_what_drips_after_the_mail_changes_nothing_and_costs_seconds(stage: str) -> None:
    clock = Ticking()
    with serving(lambda connection: converse(connection, stage, drip(clock, b"2"))) as port:
        made = hurried(port, clock)
        if stage == "RSET":
            with pytest.raises(SendRejected, match="550"):
                made.send(message())
        else:
            made.send(message())
            made.close()
    assert clock.now_s < 60


@pytest.mark.parametrize("stage", [GREETING, "EHLO", "MAIL", "RCPT", "DATA", "END"])
def test_an_answer_without_an_end_is_not_read_to_its_end(stage: str) -> None:
    with serving(lambda connection: converse(connection, stage, flood)) as port, pytest.raises(SendError) as raised:
        hurried(port, lambda: 0.0).send(message())
    assert type(raised.value) is (SendInDoubt if stage == "END" else SendDeferred)


def test_the_answer_to_the_last_dot_has_ten_minutes_whatever_the_timeout() -> None:
    """RFC 5321 §4.5.3.2.6. The clock shows nine and a half when it comes."""
    clock = Ticking()

    def late(connection: socket.socket) -> None:
        clock.now_s += 550
        connection.sendall(b"250 queued\r\n")

    with (
        serving(lambda connection: converse(connection, "END", late)) as port,
        closing(hurried(port, clock)) as made,
    ):
        assert "queued" in made.send(message()).receipt
    assert clock.now_s > 550


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_tls_handshake_that_drips_is_cut(security: str) -> None:
    stop, trusting = Event(), ssl.create_default_context()
    trustme.CA().configure_trust(trusting)

    def handshake(connection: socket.socket) -> None:
        connection.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 kB begins
        while not stop.wait(0.02):
            connection.sendall(b"\x02")

    def starttls(connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            for reply in (b"220 mail.example.org", b"250-mail.example.org\r\n250 STARTTLS", b"220 go"):
                connection.sendall(reply + b"\r\n")
                lines.readline()
        handshake(connection)

    with (
        serving(handshake if security == "tls" else starttls) as port,
        sender_for(Postmaster(), trusting, port=port, security=security, timeout_s=0.3) as made,
        pytest.raises(SendDeferred) as raised,
    ):
        made.send(message())
    stop.set()
    assert raised.value.strikes == 2


def test_a_server_that_reads_nothing_more_is_not_waited_for_for_ever() -> None:
    long = message()
    long.mime.set_payload(("all work and no play " * 40 + "\r\n") * 20_000)
    stop = Event()

    def talk(connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            connection.sendall(b"220 mail.example.org\r\n")
            for reply in (b"250 hello", b"250 ok", b"250 ok", b"354 go on"):
                lines.readline()
                connection.sendall(reply + b"\r\n")
            stop.wait(20)

    with (
        serving(talk) as port,
        sender_for(Postmaster(), port=port, timeout_s=1.0) as made,
        pytest.raises(SendDeferred, match="the mail's text") as raised,
    ):
        made.send(long)
    stop.set()
    assert raised.value.strikes == 2


@pytest.mark.parametrize(
    ("stage", "act", "strikes"),
    [
        ("CONNECT", "554 5.3.2 no mail today", 2),
        ("CONNECT", "421 4.3.2 too busy", 2),
        ("CONNECT", "SSH-2.0-OpenSSH_9.6", 2),
        ("CONNECT", Do.DROP, 2),
        ("EHLO", Do.DROP, 2),
        ("MAIL", Do.DROP, 1),
        ("MAIL", "421 4.3.2 going down", 1),
        ("RCPT", Do.DROP, 1),
        ("RCPT", "421 4.7.0 too many", 1),
        ("RCPT", "450 4.2.0 greylisted", 0),
        ("RCPT", "550 5.1.1 no such user", 0),
        ("DATA", "451 4.3.0 later", 0),
        ("END", "451 4.3.0 later", 0),
        ("END", "421 4.3.2 going down", 1),
        ("END", Do.DROP, 1),
        ("END", "%&/", 1),
        ("RCPT", "535 5.7.8 who are you", 2),
    ],
)
def test_each_failure_says_how_much_it_is_about_the_server(
    server: Postmaster, sender: SmtpSender, stage: str, act: str | Do, strikes: int
) -> None:
    server.on(stage, act)
    with pytest.raises(SendError) as raised:
        sender.send(message())
    assert raised.value.strikes == strikes


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_silence_before_the_text_is_about_the_server(server: Postmaster, stage: str) -> None:
    server.on(stage, Do.HANG)
    with sender_for(server, timeout_s=0.2) as made, pytest.raises(SendDeferred) as raised:
        made.send(message())
    assert raised.value.strikes == 2


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("act", ["421 4.7.0 too many messages in this session", Do.DROP], ids=["421", "cut"])
def test_a_session_that_ends_before_the_text_is_begun_anew_once(
    server: Postmaster, sender: SmtpSender, stage: str, act: str | Do
) -> None:
    sender.send(message())
    server.on(stage, act)
    assert "Q2" in sender.send(message(OTHER)).receipt
    assert [mail.connection for mail in server.mails] == [1, 2]
    server.on(stage, act, act, act)
    with pytest.raises(SendDeferred):
        sender.send(message(ID))
    assert len(server.connections) == 3
    assert len(server.mails) == 2


def test_every_third_mail_may_find_the_session_over(server: Postmaster, sender: SmtpSender) -> None:
    for number in range(9):
        if number and number % 3 == 0:
            server.on("RCPT", "421 4.7.0 three are enough")
        sender.send(message(f"s_8k2mpq4x/2026-11-{number + 1:02d}"))
    assert [mail.connection for mail in server.mails] == [1, 1, 1, 2, 2, 2, 3, 3, 3]


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
def test_a_server_that_falls_silent_in_a_session_is_not_asked_again(server: Postmaster, stage: str) -> None:
    with sender_for(server, timeout_s=1.0) as made:
        made.send(message())
        server.on(stage, Do.HANG)
        with pytest.raises(SendDeferred, match="timed out"):
            made.send(message(OTHER))
    assert len(server.connections) == 1


def test_the_last_piece_of_a_mail_does_not_wait_for_the_server_to_acknowledge_the_one_before(
    server: Postmaster, sender: SmtpSender
) -> None:
    client = sender._open()
    with closing(client):
        assert client.sock is not None
        assert client.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
