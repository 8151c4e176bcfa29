"""Limits how often somebody may ask, by a sliding window for each link and each client, and how many at once.

A process counts by itself and forgets when it ends; where its application has a count of all processes (`SHARED`),
that has to agree. Two counts stand for a window, the last one fading out as the present one
fills, so that a key costs the same however often it asks. Decides nothing about what is asked.
"""

from __future__ import annotations

import logging
import math
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from threading import BoundedSemaphore, Lock

import flask
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from newsletter.errors import StoreError

WINDOW_S, DAY_S = 60, 86_400
MOST_KEYS = 20_000  # about 5 MB; who asked first is forgotten first
WARNINGS = 10
RETRY_S = 60  # after there was no slot
_TOKEN_CHARS = 200

TakeShared = Callable[[str, int, int, datetime], int]  # of a key, at most so many in so many seconds: as `take`
SHARED = "newsletter-shared-requests"  # of an application's extensions: its TakeShared, if there is one

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Counts:
    window: int
    now: int = 0
    before: int = 0


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """Requests a minute."""

    per_link: int
    per_client: int


class SlidingWindow:
    """Allows about `most` requests of a key in any minute, or another window. Shared by all threads."""

    def __init__(self, most: int, now: Callable[[], datetime], window_s: int = WINDOW_S) -> None:
        self._most, self._now, self._window_s = most, now, window_s
        self._counts: OrderedDict[str, _Counts] = OrderedDict()
        self._lock = Lock()

    def take(self, key: str) -> int:
        """Counts one request, and gives 0 if it may go on, or the seconds until one may."""
        at = self._now().timestamp()
        window, passed = int(at // self._window_s), at % self._window_s / self._window_s
        with self._lock:
            counts = self._counts_of(key, window)
            if counts.now + counts.before * (1 - passed) >= self._most:
                return math.ceil(self._window_s * (1 - passed))
            counts.now += 1
        return 0

    def _counts_of(self, key: str, window: int) -> _Counts:
        counts = self._counts.get(key)
        if counts is None or counts.window != window:
            before = counts.now if counts is not None and counts.window == window - 1 else 0
            counts = self._counts[key] = _Counts(window, before=before)
            self._counts.move_to_end(key)
            if len(self._counts) > MOST_KEYS:
                self._counts.popitem(last=False)
        return counts


class SharedWindow:
    """The same for all processes of the web part, where their application counts together.

    Who is refused here anyway is not counted there, so that a flood costs the database nothing. While that cannot be
    asked, each process goes on by its own count.
    """

    def __init__(self, name: str, most: int, now: Callable[[], datetime], window_s: int = WINDOW_S) -> None:
        self._own = SlidingWindow(most, now, window_s)
        self._name, self._most, self._now, self._window_s = name, most, now, window_s
        self._warn = sparing_warner(_log, now)

    def take(self, key: str) -> int:
        """As `SlidingWindow.take`; within a request."""
        take: TakeShared | None = flask.current_app.extensions.get(SHARED)
        wait_s = self._own.take(key)
        if wait_s or take is None:
            return wait_s
        try:
            return take(f"{self._name} {key}", self._most, self._window_s, self._now())
        except StoreError as error:
            self._warn("requests are counted by this process alone: %s", error)
            return 0


class ConcurrencyLimit:
    """Lets so many do at once what may take long, and some more wait a moment for a slot. Shared by all threads.

    All of them hold a thread of the server, so they must be few enough to leave some for the pages.
    """

    def __init__(self, slots: int, waiting: int, wait_s: float) -> None:
        self._slots, self._places = BoundedSemaphore(slots), BoundedSemaphore(slots + waiting)
        self._wait_s = wait_s

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Holds a slot. Raises ServiceUnavailable if none becomes free in time: whoever asks should ask again."""
        with _acquired(self._places, 0), _acquired(self._slots, self._wait_s):
            yield


@contextmanager
def _acquired(semaphore: BoundedSemaphore, wait_s: float) -> Iterator[None]:
    if not semaphore.acquire(timeout=wait_s):
        raise ServiceUnavailable(retry_after=RETRY_S)
    try:
        yield
    finally:
        semaphore.release()


def sparing_warner(log: logging.Logger, now: Callable[[], datetime]) -> Callable[..., None]:
    """Logs each text about WARNINGS times a minute, for warnings that a stranger can cause."""
    by_text = SlidingWindow(WARNINGS, now)

    def warn(text: str, *values: object) -> None:
        if not by_text.take(text):
            log.warning(text, *values)

    return warn


def limited_blueprint(name: str, limits: RequestLimits, now: Callable[[], datetime]) -> flask.Blueprint:
    """Makes a blueprint that answers 429 to whoever asks too often; a link is known by its `token` in the path."""
    by_link = SharedWindow(f"{name} link", limits.per_link, now)
    by_client = SharedWindow(f"{name} client", limits.per_client, now)
    pages = flask.Blueprint(name, __name__)

    @pages.before_request
    def refuse() -> None:
        request = flask.request
        token = str((request.view_args or {}).get("token", ""))[:_TOKEN_CHARS]
        wait_s = by_client.take(client_of(request)) or (by_link.take(token) if token else 0)
        if wait_s:
            raise TooManyRequests(retry_after=wait_s)

    return pages


def client_of(request: flask.Request) -> str:
    """Gives the address that reached us, or behind proxies (`WebPart.proxies`) the one that the first of them saw.

    An IPv6 address is cut to its network, since a customer has 2^64 of them; a port that a proxy wrote is dropped.
    """
    host = re.sub(r"^\[(.*)\](:\d+)?$|^([^:]*):\d+$", r"\1\3", request.remote_addr or "")
    try:
        known = ip_address(host.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or IPv6Address(int(known) >> 64 << 64))
    return str(known)
