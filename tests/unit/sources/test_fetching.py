"""One address fetched within bounds (newsletter/sources/fetching/), against a server on loopback."""

import gzip
import ssl
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count

import httpx2
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import FetchError
from newsletter.sources.fetching.fetcher import Fetcher, open_fetcher, shown, user_agent
from newsletter.sources.fetching.reach import PUBLIC, Reach, operators
from newsletter.sources.fetching.transport import GuardedTransport, open_client
from newsletter.sources.fetching.unpacking import BodyTooLarge, unpack
from tests.http_server import Handler, serving

Answering = Callable[["_Site"], None]


class _Site(Handler):
    def do_GET(self) -> None:
        self.answers(self)

    def do_POST(self) -> None:
        self.answers(self)

    @staticmethod
    def answers(site: "_Site") -> None: ...


@contextmanager
def site(answers: Answering, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    with serving(type("Site", (_Site,), {"answers": staticmethod(answers)}), tls) as url:
        yield url


def fetch(answers: Answering, *, max_bytes: int = 100_000) -> bytes:
    with site(answers) as url:
        fetcher = open_fetcher(contact="ada@example.org", reach=operators(url), max_bytes=max_bytes)
        return fetcher.fetch(f"{url}/feed")


def failure(answers: Answering, **options: int) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetch(answers, **options)  # type: ignore[arg-type]
    assert caught.value.url.endswith("/feed")
    assert str(caught.value).endswith(".")
    return caught.value


def to(address: str) -> Answering:
    return lambda site: site.answer(302, location=address)


def test_an_answer_is_its_body() -> None:
    assert fetch(lambda site: site.answer(200, b"<feed/>", etag='"a"', content_type="text/xml")) == b"<feed/>"


def test_unchanged_for_whom_has_nothing_is_a_failure() -> None:
    assert "304" in str(failure(lambda site: site.answer(304)))


@pytest.mark.parametrize("packing", ["gzip", "x-gzip", "deflate", "bare deflate", "two gzip files"])
def test_a_packed_answer_is_unpacked(packing: str) -> None:
    text = bytes(range(256)) * 200
    bare = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = {
        "gzip": gzip.compress(text),
        "x-gzip": gzip.compress(text),
        "deflate": zlib.compress(text),
        "bare deflate": bare.compress(text) + bare.flush(),
        "two gzip files": gzip.compress(text[:100]) + gzip.compress(text[100:]) + b"\0" * 20,
    }[packing]
    name = {"bare deflate": "deflate", "two gzip files": "gzip"}.get(packing, packing)
    assert fetch(lambda site: site.answer(200, packed, content_encoding=name)) == text


@pytest.mark.parametrize(
    ("packed", "name"),
    [
        (gzip.compress(b"0" * 50_000_000), "gzip"),
        (zlib.compress(b"0" * 50_000_000), "deflate"),
        (gzip.compress(b"0" * 50_000) * 10, "gzip"),
        (gzip.compress(b"") * 10_000, "gzip"),  # which unpacks to nothing for ever
        (b"0" * 100_001, ""),
    ],
)
def test_a_large_answer_is_given_up_however_small_it_came(packed: bytes, name: str) -> None:
    error = failure(lambda site: site.answer(200, packed, content_encoding=name))
    assert "more than 100,000 bytes" in str(error)
    assert not error.is_passing


def test_a_bomb_is_unpacked_no_further_than_the_bound() -> None:
    pieces: list[bytes] = []
    with pytest.raises(BodyTooLarge):
        pieces.extend(unpack(iter([gzip.compress(b"0" * 50_000_000)]), "gzip", max_bytes=200_000))
    assert max(map(len, pieces)) <= 65_536
    assert sum(map(len, pieces)) <= 200_000


@given(st.binary(max_size=3_000), st.integers(1, 50), st.sampled_from(["gzip", "deflate"]))
def test_however_a_packed_body_is_cut_it_is_the_same_one(text: bytes, step: int, packing: str) -> None:
    packed = gzip.compress(text) if packing == "gzip" else zlib.compress(text)
    parts = [packed[i : i + step + 1] for i in range(0, len(packed), step + 1)]
    assert b"".join(unpack(iter(parts), packing, max_bytes=10_000)) == text


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "gzip, gzip"]))
def test_any_bytes_unpack_or_are_named_damaged(packed: bytes, packing: str) -> None:
    with suppress(httpx2.DecodingError, BodyTooLarge):
        assert sum(map(len, unpack(iter([packed]), packing, max_bytes=10_000))) <= 10_000


