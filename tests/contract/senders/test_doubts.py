"""A doubt met by every sender: only who had the mail, an event or the operator settles it."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest

from newsletter.delivery import ledger
from newsletter.model import Delivery, DeliveryState, EventKind, MailEvent
from newsletter.run.context import RunContext
from newsletter.run.deliver import settle_doubts
from newsletter.senders import Sender
from newsletter.senders.outbox import OutboxSender
from newsletter.senders.sendgrid import SendGridSender
from newsletter.senders.smtp import SmtpSender, SmtpServer
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from tests.contract.senders.test_sender import message
from tests.contract.stores.memories import DAY, NOW, PAPERS, WHO
from tests.fakes import FlakySender
from tests.make import handed_over, present

S = DeliveryState


def mail_server(host: str, port: int = 25) -> SmtpSender:
    return SmtpSender(SmtpServer(host, port, "none", "example.org"), lambda: NOW)


def sendgrid(url: str) -> SendGridSender:
    return SendGridSender("SG.x", url=url, timeout_s=1, clock=lambda: NOW, sleep=lambda _s: None)


SENDERS: dict[str, Callable[[Path], Sender]] = {
    "outbox": lambda where: OutboxSender(where / "outbox", lambda: NOW),
    "another outbox": lambda where: OutboxSender(where / "elsewhere", lambda: NOW),
    "mail server": lambda _where: mail_server("mail.example.org"),
    "another mail server": lambda _where: mail_server("relay.example.org"),
    "another port": lambda _where: mail_server("mail.example.org", 587),
    "sendgrid": lambda _where: sendgrid("https://api.sendgrid.example"),
    "sendgrid elsewhere": lambda _where: sendgrid("https://api.eu.sendgrid.example"),
    "a sender that always knows": lambda _where: FlakySender(lambda: NOW),
}


def context(store: Store, sender: Sender) -> RunContext:
    return RunContext(None, None, sender, store, None, None, lambda: NOW)  # type: ignore[arg-type]  # settling needs no more


def in_doubt(store: Store, sent_by: str) -> Delivery:
    store.start_run("r1")
    row = handed_over(store, WHO, DAY, now=NOW, paper_ids=PAPERS, sent_by=sent_by)
    row = ledger.doubt(row, "no answer", NOW)
    store.move(row)
    store.end_run("r1")
    return row


def settled(store: Store, sender: Sender) -> Delivery:
    settle_doubts(context(store, sender))
    return present(store.get_delivery(WHO, DAY))


def is_claimed_by_another_run(store: Store) -> bool:
    store.start_run("r2")
    try:
        return store.claim(WHO, DAY, run_id="r2", now=NOW + timedelta(days=9)) is not None
    finally:
        store.end_run("r2")


@pytest.mark.parametrize(("had", "asked"), [*permutations(SENDERS, 2)])
def test_another_sender_neither_settles_nor_claims_a_doubt(tmp_path: Path, had: str, asked: str) -> None:
    store, other = TinyStore(tmp_path / "state"), SENDERS[asked](tmp_path)
    row = in_doubt(store, SENDERS[had](tmp_path).name)
    assert settled(store, other) == row
    assert not is_claimed_by_another_run(store)


@pytest.mark.parametrize("asked", ["outbox", "another outbox", "a sender that always knows"])
def test_the_same_mail_in_another_senders_hands_is_no_proof(tmp_path: Path, asked: str) -> None:
    """An earlier try, or one by hand, may have left it there; what the mail server did stays unknown."""
    store, other = TinyStore(tmp_path / "state"), SENDERS[asked](tmp_path)
    row = in_doubt(store, mail_server("mail.example.org").name)
    other.send(message(row.delivery_id))
    assert settled(store, other) == row


@pytest.mark.parametrize("kind", ["outbox", "another outbox", "a sender that always knows"])
@pytest.mark.parametrize("has_it", [True, False])
def test_who_had_a_mail_says_what_became_of_it(tmp_path: Path, kind: str, has_it: bool) -> None:
    store, sender = TinyStore(tmp_path / "state"), SENDERS[kind](tmp_path)
    row = in_doubt(store, sender.name)
    if has_it:
        sender.send(message(row.delivery_id))
    assert settled(store, sender).state is (S.ACCEPTED if has_it else S.DEFERRED)


@pytest.mark.parametrize("asked", SENDERS)
def test_nobodys_surely_not_settles_the_row_of_an_older_version(tmp_path: Path, asked: str) -> None:
    store = TinyStore(tmp_path / "state")
    row = in_doubt(store, "")
    assert settled(store, SENDERS[asked](tmp_path)) == row


def test_the_file_of_a_mail_settles_the_row_of_an_older_version(tmp_path: Path) -> None:
    store, outbox = TinyStore(tmp_path / "state"), SENDERS["outbox"](tmp_path)
    row = in_doubt(store, "")
    outbox.send(message(row.delivery_id))
    assert settled(store, outbox).state is S.ACCEPTED


@pytest.mark.parametrize("had", SENDERS)
def test_an_event_and_the_operator_settle_whatever_had_the_mail(tmp_path: Path, had: str) -> None:
    name = SENDERS[had](tmp_path).name
    told, asked = TinyStore(tmp_path / "told"), TinyStore(tmp_path / "asked")
    in_doubt(told, name)
    assert told.take_event(MailEvent(EventKind.PROCESSED, WHO, DAY, NOW), now=NOW)
    row = present(told.get_delivery(WHO, DAY))
    assert (row.state, row.sent_by) == (S.ACCEPTED, name)
    asked.move(ledger.settle(in_doubt(asked, name), False, "settled by the operator", NOW))
    assert is_claimed_by_another_run(asked)


def test_each_sender_has_a_name_of_its_own_without_account_or_key(tmp_path: Path) -> None:
    names = [build(tmp_path).name for build in SENDERS.values()]
    assert len(set(names)) == len(names)
    at = SmtpServer("Mail.Example.ORG", 587, "starttls", "example.org", "papers@example.org", "secret")
    assert SmtpSender(at, lambda: NOW).name == "smtp:mail.example.org:587"
    assert sendgrid("https://me:secret@API.sendgrid.example/").name == "sendgrid:api.sendgrid.example"


def test_an_outbox_is_the_same_by_whichever_way_its_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "outbox")
    folders = [tmp_path / "outbox", Path("outbox"), Path("link"), Path("x/../outbox")]
    assert len({OutboxSender(folder, lambda: NOW).name for folder in folders}) == 1
