"""The mailbox of replies on a real server whose folders live below `INBOX.`."""

import imaplib
from datetime import date

import pytest

from newsletter.mail.inbound.imap import CLAIMED, Failure, ImapServer, Mailbox
from tests import cyrus_server
from tests.fakes import MemoryStore

pytestmark = pytest.mark.skipif(not cyrus_server.is_there(), reason=cyrus_server.MISSING)


def test_folders_below_the_inbox_are_found_and_made() -> None:
    store = MemoryStore()
    heard: list[bytes] = []
    told: list[Failure] = []

    def handle(raw: bytes) -> None:
        if b"bad" in raw:
            raise ValueError("a bug")
        heard.append(raw)

    with cyrus_server.cyrus() as port:
        server = ImapServer("127.0.0.1", port, "none", cyrus_server.USER, cyrus_server.PASSWORD)
        with imaplib.IMAP4("127.0.0.1", port, timeout=10) as client:
            client.login(cyrus_server.USER, cyrus_server.PASSWORD)
            for text in ("bad", "good"):
                client.append("INBOX", "", imaplib.Time2Internaldate(0), f"Subject: {text}\r\n\r\n{text}\r\n".encode())
        for _ in range(3):  # each as if it were another process
            mailbox = Mailbox(server, lambda mail: store.claim_once(CLAIMED, mail, on=date(2026, 1, 6)))
            mailbox.read(handle, on_failure=told.append)
        with imaplib.IMAP4("127.0.0.1", port, timeout=10) as client:
            client.login(cyrus_server.USER, cyrus_server.PASSWORD)
            counts = {name: client.select(name)[1][0] for name in ("INBOX", "INBOX.Done", "INBOX.Failed")}
    assert [raw.endswith(b"good\r\n") for raw in heard] == [True]
    assert [failure.folder for failure in told] == ["", "INBOX.Failed"]
    assert counts == {"INBOX": b"0", "INBOX.Done": b"1", "INBOX.Failed": b"1"}
