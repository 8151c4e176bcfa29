"""The `sendgrid` package's HTTP client, watched: how far a request came, no redirects, and an end for what drips.

What an answer means is sendgrid_rules.py's business.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, HTTPSConnection
from threading import Timer
from typing import Any
from urllib.request import HTTPErrorProcessor, HTTPHandler, HTTPSHandler, OpenerDirector, Request, build_opener

from python_http_client import Client

from newsletter.senders.sendgrid_rules import RequestStage

_WHOLE_REQUEST = 4  # times the timeout, which is for each piece of an answer


@dataclass(slots=True)
class RequestProgress:
    """How far the present request came, and on which socket."""

    stage: RequestStage = RequestStage.CONNECTING
    sock: socket.socket | None = None

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        """What drips is cut then: a socket's own timeout begins anew with each byte."""
        timer = Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                # Not SSLSocket's own, which takes the encryption away under whoever is reading.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class _Connection(HTTPConnection):
    """Notes when it is open, and when the request has left whole."""

    def __init__(self, *args: Any, progress: RequestProgress, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._progress = progress

    def connect(self) -> None:
        super().connect()
        self._progress.stage, self._progress.sock = RequestStage.SENDING, self.sock

    def getresponse(self) -> HTTPResponse:
        self._progress.stage = RequestStage.WAITING
        return super().getresponse()


class _TlsConnection(_Connection, HTTPSConnection):
    """The same; open means that the certificate was found good."""


class _Handler(HTTPHandler, HTTPSHandler):
    def __init__(self, progress: RequestProgress) -> None:
        super().__init__()
        self._progress = progress

    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(partial(_Connection, progress=self._progress), req)

    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(partial(_TlsConnection, progress=self._progress), req)


class _EveryStatus(HTTPErrorProcessor):
    """Any status is an answer: none is an exception, and no redirect is followed."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:
        return response

    https_response = http_response


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer, in the form the package's client reads."""

    status: int
    headers: HTTPMessage
    body: bytes

    def getcode(self) -> int:
        return self.status

    def info(self) -> HTTPMessage:
        return self.headers

    def read(self) -> bytes:
        return self.body


class WatchedClient(Client):  # type: ignore[misc]  # the package has no types
    """The package's client, which follows redirects with the key and hides how far a request came."""

    def __init__(self, *args: Any, progress: RequestProgress, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.progress = progress

    def _build_client(self, name: str | None = None) -> WatchedClient:
        path = [*self._url_path, name] if name else self._url_path
        return WatchedClient(
            self.host,
            self.request_headers,
            self._version,
            path,
            self.append_slash,
            self.timeout,
            progress=self.progress,
        )

    def _make_request(self, opener: OpenerDirector, request: Request, timeout: float | None = None) -> Response:
        watched = build_opener(_Handler(self.progress), _EveryStatus)
        each_s = timeout or self.timeout
        with (
            self.progress.cut_after(_WHOLE_REQUEST * each_s),
            watched.open(request, timeout=each_s) as response,
        ):
            return Response(response.status, response.headers, _words_of(response))


def _words_of(response: HTTPResponse) -> bytes:
    """The body of an error, as far as it comes. What follows hangs on the status alone, and that is known by now."""
    if response.status == 202:
        return b""
    body = b""
    try:
        while len(body) < 16_384 and (more := response.read1(4096)):
            body += more
    except (OSError, HTTPException):
        return body
    return body
