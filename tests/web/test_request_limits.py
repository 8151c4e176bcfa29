"""How often somebody may ask, and who counts as somebody."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import StoreError
from newsletter.stores.tinydb import TinyStore
from newsletter.web import create_app, request_limits, unsubscribe
from newsletter.web.request_limits import SlidingWindow, TakeShared, client_of
from tests.fakes import MemoryStore
from tests.web.site import LINK, NOW, Clock, part_of


def test_after_the_most_one_waits_and_then_goes_on() -> None:
    clock = Clock()
    limit = SlidingWindow(3, clock)
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 60]
    assert limit.take("b") == 0
    clock.at += timedelta(seconds=75)
    assert limit.take("a") == 0


@given(gaps=st.lists(st.floats(0, 200), max_size=60), most=st.integers(1, 10))
def test_never_more_than_twice_the_most_in_a_minute_and_never_for_good(gaps: list[float], most: int) -> None:
    clock, taken = Clock(), list[datetime]()
    limit = SlidingWindow(most, clock)
    for gap in gaps:
        clock.at += timedelta(seconds=gap)
        if limit.take("a") == 0:
            taken.append(clock.at)
    for start in taken:
        assert sum(start <= at < start + timedelta(seconds=60) for at in taken) <= 2 * most
    clock.at += timedelta(seconds=120)
    assert limit.take("a") == 0


def test_keys_are_forgotten_before_they_fill_the_memory() -> None:
    limit = SlidingWindow(1, lambda: NOW)
    for number in range(request_limits.MOST_KEYS + 1):
        assert limit.take(str(number)) == 0
    assert limit.take(str(request_limits.MOST_KEYS)) > 0
    assert limit.take("0") == 0  # forgotten


@pytest.mark.parametrize(
    ("proxies", "peer", "header", "who"),
    [
        (0, "93.184.216.34", "", "93.184.216.34"),
        (0, "93.184.216.34", "1.1.1.1", "93.184.216.34"),  # a stranger's own words
        (0, "127.0.0.1", "1.1.1.1", "127.0.0.1"),  # whoever reaches us from nearby is no proxy by that
        (0, "::ffff:93.184.216.34", "1.1.1.1", "93.184.216.34"),
        (0, "", "", "unknown"),
        (1, "127.0.0.1", "8.8.8.8, 93.184.216.34", "93.184.216.34"),
        (1, "13.107.42.14", "8.8.8.8, 93.184.216.34", "93.184.216.34"),  # a proxy may have a public address
        (1, "::1", "2606:4700:1:2:3:4:5:6", "2606:4700:1:2::"),
        (1, "127.0.0.1", "93.184.216.34:51234", "93.184.216.34"),
        (1, "127.0.0.1", "[2606:4700:1:2:3:4:5:6]:443", "2606:4700:1:2::"),
        (1, "127.0.0.1", "nonsense", "unknown"),
        (1, "127.0.0.1", "", "127.0.0.1"),
        (2, "127.0.0.1", "8.8.8.8, 93.184.216.34, 13.107.42.14", "93.184.216.34"),
        (2, "127.0.0.1", "93.184.216.34", "127.0.0.1"),  # past the first proxy: it says nothing that can be believed
    ],
)
def test_a_client_is_who_reached_us_or_our_proxies(proxies: int, peer: str, header: str, who: str) -> None:
    app = create_app(replace(part_of(MemoryStore()), proxies=proxies))
    app.add_url_rule("/who", view_func=lambda: client_of(flask.request))
    headers = {"X-Forwarded-For": header} if header else {}
    assert app.test_client().get("/who", environ_base={"REMOTE_ADDR": peer}, headers=headers).text == who


def shared_count(taken: list[str]) -> TakeShared:
    """One count for all applications that have it, of which each key has one request."""

    def take(key: str, most: int, window_s: int, now: datetime) -> int:
        taken.append(key)
        return 0 if taken.count(key) == 1 else 17

    return take


def test_two_processes_count_together() -> None:
    taken: list[str] = []
    part = replace(part_of(MemoryStore()), take_shared=shared_count(taken))
    one, other = create_app(part).test_client(), create_app(part).test_client()
    assert one.get(LINK).status_code == 200
    refused = other.get(LINK)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "17")
    assert one.get("/").status_code == 200  # another page has a count of its own


def test_a_flood_is_refused_before_the_others_are_asked() -> None:
    taken: list[str] = []

    def take(key: str, *_limit: object) -> int:
        taken.append(key)
        return 0

    client = create_app(replace(part_of(MemoryStore()), take_shared=take)).test_client()
    for number in range(2 * unsubscribe.PAGE.limits.per_client):
        client.get(f"/u/guess{number}")
    assert sum("client" in key for key in taken) == unsubscribe.PAGE.limits.per_client


def test_while_the_others_cannot_be_asked_each_counts_by_itself() -> None:
    def take(*_limit: object) -> int:
        raise StoreError("the database is away; try again")

    client = create_app(replace(part_of(MemoryStore()), take_shared=take)).test_client()
    answers = [client.get(LINK).status_code for _ in range(unsubscribe.PAGE.limits.per_link + 1)]
    assert answers == [200] * unsubscribe.PAGE.limits.per_link + [429]


def test_while_the_others_cannot_be_asked_strangers_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def take(*_limit: object) -> int:
        raise StoreError("the database is away; try again")

    client = create_app(replace(part_of(MemoryStore()), take_shared=take, now=lambda: NOW)).test_client()
    for number in range(100):
        client.get(f"/u/guess{number}", environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})
    said = [record for record in caplog.records if "counted by this process alone" in record.message]
    assert 0 < len(said) <= 2 * request_limits.WARNINGS, "of links and of clients"


@pytest.mark.parametrize("link", [lambda n: LINK, lambda n: f"/u/guess{n}"], ids=["one link", "many links"])
def test_who_asks_too_often_gets_a_calm_page_with_retry_after(tmp_path: Path, link: Callable[[int], str]) -> None:
    client = create_app(replace(part_of(TinyStore(tmp_path)), now=lambda: NOW)).test_client()
    answers = [client.get(link(n)).status_code for n in range(unsubscribe.PAGE.limits.per_client + 1)]
    assert answers[: unsubscribe.PAGE.limits.per_link] == [200] * unsubscribe.PAGE.limits.per_link
    assert answers[-1] == 429
    refused = client.get(link(0))
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "One moment, please" in refused.text
    assert "Nothing has changed" in refused.text
