"""A command mails nobody from a memory that began anew, until the operator says so; `check` says it, too."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newsletter.cli import group
from newsletter.cli.exits import EXIT_STORE
from newsletter.errors import StoreError
from newsletter.files import resources
from tests.sendgrid_server import KEY, SendGridServer, sendgrid_server


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SendGridServer]:
    with sendgrid_server() as running:
        values = {
            "NEWSLETTER_STATE": str(tmp_path / "state"),
            "NEWSLETTER_OUTBOX": str(tmp_path / "outbox"),
            "NEWSLETTER_SUBSCRIBERS": str(resources.find("subscribers.yaml")),
            "NEWSLETTER_SENDER": "papers@example.org",
            "NEWSLETTER_SECRET_KEYS": "k" * 40,
            "NEWSLETTER_CONTACT": "operator@example.org",
            "NEWSLETTER_SEND_BY": "sendgrid",
            "NEWSLETTER_SENDGRID_URL": running.url,
            "SENDGRID_API_KEY": KEY,
        }
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        yield running


def newsletter(*words: str) -> Result:
    return CliRunner().invoke(group, words)


def test_nobody_is_mailed_from_a_memory_that_began_anew_until_the_operator_says_so(server: SendGridServer) -> None:
    server.sent_before = 86
    for word in ("clock", "serve"):
        assert "86 digests of this newsletter left" in str(newsletter(word).exception)
    refused = newsletter("run", "--sample")
    assert isinstance(refused.exception, StoreError)
    assert not server.accepted
    assert newsletter("begin-anew").exit_code == 0
    assert newsletter("run", "--sample").exit_code == 0
    assert server.accepted


def test_check_says_it_and_writes_nothing(server: SendGridServer, tmp_path: Path) -> None:
    server.sent_before = 86
    done = newsletter("check")
    assert done.exit_code == EXIT_STORE
    assert "none yet, and SendGrid took 86 digests lately; bring a backup back" in done.output
    assert not (tmp_path / "state").exists()
    server.sent_before = None
    done = newsletter("check")
    assert done.exit_code == 0
    assert "HTTP 403" in done.output
    server.sent_before = 0
    assert newsletter("run", "--sample").exit_code == 0
    server.sent_before = 9
    assert newsletter("check").exit_code == 0, "these are our own"