@pytest.mark.parametrize("packed", [gzip.compress(b"a" * 1_000)[:-5], b"<html>"])
def test_a_damaged_packing_may_be_whole_the_next_time(packed: bytes) -> None:
    assert failure(lambda site: site.answer(200, packed, content_encoding="gzip")).is_passing


def test_an_answer_that_is_cut_may_be_whole_the_next_time() -> None:
    def answers(site: _Site) -> None:
        site.send_response(200)
        site.send_header("Content-Length", "1000")
        site.end_headers()
        site.wfile.write(b"<feed>")

    assert failure(answers).is_passing


@pytest.mark.parametrize(
    ("status", "headers", "is_passing", "wait_s"),
    [
        (429, {"retry_after": "120"}, True, 120.0),
        (429, {}, True, None),
        (429, {"ratelimit_reset": "2261", "x_ratelimit_reset": "1790543172"}, True, 2261.0),
        (429, {"ratelimit_reset": "2261", "retry_after": "5"}, True, 5.0),
        (503, {"ratelimit_reset": "2261"}, True, None),
        (503, {"retry_after": "nonsense"}, True, None),
        (500, {}, True, None),
        (401, {}, False, None),
        (403, {}, False, None),
        (404, {}, False, None),
        (410, {}, False, None),
        (418, {}, False, None),
    ],
)
def test_a_refusal_says_whether_asking_again_helps(
    status: int, headers: dict[str, str], is_passing: bool, wait_s: float | None
) -> None:
    error = failure(lambda site: site.answer(status, **headers))
    assert str(status) in str(error)
    assert (error.is_passing, error.retry_after_s) == (is_passing, wait_s)


def test_a_refusal_carries_the_beginning_of_what_was_said() -> None:
    said = b'{"name": "Error"}'
    assert failure(lambda site: site.answer(403, said)).answer == said
    assert len(failure(lambda site: site.answer(503, b"x" * 50_000)).answer) == 4_000
    broken = failure(lambda site: site.answer(404, b"no gzip", content_encoding="gzip"))
    assert (broken.answer, broken.is_passing) == (b"", False)
    assert "404" in str(broken)


@pytest.mark.parametrize(("status", "said"), [(200, ""), (401, "wants a login"), (302, "302")])
def test_a_body_is_sent_once_and_its_answer_read(status: int, said: str) -> None:
    bodies = list[bytes]()

    def answers(site: _Site) -> None:
        bodies.append(site.body())
        site.answer(status, b"answer", **({"location": "/elsewhere"} if status == 302 else {}))

    with site(answers) as url:
        fetcher = open_fetcher(contact="ada@example.org", reach=operators(url))
        if said:
            with pytest.raises(FetchError, match=said):
                fetcher.post(f"{url}/login", b"{}", content_type="application/json")
        else:
            assert fetcher.post(f"{url}/login", b"{}", content_type="application/json") == b"answer"
    assert bodies == [b"{}"]


def test_a_body_is_not_sent_where_no_feed_is_fetched() -> None:
    with pytest.raises(FetchError, match="is not asked"):
        open_fetcher(contact="ada@example.org").post("http://127.0.0.1/login", b"{}", content_type="application/json")


def test_a_server_that_is_not_there_may_be_there_later() -> None:
    with site(lambda site: None) as url:
        pass
    with pytest.raises(FetchError, match="could not be reached") as caught:
        open_fetcher(contact="ada@example.org", reach=operators(url)).fetch(url)
    assert caught.value.is_passing


def test_an_answer_that_trickles_ends_with_its_time() -> None:
    """Each byte comes well within the time between two bytes, so that only the time for the whole can end it."""
    clock = count(0.0, 20.0)

    def answers(site: _Site) -> None:
        site.send_response(200)
        site.end_headers()
        for _ in range(50):
            site.wfile.write(b" ")
            site.wfile.flush()

    with site(answers) as url:
        transport = GuardedTransport(operators(url), whole_s=120.0, monotonic=lambda: next(clock))
        with pytest.raises(FetchError, match="in time") as caught:
            Fetcher(httpx2.Client(transport=transport)).fetch(url)
    assert caught.value.is_passing


