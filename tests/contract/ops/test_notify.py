"""Alerts and heartbeats against a web server on loopback and a sender that remembers; nothing here reaches further."""

import io
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.headerregistry import Address
from pathlib import Path

import pytest
import structlog

from newsletter.delivery import suppression
from newsletter.errors import StoreError
from newsletter.model.deliveries import Suppression, SuppressionReason
from newsletter.model.papers import FeedOutcome, FeedReport
from newsletter.model.runs import RunOutcome, RunReport, SubscriberReport
from newsletter.ops import log
from newsletter.ops.alerts import find_troubles
from newsletter.ops.notify import ATTEMPTS, SENT_ALERTS, Notifier
from newsletter.senders.outbox import OutboxSender
from tests import make
from tests.fakes import Act, FlakySender, MemoryStore
from tests.http_server import Handler, serving

SECRET_PATH = "/hooks/T0p-s3cret-t0ken"


@dataclass
class WebHook:
    """A server that gives these answers, then 200; it remembers method, path and body."""

    answers: list[int] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    url: str = ""

    def kinds(self) -> list[str]:
        return [f"{method} {path}" for method, path, _ in self.asked]


@contextmanager
def running(hook: WebHook) -> Iterator[WebHook]:
    class HookHandler(Handler):
        def _answer(self) -> None:
            hook.asked.append((self.command, self.path, self.body().decode()))
            self.answer(hook.answers.pop(0) if hook.answers else 200)

        do_GET = do_POST = _answer

    with serving(HookHandler) as hook.url:
        yield hook


@pytest.fixture
def hook() -> Iterator[WebHook]:
    with running(WebHook()) as hook:
        yield hook


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    log.configure("text", stream=stream)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def build_notifier(hook: WebHook, store: MemoryStore, sender: object, *, mail: str = "op@example.org") -> Notifier:
    return Notifier(
        lambda: store,
        sender,
        Address("Papers (service)", addr_spec="service@example.org"),
        lambda: make.NOW,
        alert_to=mail,
        alert_url=hook.url + SECRET_PATH,
        heartbeat_url=hook.url + "/beat",
    )


def report(*outcomes: RunOutcome) -> RunReport:
    entries = [
        SubscriberReport(f"s_{n:08}", outcome, detail="so it is", delivery_id=f"s_{n:08}/2026-01-06")
        for n, outcome in enumerate(outcomes)
    ]
    feeds = (FeedReport("cs.LG", FeedOutcome.ANNOUNCED, 3),)
    return RunReport("run-1", make.TUESDAY, make.NOW, make.NOW, feeds, tuple(entries))


def notify(notifier: Notifier, report: RunReport, ignored: Sequence[tuple[str, str]] = ()) -> None:
    notifier.notify(report, find_troubles(report, ignored=ignored))


def accepting(*acts: Act) -> FlakySender:
    return FlakySender(lambda: make.NOW, acts)


def test_after_a_failure_the_operator_gets_a_mail_from_the_service_and_the_webhook_the_same(hook: WebHook) -> None:
    sender = accepting()
    notify(build_notifier(hook, MemoryStore(), sender), report(RunOutcome.SENT, RunOutcome.STOPPED))
    [mail] = sender.mails
    assert (mail.to, mail.mime["From"].addresses[0].addr_spec) == ("op@example.org", "service@example.org")
    assert mail.mime["Subject"] == "Newsletter 2026-01-06: sending stopped"
    assert mail.mime["Auto-Submitted"] == "auto-generated"
    assert "Sending stopped (s_00000001): so it is" in mail.mime.get_content()
    [(method, path, body)] = hook.asked
    assert (method, path) == ("POST", SECRET_PATH)
    assert json.loads(body)["troubles"][0]["about"] == ["s_00000001"]


