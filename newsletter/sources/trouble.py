"""Says what a failed request to arXiv tells: whether another attempt may help, after how long, and why it failed.

Only what surely did no harm is tried again: 429, 5xx, timeouts and broken connections. Who asks, in which turns and
how often is `arxiv.py`'s and `record_server.py`'s business.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx2

from newsletter.errors import SourceBusy
from newsletter.sources.fetching import fetcher
from newsletter.sources.markup import MAX_BODY_BYTES

MAX_BODY_S = 120.0  # for one body
MAX_WAIT_S = 300.0  # who is asked to wait longer gives up for now

UNREACHABLE = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)
_WORTH_REPEATING = (httpx2.TransportError, httpx2.DecodingError)
_NOT_WORTH_REPEATING = (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)


def read_body(response: httpx2.Response, monotonic: Callable[[], float]) -> bytes:
    """Reads a body up to MAX_BODY_BYTES and a little more, so that whoever parses it refuses it in its own words.

    Raises httpx2's errors, ReadTimeout for one that has no end after MAX_BODY_S.
    """
    body, ends_at = bytearray(), monotonic() + MAX_BODY_S
    for part in response.iter_bytes():
        body += part
        if len(body) > MAX_BODY_BYTES:
            break
        if monotonic() > ends_at:
            raise httpx2.ReadTimeout(f"no end after {MAX_BODY_S:.0f} s", request=response.request)
    return bytes(body)


def wait_before_retry(error: Exception) -> bool | float:
    """Answers stamina after a failure whether to try again: no, yes, or yes after this many seconds."""
    if isinstance(error, httpx2.HTTPStatusError) and not fetcher.is_temporary(error.response):
        return False
    if isinstance(error, SourceBusy | httpx2.HTTPStatusError):
        wait_s = asked_for(error)
        return True if wait_s is None else wait_s <= MAX_WAIT_S and wait_s
    return isinstance(error, _WORTH_REPEATING) and not isinstance(error, _NOT_WORTH_REPEATING)


def asked_for(error: Exception) -> float | None:
    """The seconds the server asks us to stay away; None if it does not."""
    if isinstance(error, SourceBusy):
        return error.retry_after_s
    return fetcher.retry_after_s(error.response) if isinstance(error, httpx2.HTTPStatusError) else None


def asked_for_long(error: Exception) -> float:
    """The seconds the server asks us to stay away, if they are more than we wait; else 0."""
    wait_s = asked_for(error) or 0.0
    return wait_s if wait_s > MAX_WAIT_S else 0.0


def describe(error: Exception) -> str:
    """Gives the error's own words on one line, or its name where it has none; of a refusal the status alone."""
    if isinstance(error, httpx2.HTTPStatusError):  # whose words are an address and one of a page about the number
        return f"it answered {error.response.status_code}"
    return " ".join(str(error).split()) or type(error).__name__
