"""Whatever a profile, a redirect or a header says: an answer, or a FetchError in words, and nobody inside is asked."""

from collections.abc import Callable

import httpx2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.app import build_other_sources
from newsletter.errors import FetchError, SourceError
from newsletter.papers.categories import SourceName
from newsletter.settings import Settings
from newsletter.sources.fetching.fetcher import Fetcher
from newsletter.sources.fetching.reach import PUBLIC
from newsletter.sources.fetching.transport import GuardedTransport
from tests.http_server import Handler, serving

HEADERS = ("ETag", "Last-Modified", "Retry-After", "Date", "Content-Type", "Content-Encoding")
HEADER = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=60)


GUARDED = GuardedTransport(PUBLIC, resolve=lambda host, port: ["10.0.0.1"])


def asking(answer: Callable[[httpx2.Request], httpx2.Response]) -> Fetcher:
    """A fetcher whose first answer is given, and which would go on over the network."""
    asked: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return answer(request) if len(asked) == 1 else GUARDED.handle_request(request)

    return Fetcher(httpx2.Client(transport=httpx2.MockTransport(handle)))


def outcome(fetcher: Fetcher, url: str) -> str:
    """What came of it: "answered", or the words of the error."""
    try:
        fetcher.fetch(url)
    except FetchError as error:
        return in_words(str(error))
    return "answered"


def in_words(text: str) -> str:
    assert text.endswith(".")
    assert text.isprintable()
    assert len(text) < 1_500
    return text


@given(st.text(max_size=80))
@example("http://[::1")
@example("http://a" + "a" * 300 + ".example")
@example("https://xn--.example/")
@example("http://ex\u2024ample/")
def test_any_text_for_an_address_ends_in_words(url: str) -> None:
    fetcher = Fetcher(httpx2.Client(transport=GUARDED))
    for each in (url, f"https://{url}", f"https://journal.example/{url}"):
        assert outcome(fetcher, each) != "answered"


@given(HEADER, st.sampled_from([301, 302, 303, 307, 308]))
@example("//10.0.0.1/", 302)
@example("https://journal.example@10.0.0.1/", 302)
@example("https://journal.example:22/", 302)
@example("\\\\10.0.0.1\\share", 302)
@settings(max_examples=150)
def test_any_text_for_a_redirect_ends_in_words(location: str, status: int) -> None:
    fetcher = asking(lambda request: httpx2.Response(status, headers=[(b"Location", location.encode("latin-1"))]))
    assert outcome(fetcher, "https://journal.example/feed") != "answered"


@given(
    st.dictionaries(st.sampled_from(["ETag", "Last-Modified", "Retry-After", "Date", "Content-Type"]), HEADER),
    st.data(),
)
@settings(max_examples=150)
def test_any_header_and_status_ends_in_an_answer_or_in_words(headers: dict[str, str], data: st.DataObject) -> None:
    status = data.draw(st.integers(200, 599))
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    fetcher = asking(lambda request: httpx2.Response(status, headers=raw, content=b"body"))
    found = outcome(fetcher, "https://journal.example/feed")
    assert (found == "answered") == (status < 300)


def test_what_builds_the_program_gives_a_foreign_address_no_way_inside() -> None:
    """The address of arXiv's feeds may be inside, since the operator sets it; that opens no way for `feed:`."""
    asked: list[str] = []

    class Inside(Handler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.answer(200, b"<feed/>")

    with serving(Inside) as url:
        made = Settings(contact="ada@example.org", feed_url=url, zotero_url=url)
        feeds = build_other_sources(made, "ada@example.org")[SourceName.FEED]
        for address in (url, "http://127.0.0.1/", "http://localhost/", "https://[::1]/", "http://169.254.169.254/"):
            with pytest.raises(SourceError, match="is not asked"):
                feeds.fetch(f"feed:{address}")
    assert asked == []
