"""Requests that several processes count together: the same window as one process has, and never more in all."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from newsletter.errors import StoreError
from newsletter.stores.sql.database import Database, parse_url
from newsletter.stores.sql.request_counts import RequestCounts
from newsletter.web.request_limits import SlidingWindow
from tests.contract.stores.memories import NOW, fork, race
from tests.web.site import Clock

MOST = 25


@pytest.fixture
def opened(sql_url: str) -> Iterator[Callable[[], Database]]:
    every: list[Database] = []

    def another() -> Database:
        every.append(Database(parse_url(sql_url)))
        return every[-1]

    yield another
    for database in every:
        database.close()


STEPS = st.tuples(st.sampled_from("ab"), st.sampled_from([0, 0, 0, 0.5, 7, 30, 59.999, 60, 61, 119, 200]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(steps=st.lists(STEPS, max_size=40), most=st.integers(1, 4), window_s=st.sampled_from([60, 3600]))
def test_two_processes_answer_as_one_process_would(
    opened: Callable[[], Database], steps: list[tuple[str, float]], most: int, window_s: int
) -> None:
    database, clock = opened(), Clock()
    with database.change() as connection:
        connection.execute(text("DELETE FROM request_counts"))
    two, alone = [RequestCounts(database), RequestCounts(database)], SlidingWindow(most, clock, window_s)
    for number, (key, gap_s) in enumerate(steps):
        clock.at += timedelta(seconds=gap_s)
        assert two[number % 2].take(key, most, window_s, clock.at) == alone.take(key)


def test_of_racing_requests_no_more_are_let_in(opened: Callable[[], Database]) -> None:
    let_in = fork.Value("i", 0)

    def ask(_number: int, barrier: Barrier) -> None:
        counts = RequestCounts(opened())
        barrier.wait()
        with ThreadPoolExecutor(2) as pool:
            waits = list(pool.map(lambda _: counts.take("a client", MOST, 60, NOW), range(MOST)))
        with let_in.get_lock():
            let_in.value += waits.count(0)

    race(ask)
    assert let_in.value == MOST


def test_a_clock_that_runs_ahead_gives_nobody_more(opened: Callable[[], Database]) -> None:
    counts = RequestCounts(opened())
    ahead = NOW + timedelta(seconds=90)
    assert [counts.take("a", 2, 60, at) for at in (ahead, NOW, ahead, NOW)] == [0, 0, 30, 60]


def test_what_no_window_needs_is_dropped_and_no_address_is_kept(opened: Callable[[], Database]) -> None:
    database = opened()
    for minutes in (0, 1, 9):
        RequestCounts(database).take(f"2001:db8::{minutes}", 5, 60, NOW + timedelta(minutes=minutes))
    with database.statement() as connection:
        rows = connection.execute(text("SELECT * FROM request_counts")).all()
    assert len(rows) == 1
    assert "2001" not in repr(rows)


def test_a_database_that_is_away_is_told_at_once(tmp_path: Path) -> None:
    away = RequestCounts(Database(parse_url(f"postgresql://ada@/news?host={tmp_path}")))
    with pytest.raises(StoreError, match="cannot be reached"):
        away.take("a", 1, 60, NOW)
