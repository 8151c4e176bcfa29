"""Options and settings of the whole suite."""

from __future__ import annotations

import pytest
import stamina
from hypothesis import settings

# A slow machine is no failure; how many examples are tried is the same everywhere.
settings.register_profile("default", deadline=None)
settings.load_profile("default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/*/expected* again; then review")


@pytest.fixture(autouse=True, scope="session")
def _no_waiting() -> None:
    """Retries happen at once in tests (stamina's own switch)."""
    stamina.set_testing(True, attempts=4, cap=True)
