"""`newsletter migrate` of a long-kept folder, killed again and again on the way: what was told before is told after.

`python -m tests.e2e.killed_migration MEMORY KILLS READERS YEARS` prints the numbers for docs/database.md. Half of the
kills come when a random number of further values has arrived, the others while it reads what is there already and goes
on. What is held against each other: all values, kind by kind; what `status`, `deliveries` and `archive` print; every
file of some archives; and whose mails had which papers.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from newsletter.addresses import subscriber_id
from newsletter.delivery import ledger
from newsletter.errors import StoreError
from newsletter.model import AnnouncementDay, EventKind, MailEvent, RevisionOrigin, SavedPaper, SignUp, Vote
from newsletter.run import last_weekdays
from newsletter.stores import Store
from newsletter.stores.contents import KINDS, Source
from newsletter.stores.sql import SqlStore, schema
from newsletter.stores.sql.contents import SqlContents
from newsletter.stores.sql.database import Database, parse_url
from newsletter.stores.tinydb import TinyStore
from newsletter.stores.tinydb.contents import TinyContents
from newsletter.stores.tinydb.folder import StateFolder
from tests import databases, make
from tests.archives import digest, entry
from tests.contract.stores.memories import run_report
from tests.e2e import killed_run, starts

UNTIL = date(2026, 1, 7)  # the day after the last mail
PAPERS = 10  # in a mail
WORKDAYS = 260  # of a year
FIRST = "r0@example.org"
OF_READERS = ("deliveries", "digests", "events", "revisions", "votes", "saved")  # the parts with something of each
TOLD = ("status", "deliveries", "archive")
ARCHIVES = 3  # whose pages are built, which takes longer than to carry a memory over
PATIENCE_S = 1_800
MIGRATE = ("migrate", "--from", "state")


# --- the folder ---------------------------------------------------------------------------------------


def make_folder(folder: Path, readers: int, mails: int) -> None:
    """A folder in which each reader had so many mails. One has them through the store, the others copies of the files.

    The texts name their reader, so that what is one reader's is never another's.
    """
    killed_run.prepare(folder, readers)
    store = TinyStore(folder / "state")
    store.start_run("past")
    for on in last_weekdays(UNTIL, mails):
        _keep_mail(store, on)
    _keep_wishes(store)
    store.end_run("past")
    for number in range(1, readers):
        _copy_reader(folder / "state", f"r{number}@example.org")
    _keep_what_is_nobodys(store, readers)


def _keep_mail(store: Store, on: date) -> None:
    """One mail as a run keeps it, delivered or, once a month, bounced, and the day's announcement."""
    who, at = subscriber_id(FIRST), datetime(on.year, on.month, on.day, 6, tzinfo=UTC)
    numbers = [f"{on:%y%m}.{on.day:02}{number:03}" for number in range(PAPERS)]
    entries = [entry(n, key, title=f"What {who} reads on {on}, {n}") for n, key in enumerate(numbers, 1)]
    content = digest(on, entries, subscriber=make.subscriber(subscriber_id=who, email=FIRST))
    row = ledger.hand_over(
        make.present(store.claim(who, on, run_id="past", now=at)),
        paper_ids=tuple(numbers),
        announced_on=(on,),
        message_id=f"<{on}.{who}@example.org>",
        now=at,
    )
    assert store.hand_over(row, content)
    store.move(ledger.accept(row, f"{on}_{who}.eml", at))
    kind = EventKind.BOUNCED_SOFT if on.day == 1 else EventKind.DELIVERED
    store.take_event(MailEvent(kind, who, on, at, "as it was told"), now=at)
    shown = tuple(make.announcement(key) for key in numbers)
    store.remember_day(AnnouncementDay(on, shown, make.day(on, shown).feeds))
    store.record_run(run_report(f"run of {on}", on, at))
    store.claim_once("mail", f"of {on}", on=on)


def _keep_wishes(store: Store) -> None:
    who = subscriber_id(FIRST)
    for n in range(1, 6):
        store.add_revision(who, f"max_papers: {n}", origin=RevisionOrigin.WEB, now=make.NOW + timedelta(days=n))
        paper = make.paper(f"2512.{n:05}", title=f"Kept by {who}")
        store.put_vote(Vote(who, paper.arxiv_id, 1, make.NOW, paper))
        store.save_paper(SavedPaper(who, make.NOW, paper), most=9)


def _copy_reader(state: Path, email: str) -> None:
    first, other = subscriber_id(FIRST), subscriber_id(email)
    for part in OF_READERS:
        for file in (state / part).rglob("*.json"):
            name = str(file.relative_to(state))
            if first in name:
                copy = state / name.replace(first, other)
                copy.parent.mkdir(exist_ok=True)
                copy.write_text(file.read_text("utf-8").replace(first, other).replace(FIRST, email), "utf-8")


def _keep_what_is_nobodys(store: Store, readers: int) -> None:
    for number in range(readers):
        email = f"new{number}@example.org"
        one = SignUp(subscriber_id(email), make.NOW, email, "", ("cs.LG",), "graphs", confirmed_at=make.NOW)
        store.enrol(one)
        store.add_sign_up(replace(one, confirmed_at=None))


# --- the kills ----------------------------------------------------------------------------------------


