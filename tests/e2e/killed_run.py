"""Mornings that die: killed by themselves just before a chosen write, or from outside at any moment.

The program is taken as it is: Python tells an audit hook (PEP 578) of each write before it happens, and the hook sends
SIGKILL. Children are forked, so that everything is imported once. What has to hold afterwards is in `crash`;
`python -m tests.e2e.killed_run INSIDE OUTSIDE` prints the numbers for docs/crashes.md.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, fields, replace
from email import message_from_bytes
from pathlib import Path
from typing import Any

from newsletter import app, flow
from newsletter.delivery.ledger import OPEN_STATES
from newsletter.model import Accepted, DeliveryState, Evidence, Message, RunOutcome, RunReport
from newsletter.senders import Sender, do_nothing
from newsletter.settings import Settings
from newsletter.stores.tinydb import TinyStore
from tests import TESTS
from tests.fakes import Silent

FEED = TESTS / "recordings/feeds/2025-10-07/cs.LG.atom"
SUBSCRIBERS = 8
LOG = "sent.log"

fork = multiprocessing.get_context("fork")


# --- a morning ----------------------------------------------------------------------------------------


def prepare(folder: Path, count: int = SUBSCRIBERS, **defaults: str | int) -> Path:
    """A folder with a subscribers.yaml of readers who each get a mail, and no welcome before it."""
    folder.mkdir(parents=True, exist_ok=True)
    topics = [{"name": "Training", "relevant": "optimisation, pruning and the choice of hyperparameters"}]
    everybody = {
        "defaults": {
            "frequency": "daily",
            "categories": ["cs.LG"],
            "min_relevance": 1,
            "min_novelty": 1,
            "welcome": False,
            **defaults,
        },
        "subscribers": [{"email": f"r{i}@example.org", "name": f"Reader {i}", "topics": topics} for i in range(count)],
    }
    (folder / "subscribers.yaml").write_text(json.dumps(everybody), encoding="utf-8")  # JSON is YAML
    return folder


def morning(folder: Path) -> RunReport:
    """What `newsletter run --feed FEED` does in this folder, with a sender that keeps a log."""
    settings = Settings(
        subscribers=folder / "subscribers.yaml", state=folder / "state", outbox=folder / "outbox", _env_file=None
    )
    context = app.build(settings, feed=FEED)
    context = replace(context, sender=LoggingSender(context.sender, folder / LOG))
    listed = app.load_subscribers(settings, context.store)
    with closing(context.sender):
        return flow.run_morning(context, listed.subscribers, Silent(), digest_on=context.source.day(context.now()))


class LoggingSender:
    """Lets an outbox no longer hide a second send: what is sent though it is there already gets a line `again`."""

    def __init__(self, inner: Sender, log: Path) -> None:
        self._inner = inner
        self._log = log
        self.name = inner.name

    def send(self, message: Message, *, on_hand_over: Callable[[], None] = do_nothing) -> Accepted:
        if self._inner.find(message.delivery_id).accepted:
            self._append(f"again {message.delivery_id}")
        accepted = self._inner.send(message, on_hand_over=on_hand_over)
        self._append(f"sent {message.delivery_id}")
        return accepted

    def find(self, delivery_id: str) -> Evidence:
        return self._inner.find(delivery_id)

    def close(self) -> None:
        self._inner.close()

    def _append(self, line: str) -> None:
        descriptor = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, f"{line}\n".encode())
        os.close(descriptor)


# --- dying --------------------------------------------------------------------------------------------

_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.link", "os.truncate"}
_NOT_MEANT = ("folder.lock", "locks", LOG)  # empty, for ever, and not the program's


def is_write(event: str, args: tuple[Any, ...]) -> bool:
    """Whether an audit event announces a change of the disk that a later process can see."""
    if event == "open" and not args[2] & (os.O_WRONLY | os.O_RDWR):
        return False
    return event in _CHANGES | {"open"} and Path(str(args[0])).name not in _NOT_MEANT


def writes_of(folder: Path) -> list[str]:
    """Each write of an undisturbed morning, in order, told in words that are the same for every subscriber."""
    listing = folder / "writes.json"

    def work() -> None:
        seen: list[str] = []
        sys.addaudithook(lambda event, args: seen.append(_tell(event, args)) if is_write(event, args) else None)
        morning(folder)
        listing.write_text(json.dumps(seen[:]))

    in_a_child(work)
    times: Counter[str] = Counter()
    kinds = []
    for told in json.loads(listing.read_text()):
        if told.startswith("os.mkdir deliveries/"):
            times.clear()  # the next subscriber's turn
        times[told] += 1  # the first, second and third write of a ledger file are its claim, hand-over, acceptance
        kinds.append(f"{told} {times[told]}")
    return kinds


def _tell(event: str, args: tuple[Any, ...]) -> str:
    path = Path(str(args[1] if event == "os.rename" else args[0]))
    where = "its data" if isinstance(args[0], int) else f"{path.parent.name}/{path.name}"
    return re.sub(r"s_\w{8}|\d{8}T\d{6}-\w+|\.\w{8}\.tmp$", "", f"{event} {where}")


def points(writes: list[str], count: int) -> list[int]:
    """`count` moments of a morning (1 is its first write): each kind of write once if it can be, then any others."""
    places: dict[str, list[int]] = {}
    for number, kind in enumerate(writes, 1):
        places.setdefault(kind, []).append(number)
    commonest_first = sorted(places.values(), key=len, reverse=True)
    chosen = {where[i % len(where)] for i, where in enumerate(commonest_first[:count])}  # each of another subscriber
    others = [number for number in range(1, len(writes) + 1) if number not in chosen]
    more = min(count - len(chosen), len(others))
    return sorted(chosen | {others[i * len(others) // more] for i in range(more)})


def killed_at(folder: Path, nth: int) -> bool:
    """A morning that ends just before its n-th write; whether it came to that."""
    return killed_before(nth, is_write, lambda: morning(folder))


def killed_before(nth: int, is_step: Callable[[str, tuple[Any, ...]], bool], work: Callable[[], object]) -> bool:
    """Does it in a child that ends just before its n-th step; whether it came to that."""

    def work_until_then() -> None:
        left = nth

        def hook(event: str, args: tuple[Any, ...]) -> None:
            nonlocal left
            if is_step(event, args):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        work()

    return in_a_child(work_until_then)


def in_a_child(work: Callable[[], object]) -> bool:
    """Whether it was killed."""
    child = fork.Process(target=work)
    child.start()
    child.join()
    if child.exitcode not in (0, -signal.SIGKILL):
        raise AssertionError(f"a morning ended with {child.exitcode}")
    return child.exitcode == -signal.SIGKILL


def killed_after(folder: Path, seconds: float, at_once: int = 1) -> bool:
    """A morning of several processes, one of them killed from outside after that time; whether it still ran."""
    children = [fork.Process(target=morning, args=(folder,)) for _ in range(at_once)]
    for child in children:
        child.start()
    victim, *others = children
    victim.join(seconds)
    victim.kill()
    victim.join()
    for child in others:
        child.join()
        if child.exitcode != 0:
            raise AssertionError(f"a run beside a killed one ended with {child.exitcode}")
    return victim.exitcode == -signal.SIGKILL


# --- what has to hold ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Toll:
    """What some crashes came to. All but the first three have to be 0."""

    crashes: int = 0  # kills that came before the end
    mails_before: int = 0  # mails that were there after the kill
    doubts: int = 0  # hand-overs without an answer after the kill, each shown by `newsletter status`
    lost: int = 0  # digests that the next run did not bring
    doubled: int = 0  # mails written or handed to the sender again
    unexplained: int = 0  # mails after the kill whose row says neither handed over nor accepted
    still_open: int = 0  # rows without an answer after the next run
    leftovers: int = 0  # temporary files and locks after the next run

    def __add__(self, other: Toll) -> Toll:
        return Toll(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Toll)))

    @property
    def is_harmless(self) -> bool:
        return not any((self.lost, self.doubled, self.unexplained, self.still_open, self.leftovers))


def crash(folder: Path, kill: Callable[[Path], bool]) -> Toll:
    """A morning that is killed, and the next run, to its end. Raises ValueError if a file is not whole JSON."""
    prepare(folder)
    was_killed = kill(folder)
    require_readable(folder)
    before, store = mails(folder), TinyStore(folder / "state")
    states = {row.message_id: row.state for row in store.get_deliveries()}
    doubts = store.get_deliveries(states=OPEN_STATES)
    report = morning(folder)
    require_readable(folder)
    after = mails(folder)
    rows = store.get_deliveries(states=[DeliveryState.ACCEPTED])
    delivered = {row.message_id for row in rows} & set(after)
    fine = sum(entry.outcome in (RunOutcome.SENT, RunOutcome.ALREADY_SENT) for entry in report.subscribers)
    log = Counter((folder / LOG).read_text().splitlines())
    return Toll(
        crashes=int(was_killed),
        mails_before=len(before),
        doubts=len(doubts),
        lost=SUBSCRIBERS - min(fine, len(delivered)),
        doubled=sum(after.get(key) != mail for key, mail in before.items())
        + sum(count - line.startswith("sent") for line, count in log.items())
        + len(after)
        - len(delivered),
        unexplained=sum(states.get(key) not in (*OPEN_STATES, DeliveryState.ACCEPTED) for key in before),
        still_open=len(store.get_deliveries(states=OPEN_STATES)),
        leftovers=len([*folder.rglob("*.tmp"), *folder.rglob("run-*.lock")]),
    )


def mails(folder: Path) -> dict[str, list[tuple[bytes, int]]]:
    """By Message-ID the files that have it, each with its bytes and inode: a rewritten file differs."""
    found: dict[str, list[tuple[bytes, int]]] = {}
    for path in sorted((folder / "outbox").glob("*.eml")):
        content = path.read_bytes()
        found.setdefault(message_from_bytes(content)["Message-ID"], []).append((content, path.stat().st_ino))
    return found


def require_readable(folder: Path) -> None:
    for path in (folder / "state").rglob("*.json"):
        json.loads(path.read_bytes())


# --- campaigns ----------------------------------------------------------------------------------------


def inside(folder: Path, count: int) -> Toll:
    """Kills at `count` moments of a morning, each in a folder of its own."""
    morning(prepare(folder / "warm"))  # imports what is imported late
    writes = writes_of(prepare(folder / "counted"))
    chosen = points(writes, count)
    return total(crash(folder / str(nth), lambda place, nth=nth: killed_at(place, nth)) for nth in chosen)


def outside(folder: Path, count: int, *, at_once: int = 1) -> Toll:
    """Kills from outside at `count` random moments, of which some come too late.

    `at_once` processes are at the same morning; one of them is killed.
    """
    morning(prepare(folder / "warm"))
    started = time.monotonic()
    killed_after(prepare(folder / "timed"), 600.0, at_once)
    seconds = 1.1 * (time.monotonic() - started)  # some come too late, which is a moment, too
    moments = [random.uniform(0, seconds) for _ in range(count)]
    return total(
        crash(folder / str(i), lambda place, moment=moment: killed_after(place, moment, at_once))
        for i, moment in enumerate(moments)
    )


def total(tolls: Iterable[Toll]) -> Toll:
    return sum(tolls, Toll())


def main(inside_count: int, outside_count: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sys.stdout.write(f"at a write: {inside(folder / 'inside', inside_count)}\n")
        sys.stdout.write(f"from outside: {outside(folder / 'alone', outside_count)}\n")
        sys.stdout.write(f"one of three: {outside(folder / 'three', outside_count // 4, at_once=3)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
