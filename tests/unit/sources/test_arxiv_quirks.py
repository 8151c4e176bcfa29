"""How arXiv is asked, and what its odd answers become. Manners: https://info.arxiv.org/help/api/tou.html.

Remove a quirk's test when arXiv's feed service no longer behaves so (https://info.arxiv.org/help/rss.html).
"""

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
import stamina

from newsletter import __version__
from newsletter.errors import SourceError
from newsletter.sources import arxiv
from newsletter.sources.arxiv import (
    ATTEMPTS,
    REACH_ATTEMPTS,
    UNREACHABLE_S,
    ArxivSource,
    open_arxiv,
)
from newsletter.sources.fetching.fetcher import retry_after_s
from newsletter.sources.fetching.kept_answers import KeptAnswers
from newsletter.sources.trouble import MAX_WAIT_S, wait_before_retry
from newsletter.sources.turns import Turns
from newsletter.stores.tinydb.paces import FolderPaces
from tests import TESTS
from tests.http_server import Handler, serving

FEEDS = TESTS / "recordings" / "feeds"
BODY = (FEEDS / "2025-10-07" / "cs.LG.atom").read_bytes()
AI_BODY = (FEEDS / "2025-10-07" / "cs.AI.atom").read_bytes()
UNKNOWN = (FEEDS / "unknown-category.atom").read_bytes()
DATE = "Tue, 07 Oct 2025 09:00:00 GMT"

Answer = httpx2.Response | Exception


class Clock:
    """Monotonic seconds that pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def turns(self, **shared: Any) -> Turns:
        return Turns(sleep=self.sleep, monotonic=self.monotonic, **shared)


class Server:
    """Gives its answers in turn, the last one for ever, and keeps the requests."""

    def __init__(self, *answers: Answer | Callable[[], Answer]) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer) and not isinstance(answer, Exception):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return answer


def ok(body: bytes = BODY, **headers: str) -> Callable[[], Answer]:
    return status(200, body, **headers)


def status(code: int, body: bytes = b"", **headers: str) -> Callable[[], Answer]:
    """An answer whose body comes as a stream, as over a real connection."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: httpx2.Response(code, content=iter([body]), headers=names)


def asking(server: Server, clock: Clock | None = None) -> ArxivSource:
    clock = clock or Clock()
    client = httpx2.Client(transport=httpx2.MockTransport(server))
    return ArxivSource(client, turns=clock.turns(), monotonic=clock.monotonic)


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


def failure(source: ArxivSource, category: str = "cs.LG") -> SourceError:
    with pytest.raises(SourceError) as caught:
        source.fetch(category)
    return caught.value


# --- manners ------------------------------------------------------------------------------------------


def test_each_category_is_one_request_to_its_own_address() -> None:
    server = Server(ok(), ok(AI_BODY))
    source = asking(server)
    source.fetch("cs.LG")
    source.fetch("cs.AI")
    assert [str(request.url) for request in server.requests] == [
        "https://rss.arxiv.org/atom/cs.LG",
        "https://rss.arxiv.org/atom/cs.AI",
    ]


def test_requests_are_three_seconds_apart_and_the_first_is_not_delayed() -> None:
    clock = Clock()
    source = asking(Server(ok()), clock)
    source.fetch("cs.LG")
    assert clock.slept == []
    clock.now += 1.0
    source.fetch("cs.LG")
    assert clock.slept == [2.0]
    clock.now += 60.0
    source.fetch("cs.LG")
    assert clock.slept == [2.0]


def test_repeated_attempts_keep_the_distance_too() -> None:
    clock = Clock()
    asking(Server(status(503), status(503), ok()), clock).fetch("cs.LG")
    assert clock.slept == [3.0, 3.0]


def test_a_request_waits_for_its_turn_among_other_processes() -> None:
    clock, turns = Clock(), [0.0, 7.0, 0.0]
    client = httpx2.Client(transport=httpx2.MockTransport(Server(status(503), ok())))
    shared = clock.turns(reserve=lambda pause_s: turns.pop(0))
    source = ArxivSource(client, turns=shared, monotonic=clock.monotonic)
    source.fetch("cs.LG")
    assert clock.slept == [3.0, 7.0]
    assert turns == [0.0], "each attempt takes a turn"


