"""A pace holds for all who share a memory: whoever comes next waits for those before."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest

from newsletter.errors import TurnsHeld
from newsletter.senders.paced import MailTurns
from newsletter.stores.tinydb.paces import FolderPaces
from tests.contract.conftest import Opening


def test_turns_of_several_processes_lie_one_behind_another(open_paces: Opening) -> None:
    paces = [open_paces() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        waits = sorted(pool.map(lambda n: paces[n % 4].reserve("arxiv", 1000), range(8)))
    assert [round(wait_s / 1000, 1) for wait_s in waits] == [0, 1, 2, 3, 4, 5, 6, 7]


def test_mails_of_several_processes_have_turns_of_their_own(open_paces: Opening) -> None:
    """At one mail in a thousand seconds; none of the four waits for the turn of another."""
    reserve = partial(open_paces().reserve, "mails")
    with ThreadPoolExecutor(4) as pool:
        processes = [MailTurns(0.06, reserve, monotonic) for _ in range(4)]
        waits = sorted(pool.map(lambda n: processes[n].take(), range(4)))
    assert [round(wait_s / 1000, 1) for wait_s in waits] == [0, 1, 2, 3]


def test_each_name_has_a_pace_of_its_own(open_paces: Opening) -> None:
    assert open_paces().reserve("arxiv", 1000) == 0
    assert open_paces().reserve("model", 1000) == 0


def test_a_turn_that_is_over_delays_nobody(open_paces: Opening) -> None:
    paces = open_paces()
    paces.reserve("arxiv", 1e-9)
    assert paces.reserve("arxiv", 1000) == 0


def test_a_burst_need_not_be_waited_for(open_paces: Opening) -> None:
    paces = open_paces()
    waits = [paces.reserve("model", 1000, burst_s=2000) for _ in range(5)]
    assert [round(wait_s / 1000, 1) for wait_s in waits] == [0, 0, 0, 1, 2]


def test_who_asks_us_to_stay_away_is_left_alone_by_everybody(open_paces: Opening) -> None:
    open_paces().hold("arxiv", 3_000)
    open_paces().hold("arxiv", 1_000)
    for _ in range(3):  # no turn is taken, which would make the next one later
        with pytest.raises(TurnsHeld) as raised:
            open_paces().reserve("arxiv", 1_000)
        assert raised.value.left_s == pytest.approx(3_000, abs=10)
    assert open_paces().reserve("model", 3.0) == 0


def test_how_long_everybody_is_to_stay_away_is_seen_without_taking_a_turn(open_paces: Opening) -> None:
    assert open_paces().held_s("mails") == 0
    open_paces().reserve("mails", 1_000)
    assert open_paces().held_s("mails") == 0, "who waits for a turn is not held back"
    open_paces().hold("mails", 200)
    assert [round(open_paces().held_s("mails"), -1) for _ in range(2)] == [200] * 2
    assert open_paces().held_s("arxiv") == 0


@pytest.mark.parametrize("turn_s", [3, 10, 100])
def test_after_a_short_rest_turns_lie_one_behind_another(open_paces: Opening, turn_s: int) -> None:
    open_paces().hold("arxiv", 290)
    waits = [open_paces().reserve("arxiv", turn_s) for _ in range(3)]
    assert [later - sooner for sooner, later in pairwise(waits)] == pytest.approx([turn_s] * 2, abs=turn_s / 2)
    assert waits[0] == pytest.approx(290, abs=2)


def test_a_clock_that_was_set_back_delays_nobody_for_hours(tmp_path: Path) -> None:
    now = datetime(2026, 1, 6, 12, tzinfo=UTC)
    FolderPaces(tmp_path, lambda: now).reserve("arxiv", 3.0)
    assert FolderPaces(tmp_path, lambda: now - timedelta(hours=1)).reserve("arxiv", 3.0) == 0
