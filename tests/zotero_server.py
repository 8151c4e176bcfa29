"""A Zotero on loopback that answers as https://www.zotero.org/support/dev/web_api/v3/basics says.

Pages by `start` and `limit` with `Link` headers, `Total-Results`, `Last-Modified-Version`, 304 for
`If-Modified-Since-Version`, 403 for a private library without its key, 404 for what is not there.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.http_server import Handler, serving

PATTERN = "%Y-%m-%dT%H:%M:%SZ"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def entry(title: str, *, days: float = 0, abstract: str = "", kind: str = "journalArticle") -> dict[str, Any]:
    """An entry that was added so many days before NOW, in the form of the API."""
    data = {
        "key": f"K{abs(hash(title)) % 10**7:07}",
        "itemType": kind,
        "title": title,
        "abstractNote": abstract,
        "dateAdded": (NOW - timedelta(days=days)).strftime(PATTERN),
    }
    return {"key": data["key"], "version": 1, "library": {}, "links": {}, "meta": {}, "data": data}


@dataclass
class Library:
    """What one library holds; `key` makes it private, `collections` has the entries of each."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    version: int = 1
    key: str = ""
    collections: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass
class ZoteroServer:
    """`answers` are given first, each once: a status, a body and headers."""

    libraries: dict[str, Library] = field(default_factory=dict)
    answers: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # path with query, headers in lower case
    base_url: str = ""

    def answer(self, request: Handler) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((request.path, headers))
        if self.answers:
            status, body, more = self.answers.pop(0)
            return request.answer(status, body, **more)
        parts = urlsplit(request.path)
        kind, number, *rest = parts.path.strip("/").split("/")
        library = self.libraries.get(f"{kind}/{number}")
        if library is None:
            return request.answer(404, b"Not found")
        if library.key and headers.get("authorization") != f"Bearer {library.key}":
            return request.answer(403, b"Forbidden")
        match rest:
            case ["items", "top"]:
                entries = library.entries
            case ["collections", name, "items", "top"] if name in library.collections:
                entries = library.collections[name]
            case _:
                return request.answer(404, b"Collection not found")
        version = {"last_modified_version": str(library.version)}
        if headers.get("if-modified-since-version") == str(library.version):
            return request.answer(304, **version)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return self._page(request, parts.path, query, entries, version)

    def _page(
        self,
        request: Handler,
        path: str,
        query: dict[str, str],
        entries: list[dict[str, Any]],
        version: dict[str, str],
    ) -> None:
        is_falling = query.get("direction") == "desc"
        ordered = sorted(entries, key=lambda one: one["data"]["dateAdded"], reverse=is_falling)
        start, limit = int(query.get("start", 0)), min(100, int(query.get("limit", 25)))
        links = {}
        if start + limit < len(ordered):
            following = urlencode({**query, "start": start + limit})
            links["link"] = f'<{self.base_url}{path}?{following}>; rel="next"'
        body = json.dumps(ordered[start : start + limit]).encode()
        request.answer(200, body, content_type="application/json", total_results=str(len(ordered)), **version, **links)


@contextmanager
def serving_zotero(**libraries: Library) -> Iterator[ZoteroServer]:
    """`users_123=Library(…)` is the library users/123."""
    server = ZoteroServer({name.replace("_", "/"): library for name, library in libraries.items()})

    class Answering(Handler):
        def do_GET(self) -> None:
            server.answer(self)

    with serving(Answering) as url:
        server.base_url = url
        yield server