def test_a_redirect_is_followed_on_the_same_server() -> None:
    def answers(site: _Site) -> None:
        site.answer(301, location="/new") if site.path == "/feed" else site.answer(200, b"new")

    assert fetch(answers) == b"new"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://169.254.169.254/latest/meta-data/", "another site"),
        ("https://journal.example/feed", "another site"),
        ("http://127.0.0.1:1/", "port 1"),
        ("http://ada:secret@127.0.0.1/", "a name or a password"),
        ("file:///etc/passwd", "does not begin with"),
        ("http://127.0.0.1/", "not protected"),
        ("https://127.0.0.1/", "no address of the public internet"),
        ("/feed", "without end"),
    ],
)
def test_a_redirect_is_not_followed_elsewhere(address: str, why: str) -> None:
    error = failure(to(address))
    assert why in str(error)
    assert "secret" not in str(error)
    assert not error.is_passing


def test_a_name_is_looked_up_once_for_its_check_and_its_connection() -> None:
    """A name server that says something else the second time (DNS rebinding) is not asked a second time."""
    ca = trustme.CA()
    server_tls, client_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    ca.issue_cert("journal.example").configure_cert(server_tls)
    ca.configure_trust(client_tls)
    names, lookups = [], []

    def answers(site: _Site) -> None:
        names.append(site.headers["Host"])
        site.answer(200, b"of the journal")

    def resolve(host: str, port: int) -> list[str]:
        lookups.append(host)
        return ["127.0.0.1"]

    with site(answers, server_tls) as address:
        url = address.replace("127.0.0.1", "journal.example")
        reach = operators(url)
        fetcher = Fetcher(
            httpx2.Client(transport=GuardedTransport(reach, resolve=resolve, tls=client_tls)), reach=reach
        )
        assert fetcher.fetch(url) == b"of the journal"
    assert lookups == ["journal.example"]
    assert names == [url.removeprefix("https://")], "the server and its certificate are known by the name"


def test_nobody_is_asked_by_a_proxy_for_a_foreign_address(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answers(proxy: _Site) -> None:
        asked.append(proxy.path)
        proxy.answer(200, b"by the proxy")

    with site(answers) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.delenv("no_proxy", raising=False)
        own = operators("http://own.example/feed")
        assert open_fetcher(contact="ada@example.org", reach=own).fetch("http://own.example/feed") == b"by the proxy"
        with pytest.raises(FetchError, match="no address of the public internet"):
            open_fetcher(contact="ada@example.org", reach=PUBLIC).fetch("http://127.0.0.1/feed")
    assert asked == ["http://own.example/feed"]


def test_the_next_is_fetched_whatever_happened_before() -> None:
    answers = [
        lambda site: site.answer(200, b"0" * 200),
        lambda site: site.answer(500),
        lambda site: site.answer(200),
    ] * 3

    def in_turn(site: _Site) -> None:
        answers.pop(0)(site)

    with site(in_turn) as url:
        reach = operators(url)
        fetcher = open_fetcher(contact="ada@example.org", reach=reach, max_bytes=100)
        for _ in range(3):
            for expected in ("too large", "trouble"):
                with pytest.raises(FetchError, match=expected):
                    fetcher.fetch(url)
            assert fetcher.fetch(url) == b""


def test_a_message_shows_no_login_and_nothing_endless() -> None:
    assert shown("https://ada:secret@example.org/feed") == "https://example.org/feed"
    assert len(shown("https://example.org/" + "a" * 5_000)) == 200
    assert shown("https://example.org/\n\x1b[31m").isprintable()


@pytest.mark.parametrize("contact", ["ada@example.org", "Ada Lovelace <ada@example.org>"])
def test_whoever_is_asked_can_see_whom_to_write_to(contact: str) -> None:
    assert user_agent(contact).endswith("(+mailto:ada@example.org)")


def test_every_wait_is_bounded() -> None:
    timeout = open_client(user_agent="test", reach=Reach()).timeout
    assert None not in (timeout.connect, timeout.read, timeout.write, timeout.pool)
