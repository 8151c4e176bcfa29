"""Answers that a server gave, kept so that it need not send them again: their next request asks whether they changed.

By ETag and Last-Modified (RFC 9110 §13.1). "Not modified" makes the kept answer the present one, so that whoever reads
it comes to the same as before, and nobody above needs to know. Kept in memory, as long as its holder lives, and for the
next process in a folder, if there is one. Nobody is asked by a condition without the answer at hand.
"""

from __future__ import annotations

import json
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

import httpx2

from newsletter.sources.fetching.answer_folder import AnswerFolder

MAX_BYTES = 32_000_000  # of all kept bodies, packed: some fifty feeds
_NOT_KEPT = ("Authorization", "Cookie", "Range", "If-None-Match", "If-Modified-Since")  # requests with one of these
_KEPT = ("Content-Type", "ETag", "Last-Modified")


@dataclass(frozen=True, slots=True)
class _Answer:
    headers: tuple[tuple[str, str], ...]
    packed: bytes

    @classmethod
    def read(cls, data: bytes) -> _Answer | None:
        """Takes a written answer apart; None if it is none, or its body cannot be unpacked."""
        head, _, packed = data.partition(b"\n")
        try:
            headers = tuple((str(name), str(value)) for name, value in json.loads(head))
            zlib.decompress(packed)
        except (ValueError, TypeError, zlib.error):
            return None
        return cls(headers, packed)

    def write(self) -> bytes:
        return json.dumps(self.headers).encode() + b"\n" + self.packed

    @property
    def conditions(self) -> dict[str, str]:
        given = dict(self.headers)
        asked = {"If-None-Match": given.get("ETag", ""), "If-Modified-Since": given.get("Last-Modified", "")}
        return {name: value for name, value in asked.items() if value}


class KeptAnswers:
    """The latest answer of each address, as many as there is room for. May be shared by threads.

    `folder` keeps them for other processes, too.
    """

    def __init__(self, max_bytes: int = MAX_BYTES, *, folder: AnswerFolder | None = None) -> None:
        self._max_bytes = max_bytes
        self._folder = folder
        self._answers = OrderedDict[tuple[str, str], _Answer]()  # by address and Accept; used last at the end
        self._lock = Lock()

    def find(self, request: httpx2.Request) -> _Answer | None:
        key = _key(request)
        with self._lock:
            if found := self._answers.get(key):
                self._answers.move_to_end(key)
                return found
        data = self._folder.load(_name(key)) if self._folder else None
        return _Answer.read(data) if data else None

    def keep(self, request: httpx2.Request, response: httpx2.Response, body: bytes) -> None:
        headers = tuple((name, response.headers[name]) for name in _KEPT if name in response.headers)
        answer = _Answer(headers, zlib.compress(body, 1))
        if self._folder:
            self._folder.keep(_name(_key(request)), answer.write())
        with self._lock:
            self._answers[_key(request)] = answer
            self._answers.move_to_end(_key(request))
            size = sum(len(answer.packed) for answer in self._answers.values())
            while size > self._max_bytes:
                _, gone = self._answers.popitem(last=False)
                size -= len(gone.packed)

    def forget(self, request: httpx2.Request) -> None:
        with self._lock:
            self._answers.pop(_key(request), None)
        if self._folder:
            self._folder.forget(_name(_key(request)))


def _key(request: httpx2.Request) -> tuple[str, str]:
    return str(request.url), request.headers.get("Accept", "")


def _name(key: tuple[str, str]) -> str:
    return "\n".join(key)


class RevalidatingTransport(httpx2.BaseTransport):
    """Asks by another transport, and gives what is kept where that says it is unchanged."""

    def __init__(self, inner: httpx2.BaseTransport, kept: KeptAnswers) -> None:
        self._inner = inner
        self._kept = kept

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method != "GET" or any(name in request.headers for name in _NOT_KEPT):
            return self._inner.handle_request(request)
        known = self._kept.find(request)
        if known:
            request.headers.update(known.conditions)
        response = self._inner.handle_request(request)
        if known and response.status_code == httpx2.codes.NOT_MODIFIED:
            response.close()
            body = httpx2.ByteStream(zlib.decompress(known.packed))
            return httpx2.Response(
                httpx2.codes.OK, headers=list(known.headers), stream=body, extensions=response.extensions
            )
        if response.status_code == httpx2.codes.OK:
            self._kept.forget(request)
            if _may_be_kept(response):
                stream, extensions = _Teed(request, response, self._kept), response.extensions
                return httpx2.Response(httpx2.codes.OK, headers=response.headers, stream=stream, extensions=extensions)
        return response

    def close(self) -> None:
        self._inner.close()


def _may_be_kept(response: httpx2.Response) -> bool:
    has_one = "ETag" in response.headers or "Last-Modified" in response.headers
    return has_one and "no-store" not in response.headers.get("Cache-Control", "").lower()


class _Teed(httpx2.SyncByteStream):
    """Hands a body on, and keeps it when all of it has come."""

    def __init__(self, request: httpx2.Request, response: httpx2.Response, kept: KeptAnswers) -> None:
        self._request = request
        self._response = response
        self._kept = kept

    def __iter__(self) -> Iterator[bytes]:
        body = bytearray()
        for part in self._response.iter_raw():
            body += part
            yield part
        self._kept.keep(self._request, self._response, bytes(body))

    def close(self) -> None:
        self._response.close()
