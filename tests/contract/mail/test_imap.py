"""The mailbox of replies on a real IMAP server."""

import imaplib
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from imap_tools import imap_utf7

from newsletter.errors import ConfigError, ReaderUnreadable, StoreError
from newsletter.mail.inbound.imap import CLAIMED, Failure, ImapServer, Mailbox, MailboxFailed
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from tests import imap_server
from tests.fakes import MemoryStore

pytestmark = pytest.mark.skipif(not imap_server.is_there(), reason=imap_server.MISSING)


@dataclass(frozen=True)
class Post:
    """The server, and the postman who fills its inbox."""

    server: ImapServer
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
        server = ImapServer("localhost", plain, "none", imap_server.USER, imap_server.PASSWORD)
        yield Post(server, tls, context)


@pytest.fixture
def post(running: Post) -> Post:
    """With an empty inbox and nothing read."""
    with running.client() as client:
        for folder in ("INBOX", "Done", "Failed"):
            status, (number, *_) = client.select(folder)
            if status == "OK" and number != b"0":
                client.store("1:*", "+FLAGS", r"(\Deleted)")
                client.expunge()
    return running


def mailbox_of(server: ImapServer, context: ssl.SSLContext | None = None, store: Store | None = None) -> Mailbox:
    store = store or MemoryStore()
    return Mailbox(server, lambda mail: store.claim_once(CLAIMED, mail, on=date(2026, 1, 6)), context)


def read(mailbox: Mailbox) -> list[str]:
    heard: list[bytes] = []
    assert mailbox.read(heard.append) == len(heard)
    return [raw.decode().split("\r\n\r\n")[1].strip() for raw in heard]


def test_new_mail_is_read_once_whole_and_moved(post: Post) -> None:
    post.put("one", "two")
    mailbox = mailbox_of(post.server)
    assert read(mailbox) == ["one", "two"]
    assert (post.count("INBOX"), post.count("Done"), post.count("Done", "UNSEEN")) == (0, 2, 0)
    assert read(mailbox) == []
    assert read(mailbox_of(post.server)) == []
    post.put("three")
    assert read(mailbox) == ["three"]


def test_mail_that_somebody_has_read_is_left_where_it_is(post: Post) -> None:
    post.put("a letter")
    with post.client() as client:
        client.select("INBOX")
        client.store("1", "+FLAGS", r"(\Seen)")
    assert read(mailbox_of(post.server)) == []
    assert post.count("INBOX") == 1


def test_of_several_who_read_the_same_mailbox_each_mail_is_read_by_one(post: Post, tmp_path: Path) -> None:
    readers = [mailbox_of(post.server, store=TinyStore(tmp_path)) for _ in range(4)]
    for reader in readers:
        read(reader)  # the first round also looks for what was left behind
    post.put(*(f"mail {n}" for n in range(40)))
    with ThreadPoolExecutor(4) as pool:
        heard = [text for texts in pool.map(read, readers) for text in texts]
    assert sorted(heard) == sorted(f"mail {n}" for n in range(40))
    assert post.count("Done", "UNSEEN") == 0


def test_what_another_has_claimed_is_left_to_it_and_found_at_the_next_start(post: Post) -> None:
    """The other was killed between the claim and the move."""
    store = MemoryStore()
    reader = mailbox_of(post.server, store=store)
    assert read(reader) == []
    post.put("one")
    with post.client() as client:
        client.select("INBOX")
        (uid,) = client.uid("SEARCH", "UNSEEN")[1][0].split()
        validity = client.response("UIDVALIDITY")[1][0]
    assert store.claim_once(CLAIMED, f"{validity.decode()} {uid.decode()}", on=date(2026, 1, 6))
    assert read(reader) == []
    assert post.count("INBOX") == 1
    assert read(mailbox_of(post.server, store=store)) == ["one"]


def test_what_a_killed_process_left_behind_is_read_at_the_next_start(post: Post) -> None:
    post.put("before the kill", "after it")

    def killed(raw: bytes) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mailbox_of(post.server).read(killed)
    assert (post.count("INBOX"), post.count("Done", "UNSEEN")) == (0, 2)
    assert read(mailbox_of(post.server)) == ["before the kill", "after it"]


def test_a_mail_that_could_not_be_kept_comes_again_in_the_same_process(post: Post) -> None:
    mailbox = mailbox_of(post.server)
    assert read(mailbox) == []
    post.put("one")

    def full(raw: bytes) -> None:
        raise StoreError("the disk is full; make room")

    with pytest.raises(StoreError):
        mailbox.read(full)
    assert read(mailbox) == ["one"]


class Handling:
    """Raises for the mails with a word of `breaks` in them, and remembers the others."""

    def __init__(self, **breaks: BaseException) -> None:
        self.breaks = breaks
        self.heard: list[str] = []
        self.told: list[Failure] = []

    def __call__(self, raw: bytes) -> None:
        text = raw.decode().split("\r\n\r\n")[1].strip()
        for word, error in self.breaks.items():
            if word in text:
                raise error
        self.heard.append(text)

    def read(self, mailbox: Mailbox) -> int:
        return mailbox.read(self, on_failure=self.told.append)


