"""A library at zotero.org, or one collection of it, by pyzotero: the titles and abstracts of what was added last.

With the manners that https://www.zotero.org/support/dev/web_api/v3/basics asks for: one request at a time, 100 entries
a page, nothing transferred that did not change since (`If-Modified-Since-Version`), and a pause as long as `Backoff` or
`Retry-After` says. pyzotero keeps the pages; whom it asks, for how long, and how much is read is the business of
`fetching/`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import httpx2
from pyzotero import Zotero
from pyzotero.errors import PyZoteroError

from newsletter.errors import FetchError
from newsletter.model import LibraryContents, LibraryItem, ZoteroLibrary
from newsletter.papers import library as limits
from newsletter.papers import readable
from newsletter.sources.fetching import fetcher, reach, transport

MOST_PAGES = 6  # of 100 entries; attachments and notes stand among them
MAX_PAGE_BYTES = 5_000_000
MAX_WAIT_S = 60.0  # who is asked to wait longer gives up for now

_PAGE = 100  # the most that the API gives
_NO_PAPERS = frozenset({"attachment", "note", "annotation"})
_WAITS = ("Backoff", "Retry-After")
_REMEDIES = {
    httpx2.codes.UNAUTHORIZED: "Zotero does not know the key; make a new one at zotero.org/settings/keys",
    httpx2.codes.FORBIDDEN: "the library is private, and the key, if any, does not open it; make it public, or let the"
    " operator name the variable of a key that may read it",
    httpx2.codes.NOT_FOUND: "there is no such library or collection; correct its number, or the collection's eight"
    " signs",
}


def open_zotero(*, contact: str, base_url: str) -> ZoteroReader:
    """Opens the live reader. `contact` is the operator's mail address, with or without a name; Zotero can read it."""
    client = transport.open_client(
        user_agent=fetcher.user_agent(contact),
        reach=reach.operators(base_url),
        accept="application/json",
        max_bytes=MAX_PAGE_BYTES,
    )
    return ZoteroReader(client, base_url=base_url)


