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


def test_a_feed_of_others_that_failed_is_no_trouble_of_this_reader() -> None:
    with Path("subscribers.yaml").open("a", encoding="utf-8") as file:
        file.write("  - {email: eve@example.org, categories: [cs.LG], keywords: {like: [attention]}}\n")
    assert newsletter("run", "--quiet").exit_code == EXIT_FEED
    for address, code in {"ada@example.org": EXIT_FEED, "eve@example.org": 0}.items():
        done = newsletter("preview", address, "--anew")
        assert done.exit_code == code
        assert ("cs.AI failed" in done.stderr) == (code == EXIT_FEED)


def test_where_no_announcement_is_kept_that_is_said_in_place_of_numbers() -> None:
    assert "Nothing is kept yet" in newsletter("preview", "--sample").stderr
    newsletter("run", "--sample", "--quiet")
    later = newsletter("preview", "--sample").stderr
    assert "Nothing is kept yet" not in later
    assert "You would have got" in later


def test_who_gets_no_mail_for_now_is_named_beside_what_it_would_be() -> None:
    assert "mail" not in newsletter("preview", "--sample").stderr
    Path("subscribers.yaml").write_text(YAML.replace("ada@example.org,", "ada@example.org, paused_until: 2999-01-31,"))
    assert "Their mails are paused until 2999-01-31." in newsletter("preview", "--sample").stderr
    newsletter("suppressions", "add", "ada@example.org")
    told = newsletter("preview", "--sample").stderr
    assert "This address gets no mail; 'newsletter suppressions' says why." in told
    assert "paused" not in told
