"""Some days of a played arXiv with every kind of trouble: each paper is considered once for each reader."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from tests.http_server import serving
from tests.months.arxiv import Kind, PlayedArxiv, Trouble
from tests.months.audit import Audit, audit
from tests.months.calendar import DAY, made_up, play
from tests.months.world import READERS, World

FIRST = date(2026, 10, 5)  # a Monday
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return TinyStore(tmp_path / "state")


def live(store: Store, days: int, troubles: Sequence[Trouble]) -> tuple[World, Audit]:
    """A memory, and what is found in it after so many days; papers of the last two may still be on their way."""
    last = FIRST + days * DAY
    calendar = play(made_up(24, days=5), FIRST, last)
    world = World(store, READERS, _morning(FIRST), _morning(last), cron=HALF_AN_HOUR)
    world.arxiv = PlayedArxiv(calendar, world.now, troubles)
    with serving(world.arxiv.handler) as world.url:
        world.live()
    return world, audit(world, calendar, first=FIRST + DAY, last=last - 2 * DAY)


def _morning(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, 4, tzinfo=UTC) + timedelta(minutes=3)


def test_answers_that_cannot_be_used_for_some_hours_lose_nothing(store: Store) -> None:
    troubles = [
        Trouble(Kind.BUSY, FIRST + DAY, to_h=2),
        Trouble(Kind.BROKEN, FIRST + 2 * DAY, to_h=1),
        Trouble(Kind.HTML, FIRST + 2 * DAY, from_h=1, to_h=3),
        Trouble(Kind.CUT, FIRST + 3 * DAY, to_h=2),
        Trouble(Kind.LATE, FIRST + 4 * DAY, to_h=1),
    ]
    world, found = live(store, 7, troubles)
    assert found.faults == []
    assert found.considered > 100
    assert {each.answer for each in world.arxiv.asked} >= {trouble.kind for trouble in troubles}
