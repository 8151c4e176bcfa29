"""The mailbox of replies on a real IMAP server."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from newsletter.errors import ConfigError, StoreError
from newsletter.mailbox import Mailbox, MailboxFailed, MailServer
from tests import imap_server

pytestmark = pytest.mark.skipif(not imap_server.is_there(), reason=imap_server.MISSING)


@dataclass(frozen=True)
class Post:
    """The server, and the postman who fills its inbox."""

    server: MailServer
    tls_port: int
    context: ssl.SSLContext

    def put(self, *texts: str, folder: str = "INBOX") -> None:
        with self.client() as client:
            for text in texts:
                client.append(folder, "", imaplib.Time2Internaldate(0), f"Subject: {text}\r\n\r\n{text}\r\n".encode())

    def count(self, folder: str, what: str = "ALL") -> int:
        with self.client() as client:
            if client.select(f'"{folder}"')[0] != "OK":
                return 0
            return len(client.search(None, what)[1][0].split())

    def client(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4("localhost", self.server.port, timeout=10)
        client.login(imap_server.USER, imap_server.PASSWORD)
        return client


@pytest.fixture(scope="module")
def running() -> Iterator[Post]:
    with imap_server.dovecot() as (plain, tls, authority):
        context = ssl.create_default_context()
        authority.configure_trust(context)
        server = MailServer("localhost", plain, "none", imap_server.USER, imap_server.PASSWORD)
        yield Post(server, tls, context)


@pytest.fixture
def post(running: Post) -> Post:
    """With an empty inbox and nothing read."""
    with running.client() as client:
        for folder in ("INBOX", "Done"):
            status, (number, *_) = client.select(folder)
            if status == "OK" and number != b"0":
                client.store("1:*", "+FLAGS", r"(\Deleted)")
                client.expunge()
    return running


def read(mailbox: Mailbox) -> list[str]:
    heard: list[bytes] = []
    assert mailbox.read(heard.append) == len(heard)
    return [raw.decode().split("\r\n\r\n")[1].strip() for raw in heard]


def test_new_mail_is_read_once_whole_and_moved(post: Post) -> None:
    post.put("one", "two")
    mailbox = Mailbox(post.server)
    assert read(mailbox) == ["one", "two"]
    assert (post.count("INBOX"), post.count("Done"), post.count("Done", "UNSEEN")) == (0, 2, 0)
    assert read(mailbox) == []
    assert read(Mailbox(post.server)) == []
    post.put("three")
    assert read(mailbox) == ["three"]


def test_mail_that_somebody_has_read_is_left_where_it_is(post: Post) -> None:
    post.put("a letter")
    with post.client() as client:
        client.select("INBOX")
        client.store("1", "+FLAGS", r"(\Seen)")
    assert read(Mailbox(post.server)) == []
    assert post.count("INBOX") == 1


def test_of_several_who_read_the_same_mailbox_each_mail_is_read_by_hardly_more_than_one(post: Post) -> None:
    """Under load Dovecot has once let two claim one of the 40; whoever acts on mails sees to the rest (listen.py)."""
    readers = [Mailbox(post.server) for _ in range(4)]
    for reader in readers:
        read(reader)  # the first round also looks for what was left behind
    post.put(*(f"mail {n}" for n in range(40)))
    with ThreadPoolExecutor(4) as pool:
        heard = [text for texts in pool.map(read, readers) for text in texts]
    assert set(heard) == {f"mail {n}" for n in range(40)}
    assert len(heard) <= 40 + 2
    assert post.count("Done", "UNSEEN") == 0


def test_what_a_killed_process_left_behind_is_read_at_the_next_start(post: Post) -> None:
    post.put("before the kill", "after it")

    def killed(raw: bytes) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Mailbox(post.server).read(killed)
    assert (post.count("INBOX"), post.count("Done", "UNSEEN")) == (0, 2)
    assert read(Mailbox(post.server)) == ["before the kill", "after it"]


def test_a_mail_that_could_not_be_kept_comes_again_in_the_same_process(post: Post) -> None:
    mailbox = Mailbox(post.server)
    assert read(mailbox) == []
    post.put("one")

    def full(raw: bytes) -> None:
        raise StoreError("the disk is full; make room")

    with pytest.raises(StoreError):
        mailbox.read(full)
    assert read(mailbox) == ["one"]


def test_asked_to_stop_it_leaves_the_rest_for_the_next_time(post: Post) -> None:
    post.put("one", "two", "three")
    heard: list[bytes] = []
    mailbox = Mailbox(post.server)
    assert mailbox.read(heard.append, lambda: len(heard) == 1) == 1
    assert len(read(mailbox)) == 2


def test_the_folder_may_have_any_name(post: Post) -> None:
    post.put("one")
    assert read(Mailbox(replace(post.server, done='Gelesen "für" später'))) == ["one"]
    assert post.count(r"Gelesen \"f&APw-r\" sp&AOQ-ter") == 1


@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_over_tls(post: Post, tls: str) -> None:
    post.put("secret")
    port = post.tls_port if tls == "tls" else post.server.port
    server = replace(post.server, port=port, tls=tls)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="NEWSLETTER_IMAP_HOST"):
        Mailbox(server).read(lambda raw: None)
    assert read(Mailbox(server, post.context)) == ["secret"]


def test_a_refused_login_says_what_to_set(post: Post) -> None:
    with pytest.raises(ConfigError, match="NEWSLETTER_IMAP_PASSWORD"):
        Mailbox(replace(post.server, password="wrong")).read(lambda raw: None)


def test_a_server_that_is_not_there_is_tried_again_later(post: Post) -> None:
    with pytest.raises(MailboxFailed):
        Mailbox(replace(post.server, port=1)).read(lambda raw: None)