def test_a_bounce_that_came_since_the_last_run_is_told_and_the_heart_beats(hook: WebHook) -> None:
    store, sender = MemoryStore(), accepting()
    why = Suppression(SuppressionReason.HARD_BOUNCE, make.NOW, "550 5.1.1 no such user", make.TUESDAY)
    store.change_address_status("s_00000009", lambda known: suppression.suppress(known, why))
    notifier = build_notifier(hook, store, sender)
    notify(notifier, report(RunOutcome.SENT))
    notify(notifier, report(RunOutcome.SENT))
    [mail] = sender.mails
    assert "Bounced (s_00000009): hard bounce: 550 5.1.1 no such user" in mail.mime.get_content()
    assert hook.kinds() == [f"POST {SECRET_PATH}", "GET /beat", "GET /beat"]


def test_after_a_run_that_went_well_there_is_a_heartbeat_and_no_alert(hook: WebHook) -> None:
    sender = accepting()
    notify(build_notifier(hook, MemoryStore(), sender), report(RunOutcome.SENT, RunOutcome.NOT_DUE))
    assert hook.kinds() == ["GET /beat"]
    assert sender.mails == []


def test_mail_that_was_set_aside_is_told_once_a_day_for_each_cause(hook: WebHook) -> None:
    store, sender = MemoryStore(), accepting()
    for error in (ValueError("about r@example.org"), ValueError("another"), KeyError(1)):
        build_notifier(hook, store, sender).notify_failed_mail("it lies in the folder Failed", error)
    assert [mail.mime["Subject"] for mail in sender.mails] == ["Newsletter 2026-01-06: mail set aside"] * 2
    said = sender.mails[0].mime.get_content()
    assert "Mail set aside: it lies in the folder Failed (ValueError)" in said
    assert "report the bug" in said
    assert "r@example.org" not in said


def test_two_addresses_with_one_id_are_told_once_a_day(hook: WebHook) -> None:
    store, sender = MemoryStore(), accepting()
    for who in ("s_aaaaaaaa", "s_aaaaaaaa", "s_bbbbbbbb"):
        build_notifier(hook, store, sender).notify_id_clash(who)
    assert len(sender.mails) == 2
    assert "Two addresses with one id (s_aaaaaaaa)" in sender.mails[0].mime.get_content()


def test_a_clock_that_ticks_all_day_tells_the_same_trouble_once(hook: WebHook) -> None:
    store, sender = MemoryStore(), accepting()
    for _ in range(5):  # each from a new process
        notify(build_notifier(hook, store, sender), report(RunOutcome.DEFERRED))
    assert len(sender.mails) == 1
    assert hook.kinds() == [f"POST {SECRET_PATH}"]
    notify(build_notifier(hook, store, sender), report(RunOutcome.DEFERRED, RunOutcome.IN_DOUBT))
    assert "In doubt (s_00000001)" in sender.mails[1].mime.get_content()
    assert "Deferred" not in sender.mails[1].mime.get_content()


def test_a_profile_that_is_ignored_is_told_once_and_the_heartbeat_goes_on(hook: WebHook) -> None:
    store, sender = MemoryStore(), accepting()
    for _ in range(2):
        ignored = [("s_00000000", "revision 2 cannot be read")]
        notify(build_notifier(hook, store, sender), report(RunOutcome.SENT), ignored)
    [mail] = sender.mails
    assert "Profile ignored (s_00000000): revision 2 cannot be read" in mail.mime.get_content()
    assert hook.kinds() == [f"POST {SECRET_PATH}", "GET /beat", "GET /beat"]


def test_what_could_not_be_told_is_told_at_the_next_tick(hook: WebHook) -> None:
    store, sender = MemoryStore(), accepting(Act.DEFER)
    hook.answers = [404]
    notifier = build_notifier(hook, store, sender)
    notify(notifier, report(RunOutcome.REJECTED))
    assert store.get_document(SENT_ALERTS) is None
    notify(notifier, report(RunOutcome.REJECTED))
    assert len(sender.mails) == 1


