"""A morning that two processes mail, whatever becomes of one of them: each reader gets one mail, and all get one.

The mail server holds the run's own first mail until its helper has brought a certain number. So both have work.
`CRASHES=60 pytest tests/e2e/test_helpers.py` kills one of them at so many mails more (docs/crashes.md).
"""

from __future__ import annotations

import asyncio
import os
import random
import select
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter.addresses import subscriber_id
from newsletter.model import DeliveryState, RunOutcome
from newsletter.stores.tinydb import TinyStore
from tests.e2e import killed_run, starts
from tests.mail_server import Do, MailHost, Postmaster, Scripted

READERS = 200  # of one profile: four slices of 50, of which the run holds the first
PATIENCE_S = starts.PATIENCE_S


class Door(Postmaster):
    """Opens for the run when the helper has brought `after` mails, and does `then` at the last of these.

    Where that says False, the helper gets no answer. Where that last mail `is_taken`, the server has it before.
    """

    def __init__(self, after: int, is_taken: bool = True, then: Callable[[], bool] = lambda: True) -> None:
        super().__init__()
        self._after = after
        self._is_taken = is_taken
        self._then = then
        self._opened = asyncio.Event()
        self._by_helper = 0

    async def handle_DATA(self, server: Scripted, session: Session, envelope: Envelope) -> str:
        is_run = server.first is self.connections[0]
        if is_run:
            await asyncio.wait_for(self._opened.wait(), PATIENCE_S)
            return await super().handle_DATA(server, session, envelope)
        self._by_helper += 1
        if self._by_helper != self._after:
            return await super().handle_DATA(server, session, envelope)
        if self._is_taken:
            await super().handle_DATA(server, session, envelope)
        self._opened.set()
        return "250 taken" if self._then() and self._is_taken else await self.do(server, Do.DROP)

    @property
    def mails_by_reader(self) -> Counter[str]:
        return Counter(to for mail in self.mails for to in mail.to)


@dataclass
class Place:
    folder: Path
    runs: list[starts.Command] = field(default_factory=list)

    def start(self, server: Postmaster, *args: str, processes: int = 2) -> starts.Command:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
        mail = {"SEND_BY": "smtp", "SENDER": "news@example.org", "SMTP_HOST": "127.0.0.1", "SMTP_TLS": "none"}
        mail |= {"SMTP_PORT": str(server.port), "SECRET_KEYS": "a-key-of-forty-characters-for-these-tests"}
        more = {f"NEWSLETTER_{name}": value for name, value in mail.items()}
        env = clean | more | {"NEWSLETTER_MAILING_PROCESSES": str(processes)}
        self.runs.append(starts.start(*args, folder=self.folder, env=env))
        return self.runs[-1]

    @property
    def emails(self) -> dict[str, str]:
        return {subscriber_id(email): email for email in map("r{}@example.org".format, range(READERS))}

    @property
    def store(self) -> TinyStore:
        return TinyStore(self.folder / "state")

    def states(self) -> Counter[DeliveryState]:
        return Counter(row.state for row in self.store.get_deliveries())


RUN = ("run", "--feed", str(killed_run.FEED))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(killed_run.prepare(tmp_path, READERS))