class ZoteroReader:
    """A LibraryReader that asks Zotero. `sleep` keeps the pauses that it asks for."""

    def __init__(
        self,
        client: httpx2.Client,
        *,
        base_url: str,
        sleep: Callable[[float], object] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._sleep = sleep
        self._monotonic = monotonic
        self._next_at = -math.inf  # no request before this
        self._known_version = 0
        self._user_agent = client.headers["User-Agent"]
        client.event_hooks = {"request": [self._before], "response": [self._after]}

    def read(self, library: ZoteroLibrary, *, key: str = "", known_version: int = 0) -> LibraryContents | None:
        self._known_version = known_version
        name = f"The Zotero library {library.place}"
        try:
            return self._read(library, key)
        except _Unchanged:
            return None
        except _Asked as error:
            wait_s = error.wait_s
            when = f"in {math.ceil(wait_s / 60)} minutes" if wait_s else "later"
            raise FetchError(
                library.place,
                f"{name} could not be read: Zotero answered {error.status} and asks for a pause; it is read {when}.",
                is_passing=True,
                retry_after_s=wait_s,
            ) from error
        except (PyZoteroError, httpx2.HTTPError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise _failure(library, name, error) from error

    def _read(self, library: ZoteroLibrary, key: str) -> LibraryContents:
        kind, _, number = library.library.partition("/")
        zotero = Zotero(number, kind.removesuffix("s"), key or None, client=self._client)
        zotero.endpoint = self._base_url
        try:
            return self._read_pages(zotero, library.collection)
        finally:
            zotero.client = None  # else it closes ours when it goes

    def _read_pages(self, zotero: Zotero, collection: str) -> LibraryContents:
        items: list[LibraryItem] = []
        query = {"sort": "dateAdded", "direction": "desc", "limit": _PAGE}
        page = zotero.collection_items_top(collection, **query) if collection else zotero.top(**query)
        answer = _answer_of(zotero)
        version, total = _number(answer, "Last-Modified-Version"), _number(answer, "Total-Results")
        self._known_version = 0  # the first page tells whether anything changed
        for _ in range(MOST_PAGES - 1):
            items += _papers_of(page)
            if len(items) >= limits.MAX_PAPERS or not (zotero.links or {}).get("next"):
                break
            page = zotero.follow()
        else:
            items += _papers_of(page)
        return LibraryContents(version, total, tuple(reversed(items[: limits.MAX_PAPERS])))

    def _before(self, request: httpx2.Request) -> None:
        request.headers["User-Agent"] = self._user_agent  # pyzotero puts its own name there
        if self._known_version:
            request.headers["If-Modified-Since-Version"] = str(self._known_version)
        wait_s = self._next_at - self._monotonic()
        if wait_s > MAX_WAIT_S:
            raise _Asked(httpx2.codes.TOO_MANY_REQUESTS, wait_s)
        if wait_s > 0:
            self._sleep(wait_s)

    def _after(self, response: httpx2.Response) -> None:
        """Takes the pause that is asked for upon itself: pyzotero would sleep for as long as anybody says."""
        waits = [_seconds(response.headers.pop(name, "")) for name in _WAITS]
        wait_s = max((each for each in waits if each is not None), default=None)
        self._next_at = max(self._next_at, self._monotonic() + (wait_s or 0.0))
        status = response.status_code
        if status == httpx2.codes.NOT_MODIFIED and self._known_version:
            raise _Unchanged
        if fetcher.is_temporary(response):
            raise _Asked(status, wait_s)


class _Unchanged(Exception):
    """The library is as it was at the known version. Does not leave this module."""


class _Asked(Exception):
    """Zotero wants to be asked later. Does not leave this module."""

    def __init__(self, status: int, wait_s: float | None) -> None:
        super().__init__(f"{status}")
        self.status = status
        self.wait_s = wait_s


def _answer_of(zotero: Zotero) -> httpx2.Response:
    if zotero.request is None:
        raise ValueError("no answer")
    return zotero.request


def _number(answer: httpx2.Response, name: str) -> int:
    text = answer.headers.get(name, "")
    return int(text[:18]) if text.isascii() and text.isdigit() else 0


def _seconds(text: str) -> float | None:
    return float(text[:9]) if text.isascii() and text.isdigit() else None


def _papers_of(page: Any) -> Iterator[LibraryItem]:
    """Gives the entries of a page that have a title, as one readable line each; the form is the API's version 3."""
    if not isinstance(page, list):
        raise ValueError("a page that is no list of entries")
    for entry in _mappings(page):
        data = next(_mappings([entry.get("data")]), {})
        title, added_at = _line(data.get("title"), limits.MAX_TITLE), _moment(data.get("dateAdded"))
        if title and added_at and data.get("itemType") not in _NO_PAPERS:
            yield LibraryItem(title, _line(data.get("abstractNote"), limits.MAX_ABSTRACT), added_at)


def _mappings(values: Iterable[Any]) -> Iterator[dict[str, Any]]:
    return (each for each in values if isinstance(each, dict))


def _line(text: object, most: int) -> str:
    return " ".join(readable(text[: 4 * most]).split())[:most] if isinstance(text, str) else ""


def _moment(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _failure(library: ZoteroLibrary, name: str, error: Exception) -> FetchError:
    cause = error.__cause__ if isinstance(error, PyZoteroError) else error
    if isinstance(cause, httpx2.HTTPStatusError):
        status = cause.response.status_code
        remedy = _REMEDIES.get(httpx2.codes(status)) if status in set(httpx2.codes) else None
        return FetchError(library.place, f"{name} could not be read ({status}): {remedy or 'correct its number'}.")
    if isinstance(cause, transport.BodyTooLarge):
        return FetchError(library.place, f"{name} could not be read: a page of it is too large ({cause}).")
    if isinstance(cause, httpx2.HTTPError):
        why = str(cause) or type(cause).__name__
        return FetchError(
            library.place, f"{name} could not be read ({why}); check the network, it is read later.", is_passing=True
        )
    return FetchError(
        library.place,
        f"{name} could not be read: what came is no list of entries ({type(error).__name__}); it is read later.",
        is_passing=True,
    )
