"""The HTTP server of the web part: waitress, with an end to whatever a client does, or does not do.

A body that is larger than its page takes is not taken: the application sees its length and an empty body, and answers
413. Whoever sends half a request, drips, never reads or says nothing is cut off, and sooner if others want to come in:
then the one who has had most time goes. So clients need not be told apart, and nobody behind a proxy is locked out.
"""

from __future__ import annotations

import copy
import logging
import resource
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import MultiSocketServer, TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher
from waitress.utilities import Error, RequestEntityTooLarge

THREADS = 12  # pages need a few ms; of what may take seconds there are few at once (request_limits.py, profile.py)
HEAD_BYTES = 32 * 1024
LARGE_BYTES = 1024 * 1024  # a body of more may lie on the disk
_SPARE, _GRACE_S = 50, 0.2  # more than the most connections, until it shows who of them only waits
_CHECK_S = 0.2  # so often at least it is checked whether there are too many

Application = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What all clients together, and each of them, may take."""

    connections: int = 500
    large_bodies: int = 4  # at a time
    head_s: float = 20.0  # for a request's head
    idle_s: float = 30.0  # between two requests
    body_s: float = 30.0  # and besides as long as the body takes at the least speed
    answer_s: float = 120.0  # to read it, the same
    least_bytes_per_s: int = 20_000
    linger_s: float = 5.0  # for who still sends what is not taken: closed at once, they would not see the answer


class _Busy(Error):  # type: ignore[misc]  # waitress has no types
    code, reason = 503, "Service Unavailable"


class _Limits(Adjustments):  # type: ignore[misc]
    """Waitress' settings, and limits of ours: a parser is given nothing else."""

    most_bytes: Callable[[str], int]
    large: WeakSet[_Parser]  # whose bodies are large, until they are done with
    bounds: Bounds


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Reads one request, and leaves the rest of the connection alone."""

    adj: _Limits
    error: Error | None
    body_rcv: Any
    completed: bool
    empty: bool
    headers: dict[str, str]
    is_refused = False

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        if isinstance(self.error, RequestEntityTooLarge):
            self._leave_body()
        if self.completed and not self.empty and consumed < len(data):
            # More requests than one at a time: who sends them asks again (RFC 9112 §9.3.2), and no other client waits.
            self.headers["CONNECTION"], consumed = "close", len(data)
        self.is_refused = self.is_refused or self.error is not None
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # a Content-Length of more digits than Python reads
            raise ParsingError("Content-Length is invalid") from error
        most, limits = self.adj.most_bytes("/" + self.path.lstrip("/")), self.adj
        self.adj = copy.copy(limits)  # waitress asks it for the limit, here and as a body without a length comes
        self.adj.max_request_body_size = most + 1
        expected = most if self.chunked else min(self.content_length, most)
        if expected <= LARGE_BYTES or self.content_length > most:
            return
        if len(limits.large) >= limits.bounds.large_bodies:
            self.error, self.completed, self.body_rcv = _Busy("please repeat"), True, None
        else:
            limits.large.add(self)

    def _leave_body(self) -> None:
        """Lets the application answer: it sees the length, and gets no body."""
        self.close()
        self.error = self.body_rcv = None
        self.headers["CONTENT_LENGTH"] = str(max(self.content_length, self.body_bytes_received))
        self.headers["CONNECTION"] = "close"
        self.expect_continue = False
        self.is_refused = True

    def close(self) -> None:
        super().close()
        self.adj.large.discard(self)

    @property
    def may_take_s(self) -> float:
        """The time it may take from its first byte to its last."""
        bounds = self.adj.bounds
        if not self.headers_finished:
            return bounds.head_s
        size = self.adj.max_request_body_size if self.chunked else self.content_length
        return bounds.head_s + bounds.body_s + float(size) / bounds.least_bytes_per_s


class _Channel(HTTPChannel):  # type: ignore[misc]
    """One connection. `waits_since` is when it began to wait for the client's part."""

    parser_class = _Parser
    adj: _Limits
    server: _Server
    request: _Parser | None
    total_outbufs_len: int
    is_refused = False
    lingers_until: float | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.waits_since = time.monotonic()
        self._had_output = False
        super().__init__(*args, **kwargs)

    def received(self, data: bytes) -> bool:
        before = self.request
        done: bool = super().received(data)
        if before is None or self.request is not before:
            self.waits_since = time.monotonic()
        return done

    def service(self) -> None:
        self.is_refused = self.is_refused or self.requests[0].is_refused
        super().service()

    def is_overdue(self, now: float) -> bool:
        """Whether the client had its time. To be called every second, since it notes when an answer began to wait."""
        if self.lingers_until is not None:
            return now > self.lingers_until
        bounds = self.adj.bounds
        has_output, had_output = bool(self.total_outbufs_len), self._had_output
        self._had_output = has_output
        if has_output != had_output:
            self.waits_since = now
        if has_output:
            return now > self.waits_since + bounds.answer_s + self.total_outbufs_len / bounds.least_bytes_per_s
        if self.requests:  # it waits for us
            return False
        return now > self.waits_since + (self.request.may_take_s if self.request is not None else bounds.idle_s)

    def readable(self) -> bool:
        return self.lingers_until is not None or bool(super().readable())

    def handle_read(self) -> None:
        if self.lingers_until is None:
            super().handle_read()
            return
        try:
            data = self.recv(self.adj.recv_bytes)
        except OSError:
            data = b""
        if not data and self.connected:
            self.handle_close()

    def handle_close(self) -> None:
        if self.is_refused and self.lingers_until is None and self.connected and self._end_output():
            self.will_close, self.lingers_until = False, time.monotonic() + self.adj.bounds.linger_s
            return
        if self.request is not None:
            self.request.close()
        super().handle_close()

    def _end_output(self) -> bool:
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        return True