@pytest.mark.parametrize("wait_s", [120, 1_800])
def test_who_asks_us_to_stay_away_is_left_alone_by_all_processes(wait_s: int, tmp_path: Path) -> None:
    """In place of a clock there is the one of the sleeping: a wait that is kept to is over afterwards."""
    clock, server = Clock(), Server(status(429, retry_after=f"{wait_s}"), ok(), ok())
    client = httpx2.Client(transport=httpx2.MockTransport(server))

    def another_process() -> ArxivSource:
        paces = FolderPaces(tmp_path, lambda: datetime(2025, 10, 7, tzinfo=UTC) + timedelta(seconds=clock.now))
        turns = clock.turns(reserve=partial(paces.reserve, "arXiv"), hold=partial(paces.hold, "arXiv"))
        return ArxivSource(client, turns=turns, monotonic=clock.monotonic)

    if wait_s <= MAX_WAIT_S:
        another_process().fetch("cs.LG")
        assert clock.slept == [3.0, 117.0]
        return
    for source, category in ((another_process(), "cs.LG"), (another_process(), "cs.LG"), (another_process(), "cs.AI")):
        with pytest.raises(SourceError, match="30 minutes") as raised:
            source.fetch(category)
        assert raised.value.retry_after_s == wait_s
    assert len(server.requests) == 1
    clock.now += wait_s
    another_process().fetch("cs.LG")


@pytest.mark.parametrize("contact", ["ada@example.org", "Ada Lovelace <ada@example.org>"])
def test_the_user_agent_says_who_we_are_and_whom_to_write_to(contact: str) -> None:
    source = open_arxiv(contact=contact)
    assert source._client.headers["User-Agent"] == f"paper-newsletter/{__version__} (+mailto:ada@example.org)"


def test_a_feed_that_is_unchanged_is_the_same_feed_once_more() -> None:
    """A stale feed is asked for again, by another source each time: it goes on being judged as what it is."""
    asked: list[str] = []

    class Arxiv(Handler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("If-None-Match", ""))
            self.answer(304) if asked[-1] else self.answer(200, BODY, etag='"1"')

    kept = KeptAnswers()
    with serving(Arxiv) as url:
        first, again = (open_arxiv(contact="ada@example.org", base_url=url, kept=kept).fetch("cs.LG") for _ in range(2))
    assert asked == ["", '"1"']
    assert again == first
    assert first.announcements


def test_every_request_has_timeouts() -> None:
    timeout = open_arxiv(contact="ada@example.org")._client.timeout
    assert None not in (timeout.connect, timeout.read, timeout.write, timeout.pool)


def test_another_server_can_stand_in() -> None:
    server = Server(ok())
    client = httpx2.Client(transport=httpx2.MockTransport(server))
    ArxivSource(client, base_url="http://localhost:8080/feeds/").fetch("cs.LG")
    assert str(server.requests[0].url) == "http://localhost:8080/feeds/cs.LG"


def test_what_is_not_a_category_is_never_asked_for() -> None:
    server = Server(ok())
    assert failure(asking(server), "../robots.txt").is_config
    assert server.requests == []


def test_its_day_is_the_date_in_new_york() -> None:
    source = asking(Server(ok()))
    assert source.day(datetime(2025, 10, 8, 3, 59, tzinfo=UTC)) == date(2025, 10, 7)
    assert source.day(datetime(2025, 10, 8, 4, 0, tzinfo=UTC)) == date(2025, 10, 8)
    assert source.day(datetime(2025, 1, 8, 4, 59, tzinfo=UTC)) == date(2025, 1, 7)


# --- another attempt, or none -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hiccup",
    [
        status(429),
        status(500),
        status(503),
        httpx2.ConnectError("refused"),
        httpx2.ReadTimeout("slow"),
        httpx2.RemoteProtocolError("peer closed connection without sending complete message body"),
        ok(b"not gzip", Content_Encoding="gzip"),
        ok(b"Rate exceeded."),
    ],
)
def test_a_passing_failure_is_tried_again(hiccup: Answer | Callable[[], Answer]) -> None:
    server = Server(hiccup, ok())
    assert len(asking(server).fetch("cs.LG").announcements) == 6
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("lasting", "said"),
    [
        (status(503), "answered 503 for cs.LG each time it was asked; run again later."),
        (status(429), "answered 429"),
        (httpx2.ReadTimeout("timed out"), "(timed out); check the network"),
        (httpx2.ReadError(""), "(ReadError); check the network"),
        (
            status(200, b"Rate exceeded."),
            "The feed server is busy: in place of the feed of cs.LG it sent 'Rate exceeded.'",
        ),
    ],
)
def test_attempts_are_bounded(lasting: Answer | Callable[[], Answer], said: str) -> None:
    server = Server(lasting)
    error = failure(asking(server))
    assert said in str(error)
    assert not error.is_config
    assert len(server.requests) == ATTEMPTS


