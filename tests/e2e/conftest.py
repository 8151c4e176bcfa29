"""What the tests of commands that mail share: a folder with subscribers, and a real mail server on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.contract.senders.test_smtp import server_context
from tests.e2e.test_cli import SUBSCRIBERS, Place
from tests.mail_server import MailHost, Postmaster, knows


@pytest.fixture
def guarded(host: MailHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postmaster]:
    """A mail server that wants TLS, with a certificate that is known, and a login."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with host.serve(tls=server_context(authority), authenticator=knows, auth_required=True) as postmaster:
        yield postmaster


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Where nothing has happened yet."""
    (tmp_path / "subscribers.yaml").write_text(SUBSCRIBERS, encoding="utf-8")
    return Place(tmp_path)
