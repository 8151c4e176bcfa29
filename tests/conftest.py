"""Options and settings of the whole suite."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import stamina
from hypothesis import settings

if TYPE_CHECKING:
    from selenium import webdriver

    from newsletter.stores.sql.database import Database
    from tests.mail_server import MailHost, Postmaster

# A slow machine is no failure; how many examples are tried is the same everywhere. They are others at each run: half of
# Hypothesis' own number is enough for a law that says no number of its own.
settings.register_profile("default", deadline=None, max_examples=50)
settings.load_profile("default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/*/expected* again; then review")


def pytest_collection_finish() -> None:
    """Thousands of tests stay until the end: the garbage collector need not look at them again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _no_waiting() -> None:
    """Retries happen at once in tests (stamina's own switch)."""
    stamina.set_testing(True, attempts=4, cap=True)


@pytest.fixture(autouse=True, scope="session")
def _no_database_of_somebody_else() -> None:
    """A platform, or another program's `.env`, may have set it: tests say themselves which database they mean."""
    os.environ.pop("DATABASE_URL", None)


@pytest.fixture(scope="session")
def browser() -> Iterator[webdriver.Chrome]:
    """One Chromium for all; whoever uses it says first what it shows, and on which screen."""
    from tests.browser import open_browser

    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a database with our tables, in a server of our own."""
    from tests import databases

    try:
        with databases.postgres_server() as url:
            databases.migrate(url)
            yield url
    except databases.NoServer as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def _kept_session(postgres_server: str) -> Iterator[Database]:
    from newsletter.stores.sql.database import Database, parse_url

    kept = Database(parse_url(postgres_server))
    yield kept
    kept.close()


@pytest.fixture
def postgres_url(postgres_server: str, _kept_session: Database) -> str:
    """The same with empty tables."""
    from tests import databases

    databases.empty(_kept_session)
    return postgres_server


@pytest.fixture(scope="session")
def host() -> Iterator[MailHost]:
    """One mail server on loopback for all."""
    from tests.mail_server import MailHost

    running = MailHost()
    yield running
    running.stop()


@pytest.fixture
def server(host: MailHost) -> Iterator[Postmaster]:
    """What the mail server answers to one test, and has got from it."""
    with host.serve() as postmaster:
        yield postmaster


@pytest.fixture
def no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and no setting from outside."""
    from newsletter.settings import Settings, variable

    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