@pytest.mark.parametrize("code", [301, 302, 304, 400, 401, 403, 404, 406, 410])
def test_a_refusal_is_not_repeated(code: int) -> None:
    server = Server(status(code, b"<html>no</html>", Location="https://elsewhere.example.org/"))
    error = failure(asking(server))
    assert f"answered {code} for cs.LG" in str(error)
    assert "NEWSLETTER_FEED_URL" in str(error)
    assert not error.is_config
    assert len(server.requests) == 1


@pytest.mark.parametrize("address", ["http://[::1/atom", f"http://{'a' * 70}.example.org", "http://.example.org"])
def test_a_bad_address_is_an_error_with_the_setting_to_correct(address: str) -> None:
    source = ArxivSource(httpx2.Client(trust_env=False), base_url=address)
    assert str(failure(source)).endswith("correct NEWSLETTER_FEED_URL.")


def test_after_much_lost_time_every_further_feed_gets_one_attempt() -> None:
    clock = Clock()

    def hang() -> Answer:
        clock.now += 300.0
        return httpx2.ReadTimeout("no answer")

    server = Server(hang)
    source = asking(server, clock)
    failure(source)
    before = len(server.requests)
    failure(source)
    assert (before, len(server.requests)) == (ATTEMPTS, ATTEMPTS + 1)


# --- no network ---------------------------------------------------------------------------------------

NO_NETWORK = [
    httpx2.ConnectError("[Errno -3] Temporary failure in name resolution"),
    httpx2.ConnectError("[Errno 111] Connection refused"),
    httpx2.ConnectTimeout("timed out"),
    httpx2.ProxyError("502 Bad Gateway"),
]


@pytest.mark.parametrize("reason", NO_NETWORK)
@pytest.mark.parametrize("seconds", [0.0, 10.0])
def test_a_server_that_cannot_be_reached_is_given_up_for_every_category(reason: Exception, seconds: float) -> None:
    """An evening without a network took a quarter of an hour: each category tried for itself."""
    clock = Clock()

    def fail() -> Answer:
        clock.now += seconds
        return reason

    server = Server(fail)
    source = asking(server, clock)
    began = clock.now
    said = [str(failure(source, category)) for category in ("cs.AI", "cs.CL", "cs.CV", "cs.LG", "cs.RO", "stat.ML")]
    assert clock.now - began < 30
    assert 1 < len(server.requests) <= REACH_ATTEMPTS
    assert all(str(reason) in sentence and "check the network" in sentence for sentence in said)
    assert all(category in sentence for category, sentence in zip(("cs.AI", "cs.CL"), said, strict=False))


def test_a_server_that_is_back_is_asked_again() -> None:
    clock = Clock()
    server = Server(*[httpx2.ConnectError("refused")] * REACH_ATTEMPTS, ok())
    source = asking(server, clock)
    failure(source)
    clock.now += UNREACHABLE_S
    assert len(source.fetch("cs.LG").announcements) == 6


def test_a_name_that_takes_long_to_resolve_is_not_tried_again_and_again() -> None:
    clock = Clock()

    def fail() -> Answer:
        clock.now += 20.0
        return httpx2.ConnectError("no answer of the name server")

    server = Server(fail)
    failure(asking(server, clock))
    assert len(server.requests) == 1


# --- busy with a good status --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sentence",
    [
        b"Rate exceeded.",
        b"  rate limit exceeded\n",
        b"Too Many Requests",
        b"503 Service Unavailable",
        b'{"error": "Rate limit reached, please try again later"}',
        b"<html><head><title>Service Temporarily Unavailable</title></head></html>",
        b"The server is busy. Slow down.",
    ],
)
def test_a_sentence_that_says_busy_is_tried_again_whatever_the_status(sentence: bytes) -> None:
    server = Server(ok(sentence), ok())
    assert len(asking(server).fetch("cs.LG").announcements) == 6
    said = str(failure(asking(Server(ok(sentence)))))
    assert said.startswith("The feed server is busy")
    assert said.endswith("run again later.")
    assert "address" not in said


def test_a_busy_sentence_may_say_for_how_long() -> None:
    clock = Clock()
    server = Server(ok(b"Rate exceeded.", Retry_After="3600"))
    source = asking(server, clock)
    assert "60 minutes" in str(failure(source))
    failure(source, "cs.AI")
    assert len(server.requests) == 1


