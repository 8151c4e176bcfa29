"""The implementations of a Store, each with what a test needs around it, and values to put into them."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Protocol

from sqlalchemy import text

from newsletter.delivery import ledger
from newsletter.model.deliveries import Delivery
from newsletter.model.digests import Counts
from newsletter.model.papers import Announcement, AnnouncementDay, AnnounceType, FeedOutcome, FeedReport, Paper
from newsletter.model.runs import RunOutcome, RunReport, SubscriberReport
from newsletter.stores import Store
from newsletter.stores.sql import SqlStore
from newsletter.stores.sql.database import Database, parse_url
from newsletter.stores.tinydb import TinyStore
from tests.fakes import MemoryStore

WHO = "s_8k2mpq4x"
DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 6, 47, tzinfo=UTC)
PAPERS = ("2511.00001", "hep-th/9901001")

fork = multiprocessing.get_context("fork")  # a child that starts in milliseconds


def race(work: Callable[[int, Barrier], None], count: int = 4) -> None:
    """Does it in so many numbered processes at once, which wait for each other at the barrier."""
    barrier = fork.Barrier(count, timeout=30)
    children = [fork.Process(target=work, args=(number, barrier)) for number in range(count)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * count


class Memory(Protocol):
    """One implementation with what a test needs around it."""

    store: Store

    def another(self) -> Store:
        """The same memory, opened once more."""

    def die_after(self, work: Callable[[Store], None]) -> None:
        """Do this in a process that is killed right afterwards."""


class SharedMemory:
    """A memory outside of the process, which `open_store` opens in any process."""

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self.another = open_store
        self.store = open_store()

    def die_after(self, work: Callable[[Store], None]) -> None:
        def run() -> None:
            work(self.another())
            os.kill(os.getpid(), signal.SIGKILL)

        child = fork.Process(target=run)
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL


class TinyMemory(SharedMemory):
    def __init__(self, folder: Path) -> None:
        super().__init__(lambda: TinyStore(folder))


class SqlMemory(SharedMemory):
    """Each store that it opens is closed by `close`: a session in PostgreSQL costs the server a process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opened: list[SqlStore] = []
        super().__init__(self._open)

    def _open(self) -> Store:
        store = SqlStore(Database(parse_url(self.url)))
        self._opened.append(store)
        return store

    def die_after(self, work: Callable[[Store], None]) -> None:
        """Ends the sessions of who died: PostgreSQL takes a moment to see it, and until then their locks hold."""
        is_postgresql = self.url.startswith("postgresql")
        began = self._ask("SELECT clock_timestamp()") if is_postgresql else None
        super().die_after(work)
        if is_postgresql:
            theirs = "backend_start > :began AND pid <> pg_backend_pid() AND datname = current_database()"
            ended = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
            self._ask(f"{ended} WHERE {theirs}", began=began)

    def _ask(self, question: str, **values: object) -> object:
        with self._opened[0].database.statement() as connection:
            return connection.execute(text(question), values).scalar_one()

    def close(self) -> None:
        for store in self._opened:
            store.close()
            store.database.close()


class FakeMemory:
    def __init__(self) -> None:
        self.fake = MemoryStore()
        self.store: Store = self.fake

    def another(self) -> Store:
        return self.fake

    def die_after(self, work: Callable[[Store], None]) -> None:
        work(self.fake)
        self.fake.crash()


def paper(arxiv_id: str = "2511.00001") -> Paper:
    return Paper(arxiv_id, 1, "A title with $x^2$", ("A. Author (Somewhere)",), "Our words.", ("cs.LG", "stat.ML"))


def day(announced_on: date, papers: int = 1) -> AnnouncementDay:
    shown = tuple(Announcement(paper(f"2511.{number:05d}"), AnnounceType.NEW, ("cs.LG",)) for number in range(papers))
    return AnnouncementDay(announced_on, shown, (FeedReport("cs.LG", FeedOutcome.ANNOUNCED, papers),))


def run_report(run_id: str, digest_on: date = DAY, started_at: datetime = NOW) -> RunReport:
    one = SubscriberReport(WHO, RunOutcome.SENT, Counts(9, 8, 3, 2, 1), "outbox/x.eml")
    return RunReport(run_id, digest_on, started_at, started_at + timedelta(seconds=3), (), (one,))


def claim(store: Store, who: str = WHO, on: date = DAY, run_id: str = "r1", now: datetime = NOW) -> Delivery:
    row = store.claim(who, on, run_id=run_id, now=now)
    assert row is not None
    return row


def handed_over(store: Store, papers: tuple[str, ...] = PAPERS, **where: object) -> Delivery:
    row = ledger.hand_over(
        claim(store, **where),  # type: ignore[arg-type]
        paper_ids=papers,
        announced_on=(DAY,),
        not_scored_ids=("2601.00099",),
        told_ids=("2510.00077v3", "hep-th/9901002v2w"),
        message_id="<m@example.org>",
        now=NOW,
    )
    store.move(row)
    return row


def doubted(store: Store, who: str = WHO, on: date = DAY) -> Delivery:
    row = ledger.doubt(handed_over(store, who=who, on=on), "no answer", NOW)
    store.move(row)
    return row