def helper_of(run: int) -> int:
    """The process that mails for this one; its other child looks after what both share."""
    children = Path(f"/proc/{run}/task/{run}/children").read_text().split()
    (helper,) = [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return int(helper)


def test_two_processes_mail_everybody_once(place: Place, host: MailHost) -> None:
    with host.serve_by(Door(150)) as door:
        run = place.start(door, *RUN)
        output, errors = run.communicate(timeout=PATIENCE_S)
        assert (run.returncode, "200 subscribers = 200 sent" in output) == (0, True), errors
        told = [line.split()[0] for line in output.splitlines() if line.startswith("s_")]
        status, complaints = place.start(door, "status").communicate(timeout=PATIENCE_S)
        (report,) = place.store.get_runs()
        assert [entry.outcome for entry in report.subscribers] == [RunOutcome.SENT] * READERS
    assert door.mails_by_reader == Counter({f"r{number}@example.org": 1 for number in range(READERS)})
    assert sorted(Counter(row.run_id for row in place.store.get_deliveries()).values()) == [50, 150]
    assert len(told) == len(set(told)) == READERS
    assert ("Broken off" in status, complaints) == (False, "")


@dataclass(frozen=True)
class Kill:
    """The run or its helper is killed at the helper's mail of that number, which the server then has or has not."""

    victim: str
    at_mail: int
    is_taken: bool

    @classmethod
    def draw(cls, chance: random.Random) -> Kill:
        return cls(chance.choice(["run", "helper"]), chance.randrange(1, 150), chance.choice([True, False]))


KILLS = [Kill("helper", 60, is_taken=True), Kill("run", 60, is_taken=False)]
KILLS += [Kill.draw(random.Random(number)) for number in range(int(os.environ.get("CRASHES", "0")))]


@pytest.mark.parametrize("kill", KILLS, ids=str)
def test_whoever_is_killed_nothing_is_doubled_or_lost(place: Place, host: MailHost, kill: Kill) -> None:
    helpers = []

    def do_kill() -> bool:
        run = place.runs[0].pid
        helpers.append(os.pidfd_open(helper := helper_of(run)))
        os.kill(run if kill.victim == "run" else helper, signal.SIGKILL)
        return kill.victim == "run"

    with host.serve_by(Door(kill.at_mail, kill.is_taken, do_kill)) as door:
        _, errors = place.start(door, *RUN).communicate(timeout=PATIENCE_S)
        assert select.select(helpers, [], [], PATIENCE_S)[0], "a helper without a run goes on"
        os.close(*helpers)
        if kill.victim == "helper":
            assert ("helper_ended" in errors, "Traceback" in errors) == (True, False)
            assert place.states() == {DeliveryState.ACCEPTED: READERS - 1, DeliveryState.IN_DOUBT: 1}
        else:
            assert len(door.mails) < READERS
            place.start(door, *RUN, processes=1).communicate(timeout=PATIENCE_S)
    rows = place.store.get_deliveries()
    doubtful = {place.emails[row.subscriber_id] for row in rows if row.state is DeliveryState.IN_DOUBT}
    assert len(rows) == READERS
    assert 1 <= len(doubtful) <= 2
    assert set(door.mails_by_reader.values()) == {1}
    assert set(place.emails.values()) - door.mails_by_reader.keys() <= doubtful


class NoDoor(Door):
    """Lets no helper in."""

    async def answer(self, server: SMTP, stage: str) -> str | None:
        if stage == "CONNECT" and len(self.connections) > 1:
            self._opened.set()
            return "421 too many connections"
        return await super().answer(server, stage)


def test_the_run_does_what_a_helper_cannot_whose_sender_fails(place: Place, host: MailHost) -> None:
    with host.serve_by(NoDoor(0)) as door:
        output, errors = place.start(door, *RUN).communicate(timeout=PATIENCE_S)
    assert "200 subscribers = 199 sent + 0 empty + 0 skipped + 1 failed (deferred)" in output, errors
    assert place.states() == {DeliveryState.ACCEPTED: READERS - 1, DeliveryState.DEFERRED: 1}


def test_sigterm_ends_both_after_the_mail_in_hand(place: Place, host: MailHost) -> None:
    def ask() -> bool:
        place.runs[0].send_signal(signal.SIGTERM)
        return True

    with host.serve_by(Door(60, then=ask)) as door:
        output, errors = place.start(door, *RUN).communicate(timeout=PATIENCE_S)
        assert "interrupted" in output, errors
        before = len(door.mails)
        assert 61 <= before <= 150
        assert place.states() == {DeliveryState.ACCEPTED: before}
        output, errors = place.start(door, *RUN, processes=1).communicate(timeout=PATIENCE_S)
        assert f"{READERS - before} sent" in output, errors
    assert door.mails_by_reader == Counter({f"r{number}@example.org": 1 for number in range(READERS)})
