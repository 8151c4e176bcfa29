"""Each test of a role's contract runs on every implementation of a Store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from tests import databases
from tests.contract.stores.memories import FakeMemory, Memory, SharedMemory, SqlMemory, TinyMemory

SHARED = ["tiny", "sqlite", "postgresql"]  # which several processes may have open


@pytest.fixture(params=[*SHARED, "memory"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    if request.param == "memory":
        yield FakeMemory()
    else:
        yield from _shared(request, tmp_path)


@pytest.fixture(params=SHARED)
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SharedMemory]:
    """For races of several processes."""
    yield from _shared(request, tmp_path)


def _shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SharedMemory]:
    if request.param == "tiny":
        yield TinyMemory(tmp_path / "state")
        return
    memory = SqlMemory(_sql_url(request, tmp_path))
    yield memory
    memory.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def sql_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of either kind."""
    return _sql_url(request, tmp_path)


def _sql_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    is_sqlite = request.param == "sqlite"
    return databases.copy_sqlite(tmp_path / "state.db") if is_sqlite else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(memory: Memory) -> Store:
    return memory.store


@pytest.fixture
def tiny(tmp_path: Path) -> TinyStore:
    """The folder store alone, with the run "r1"."""
    store = TinyStore(tmp_path / "state")
    store.start_run("r1")
    return store