class _Server(TcpWSGIServer):  # type: ignore[misc]
    channel_class = _Channel

    def maintenance(self, now: float) -> None:
        """Closes whoever is overdue; called every second (`cleanup_interval`)."""
        at = time.monotonic()
        for channel in self.active_channels.values():
            if channel.is_overdue(at):
                channel.will_close = True

    def readable(self) -> bool:
        self._close_longest_waiting()
        return bool(super().readable())

    def _close_longest_waiting(self) -> None:
        """Closes those who have waited longest, but nobody who was just let in: for them there are spare ones."""
        open_ones = [channel for channel in self.active_channels.values() if not channel.will_close]
        too_many = len(open_ones) - (self.adj.connection_limit - _SPARE)
        if too_many <= 0:
            return
        until = time.monotonic() - _GRACE_S
        waiting = [channel for channel in open_ones if not channel.requests and channel.waits_since < until]
        for channel in sorted(waiting, key=lambda channel: channel.waits_since)[:too_many]:
            channel.will_close = True


DEFAULT = Bounds()


class WebServer:
    """Listens as soon as it is made; `run` answers. Raises OSError for an address that cannot be listened on."""

    def __init__(
        self,
        application: Application,
        host: str,
        port: int,
        most_bytes: Callable[[str], int],
        bounds: Bounds = DEFAULT,
    ) -> None:
        logging.getLogger("waitress").setLevel(logging.ERROR)  # its warnings are a stranger's to cause, each a line
        limits = _limits(host, port, bounds)
        limits.most_bytes, limits.bounds, limits.large = most_bytes, bounds, WeakSet()
        limits.asyncore_loop_timeout = _CHECK_S
        self._dispatcher = ThreadedTaskDispatcher()
        self._dispatcher.set_thread_count(THREADS)
        sockets: dict[int, Any] = {}
        servers = [
            _Server(application, sockets, dispatcher=self._dispatcher, adj=limits, sockinfo=info)
            for info in limits.listen
        ]
        self.port = int(servers[0].effective_port)
        self._server = MultiSocketServer(sockets, limits, dispatcher=self._dispatcher)

    def run(self) -> None:
        """Answers until the process ends."""
        self._server.run()

    def finish(self, timeout_s: float) -> None:
        """Lets answers in hand be finished."""
        self._dispatcher.shutdown(timeout=timeout_s)


def _limits(host: str, port: int, bounds: Bounds) -> _Limits:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)  # a connection may have a body and an answer on the disk
    return _Limits(
        host=host,
        port=port,
        threads=THREADS,
        ident=None,
        clear_untrusted_proxy_headers=False,  # app.py knows how many proxies to believe
        connection_limit=min(bounds.connections, files // 2) + _SPARE,
        cleanup_interval=1,
        asyncore_use_poll=True,  # select knows no file beyond the 1,024th
        log_socket_errors=False,  # whoever hangs up is no news
        max_request_header_size=HEAD_BYTES,
    )