def test_one_way_that_worked_is_enough(hook: WebHook) -> None:
    store = MemoryStore()
    notifier = build_notifier(hook, store, accepting(Act.STOP))
    notify(notifier, report(RunOutcome.REJECTED))
    notify(notifier, report(RunOutcome.REJECTED))
    assert hook.kinds() == [f"POST {SECRET_PATH}"]


@pytest.mark.parametrize(("answers", "asked"), [([500, 429], 3), ([503] * 9, ATTEMPTS), ([404] * 9, 1), ([302] * 9, 1)])
def test_only_what_may_pass_is_tried_again_and_not_for_long(hook: WebHook, answers: list[int], asked: int) -> None:
    hook.answers = answers
    notify(build_notifier(hook, MemoryStore(), accepting(), mail=""), report(RunOutcome.REJECTED))
    assert len(hook.asked) == asked


def test_telling_that_fails_is_logged_without_the_secret_and_fails_nothing(hook: WebHook, lines: io.StringIO) -> None:
    with running(WebHook()) as gone:
        pass
    gone.url = "http://127.0.0.1:9"
    notifier = build_notifier(gone, MemoryStore(), accepting(Act.REJECT))
    notify(notifier, report(RunOutcome.REJECTED))
    notify(notifier, report(RunOutcome.SENT))
    said = lines.getvalue()
    assert [way for way in ("way=mail", "way=webhook", "way=heartbeat") if way not in said] == []
    assert "s3cret" not in said
    assert "@" not in said


def test_a_run_that_broke_off_is_told_and_goes_on_breaking(hook: WebHook) -> None:
    sender = accepting()
    with pytest.raises(StoreError), build_notifier(hook, MemoryStore(), sender).notifying_breaks():
        raise StoreError("the disk is full; free it")
    [mail] = sender.mails
    assert "StoreError: the disk is full; free it" in mail.mime.get_content()
    assert "GET /beat" not in hook.kinds()


def test_a_memory_that_cannot_be_read_is_told_once_by_each_process(hook: WebHook, lines: io.StringIO) -> None:
    class Broken(MemoryStore):
        def get_document(self, name: str) -> str | None:
            raise StoreError("the disk is gone; mount it")

    sender = accepting()
    notifier = build_notifier(hook, Broken(), sender)
    for _ in range(3):
        notifier.notify_break(StoreError("the disk is gone; mount it"))
    assert len(sender.mails) == 1
    assert "the disk is gone; mount it" in lines.getvalue()
    assert "Traceback" not in lines.getvalue()


def test_a_memory_that_cannot_be_opened_is_told_until_it_can(hook: WebHook, lines: io.StringIO) -> None:
    opened: list[MemoryStore] = []

    def open_store() -> MemoryStore:
        if not opened:
            raise StoreError("the disk is gone; mount it")
        return opened[0]

    sender = accepting()
    notifier = replace(build_notifier(hook, MemoryStore(), sender), open_store=open_store)
    notify(notifier, report(RunOutcome.REJECTED))
    opened.append(MemoryStore())
    notify(notifier, report(RunOutcome.STOPPED))
    assert len(sender.mails) == 2
    assert "stopped" in (opened[0].get_document(SENT_ALERTS) or "")
    assert "Traceback" not in lines.getvalue()


def test_without_anybody_to_tell_nothing_is_asked_and_nothing_remembered() -> None:
    store, sender = MemoryStore(), accepting()
    notifier = Notifier(lambda: store, sender, Address(addr_spec="service@example.org"), lambda: make.NOW)
    notify(notifier, report(RunOutcome.REJECTED))
    assert sender.mails == []
    assert store.get_document(SENT_ALERTS) is None


def test_the_outbox_takes_an_alert_as_a_file_of_its_own(hook: WebHook, tmp_path: Path) -> None:
    outbox = OutboxSender(tmp_path, lambda: make.NOW)
    notify(build_notifier(hook, MemoryStore(), outbox), report(RunOutcome.REJECTED))
    [eml] = tmp_path.iterdir()
    assert eml.name.startswith("service_alert.2026-01-06.")
    assert b"To: op@example.org" in eml.read_bytes()
