"""Killed at any line, the morning goes on: every file can be read, and each mail leaves exactly once.

The child counts the lines it executes inside the package and sends itself SIGKILL at the n-th, so a kill falls
between any two steps of a write: before the flush, before the rename, before the folder is flushed.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import newsletter
from newsletter.delivery import ledger
from newsletter.model.deliveries import Accepted, DeliveryState, Evidence, Message
from newsletter.model.papers import Announcement, AnnouncementDay, AnnounceType, Paper
from newsletter.model.runs import RunReport
from newsletter.senders import Sender, do_nothing
from newsletter.senders.outbox import OutboxSender
from newsletter.stores.tinydb import TinyStore
from tests.make import handed_over, present

S = DeliveryState
WHO = "s_8k2mpq4x"
DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 6, 47, tzinfo=UTC)
PAPERS = ("2511.00001", "2511.00002")
PACKAGE = str(Path(newsletter.__file__).parent)

fork = multiprocessing.get_context("fork")

PAPER = Paper("2511.00001", 1, "A title", ("A. Author",), "Our words.", ("cs.LG",))
ANNOUNCED = AnnouncementDay(DAY, (Announcement(PAPER, AnnounceType.NEW, ("cs.LG",)),), ())
REPORT = RunReport("r1", DAY, NOW, NOW, (), ())


class PostOffice:
    """Takes every mail it is given, also the same one twice: its book shows what readers would have got."""

    name = "post office"

    def __init__(self, folder: Path) -> None:
        self.book = folder / "posted.log"

    def send(self, message: Message, *, on_hand_over: Callable[[], None] = do_nothing) -> Accepted:
        append(self.book, message.delivery_id)
        return Accepted("posted", NOW)

    def find(self, delivery_id: str) -> Evidence:
        return Evidence(accepted=delivery_id in lines(self.book))


def append(path: Path, line: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def a_message() -> Message:
    mime = EmailMessage()
    mime["Subject"] = "Today on arXiv"
    mime.set_content("Text")
    mime.add_alternative("<p>Text</p>", subtype="html")
    mime.set_boundary("fixed")
    return Message(f"{WHO}/{DAY}", "a@example.org", mime)


def deliver(store: TinyStore, sender: Sender, run_id: str, done: Callable[[str], None]) -> None:
    """Claim to acceptance, and a word after each step that was said to be done."""
    row = store.claim(WHO, DAY, run_id=run_id, now=NOW)
    if row is None:
        return
    done("claimed")
    row = ledger.hand_over(row, paper_ids=PAPERS, announced_on=(DAY,), message_id="<m@x>", now=NOW)
    store.move(row)
    done("handed_over")
    store.move(ledger.accept(row, sender.send(a_message()).receipt, NOW))
    done("accepted")


def morning(folder: Path, sender: Sender, done: Callable[[str], None]) -> None:
    store = TinyStore(folder)
    store.start_run("r1")
    store.remember_day(ANNOUNCED)
    store.put_document("subscribers.yaml", "subscribers: []")
    deliver(store, sender, "r1", done)
    store.record_run(REPORT)
    store.end_run("r1")


def next_morning(folder: Path, sender: Sender) -> None:
    """What the run after a crash does: settle what is in doubt by evidence, then deliver what is free."""
    store = TinyStore(folder)
    store.start_run("r2")
    deliver(store, sender, "r2", lambda _word: None)
    row = store.get_delivery(WHO, DAY)
    if row is not None and row.state is S.IN_DOUBT:
        evidence = sender.find(row.delivery_id)
        assert evidence.accepted is not None
        store.move(ledger.settle(row, evidence.accepted, evidence.receipt, NOW))
        deliver(store, sender, "r2", lambda _word: None)


def run_and_die_at(line: int, work: Callable[[], object]) -> bool:
    """Whether a child doing `work` was killed at its n-th line in the package (False: it ended before)."""

    def run() -> None:
        left = line

        def count(_frame: FrameType, event: str, _arg: Any) -> Any:
            nonlocal left
            if event == "line":
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return count

        def enter(frame: FrameType, _event: str, _arg: Any) -> Any:
            return count if frame.f_code.co_filename.startswith(PACKAGE) else None

        sys.settrace(enter)
        work()

    child = fork.Process(target=run)
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


def check_memory(folder: Path, acknowledged: list[str]) -> None:
    """Everything can be read; what was said to be done is done; nothing is left over."""
    store = TinyStore(folder)
    assert store.get_days(before=date(2027, 1, 1), limit=9) in ([], [ANNOUNCED])
    assert store.get_document("subscribers.yaml") in (None, "subscribers: []")
    assert store.get_runs() in ([], [REPORT])
    assert not store.is_running("r1")
    states = [step.state.value for row in store.get_deliveries() for step in row.steps]
    assert states[: len(acknowledged)] == acknowledged
    assert states == ["claimed", "handed_over", "accepted"][: len(states)]
    assert store.get_sent(WHO) == (set(PAPERS) if len(states) >= 2 else set())
    opened = [row for row in store.get_deliveries() if row.state in ledger.OPEN_STATES]
    assert store.get_open_deliveries() == opened
    assert {path.name for path in (folder / "open").iterdir()} <= {"looked", *(f"{DAY}_{WHO}" for _row in opened)}
    assert list((folder / "tmp").iterdir()) == []
    assert [path.name for path in (folder / "locks").iterdir()] == ["folder.lock"]


def die_and_go_on(case: Path, line: int, sender: Sender) -> bool:
    folder = case / "state"
    killed = run_and_die_at(line, lambda: morning(folder, sender, lambda word: append(case / "done.log", word)))
    check_memory(folder, lines(case / "done.log"))
    next_morning(folder, sender)
    store = TinyStore(folder)
    assert present(store.get_delivery(WHO, DAY)).state is S.ACCEPTED
    assert store.get_sent(WHO) == set(PAPERS)
    return killed


# Lines between two kills: prime, so that no loop hides the same line each time
EVERY = 11 if os.environ.get("CRASHES") else 29


def test_a_mail_leaves_once_wherever_the_process_is_killed(tmp_path: Path) -> None:
    line, killed = 0, True
    while killed:
        line += EVERY
        case = tmp_path / str(line)
        case.mkdir()
        sender = PostOffice(case)
        killed = die_and_go_on(case, line, sender)
        assert lines(sender.book) == [f"{WHO}/{DAY}"], f"killed at line {line}"
    assert line > 300, "the kills did not reach the end of the morning"


def test_the_outbox_holds_one_whole_mail_wherever_its_sender_is_killed(tmp_path: Path) -> None:
    message, line, killed = a_message(), 0, True
    whole = message.mime.as_bytes(policy=SMTP)
    while killed:
        line += 2
        sender = OutboxSender(tmp_path / str(line), lambda: NOW)
        killed = run_and_die_at(line, lambda sender=sender: sender.send(message))
        found = sender.find(message.delivery_id)
        assert found.accepted or killed
        if found.accepted:
            assert Path(found.receipt).read_bytes() == whole
        sender.send(message)
        names = sorted(path.name for path in (tmp_path / str(line)).iterdir())
        assert names == [f"{DAY}_{WHO}.eml", f"{DAY}_{WHO}.html"]
        assert (tmp_path / str(line) / names[0]).read_bytes() == whole
    assert line > 40, "the kills did not reach the end of the sending"


@pytest.mark.parametrize("acknowledged", [1, 5, 12])
def test_what_was_acknowledged_survives_a_kill_from_outside(tmp_path: Path, acknowledged: int) -> None:
    """The parent kills at an instant the child does not choose, while it goes on with the next deliveries."""
    folder = tmp_path / "state"
    reading, writing = os.pipe()

    def work() -> None:
        store = TinyStore(folder)
        store.start_run("r1")
        for number in range(10**6):
            row = handed_over(store, f"s_{number}", DAY, now=NOW, paper_ids=PAPERS)
            store.move(ledger.accept(row, "x", NOW))
            os.write(writing, b".")

    child = fork.Process(target=work)
    child.start()
    os.close(writing)
    for _ in range(acknowledged):
        assert os.read(reading, 1) == b"."
    child.kill()
    child.join()
    os.close(reading)

    store = TinyStore(folder)
    rows = {row.subscriber_id: row for row in store.get_deliveries()}
    assert all(rows[f"s_{number}"].state is S.ACCEPTED for number in range(acknowledged))
    unfinished = [row for row in rows.values() if row.state is not S.ACCEPTED]
    assert len(unfinished) <= 1
    assert list((folder / "tmp").iterdir()) == []
    store.start_run("r2")
    for row in unfinished:
        again = store.claim(row.subscriber_id, DAY, run_id="r2", now=NOW)
        assert (again is not None) == (row.state is S.CLAIMED)
