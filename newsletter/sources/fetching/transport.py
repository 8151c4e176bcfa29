"""The connections behind an httpx2 client: each to a checked address, for a bounded time and a bounded answer.

A name is resolved here, every address of it is checked by `reach.py`, and the connection goes to a checked one: a name
server that answers differently the second time (DNS rebinding) is not asked a second time. What packs an answer is
undone piece by piece (`unpacking.py`), so that a small body cannot become a large one at once.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from ssl import SSLContext
from threading import Lock
from urllib.request import getproxies, proxy_bypass

import httpcore2
import httpx2

from newsletter.sources.fetching.kept_answers import KeptAnswers, RevalidatingTransport
from newsletter.sources.fetching.reach import Reach, is_public
from newsletter.sources.fetching.unpacking import PACKINGS, BodyTooLarge, unpack

CONNECT_S = 5.0  # for each of the addresses of a name
READ_S = 30.0  # of silence
WHOLE_S = 120.0  # from the first connection to the last byte
MAX_BYTES = 20_000_000  # of a body, packed and unpacked

_OF_THE_PACKING = (b"content-encoding", b"content-length")
_ADDRESSES = 6  # tried of one name

Resolver = Callable[[str, int], list[str]]


class AddressRefused(httpx2.UnsupportedProtocol):
    """The address, or where its name leads, may not be asked. Trying again does not help."""


def open_client(
    *,
    user_agent: str,
    reach: Reach,
    accept: str = "*/*",
    max_bytes: int = MAX_BYTES,
    read_s: float = READ_S,
    whole_s: float = WHOLE_S,
    kept: KeptAnswers | None = None,
) -> httpx2.Client:
    """Opens a client that goes where `reach` allows, and follows no redirect.

    It has one connection at a time and keeps none open. With `kept`, what is unchanged is taken from there.
    Its errors are httpx2's, with AddressRefused and BodyTooLarge among them. May be used by several threads.
    """
    guarded = GuardedTransport(reach, max_bytes=max_bytes, whole_s=whole_s)
    return httpx2.Client(
        headers={"User-Agent": user_agent, "Accept": accept, "Accept-Encoding": ", ".join(PACKINGS)},
        timeout=httpx2.Timeout(read_s, connect=CONNECT_S),
        transport=guarded if kept is None else RevalidatingTransport(guarded, kept),
    )


def resolve(host: str, port: int) -> list[str]:
    """Asks the system for the addresses of a name, each once. Raises OSError if it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class GuardedTransport(httpx2.BaseTransport):
    """A transport of httpx2 that keeps `reach` and the bounds, with new connections for each request.

    A proxy of the environment serves the own servers alone: it would resolve a foreign name by itself, and connect to
    whatever that is then.
    """

    def __init__(
        self,
        reach: Reach,
        *,
        max_bytes: int = MAX_BYTES,
        whole_s: float = WHOLE_S,
        resolve: Resolver = resolve,
        tls: SSLContext | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reach = reach
        self._max_bytes = max_bytes
        self._whole_s = whole_s
        self._resolve = resolve
        self._monotonic = monotonic
        self._turn = Lock()
        self._own_tls = tls

    @property
    def _tls(self) -> SSLContext:
        return self._own_tls or _usual_tls()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if why := self._reach.refusal_of(str(request.url)):
            raise AddressRefused(why, request=request)
        ends_at = self._monotonic() + self._whole_s
        if not self._turn.acquire(timeout=self._whole_s):
            raise httpx2.PoolTimeout("another answer was being read all the time", request=request)
        with ExitStack() as on_failure:
            on_failure.callback(self._turn.release)
            transport = on_failure.enter_context(self._connecting(request.url, ends_at))
            answer = transport.handle_request(request)
            on_failure.callback(answer.close)
            packing = answer.headers.get("Content-Encoding", "")
            body = unpack(self._in_time(answer, ends_at), packing, max_bytes=self._max_bytes)
            return httpx2.Response(
                answer.status_code,
                headers=[(name, value) for name, value in answer.headers.raw if name.lower() not in _OF_THE_PACKING],
                stream=_Body(body, on_failure.pop_all()),
                extensions=answer.extensions,
            )

    def _connecting(self, url: httpx2.URL, ends_at: float) -> httpx2.BaseTransport:
        is_own = self._reach.has(url.host, url.port or (443 if url.scheme == "https" else 80))
        if is_own and (proxy := getproxies().get(url.scheme)) and not proxy_bypass(url.host):
            return httpx2.HTTPTransport(
                verify=self._tls, proxy=proxy, limits=httpx2.Limits(max_keepalive_connections=0)
            )
        backend = _CheckedBackend(self._reach, self._resolve, lambda: ends_at - self._monotonic())
        return _Connecting(backend, self._tls)

    def _in_time(self, answer: httpx2.Response, ends_at: float) -> Iterator[bytes]:
        for part in answer.iter_raw():
            if self._monotonic() > ends_at:
                raise httpx2.ReadTimeout(f"no end after {self._whole_s:.0f} s")
            yield part


class _Body(httpx2.SyncByteStream):
    def __init__(self, parts: Iterator[bytes], on_close: ExitStack) -> None:
        self._parts = parts
        self._on_close = on_close

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        self._on_close.close()


class _Connecting(httpx2.BaseTransport):
    """Carries one request over connections that `backend` makes. httpx2's own transport takes no backend."""

    def __init__(self, backend: httpcore2.NetworkBackend, tls: SSLContext) -> None:
        self._pool = httpcore2.ConnectionPool(ssl_context=tls, max_keepalive_connections=0, network_backend=backend)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        with _as_httpx2():
            answer = self._pool.handle_request(
                httpcore2.Request(
                    request.method,
                    httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx2.Response(answer.status, headers=answer.headers, stream=_Raw(answer), extensions=answer.extensions)

    def close(self) -> None:
        self._pool.close()


class _Raw(httpx2.SyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx2():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def _as_httpx2() -> Iterator[None]:
    """Turns the errors of httpcore2 into those of httpx2, which have the same names."""
    try:
        yield
    except (
        httpcore2.TimeoutException,
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.ProxyError,
        httpcore2.UnsupportedProtocol,
    ) as error:
        raise getattr(httpx2, type(error).__name__, httpx2.TransportError)(str(error)) from error


class _CheckedBackend(httpcore2.NetworkBackend):
    """Connects to addresses that may be asked, while seconds are left."""

    def __init__(self, reach: Reach, resolve: Resolver, left_s: Callable[[], float]) -> None:
        self._reach = reach
        self._resolve = resolve
        self._left_s = left_s
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: Exception = httpcore2.ConnectTimeout(f"no connection to {host} in time")
        for address in self._checked(host, port):
            if (left_s := self._left_s()) <= 0:
                break
            try:
                stream = self._sockets.connect_tcp(address, port, timeout=min(timeout or CONNECT_S, left_s))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._left_s)
        raise failure

    def _checked(self, host: str, port: int) -> list[str]:
        try:
            addresses = self._resolve(host, port)[:_ADDRESSES]
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"the name {host} could not be resolved: {error}") from error
        if not self._reach.has(host, port):
            # One private address among public ones is refused as well: nobody has that for a public server
            for address in addresses:
                if not is_public(address):
                    raise AddressRefused(f"{host} leads to {address}, which is no address of the public internet")
        return addresses


class _TimedStream(httpcore2.NetworkStream):
    """A connection whose every wait ends with the request's own time: a byte now and then does not prolong it."""

    def __init__(self, stream: httpcore2.NetworkStream, left_s: Callable[[], float]) -> None:
        self._stream = stream
        self._left_s = left_s

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._within(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._within(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        within_s = self._within(timeout, httpcore2.ConnectTimeout)
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, within_s), self._left_s)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)

    def _within(self, timeout: float | None, kind: type[httpcore2.TimeoutException]) -> float:
        if (left_s := self._left_s()) <= 0:
            raise kind("the whole took too long")
        return left_s if timeout is None else min(timeout, left_s)


__all__ = ["AddressRefused", "BodyTooLarge", "GuardedTransport", "open_client"]


@cache
def _usual_tls() -> SSLContext:
    """Reads the certificates once for all: it takes a twentieth of a second, which only who asks should wait."""
    return httpx2.create_ssl_context()