ERRORS = [
    RecursionError(),
    MemoryError(),
    ValueError("a bug"),
    OSError(5, "no such thing"),
    TimeoutError(),
    KeyError(1),
]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_whatever_one_mail_raises_those_behind_it_are_read_at_once(post: Post, error: Exception) -> None:
    post.put("bad one", "two", "bad three", "four")
    handling = Handling(bad=error)
    assert handling.read(mailbox_of(post.server)) == 2
    assert handling.heard == ["two", "four"]
    assert handling.told == [Failure(error), Failure(error)]
    assert (post.count("Done", "UNSEEN"), post.count("Failed")) == (2, 0)


def test_it_is_tried_again_by_whatever_process_then_set_aside_unread_and_told(post: Post, tmp_path: Path) -> None:
    post.put("bad", "good")
    error = ValueError("a bug")
    handling = Handling(bad=error)
    for _ in range(4):
        handling.read(mailbox_of(post.server, store=TinyStore(tmp_path)))
    assert handling.told == [Failure(error), Failure(error, "Failed")]
    assert (post.count("INBOX"), post.count("Done"), post.count("Failed", "UNSEEN")) == (0, 1, 1)
    assert handling.heard == ["good"]


def test_in_one_process_the_second_time_is_the_next_round(post: Post) -> None:
    post.put("bad")
    mailbox, handling = mailbox_of(post.server), Handling(bad=ValueError("a bug"))
    assert [handling.read(mailbox) for _ in range(3)] == [0, 0, 0]
    assert [failure.folder for failure in handling.told] == ["", "Failed"]


def test_a_mail_that_goes_well_the_second_time_is_done(post: Post) -> None:
    post.put("bad", "good")
    mailbox, handling = mailbox_of(post.server), Handling(bad=ValueError("a bug"))
    handling.read(mailbox)
    handling.breaks = {}
    assert handling.read(mailbox) == 1
    assert (handling.heard, post.count("Failed")) == (["good", "bad"], 0)


def test_a_mail_at_which_the_server_breaks_off_holds_up_no_other_and_is_set_aside(post: Post) -> None:
    """Two of them: the connection is made again after each."""
    post.put("poison-one", "good", "poison-two", "better")
    with imap_server.that_breaks_off_at(b"Subject: poison", post.server.port) as port:
        mailbox, handling = mailbox_of(replace(post.server, port=port)), Handling()
        assert [handling.read(mailbox) for _ in range(3)] == [2, 0, 0]
    assert handling.heard == ["good", "better"]
    assert [failure.folder for failure in handling.told] == ["", "", "Failed", "Failed"]
    assert (post.count("Done", "UNSEEN"), post.count("Failed", "UNSEEN")) == (0, 2)


def test_a_mail_at_which_the_server_broke_off_once_is_done_the_second_time(post: Post) -> None:
    post.put("poison", "good")
    handling = Handling()
    with imap_server.that_breaks_off_at(b"Subject: poison", post.server.port) as port:
        assert handling.read(mailbox_of(replace(post.server, port=port))) == 1
    assert handling.read(mailbox_of(post.server)) == 1
    assert (handling.heard, post.count("Failed")) == (["good", "poison"], 0)


def test_a_memory_that_fails_for_one_mail_holds_up_no_other_and_loses_nothing(post: Post) -> None:
    """The files of one reader are damaged: the mail waits for their repair, however long that takes."""
    post.put("bad", "good")
    mailbox, handling = mailbox_of(post.server), Handling(bad=StoreError("a file is damaged; mend it"))
    for _ in range(3):
        with pytest.raises(StoreError, match="damaged"):
            handling.read(mailbox)
    assert (handling.heard, handling.told, post.count("Failed")) == (["good"], [], 0)
    handling.breaks = {}
    assert handling.read(mailbox) == 1
    assert handling.heard == ["good", "bad"]


def test_many_mails_of_one_such_reader_hold_up_no_other(post: Post) -> None:
    post.put(*(f"bad {n}" for n in range(25)), "good")
    handling = Handling(bad=ReaderUnreadable("s_abcd2345", "a file cannot be read; put it back from a backup"))
    with pytest.raises(ReaderUnreadable):
        handling.read(mailbox_of(post.server))
    assert handling.heard == ["good"]


def test_with_a_memory_that_fails_for_all_the_round_ends_soon(post: Post) -> None:
    post.put(*(f"bad {n}" for n in range(25)))
    tried: list[bytes] = []

    def full(raw: bytes) -> None:
        tried.append(raw)
        raise StoreError("the disk is full; make room")

    with pytest.raises(StoreError):
        mailbox_of(post.server).read(full)
    assert len(tried) == 20
    assert post.count("Done", "UNSEEN") == 25


