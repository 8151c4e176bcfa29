"""The paces of each store, for what holds together with them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from newsletter.stores.sql.database import Database, parse_url
from newsletter.stores.sql.paces import Paces
from newsletter.stores.tinydb.paces import FolderPaces
from tests import databases


class Pace(Protocol):
    def reserve(self, name: str, amount_s: float, *, burst_s: float = 0.0) -> float: ...

    def hold(self, name: str, seconds: float) -> None: ...

    def held_s(self, name: str) -> float: ...


Opening = Callable[[], Pace]


@pytest.fixture(params=["tiny", "sqlite", "postgresql"])
def open_paces(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opening]:
    """What opens the same memory once more, as another process would."""
    if request.param == "tiny":
        yield lambda: FolderPaces(tmp_path / "state", lambda: datetime.now(UTC))
        return
    is_sqlite = request.param == "sqlite"
    url = databases.copy_sqlite(tmp_path / "state.db") if is_sqlite else request.getfixturevalue("postgres_url")
    opened = Database(parse_url(url))
    yield lambda: Paces(opened)
    opened.close()
