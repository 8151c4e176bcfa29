"""Fifty readers, a mail server or SendGrid's API, and a run that is killed: nothing doubled, nothing lost silently.

A few moments here; `python -m tests.e2e.killed_wire 300 50` tries hundreds (docs/crashes.md).
"""

from pathlib import Path

import pytest

from newsletter.model import DeliveryState
from newsletter.stores.tinydb import TinyStore
from tests.e2e import killed_wire


@pytest.mark.parametrize("kind", ["smtp", "sendgrid"])
def test_killed_at_a_step_the_next_run_doubles_nothing_and_hides_nothing(tmp_path: Path, kind: str) -> None:
    toll = killed_wire.at_steps(tmp_path, kind, 3)
    assert toll.crashes == 3
    assert toll.is_harmless, toll


@pytest.mark.parametrize("kind", ["smtp", "sendgrid"])
@pytest.mark.parametrize("takes_it", [False, True])
def test_killed_while_the_provider_has_the_mail_leaves_one_doubt_and_its_event_settles_it(
    tmp_path: Path, kind: str, takes_it: bool
) -> None:
    toll = killed_wire.crash(tmp_path / "one", kind, killed_wire.killed_by_the_provider(25, takes_it=takes_it))
    assert (toll.crashes, toll.doubts, toll.doubts_taken) == (1, 1, int(takes_it))
    assert toll.is_harmless, toll
    states = [row.state for row in TinyStore(tmp_path / "one/state").get_deliveries()]
    assert states.count(DeliveryState.IN_DOUBT) == (0 if takes_it else 1)


def test_a_memory_that_is_lost_would_be_noticed(tmp_path: Path) -> None:
    """The measure itself: without its ledger the second run mails everybody again."""

    def forgetful(folder: Path, kind: str, port: int) -> bool:
        killed_wire.morning(folder, kind, port)
        (folder / "state").rename(folder / "lost")
        return False

    toll = killed_wire.crash(tmp_path / "one", "smtp", forgetful)
    assert toll.doubled == killed_wire.READERS
    assert not toll.is_harmless
