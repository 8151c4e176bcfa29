"""smtplib's client with deadlines: what drips, byte by byte or line by line, is cut when its time is over.

smtplib waits anew for each byte, and reads as many lines as come. Here every wait is also bounded by the moment up to
which all has to be done (`allow`), and an answer by its size. What an answer means is smtp.py's business.
"""

from __future__ import annotations

import io
import smtplib
import socket
import ssl
from collections.abc import Callable
from functools import partial

_PIECE = 16_384  # bytes sent between two looks at the clock
_LONGEST_ANSWER = 65_536  # bytes; RFC 5321 §4.5.3.1.5 has 512 for a line, and no answer has a hundred lines


class SmtpClient(smtplib.SMTP):
    """Connected, and greeted by the server, when it is made; `tls` secures it before the greeting.

    Raises what smtplib does. `within_s`: for all up to the next `allow`. `each_s`: for each piece of it.
    """

    def __init__(
        self,
        host: str,
        port: int,
        hello: str,
        *,
        tls: ssl.SSLContext | None,
        within_s: float,
        each_s: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._tls_from_the_start = tls
        self._monotonic = monotonic
        self._taken = 0
        self.allow(within_s, each_s=each_s)
        super().__init__(host, port, hello, timeout=each_s)

    def allow(self, within_s: float, *, each_s: float | None = None) -> None:
        """From now on all has to be done within so many seconds, each piece of it within `each_s`."""
        self._within_s, self._each_s = within_s, within_s if each_s is None else each_s
        self._until = self._monotonic() + within_s

    def _left_s(self) -> float:
        left_s = self._until - self._monotonic()
        if left_s <= 0:
            raise TimeoutError(f"timed out: not done after {self._within_s:g} s")
        return min(left_s, self._each_s)

    def _get_socket(
        self, host: str, port: int, timeout: float
    ) -> socket.socket:  # where smtplib.SMTP_SSL hooks in, too
        connected = self._connect_to_any(host, port)
        if self._tls_from_the_start is None:
            return connected
        connected.settimeout(self._left_s())  # for the whole handshake
        return self._tls_from_the_start.wrap_socket(connected, server_hostname=host)

    def _connect_to_any(self, host: str, port: int) -> socket.socket:
        failed: OSError | None = None
        for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            try:
                connected = socket.create_connection((str(address[0]), port), self._left_s())
                # A mail leaves in pieces: without this the last one waits up to 40 ms for the server's delayed ACK
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connected
            except OSError as error:
                failed = error
        raise failed or OSError(f"{host} has no address")

    def getreply(self) -> tuple[int, bytes]:
        self._taken = 0
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Timed(partial(self._take, self.sock)))
        return super().getreply()

    def _take(self, sock: socket.socket, buffer: bytearray) -> int:
        """Some bytes of the answer that is awaited, as they come."""
        sock.settimeout(self._left_s())
        count = sock.recv_into(buffer)
        self._taken += count
        if self._taken > _LONGEST_ANSWER:
            raise OSError("an answer without an end")
        return count

    def send(self, s: str | bytes) -> None:  # type: ignore[override]  # typeshed also allows other buffers
        data = s.encode(self.command_encoding) if isinstance(s, str) else s
        for start in range(0, len(data), _PIECE):
            if self.sock is not None:
                self.sock.settimeout(self._left_s())
            super().send(data[start : start + _PIECE])


class _Timed(io.RawIOBase):
    def __init__(self, take: Callable[[bytearray], int]) -> None:
        self._take = take

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        return self._take(buffer)


def is_silence(error: BaseException | None) -> bool:
    """Whether this, or what led to it, was time that ran out: smtplib says "disconnected" of it."""
    while error is not None and not isinstance(error, TimeoutError):
        error = error.__cause__ or error.__context__
    return error is not None
