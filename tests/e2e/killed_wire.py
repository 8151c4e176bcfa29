"""Mornings that die on the wire: fifty readers, a mail server or SendGrid's API in a process of its own, and SIGKILL.

A run is killed just before its n-th step (a change of the disk, or bytes that leave for the provider), or by the
provider itself: as soon as it has a mail whole, before or after it took it. Then the next run goes to its end, and the
provider's own list says what was lost or doubled. `python -m tests.e2e.killed_wire STEPS MAILS` prints the numbers for
docs/crashes.md.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields, replace
from email import message_from_bytes
from functools import cache
from http.server import ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter import app, flow
from newsletter.mail.message import MailIdentity
from newsletter.mail.render import Renderer
from newsletter.model.deliveries import DeliveryState, EventKind, MailEvent
from newsletter.model.digests import Digest, RenderedDigest
from newsletter.model.papers import Paper
from newsletter.model.runs import RunReport
from newsletter.model.scores import ScoreReport
from newsletter.model.subscribers import Profile, Votes
from newsletter.scoring import Scorer
from newsletter.scoring.protocols import History
from newsletter.settings import Settings
from newsletter.stores.tinydb import TinyStore
from tests.e2e import killed_run
from tests.e2e.killed_run import FEED, fork, in_a_child, is_write, killed_before, require_readable
from tests.fakes import Silent
from tests.http_server import Handler

READERS = 50
KEY = "the-key-of-these-tests-0123456789abcdef"
WIRE = {"smtplib.connect", "smtplib.send", "http.client.connect", "http.client.send"}
SENT = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)


# --- the provider -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """Kill that process when the n-th mail (from 1) is here whole; before or after it is taken."""

    pid: int
    nth: int
    takes_it: bool


class Book:
    """What the provider took, in a file that outlives everybody; and its order to kill."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "taken.log"
        self._order = folder / "order.json"
        self._offered = 0

    def take(self, delivery_id: str) -> bool:
        """Whether the sender is still there to hear of it."""
        self._offered += 1
        order = Order(**json.loads(self._order.read_text())) if self._order.exists() else Order(0, 0, False)
        is_now = order.nth == self._offered
        if not is_now or order.takes_it:
            with self._log.open("a") as log:
                log.write(f"{delivery_id}\n")
        if is_now:
            self._order.unlink()
            os.kill(order.pid, signal.SIGKILL)
        return not is_now


def serve_smtp(folder: Path, port: Connection) -> None:
    class Handler:
        book = Book(folder)

        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
            mail = message_from_bytes(envelope.content or b"")
            found = re.fullmatch(r"<([\d-]{10})\.(s_\w+)@.*>", mail["Message-ID"])
            assert found
            self.book.take(f"{found[2]}/{found[1]}")
            return "250 2.0.0 Ok"

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(Handler()), "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def serve_sendgrid(folder: Path, port: Connection) -> None:
    book = Book(folder)

    class SendGridHandler(Handler):
        def do_POST(self) -> None:
            raw = self.body()
            if len(raw) < int(self.headers["Content-Length"]):
                return  # whoever sent it was killed on the way
            body = json.loads(raw)
            if book.take(body["personalizations"][0]["custom_args"]["delivery"]):
                self.answer(202, x_message_id="abc")

    server = ThreadingHTTPServer(("127.0.0.1", 0), SendGridHandler)
    port.send(server.server_port)
    server.serve_forever()


SERVE: dict[str, Callable[[Path, Connection], None]] = {"smtp": serve_smtp, "sendgrid": serve_sendgrid}


@contextmanager
def provider(kind: str, folder: Path) -> Iterator[int]:
    """The port it listens on."""
    mine, its = fork.Pipe()
    process = fork.Process(target=SERVE[kind], args=(folder, its))
    process.start()
    try:
        yield mine.recv()
    finally:
        process.kill()
        process.join()


# --- a morning ----------------------------------------------------------------------------------------


def prepare(folder: Path) -> Path:
    return killed_run.prepare(folder, READERS, max_papers=1)  # a short mail is rendered in no time


def morning(folder: Path, kind: str, port: int) -> RunReport:
    """What `newsletter run --feed FEED` does with these settings."""
    os.environ["SENDGRID_API_KEY"] = "SG.of-the-tests"
    settings = Settings(
        subscribers=folder / "subscribers.yaml",
        state=folder / "state",
        outbox=folder / "outbox",
        sender="digest@papers.example.org",
        secret_keys=KEY,  # type: ignore[arg-type]  # split and wrapped by the validator
        bounce_to="bounces@papers.example.org",
        send_by=kind,  # type: ignore[arg-type]
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_tls="none",
        sendgrid_url=f"http://127.0.0.1:{port}",
        _env_file=None,
    )
    context = app.build(settings, feed=FEED)
    context = replace(context, scorer=ScoredOnce(context.scorer), renderer=RenderedOnce(context.renderer))  # type: ignore[arg-type]
    listed = app.load_subscribers(settings, context.store)
    with closing(context.sender):
        return flow.run_morning(context, listed.subscribers, Silent(), digest_on=context.source.day(context.now()))


class ScoredOnce:
    """All readers want the same: what the scorer said of the first is said of everybody."""

    def __init__(self, inner: Scorer) -> None:
        self.history_days = inner.history_days
        self._inner = inner
        self._sheet: ScoreReport | None = None

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport:
        self._sheet = self._sheet or self._inner.score(profile, papers, history, floor=floor, votes=votes)
        return self._sheet


