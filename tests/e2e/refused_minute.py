"""A morning in whose middle the sender refuses every mail for a minute: two clocks, two workers, one PostgreSQL.

`python -m tests.e2e.refused_minute KIND READERS` prints the numbers for docs/crashes.md. KIND is one of `429-when`
(SendGrid says until when), `429` (it does not), `451` and `421` (a mail server, which with 421 hangs up besides). What
is to be tried again in a quarter of an hour is made to be due at once when the minute is over, and the clocks are
started anew, which look then.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from newsletter.addresses import subscriber_id
from newsletter.errors import StoreError
from newsletter.model import DeliveryState
from newsletter.settings import Settings
from newsletter.stores.sql import SqlStore
from newsletter.stores.sql.database import Database, parse_url
from newsletter.worker import release_queue
from tests import databases
from tests.e2e.killed_worker import LOOK_S, FeedHandler
from tests.e2e.starts import Forked
from tests.e2e.test_clock import environment, prepare
from tests.e2e.test_smtp import settings as smtp_settings
from tests.http_server import serving
from tests.mail_server import MailHost, Postmaster
from tests.sendgrid_server import KEY, Body, Turn, error, sendgrid_server

KINDS = ("429-when", "429", "451", "421")
PATIENCE_S = 400.0


@dataclass
class Minute:
    """From the moment at which so many mails were taken: `lasts_s` seconds in which none is."""

    after: int
    lasts_s: float
    refused: int = 0
    ends_at: float = field(default=0.0)  # by time.time, as SendGrid says it

    def refuses(self, taken: int) -> bool:
        if not self.ends_at and taken >= self.after:
            self.ends_at = time.time() + self.lasts_s
        is_now = time.time() < self.ends_at
        self.refused += is_now
        return is_now

    @property
    def is_over(self) -> bool:
        return bool(self.ends_at) and time.time() >= self.ends_at


class BusyPostmaster(Postmaster):
    """A mail server that takes no mail for a minute."""

    def __init__(self, minute: Minute, reply: str) -> None:
        super().__init__()
        self._minute = minute
        self._reply = reply

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self._minute.refuses(len(self.mails)):
            return await super().handle_MAIL(server, session, envelope, address, options)
        if self._reply.startswith("421"):
            await server.push(self._reply)
            server.transport.close()
        return self._reply

    def who(self) -> Iterator[str]:
        return (subscriber_id(address) for mail in self.mails for address in mail.to)


@dataclass(frozen=True)
class Provider:
    """The settings that lead to it, and whose mails it took."""

    settings: dict[str, str]
    who: Callable[[], Iterator[str]]


@contextmanager
def provider(kind: str, minute: Minute) -> Iterator[Provider]:
    if kind.startswith("429"):
        with _sendgrid(minute, says_when=kind == "429-when") as found:
            yield found
        return
    host = MailHost()
    try:
        reply = {"451": "451 4.3.2 try again later", "421": "421 4.3.2 too busy, closing"}[kind]
        with host.serve_by(BusyPostmaster(minute, reply)) as postmaster:
            yield Provider(smtp_settings(postmaster), postmaster.who)
    finally:
        host.stop()


@contextmanager
def _sendgrid(minute: Minute, *, says_when: bool) -> Iterator[Provider]:
    taken: list[Body] = []

    def rule(body: Body) -> Turn | None:
        if not minute.refuses(len(taken)):
            return None
        headers = {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": str(int(minute.ends_at) + 1)}
        return error(429, "too many requests", **(headers if says_when else {}))

    with sendgrid_server(rule=rule) as server:
        taken = server.accepted
        settings = {"send_by": "sendgrid", "sendgrid_url": server.url, "secret_keys": "k" * 40}
        settings |= {"sender": "Papers <news@example.org>", "base_url": "https://papers.example.org"}
        yield Provider(settings, lambda: (delivery.partition("/")[0] for delivery in server.deliveries()))


@dataclass
class Toll:
    kind: str
    readers: int
    refused: int
    seconds: float
    doubled: int
    lost: int
    states: Counter[str]

    @property
    def is_harmless(self) -> bool:
        return not (self.doubled or self.lost)

    def __str__(self) -> str:
        return (
            f"{self.kind}, {self.readers} readers: {self.refused} refusals, {self.seconds:.0f} s, {self.doubled} "
            f"doubled, {self.lost} lost, the ledger says {dict(self.states)}"
        )


@dataclass
class Morning:
    folder: Path
    env: dict[str, str]
    database: Database
    running: dict[str, Forked] = field(default_factory=dict)

    def start(self, name: str) -> None:
        log = os.open(self.folder / f"{name}.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self.running[name] = Forked([name.partition("-")[0]], self.folder, self.env, log)
        os.close(log)

    def end(self, *names: str) -> None:
        for name in names:
            self.running[name].kill()
            self.running[name].wait()

    def states(self) -> Counter[str]:
        return Counter(row.state.value for row in SqlStore(self.database).get_deliveries())

    def make_wait_pass(self) -> None:
        """What was to be tried again later is to be tried now, and the clocks look at once."""
        with self.database.change() as connection:
            rows = connection.execute(text("SELECT subscriber_id, digest_on, value FROM deliveries")).all()
            for who, on, value in rows:
                row: dict[str, Any] = json.loads(value)
                if row.get("retry_at"):
                    row["retry_at"] = row["at"]
                    connection.execute(
                        text("UPDATE deliveries SET value = :value WHERE subscriber_id = :who AND digest_on = :on"),
                        {"value": json.dumps(row, separators=(",", ":")), "who": who, "on": on},
                    )
        self.end(*CLOCKS)
        for clock in CLOCKS:
            self.start(clock)


CLOCKS, WORKERS = ("clock-1", "clock-2"), ("worker-1", "worker-2")


def morning(url: str, folder: Path, kind: str, readers: int, lasts_s: float = 60.0) -> Toll:
    """One morning to its end, and what became of each mail."""
    release_queue(Settings(database_url=url, _env_file=None))
    prepare(folder, readers)
    database, minute = Database(parse_url(url)), Minute(readers // 3, lasts_s)
    with ExitStack() as stack:
        stack.callback(database.close)
        feed_url = stack.enter_context(serving(FeedHandler))
        given = stack.enter_context(provider(kind, minute))
        env = environment(**given.settings, contact="operator@example.org", feed_url=f"{feed_url}/atom")
        running = Morning(folder, env | {"DATABASE_URL": url, "SENDGRID_API_KEY": KEY}, database)
        stack.callback(lambda: running.end(*running.running))
        began = time.monotonic()
        for name in (*WORKERS, *CLOCKS):
            running.start(name)
        _wait(lambda: minute.is_over)
        if not _wait(lambda: running.states()[DeliveryState.ACCEPTED] == readers, patience_s=lasts_s):
            running.make_wait_pass()
            _wait(lambda: running.states()[DeliveryState.ACCEPTED] == readers)
        arrived = Counter(given.who())
        everybody = [subscriber_id(f"r{number}@example.org") for number in range(readers)]
        return Toll(
            kind,
            readers,
            minute.refused,
            time.monotonic() - began,
            doubled=sum(max(0, arrived[who] - 1) for who in everybody),
            lost=sum(not arrived[who] for who in everybody),
            states=running.states(),
        )


def _wait(is_over: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        with suppress(StoreError, DBAPIError):
            if is_over():
                return True
        time.sleep(LOOK_S)
    return False


def main(kinds: Sequence[str], readers: int) -> None:
    with databases.postgres_server() as url:
        for number, kind in enumerate(kinds):
            with tempfile.TemporaryDirectory() as folder:
                own = databases.new_schema(url, f"refused{number}")
                databases.migrate(own)
                print(morning(own, Path(folder), kind, readers), flush=True)  # noqa: T201


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("kinds", nargs="+", choices=KINDS)
    options.add_argument("readers", type=int)
    chosen = options.parse_args()
    main(chosen.kinds, chosen.readers)
