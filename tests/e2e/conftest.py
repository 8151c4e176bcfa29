"""What the tests of commands that mail share: a folder with subscribers, and a real mail server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_cli import SUBSCRIBERS, Place
from tests.mail_server import MailHost, Postmaster


@pytest.fixture(scope="session")
def host() -> Iterator[MailHost]:
    running = MailHost()
    yield running
    running.stop()


@pytest.fixture
def server(host: MailHost) -> Iterator[Postmaster]:
    with host.serve() as postmaster:
        yield postmaster


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Where nothing has happened yet."""
    (tmp_path / "subscribers.yaml").write_text(SUBSCRIBERS, encoding="utf-8")
    return Place(tmp_path)