class RenderedOnce:
    """The first reader's digest stands for all: nothing here hangs on its words."""

    def __init__(self, inner: Renderer) -> None:
        self._inner = inner
        self._rendered: RenderedDigest | None = None

    def render_mail(self, digest: Digest, identity: MailIdentity) -> RenderedDigest:
        self._rendered = self._rendered or self._inner.render_mail(digest, identity)
        return self._rendered


def is_step(event: str, args: tuple[Any, ...]) -> bool:
    return event in WIRE or is_write(event, args)


@cache
def warm() -> None:
    """One morning in this process, into the outbox: what is imported and read late is then there for every child."""
    with tempfile.TemporaryDirectory() as folder:
        morning(prepare(Path(folder)), "outbox", 1)


def steps_of(folder: Path, kind: str, port: int) -> int:
    """How many steps an undisturbed morning has."""
    told = folder / "steps"

    def work() -> None:
        seen: list[str] = []
        sys.addaudithook(lambda event, args: seen.append(event) if is_step(event, args) else None)
        morning(folder, kind, port)
        told.write_text(str(len(seen)))

    in_a_child(work)
    return int(told.read_text())


def killed_at_step(nth: int) -> Callable[[Path, str, int], bool]:
    def kill(folder: Path, kind: str, port: int) -> bool:
        return killed_before(nth, is_step, lambda: morning(folder, kind, port))

    return kill


def killed_by_the_provider(nth: int, *, takes_it: bool) -> Callable[[Path, str, int], bool]:
    def kill(folder: Path, kind: str, port: int) -> bool:
        def work() -> None:
            order = {"pid": os.getpid(), "nth": nth, "takes_it": takes_it}
            (folder / "order.json").write_text(json.dumps(order))
            morning(folder, kind, port)

        return in_a_child(work)

    return kill


# --- what has to hold ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class WireToll:
    """What some crashes came to. `most_doubts` is for one crash; all after it have to be 0."""

    crashes: int = 0
    taken_before: int = 0  # mails the provider had when the run died
    doubts: int = 0  # shown by `newsletter status` after the next run
    doubts_taken: int = 0  # of these the provider has the mail
    most_doubts: int = 0
    doubled: int = 0  # mails the provider was given twice
    lost: int = 0  # readers without a mail, of whom no doubt is shown
    wrong: int = 0  # rows that say accepted without a mail, or the other way round
    after_events: int = 0  # doubts about mails the provider has, left over once its events have come

    def __add__(self, other: WireToll) -> WireToll:
        summed = {each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        return WireToll(**summed | {"most_doubts": max(self.most_doubts, other.most_doubts)})

    @property
    def is_harmless(self) -> bool:
        return self.most_doubts <= 1 and not any((self.doubled, self.lost, self.wrong, self.after_events))


def crash(folder: Path, kind: str, kill: Callable[[Path, str, int], bool]) -> WireToll:
    """A morning that is killed, the next run to its end, then the provider's events and one run more."""
    warm()
    prepare(folder)
    with provider(kind, folder) as port:
        was_killed = kill(folder, kind, port)
        require_readable(folder)
        before = _taken(folder)
        in_a_child(lambda: morning(folder, kind, port))
        taken = _taken(folder)
        store = TinyStore(folder / "state")
        rows = {row.delivery_id: row for row in store.get_deliveries()}
        doubts = [key for key, row in rows.items() if row.state is DeliveryState.IN_DOUBT]
        for key in taken:
            row = rows[key]
            store.take_event(MailEvent(EventKind.DELIVERED, row.subscriber_id, row.digest_on, row.at), now=row.at)
        if doubts:
            in_a_child(lambda: morning(folder, kind, port))
    at_the_end = _taken(folder)
    settled = {row.delivery_id: row.state for row in store.get_deliveries()}
    return WireToll(
        crashes=int(was_killed),
        taken_before=before.total(),
        doubts=len(doubts),
        doubts_taken=len([key for key in doubts if key in taken]),
        most_doubts=len(doubts),
        doubled=sum(count - 1 for count in at_the_end.values()),
        lost=READERS - len(taken.keys() | set(doubts)),
        wrong=sum((row.state in SENT) is not (key in taken) for key, row in rows.items() if key not in doubts),
        after_events=sum(settled[key] not in SENT for key in taken),
    )


def _taken(folder: Path) -> Counter[str]:
    log = folder / "taken.log"
    return Counter(log.read_text().split() if log.exists() else ())


# --- campaigns ----------------------------------------------------------------------------------------


def at_steps(folder: Path, kind: str, count: int) -> WireToll:
    """Kills at `count` steps, evenly spread over a morning; neighbours are of different kinds."""
    warm()
    counted = prepare(folder / "counted")
    with provider(kind, counted) as port:
        steps = steps_of(counted, kind, port)
    chosen = sorted({1 + i * steps // count for i in range(min(count, steps))})
    return total_of(crash(folder / str(nth), kind, killed_at_step(nth)) for nth in chosen)


def by_the_provider(folder: Path, kind: str, count: int) -> WireToll:
    """Kills at `count` mails, evenly spread, each once before and once after it is taken."""
    chosen = sorted({1 + i * READERS // count for i in range(count)})
    return total_of(
        crash(folder / f"{nth}-{takes_it}", kind, killed_by_the_provider(nth, takes_it=takes_it))
        for nth in chosen
        for takes_it in (False, True)
    )


def total_of(tolls: Iterator[WireToll]) -> WireToll:
    return sum(tolls, WireToll())


def main(steps: int, mails: int) -> None:
    for kind in SERVE:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            sys.stdout.write(f"{kind}, at a step: {at_steps(folder / 'steps', kind, steps)}\n")
            sys.stdout.flush()
            sys.stdout.write(f"{kind}, by the provider: {by_the_provider(folder / 'mails', kind, mails)}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
