"""Gets what is at one address, and says in words why it could not be had.

Follows redirects within one site, over https. Tries nothing twice: pauses and further attempts are the caller's, and
what is as it was before is found by the client (`kept_answers.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parseaddr, parsedate_to_datetime
from urllib.parse import quote

import httpx2

from newsletter import __version__
from newsletter.errors import FetchError
from newsletter.sources.fetching.kept_answers import KeptAnswers
from newsletter.sources.fetching.reach import PUBLIC, Reach, is_same_site
from newsletter.sources.fetching.transport import MAX_BYTES, AddressRefused, BodyTooLarge, open_client

REDIRECTS = 5

_SHOWN_CHARS = 200
_ANSWER_BYTES = 4_000  # of a refusal, for whoever knows the server's own words
_REFUSED: dict[int, str] = {
    httpx2.codes.UNAUTHORIZED: "wants a login; use an address that everybody may read",
    httpx2.codes.FORBIDDEN: "refuses to show it to this program; ask its owner, or use another address",
    httpx2.codes.NOT_FOUND: "has nothing there; correct the address",
    httpx2.codes.GONE: "has removed it for good; leave the address out",
}


def user_agent(contact: str) -> str:
    """Says who asks. `contact` is the operator's mail address, with or without a name; the servers can read it."""
    address = quote(parseaddr(contact)[1] or contact, safe="@+")
    return f"paper-newsletter/{__version__} (+mailto:{address})"


def open_fetcher(
    *,
    contact: str,
    reach: Reach = PUBLIC,
    max_bytes: int = MAX_BYTES,
    kept: KeptAnswers | None = None,
) -> Fetcher:
    """Opens a fetcher for foreign addresses, which lead to public servers alone; `reach` may allow own ones.

    `contact` as in `user_agent`, `kept` as in `open_client`.
    """
    agent = user_agent(contact)
    client = open_client(user_agent=agent, reach=reach, max_bytes=max_bytes, kept=kept)
    return Fetcher(client, reach=reach)


class Fetcher:
    """Gets addresses with a client of `transport.open_client`."""

    def __init__(self, client: httpx2.Client, *, reach: Reach = PUBLIC) -> None:
        self._client = client
        self._reach = reach

    def fetch(self, url: str, *, accept: str = "*/*", headers: Mapping[str, str] | None = None) -> bytes:
        """Gets what is at `url`. May be repeated. `headers` go along, to the same site alone.

        Takes two minutes at most for each redirect. Raises FetchError for everything that keeps it from being had;
        `is_passing` tells whether asking again later may help.
        """
        at = url
        for _ in range(REDIRECTS + 1):
            try:
                with self._client.stream("GET", at, headers={"Accept": accept, **(headers or {})}) as response:
                    if response.has_redirect_location:
                        at = self._next(url, response)
                    elif response.is_success:
                        return b"".join(response.iter_bytes())
                    else:
                        raise _answered(url, response)
            except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError, ValueError) as error:
                raise _failure(url, at, error) from error
        raise FetchError(url, f"{shown(url)} leads from one address to the next without end; correct the address.")

    def post(self, url: str, body: bytes, *, content_type: str) -> bytes:
        """Sends `body` to `url`, once, and gives the answer. Follows no redirect. Raises FetchError as `fetch` does."""
        headers = {"Accept": content_type, "Content-Type": content_type}
        try:
            with self._client.stream("POST", url, content=body, headers=headers) as response:
                if response.is_success:
                    return b"".join(response.iter_bytes())
                raise _answered(url, response)
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError, ValueError) as error:
            raise _failure(url, url, error) from error

    def _next(self, url: str, response: httpx2.Response) -> str:
        """Gives where a redirect leads. Raises FetchError if it is not followed there."""
        to = str(response.url.join(response.headers["Location"]).copy_with(fragment=None))
        if why := self._reach.refusal_of(to):
            raise FetchError(url, f"{shown(url)} leads to {shown(to)}, which is not asked: {why}; correct the address.")
        if not is_same_site(url, to):
            raise FetchError(
                url,
                f"{shown(url)} leads to another site, {shown(to)}; if you trust it, write that address instead.",
            )
        if not to.startswith("https://") and not self._reach.is_own(to):
            raise FetchError(
                url, f"{shown(url)} leads to {shown(to)}, which is not protected (https); correct the address."
            )
        return to


