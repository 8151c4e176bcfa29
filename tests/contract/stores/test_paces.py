"""A pace holds for all who share a database: whoever comes next waits for those before."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import monotonic

import pytest

from newsletter.senders.paced import Turns
from newsletter.stores.sql.database import Database, parse_url
from newsletter.stores.sql.paces import Paces
from tests import databases


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_sqlite = request.param == "sqlite"
    url = databases.copy_sqlite(tmp_path / "state.db") if is_sqlite else request.getfixturevalue("postgres_url")
    opened = Database(parse_url(url))
    yield opened
    opened.close()


def test_turns_of_several_processes_lie_one_behind_another(database: Database) -> None:
    paces = [Paces(database) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        waits = sorted(pool.map(lambda n: paces[n % 4].reserve("arxiv", 1000), range(8)))
    assert [round(wait_s / 1000, 1) for wait_s in waits] == [0, 1, 2, 3, 4, 5, 6, 7]


def test_mails_of_several_processes_have_turns_of_their_own(database: Database) -> None:
    """At one mail in a thousand seconds; none of the four waits for the turn of another."""
    reserve = partial(Paces(database).reserve, "mails")
    with ThreadPoolExecutor(4) as pool:
        processes = [Turns(0.06, reserve, monotonic) for _ in range(4)]
        waits = sorted(pool.map(lambda n: processes[n].take(), range(4)))
    assert [round(wait_s / 1000, 1) for wait_s in waits] == [0, 1, 2, 3]


def test_each_name_has_a_pace_of_its_own(database: Database) -> None:
    assert Paces(database).reserve("arxiv", 1000) == 0
    assert Paces(database).reserve("model", 1000) == 0


def test_a_turn_that_is_over_delays_nobody(database: Database) -> None:
    paces = Paces(database)
    paces.reserve("arxiv", 1e-9)
    assert paces.reserve("arxiv", 1000) == 0


def test_a_burst_need_not_be_waited_for(database: Database) -> None:
    paces = Paces(database)
    waits = [paces.reserve("model", 1000, burst_s=2000) for _ in range(5)]
    assert [round(wait_s / 1000, 1) for wait_s in waits] == [0, 0, 0, 1, 2]
