"""An OpenReview on loopback that answers as the second version of its API does (https://docs.openreview.net).

`POST /login` gives a token, `GET /notes?content.venueid=…` a page by `limit` and `offset`, newest `pdate` first, with
`count` where an offset is asked for; `GET /groups?id=…` says whether there is such a venue. Guests are asked for a
person at a browser; who asks too often gets 429 with the API's own words, and no `Retry-After`.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.http_server import Handler, serving

USERNAME, PASSWORD, TOKEN = "papers@example.org", "correct horse", "a.token.of-some_length"
MOST = 1000  # notes of a page
Note = dict[str, Any]

CHALLENGE = {"name": "ChallengeRequiredError", "message": "Challenge verification required", "status": 403}
TOO_MANY = {
    "name": "RateLimitError",
    "message": "Too many requests: You have made 37 requests, surpassing the limit of 36 requests. Please try again in"
    " 60 minutes and 13 seconds (2026-08-31-4689127)",
    "status": 429,
    "details": {"limit": 36, "remaining": 0, "resetTime": "2026-08-31T08:59:25.212Z", "used": 37},
}


def milliseconds(on: date) -> int:
    return int(datetime(on.year, on.month, on.day, 12, tzinfo=UTC).timestamp() * 1000)


def note(word: str, *, venue: str = "TMLR", on: date = date(2026, 1, 5), called: str = "", **changes: Any) -> Note:
    """A paper that a venue accepted on that day, in the form of the API; `word` stands in each of its texts.

    A change of `None` takes a key away, `content` changes what stands there.
    """
    forum = f"{word}Forum1"
    content = {
        "title": f"A machine that counts to {word}",
        "authors": [f"Ada {word.title()}", f"Ben {word.title()}"],
        "authorids": [f"~Ada_{word.title()}1", f"~Ben_{word.title()}1"],
        "abstract": f"We count to {word} in $O(n^2)$ steps,\nand no further than {word}.",
        "pdf": f"/pdf/{word:0>40}.pdf",
        "venue": called or venue,
        "venueid": venue,
        "_bibtex": f"@article{{\n{word}2026,\nurl={{https://openreview.net/forum?id={forum}}}\n}}",
    } | changes.pop("content", {})
    whole = {
        "id": forum,
        "forum": forum,
        "content": {key: {"value": value} for key, value in content.items() if value is not None},
        "invitations": [f"{venue}/-/Submission", f"{venue}/-/Edit"],
        "cdate": milliseconds(date(on.year - 1, on.month, 1)),
        "pdate": milliseconds(on),
        "odate": milliseconds(date(on.year - 1, on.month, 2)),
        "mdate": milliseconds(on),
        "signatures": [f"{venue}/Paper1/Authors"],
        "readers": ["everyone"],
        "writers": [venue],
        "license": "CC BY 4.0",
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def page(notes: list[Note], *, count: object = None) -> bytes:
    return json.dumps({"notes": notes} | ({} if count is None else {"count": count})).encode()


@dataclass
class OpenReviewServer:
    """`venues` has the notes of each; `answers` are given first, each once: a status and a body."""

    venues: dict[str, list[Note]] = field(default_factory=dict)
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    has_gate: bool = True
    url: str = ""

    def answer(self, request: Handler) -> None:
        self.requests.append(f"{request.command} {request.path}")
        if self.answers:
            status, body = self.answers.pop(0)
            return request.answer(status, body, content_type="application/json")
        if request.command == "POST":
            return self._log_in(request)
        if self.has_gate and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._say(request, CHALLENGE, 403)
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/groups":
            groups = [{"id": query["id"]}] if query["id"] in self.venues else []
            return self._say(request, {"groups": groups, "count": len(groups)})
        notes = sorted(self.venues.get(query["content.venueid"], ()), key=_published, reverse=True)
        start, limit = int(query["offset"]), int(query["limit"])
        if limit > MOST or query["sort"] != "pdate:desc":
            return self._say(request, {"name": "ValidationError", "message": "limit", "status": 400}, 400)
        return self._say(request, {"notes": notes[start : start + limit], "count": len(notes)})

    def _log_in(self, request: Handler) -> None:
        if json.loads(request.body()) != {"id": USERNAME, "password": PASSWORD}:
            return self._say(request, {"name": "LoginError", "message": "Invalid username or password"}, 400)
        return self._say(request, {"token": TOKEN, "user": {"profile": {"id": "~Ada_Papers1"}}})

    @staticmethod
    def _say(request: Handler, what: Mapping[str, Any], status: int = 200) -> None:
        request.answer(status, json.dumps(what).encode(), content_type="application/json")


def _published(note: Note) -> int:
    return int(note.get("pdate", 0))


@contextmanager
def serving_openreview(venues: dict[str, list[Note]]) -> Iterator[OpenReviewServer]:
    server = OpenReviewServer(venues)

    class Answering(Handler):
        def do_GET(self) -> None:
            server.answer(self)

        def do_POST(self) -> None:
            server.answer(self)

    with serving(Answering) as url:
        server.url = url
        yield server
