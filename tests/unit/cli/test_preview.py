"""`newsletter preview` where something goes wrong on the way: it says so, and its exit code is that of a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.cli.exits import EXIT_FEED, EXIT_SCORING
from newsletter.sources import sample
from tests import openai_server
from tests.command import newsletter
from tests.http_server import Handler, serving

YAML = """subscribers:
  - {email: ada@example.org, categories: [cs.AI, cs.LG], keywords: {like: [attention]}}
"""


class HalfAFeedServer(Handler):
    def do_GET(self) -> None:
        if self.path == "/atom/cs.LG":
            self.answer(200, sample.PATH.read_bytes(), content_type="application/atom+xml")
        else:
            self.answer(404)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    Path("subscribers.yaml").write_text(YAML, encoding="utf-8")
    with serving(HalfAFeedServer) as url:
        monkeypatch.setenv("NEWSLETTER_CONTACT", "ops@example.org")
        monkeypatch.setenv("NEWSLETTER_FEED_URL", f"{url}/atom")
        yield


def test_a_feed_that_cannot_be_read_is_no_silence_of_arxiv(monkeypatch: pytest.MonkeyPatch) -> None:
    done = newsletter("preview")
    assert done.exit_code == EXIT_FEED
    assert done.stdout.endswith(".html\n"), "what the other feed has is shown"
    assert "cs.AI failed: The feed server answered 404" in done.stderr
    monkeypatch.setenv("NEWSLETTER_FEED_URL", "http://127.0.0.1:1/atom")
    done = newsletter("preview")
    assert done.exit_code == EXIT_FEED
    assert "No feed could be read" in done.stderr
    assert "cs.LG failed: " in done.stderr
    assert "No announcement" not in done.stderr


def test_a_model_that_cannot_be_asked_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with openai_server.openai_server(always=[openai_server.error(401, "invalid_api_key")]) as server:
        monkeypatch.setenv("NEWSLETTER_MODEL", "gpt-test")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test-1234567890")
        done = newsletter("preview", "--sample")
    assert done.exit_code == EXIT_SCORING
    assert done.stdout.endswith(".html\n"), "words stand in"
    assert "refused the API key; set OPENAI_API_KEY to a valid one" in done.stderr


def test_all_is_well_with_the_sample() -> None:
    assert newsletter("preview", "--sample").exit_code == 0