def _answered(url: str, response: httpx2.Response) -> FetchError:
    status, answer = response.status_code, _beginning(response)
    if is_temporary(response):
        wait_s = retry_after_s(response)
        when = f"in {math.ceil(wait_s / 60)} minutes" if wait_s else "later"
        what = "is asked too often" if status == httpx2.codes.TOO_MANY_REQUESTS else "has trouble of its own"
        return FetchError(
            url,
            f"The server of {shown(url)} {what} ({status}); ask again {when}.",
            is_passing=True,
            retry_after_s=wait_s,
            answer=answer,
        )
    why = _REFUSED.get(status)
    return FetchError(
        url,
        f"The server of {shown(url)} {why} ({status})."
        if why
        else f"The server of {shown(url)} answered {status}, which asking again will not change; correct the address.",
        answer=answer,
    )


def _beginning(response: httpx2.Response) -> bytes:
    """Reads the beginning of a body; nothing of one that breaks off, since the status says enough."""
    try:
        return next(response.iter_bytes(_ANSWER_BYTES), b"")
    except httpx2.HTTPError:
        return b""


def _failure(url: str, at: str, error: Exception) -> FetchError:
    name = shown(url) if at == url else f"{shown(url)} (now {shown(at)})"
    why = str(error) or type(error).__name__
    if isinstance(error, AddressRefused):
        return FetchError(url, f"{name} is not asked: {why}; use an address on the public internet.")
    if isinstance(error, BodyTooLarge):
        return FetchError(url, f"What is at {name} is too large ({why}); use an address with less.")
    if isinstance(error, httpx2.DecodingError):
        return FetchError(url, f"What is at {name} came damaged ({why}); ask again later.", is_passing=True)
    if isinstance(error, httpx2.TimeoutException):
        return FetchError(url, f"{name} did not answer in time ({why}); ask again later.", is_passing=True)
    if isinstance(error, httpx2.TransportError) and not isinstance(
        error, httpx2.UnsupportedProtocol | httpx2.LocalProtocolError
    ):
        return FetchError(
            url, f"{name} could not be reached ({why}); check the address and the network.", is_passing=True
        )
    return FetchError(url, f"{name} is no address that can be fetched ({why}); correct it.")


def shown(url: str) -> str:
    """An address as messages show it: without a login in it, without what cannot be printed, and bounded."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    text = "".join(c if c.isprintable() else "?" for c in f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}")
    return text if len(text) <= _SHOWN_CHARS else f"{text[: _SHOWN_CHARS - 1]}…"


def is_temporary(response: httpx2.Response) -> bool:
    """Tells whether a refusal is one that may be over when the server is asked again."""
    return response.status_code == httpx2.codes.TOO_MANY_REQUESTS or response.is_server_error


def retry_after_s(response: httpx2.Response) -> float | None:
    """Reads for how many seconds the server asks to wait (RFC 9110 §10.2.3); None if it does not, or not clearly.

    A date is taken relative to the server's own `Date`, so that our clock does not matter. Of a server that is asked
    too often and has no such header, the seconds of `RateLimit-Reset` count (draft-ietf-httpapi-ratelimit-headers-06).
    """
    asked = response.headers.get("Retry-After", "").strip()
    if not asked and response.status_code == httpx2.codes.TOO_MANY_REQUESTS:
        asked = response.headers.get("RateLimit-Reset", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    until, now = _http_date(asked), _http_date(response.headers.get("Date", ""))
    return max(0.0, (until - now).total_seconds()) if until and now else None


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)  # "-0000", which says UTC
