"""Each test of a role's contract runs on every implementation of a Store."""

from pathlib import Path

import pytest

from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from tests.contract.stores.memories import FakeMemory, Memory, TinyMemory


@pytest.fixture(params=["tiny", "memory"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Memory:
    return TinyMemory(tmp_path / "state") if request.param == "tiny" else FakeMemory()


@pytest.fixture
def store(memory: Memory) -> Store:
    return memory.store


@pytest.fixture
def tiny(tmp_path: Path) -> TinyStore:
    """The folder store alone, with the run "r1"."""
    store = TinyStore(tmp_path / "state")
    store.start_run("r1")
    return store
