"""Commands killed within 30 ms of a hand-over: nothing doubled, nothing lost silently.

A few shots here; `python -m tests.e2e.killed_handover run 300` fires hundreds (docs/crashes.md).
"""

import random
from pathlib import Path

import pytest

from tests.e2e import killed_handover
from tests.e2e.killed_handover import Aim, Place, Toll

needs_proc = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells whose a connection is")
needs_faketime = pytest.mark.skipif(
    killed_handover.FAKETIME is None, reason="libfaketime is missing: apt install faketime"
)
pytestmark = needs_proc


def fire(folder: Path, kind: str, count: int) -> Toll:
    return sum(killed_handover.campaign(folder, kind, count), Toll())


@pytest.mark.parametrize(("kind", "count"), [("run", 1), ("two", 2), ("sender", 2), ("serve", 1)])
def test_a_kill_at_the_hand_over_doubles_nothing_and_hides_nothing(tmp_path: Path, kind: str, count: int) -> None:
    toll = fire(tmp_path, kind, count)
    assert toll.trials == count
    assert toll.is_harmless, toll


@needs_faketime
@pytest.mark.parametrize("kind", ["back", "forward", "asleep"])
def test_nor_does_one_around_a_change_of_the_clock(tmp_path: Path, kind: str) -> None:
    toll = fire(tmp_path, kind, 1)
    assert toll.is_harmless, toll


def test_a_memory_that_is_lost_would_be_noticed(tmp_path: Path) -> None:
    """The measure itself: without its ledger the second run mails again what the first had mailed."""

    def forgetful(place: Place, aim: Aim) -> None:
        killed_handover.run(place)
        (place.folder / "state").rename(place.folder / "lost")
        killed_handover.run(place)

    toll = killed_handover.trial(tmp_path / "one", forgetful, random.Random(0))
    assert toll.doubled == killed_handover.READERS * killed_handover.PAPERS
    assert not toll.is_harmless
