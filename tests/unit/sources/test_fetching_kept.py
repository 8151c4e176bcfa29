"""What a server need not send again (newsletter/sources/fetching/kept_answers.py), against a server on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import FetchError
from newsletter.sources.fetching.answer_folder import MOST_AGE, AnswerFolder
from newsletter.sources.fetching.fetcher import Fetcher, open_fetcher
from newsletter.sources.fetching.kept_answers import KeptAnswers
from newsletter.sources.fetching.reach import operators
from tests.http_server import Handler, serving


@dataclass
class Page:
    """A page that answers 304 to whoever has its present state."""

    body: bytes = b"<feed/>"
    headers: dict[str, str] = field(default_factory=lambda: {"etag": '"1"'})
    status: int = 200
    sent: list[int] = field(default_factory=list)
    base_url: str = ""

    def answer(self, request: Handler) -> None:
        asked = request.headers
        is_known = asked["If-None-Match"] == self.headers.get("etag", "-") or (
            asked["If-Modified-Since"] == self.headers.get("last_modified", "-")
        )
        status = 304 if is_known and self.status == 200 else self.status
        self.sent.append(status)
        request.answer(status, b"" if status == 304 else self.body, **self.headers)

    def fetcher(self, kept: KeptAnswers, max_bytes: int = 100_000) -> Fetcher:
        """A new one, as each round has."""
        return open_fetcher(contact="ada@example.org", reach=operators(self.base_url), kept=kept, max_bytes=max_bytes)

    def fetch(self, kept: KeptAnswers, path: str = "") -> bytes:
        return self.fetcher(kept).fetch(f"{self.base_url}/{path}")


@contextmanager
def showing(page: Page) -> Iterator[Page]:
    class Answering(Handler):
        def do_GET(self) -> None:
            page.answer(self)

    with serving(Answering) as url:
        page.base_url = url
        yield page


@pytest.mark.parametrize("headers", [{"etag": '"1"'}, {"last_modified": "Mon, 01 Jun 2026 00:00:00 GMT"}])
def test_what_is_unchanged_is_as_before_and_not_sent_again(headers: dict[str, str]) -> None:
    kept = KeptAnswers()
    with showing(Page(headers={**headers, "content_type": "application/atom+xml"})) as page:
        assert [page.fetch(kept) for _ in range(3)] == [b"<feed/>"] * 3
    assert page.sent == [200, 304, 304]


def test_what_changed_takes_the_place_of_what_was_kept() -> None:
    kept = KeptAnswers()
    with showing(Page()) as page:
        page.fetch(kept)
        page.body, page.headers = b"<feed>new</feed>", {"etag": '"2"'}
        assert page.fetch(kept) == b"<feed>new</feed>"
        assert page.fetch(kept) == b"<feed>new</feed>"
    assert page.sent == [200, 200, 304]


@pytest.mark.parametrize("headers", [{}, {"etag": '"1"', "cache_control": "private, no-store"}])
def test_nothing_is_kept_that_cannot_or_must_not_be(headers: dict[str, str]) -> None:
    kept = KeptAnswers()
    with showing(Page(headers=headers)) as page:
        assert [page.fetch(kept) for _ in range(2)] == [b"<feed/>"] * 2
    assert page.sent == [200, 200]


def test_a_failure_between_leaves_what_is_kept() -> None:
    kept = KeptAnswers()
    with showing(Page()) as page:
        page.fetch(kept)
        page.status = 503
        with pytest.raises(FetchError):
            page.fetch(kept)
        page.status = 200
        assert page.fetch(kept) == b"<feed/>"
    assert page.sent == [200, 503, 304]


def test_half_an_answer_is_not_kept() -> None:
    kept = KeptAnswers()
    with showing(Page(body=b"0" * 2_000)) as page:
        with pytest.raises(FetchError, match="too large"):
            page.fetcher(kept, max_bytes=1_000).fetch(page.base_url)
        page.fetch(kept)
    assert page.sent == [200, 200]


def test_the_answers_used_last_stay_where_room_is_short() -> None:
    kept = KeptAnswers(max_bytes=60)
    with showing(Page(body=bytes(range(40)))) as page:
        for path in ("a", "b", "b", "a"):
            page.fetch(kept, path=path)
    assert page.sent == [200, 200, 304, 200]


def folder_of(path: Path, max_bytes: int = 1_000_000, now_s: float = 1e9) -> AnswerFolder:
    at = datetime.fromtimestamp(now_s, UTC)
    return AnswerFolder(path / "answers", lambda: at, max_bytes=max_bytes)


def test_the_next_process_asks_whether_anything_changed(tmp_path: Path) -> None:
    with showing(Page()) as page:
        assert [page.fetch(KeptAnswers(folder=folder_of(tmp_path))) for _ in range(3)] == [b"<feed/>"] * 3
        page.body, page.headers = b"<feed>new</feed>", {"etag": '"2"'}
        assert [page.fetch(KeptAnswers(folder=folder_of(tmp_path))) for _ in range(2)] == [page.body] * 2
    assert page.sent == [200, 304, 304, 200, 304]


@pytest.mark.parametrize("damage", [b"", b"answer 1\n", b"answer 2\n....[]\n", b"\x00" * 100, None])
def test_what_the_folder_lost_or_holds_damaged_is_asked_for_without_conditions(
    tmp_path: Path, damage: bytes | None
) -> None:
    with showing(Page()) as page:
        page.fetch(KeptAnswers(folder=folder_of(tmp_path)))
        (file,) = (tmp_path / "answers").iterdir()
        if damage is None:
            file.unlink()
        else:
            file.write_bytes(damage)
        assert page.fetch(KeptAnswers(folder=folder_of(tmp_path))) == b"<feed/>"
    assert page.sent == [200, 200]


@given(st.data())
def test_a_kept_answer_is_given_back_as_it_was_or_not_at_all(data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        folder = folder_of(Path(name))
        content = data.draw(st.binary(min_size=1))
        folder.keep("https://a.example\n*/*", content)
        (file,) = (Path(name) / "answers").iterdir()
        written = bytearray(file.read_bytes())
        written[data.draw(st.integers(0, len(written) - 1))] ^= data.draw(st.integers(1, 255))
        file.write_bytes(written[: data.draw(st.integers(0, len(written)))])
        assert folder.load("https://a.example\n*/*") is None
        folder.keep("https://a.example\n*/*", content)
        assert folder.load("https://a.example\n*/*") == content
        file.rename(file.with_name(sha256(b"other").hexdigest()[:32]))
        assert folder.load("other") is None  # one address's answer is never another's


def test_the_folder_keeps_what_was_used_last_within_its_bounds(tmp_path: Path) -> None:
    for number in range(5):
        folder = folder_of(tmp_path, max_bytes=250, now_s=1e9 + number)
        folder.keep(f"{number}", b"x" * 100)
        assert folder.load(f"{number}")
    kept = [number for number in range(5) if folder_of(tmp_path, now_s=1e9 + 9).load(f"{number}")]
    assert kept == [3, 4]
    later_s = 1e9 + MOST_AGE.total_seconds() + 86_400
    late = folder_of(tmp_path, now_s=later_s)
    late.keep("new", b"x")
    assert [name for name in ("3", "4", "new") if late.load(name)] == ["new"]


def test_a_folder_that_cannot_be_written_costs_a_request_and_no_paper(tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("a file where the folder should be")
    with showing(Page()) as page:
        assert [page.fetch(KeptAnswers(folder=folder_of(tmp_path))) for _ in range(2)] == [b"<feed/>"] * 2
    assert page.sent == [200, 200]
