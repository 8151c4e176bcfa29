"""How many digests SendGrid took before, against a server that answers as its published schema says."""

from datetime import date
from typing import Any

import httpx2
import pytest

from newsletter import app
from newsletter.senders.sendgrid_stats import StatsError, count_digests
from newsletter.settings import Settings
from tests.sendgrid_server import KEY, sendgrid_server

SINCE = date(2026, 10, 25)


def count(url: str, key: str = KEY) -> int:
    with httpx2.Client() as client:
        return count_digests(key, url=url, timeout_s=5, since=SINCE, client=client)


@pytest.mark.parametrize("sent", [0, 1, 40_000])
def test_the_digests_of_the_category_are_counted(sent: int) -> None:
    with sendgrid_server() as server:
        server.sent_before = sent
        assert count(server.url) == sent


def test_a_key_that_may_only_send_mail_says_nothing() -> None:
    with sendgrid_server() as server:
        for key in (KEY, "another"):
            with pytest.raises(StatsError, match=r"HTTP 40[13]") as caught:
                count(server.url, key)
            assert not caught.value.is_passing
            assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "is_passing"),
    [
        (429, "", True),
        (503, "", True),
        (301, "", False),
        (404, "{}", False),
        (200, "no JSON", False),
        (200, '{"errors": []}', False),
        (200, '[{"date": "2026-11-01", "stats": [{"name": "digest", "metrics": {"requests": "many"}}]}]', False),
    ],
)
def test_any_other_answer_says_nothing(status: int, body: str, is_passing: bool) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.url.path == "/v3/categories/stats"
        return httpx2.Response(status, text=body, headers={"Location": "https://elsewhere.example.org/"})

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client, pytest.raises(StatsError) as caught:
        count_digests(KEY, url="https://api.sendgrid.com/", timeout_s=5, since=SINCE, client=client)
    assert caught.value.is_passing == is_passing


def settings(url: str, **more: Any) -> Settings:
    return Settings.model_validate({"send_by": "sendgrid", "sendgrid_url": url, "SENDGRID_API_KEY": KEY, **more})


def test_what_is_not_said_comes_with_the_remedy() -> None:
    with sendgrid_server() as server:
        before = app.ask_sent_before(settings(server.url), SINCE)
        assert (before.digests, before.is_passing) == (None, False)
        assert before.why.endswith("so that a lost memory is noticed before anybody is mailed")
        server.sent_before = 3
        assert app.ask_sent_before(settings(server.url), SINCE).digests == 3
        assert app.ask_sent_before(settings(server.url, send_by="smtp"), SINCE).why == ""
    gone = app.ask_sent_before(settings(server.url), SINCE)
    assert (gone.digests, gone.is_passing) == (None, True)