def test_a_feed_about_rate_limits_is_a_feed() -> None:
    body = BODY.replace(b"Staircase Streaming", b"Rate exceeded: Too Many Requests, slow down")
    assert len(asking(Server(ok(body))).fetch("cs.LG").announcements) == 6


# --- Retry-After --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": " 0 "}, 0.0),
        ({"Retry-After": "Tue, 07 Oct 2025 09:02:00 GMT", "Date": DATE}, 120.0),
        ({"Retry-After": "Tue, 07 Oct 2025 08:00:00 GMT", "Date": DATE}, 0.0),
        ({"Retry-After": "Tue, 07 Oct 2025 09:02:00 -0000", "Date": DATE}, 120.0),
        ({"Retry-After": "Tue, 07 Oct 2025 09:02:00 GMT"}, None),
        ({"Retry-After": "soon", "Date": DATE}, None),
        ({"Retry-After": "-5", "Date": DATE}, None),
        ({"Retry-After": "9" * 400}, 999_999_999.0),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_both_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(httpx2.Response(503, headers=headers)) == seconds


def asked_to_wait(code: int, seconds: int | None) -> httpx2.HTTPStatusError:
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    response = httpx2.Response(code, headers=headers, request=httpx2.Request("GET", "https://rss.arxiv.org/"))
    return httpx2.HTTPStatusError("", request=response.request, response=response)


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (asked_to_wait(503, None), True),
        (asked_to_wait(429, 90), 90.0),
        (asked_to_wait(429, 300), 300.0),
        (asked_to_wait(429, 301), False),
        (asked_to_wait(404, 90), False),
        (httpx2.ReadTimeout(""), True),
        (httpx2.UnsupportedProtocol(""), False),
        (SourceError("cs.LG", "damaged"), False),
    ],
)
def test_the_wait_is_the_one_asked_for_up_to_a_bound(error: Exception, wait: bool | float) -> None:
    decided = wait_before_retry(error)
    assert (type(decided), decided) == (type(wait), wait)  # to stamina, 1.0 is a second and True is its own wait


def test_a_server_that_asks_for_an_hour_is_left_alone_for_an_hour() -> None:
    clock = Clock()
    server = Server(status(429, Retry_After="3600"), ok(), ok())
    source = asking(server, clock)
    assert "not to be asked again for 60 minutes" in str(failure(source))
    clock.now += 1800
    assert "not to be asked again for 30 minutes, so cs.AI was not fetched" in str(failure(source, "cs.AI"))
    assert len(server.requests) == 1
    clock.now += 1801
    assert len(source.fetch("cs.LG").announcements) == 6


# --- bodies -------------------------------------------------------------------------------------------


def test_an_unknown_category_is_told_by_the_feed_that_comes_with_status_400() -> None:
    server = Server(status(400, UNKNOWN))
    error = failure(asking(server), "cs.XX")
    assert error.is_config
    assert "Bad subject class 'XX'" in str(error)
    assert len(server.requests) == 1


def test_status_400_with_a_feed_of_papers_is_not_taken_for_one() -> None:
    assert "answered 400" in str(failure(asking(Server(status(400, BODY)))))


def test_a_compressed_feed_is_read() -> None:
    server = Server(ok(gzip.compress(BODY), Content_Encoding="gzip"))
    assert len(asking(server).fetch("cs.LG").announcements) == 6
    assert "gzip" in server.requests[0].headers["Accept-Encoding"]


def test_a_small_body_that_unpacks_to_a_huge_one_is_refused() -> None:
    bomb = gzip.compress(b" " * (arxiv.MAX_BODY_BYTES + 1))
    server = Server(ok(bomb, Content_Encoding="gzip"))
    assert "more than 20 MB" in str(failure(asking(server)))
    assert len(server.requests) == 1


def test_a_body_without_end_is_left_at_the_bound() -> None:
    def flood() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 1_000_000
        pytest.fail("it was read far beyond the bound")

    server = Server(lambda: httpx2.Response(200, content=flood()))
    assert "more than 20 MB" in str(failure(asking(server)))


def test_a_body_that_drips_for_ever_is_given_up() -> None:
    clock = Clock()

    def drip() -> Iterator[bytes]:
        while True:
            clock.now += 25.0
            yield b" "

    server = Server(lambda: httpx2.Response(200, content=drip()))
    assert "no end after 120 s" in str(failure(asking(server, clock)))


def test_a_damaged_feed_is_not_asked_for_again() -> None:
    """The server would give the same again: it keeps a feed for the day."""
    server = Server(ok(BODY[:-20]))
    assert "damaged or cut off" in str(failure(asking(server)))
    assert len(server.requests) == 1