@dataclass
class Toll:
    """What a migration came to. Each of `differing` says what is not as it was."""

    memory: str
    values: int = 0
    mails: int = 0
    kills: list[int] = field(default_factory=list)  # the values that were there at each
    differing: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        there = ", ".join(f"{count:,}" for count in self.kills)
        return (
            f"{self.memory}: {self.values:,} values, {self.mails:,} mails, killed {len(self.kills)} times, when "
            f"{there} values were there; differing: {'; '.join(self.differing) or 'nothing'}"
        )


def migrate(folder: Path, url: str, kills: int, chance: random.Random, known: Told) -> Toll:
    """Carries the folder's memory into an empty database, killed so often, and holds it against what was `known`."""
    toll = Toll(url.partition(":")[0], values=sum(map(Counter.total, known.values.values())))
    toll.mails = known.values["deliveries"].total()
    database = Database(parse_url(url))
    with ExitStack() as stack:
        stack.callback(database.close)
        ran_s = 0.0
        for number in range(1, kills + 1):
            began = time.monotonic()
            process = _start(folder, url, *MIGRATE)
            if number % 2:
                _wait_for(database, int(toll.values * (number - chance.random()) / (kills + 1)) + 1, process)
                ran_s = time.monotonic() - began
            else:
                time.sleep(chance.random() * ran_s / 2)
            process.kill()
            process.wait()
            if schema.unfinished_origin(database) is None:
                break  # too late, which is a moment, too: it had said that all is there
            toll.kills.append(_count(database))
            if "holds a part of a memory" not in _start(folder, url, "status").communicate(timeout=PATIENCE_S)[1]:
                toll.differing.append(f"after kill {number} it was opened")
        else:
            newsletter(folder, url, *MIGRATE)
        toll.differing += listen_to_database(folder, url, database).differences(known)
    return toll


def _wait_for(database: Database, values: int, process: starts.Command) -> None:
    while _count(database) < values and process.poll() is None:
        time.sleep(0.01)


def _count(database: Database) -> int:
    counted = " + ".join(f"(SELECT count(*) FROM {kind})" for kind in KINDS)
    with suppress(StoreError, DBAPIError), database.statement() as connection:
        return int(connection.execute(text(f"SELECT {counted}")).scalar_one())
    return 0


def _start(folder: Path, url: str, *arguments: str) -> starts.Command:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    return starts.start(*arguments, folder=folder, env={**clean, "DATABASE_URL": url})


def newsletter(folder: Path, url: str, *arguments: str) -> str:
    """What the command prints. Raises AssertionError if it does not end well."""
    process = _start(folder, url, *arguments)
    output, errors = process.communicate(timeout=PATIENCE_S)
    if process.returncode != 0:
        raise AssertionError(output + errors)
    return output + errors


# --- what is told -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What a memory says of itself: hashes of values by kind, what is printed, the archives' files, who had what."""

    values: dict[str, Counter[str]]
    printed: dict[str, str]
    pages: dict[str, str]
    sent: dict[str, frozenset[str]]

    def differences(self, known: Told) -> list[str]:
        found = [kind for kind in KINDS if self.values[kind] != known.values[kind]]
        found += [command for command, output in known.printed.items() if self.printed[command] != output]
        found += [f"the page {name}" for name, page in known.pages.items() if self.pages.get(name) != page]
        found += [f"the page {name} is new" for name in self.pages.keys() - known.pages.keys()]
        return found + [f"what {who} was sent" for who, papers in known.sent.items() if self.sent[who] != papers]


def listen_to_folder(folder: Path) -> Told:
    return _listen(folder, "", TinyContents(StateFolder(folder / "state")), TinyStore(folder / "state"))


def listen_to_database(folder: Path, url: str, database: Database) -> Told:
    return _listen(folder, url, SqlContents(database), SqlStore(database))


def _listen(folder: Path, url: str, source: Source, store: Store) -> Told:
    """Asks the commands first: they remember the list of readers, which is one of the values."""
    readers = sorted({row.subscriber_id for row in store.get_deliveries()})
    pages = folder / "pages"
    newsletter(folder, url, "archive", "build", *readers[:ARCHIVES], "--output", str(pages))
    files = {str(path.relative_to(pages)): _hash(path.read_bytes()) for path in pages.rglob("*") if path.is_file()}
    shutil.rmtree(pages)
    printed = {f"newsletter {command}": newsletter(folder, url, command) for command in TOLD}
    values = {kind: Counter[str]() for kind in KINDS}
    for kind, some in source.read():
        values[kind].update(_hash(repr(value).encode()) for value in some)
    return Told(values, printed, files, {who: store.get_sent(who) for who in readers})


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def campaign(folder: Path, memory: str, *, kills: int, readers: int, mails: int, seed: int = 0) -> Toll:
    """Makes a folder, and carries it into an empty database of that kind, killed so often."""
    make_folder(folder, readers, mails)
    known = listen_to_folder(folder)
    with new_database(memory, folder) as url:
        databases.migrate(url)
        return migrate(folder, url, kills, random.Random(seed), known)


@contextmanager
def new_database(memory: str, folder: Path) -> Iterator[str]:
    if memory == "sqlite":
        yield databases.sqlite_url(folder / "state.db")
    else:
        with databases.postgres_server() as url:
            yield url


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("memory", choices=["sqlite", "postgresql"])
    options.add_argument("kills", type=int)
    options.add_argument("readers", type=int)
    options.add_argument("years", type=float)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    mails = round(given.years * WORKDAYS)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        toll = campaign(folder, given.memory, kills=given.kills, readers=given.readers, mails=mails, seed=given.seed)
        sys.stdout.write(f"{toll}\n")


if __name__ == "__main__":
    main()