def test_where_no_folder_can_be_made_the_mail_is_flagged_where_it_lies(post: Post) -> None:
    post.put("bad")
    mailbox = mailbox_of(replace(post.server, failed="Done/new\tmail"))
    handling = Handling(bad=ValueError("a bug"))
    for _ in range(3):
        handling.read(mailbox)
    assert [failure.folder for failure in handling.told] == ["", "Done"]
    assert post.count("Done", "FLAGGED") == 1


def test_of_a_large_mail_as_much_is_fetched_as_is_looked_at(post: Post) -> None:
    post.put("x" * 1_200_000)
    heard: list[bytes] = []
    mailbox_of(post.server).read(heard.append)
    assert [len(raw) for raw in heard] == [1_000_000]


def test_asked_to_stop_it_leaves_the_rest_for_the_next_time(post: Post) -> None:
    post.put("one", "two", "three")
    heard: list[bytes] = []
    mailbox = mailbox_of(post.server)
    assert mailbox.read(heard.append, lambda: len(heard) == 1) == 1
    assert len(read(mailbox)) == 2


def test_the_folder_may_have_any_name(post: Post) -> None:
    post.put("one")
    assert read(mailbox_of(replace(post.server, done='Gelesen "für" später'))) == ["one"]
    assert post.count(r"Gelesen \"f&APw-r\" sp&AOQ-ter") == 1


@pytest.fixture(scope="module", params=[("", ""), (".", ""), ("/", ""), (".", imap_server.NO_NAMESPACE)], ids=repr)
def below(request: pytest.FixtureRequest) -> Iterator[tuple[Post, str]]:
    """A server whose folders live below INBOX, and the separator; the third tells so by LIST alone."""
    separator, more = request.param
    with imap_server.dovecot((imap_server.BELOW_INBOX.format(separator) if separator else "") + more) as (port, _, _):
        server = ImapServer("localhost", port, "none", imap_server.USER, imap_server.PASSWORD)
        yield Post(server, 0, ssl.create_default_context()), separator


@pytest.mark.parametrize("name", ["Kept", "Read mail", "News/Done", "für später"])
def test_folders_are_found_and_made_where_the_server_has_them(below: tuple[Post, str], name: str) -> None:
    post, separator = below
    prefix = f"INBOX{separator}" if separator else ""
    server = replace(post.server, done=name, failed=f"{name} not")
    mailbox, handling = mailbox_of(server), Handling(bad=ValueError("a bug"))
    post.put("bad", "good")
    assert [handling.read(mailbox) for _ in range(3)] == [1, 0, 0]
    inner = name.replace("/", separator or ".")
    assert handling.told[-1].folder == f"{prefix}{inner} not"
    full = imap_utf7.utf7_encode(f"{prefix}{inner}").decode("ascii")
    assert post.count(full) == 1
    assert read(mailbox_of(server)) == []


def test_a_full_name_is_one_too(below: tuple[Post, str]) -> None:
    post, separator = below
    if not separator:
        pytest.skip("here every name is a full one")
    post.put("one")
    full = f"INBOX{separator}Whole"
    assert read(mailbox_of(replace(post.server, done=full))) == ["one"]
    assert (post.count(full), post.count(f"INBOX{separator}{full}")) == (1, 0)


def test_new_mail_may_come_to_a_folder_of_its_own_name_too(below: tuple[Post, str]) -> None:
    post, separator = below
    full = f"INBOX{separator}Replies" if separator else "Replies"
    with post.client() as client:
        client.create(full)
    post.put("one", folder=full)
    assert read(mailbox_of(replace(post.server, folder="Replies"))) == ["one"]


def test_a_folder_that_is_not_there_is_named_with_those_that_are(post: Post) -> None:
    with pytest.raises(ConfigError, match=r"Nowhere; set NEWSLETTER_IMAP_FOLDER to one that it has \(.*INBOX"):
        read(mailbox_of(replace(post.server, folder="Nowhere")))
    with pytest.raises(ConfigError, match=r"makes none; set NEWSLETTER_IMAP_DONE to one that it has \(.*INBOX"):
        read(mailbox_of(replace(post.server, done="a\x07//b")))


@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_over_tls(post: Post, tls: str) -> None:
    post.put("secret")
    port = post.tls_port if tls == "tls" else post.server.port
    server = replace(post.server, port=port, tls=tls)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="NEWSLETTER_IMAP_HOST"):
        mailbox_of(server).read(lambda raw: None)
    assert read(mailbox_of(server, post.context)) == ["secret"]


def test_a_refused_login_says_what_to_set(post: Post) -> None:
    with pytest.raises(ConfigError, match="NEWSLETTER_IMAP_PASSWORD"):
        mailbox_of(replace(post.server, password="wrong")).read(lambda raw: None)


def test_a_server_that_is_not_there_is_tried_again_later(post: Post) -> None:
    with pytest.raises(MailboxFailed):
        mailbox_of(replace(post.server, port=1)).read(lambda raw: None)
