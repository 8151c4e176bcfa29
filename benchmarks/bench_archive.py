"""The archive after a year: its pages, its feed, and searching it, on made-up digests in a memory of its own.

    python benchmarks/bench_archive.py [--days 250] [--papers 30] [--store tiny|sqlite|postgresql] [--others 0]

In a folder the first search reads and prepares every digest, which is what each would cost if nothing were kept; a
database has an index, and no first time. `--others`: so many papers more, of other readers, are in that index. Times
are the clock's, the least of three but for the first search.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import text

from benchmarks.made_days import make_papers
from newsletter.model import AnnounceType, DigestEntry
from newsletter.stores import Store
from newsletter.stores.sql import SqlStore, search
from newsletter.stores.sql.database import Database, parse_url
from newsletter.stores.tinydb import TinyStore
from newsletter.web.archive.editions import ArchivedDigests, Edition
from newsletter.web.archive.pages import Pages
from newsletter.web.archive.urls import ArchiveUrls
from tests import databases, make
from tests.archives import WHO, digest, mail, pages

FIRST = date(2025, 1, 6)
QUERIES = ("network", '"neural network"', "galaxy learning data", "a the", "zzz")
PAPERS_AT_ONCE = 2_000


def fill(store: Store, days: int, papers: int) -> None:
    made = make_papers(days * papers, FIRST, seed=1)
    for number in range(days):
        shown = made[number * papers : (number + 1) * papers]
        entries = [
            DigestEntry(place, paper, AnnounceType.NEW, make.score(paper.arxiv_id, 10 - place // 8))
            for place, paper in enumerate(shown, start=1)
        ]
        mail(store, digest(FIRST + timedelta(days=number), entries))


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def least(work: Callable[[], object]) -> float:
    return min(seconds(work) for _ in range(3))


def measure(shown: Pages, edition: Edition, days: int) -> None:
    middle = FIRST + timedelta(days=days // 2)
    first = seconds(lambda: shown.search(edition, QUERIES[0]))
    print(f"first search       {first * 1e3:7.0f} ms")
    for query in QUERIES:
        took = least(lambda query=query: shown.search(edition, query))
        print(f"search {query:<22}{took * 1e3:7.0f} ms, {first / took:.0f} times as fast")
    print(f"a day              {least(lambda: shown.day(edition, middle)) * 1e3:7.0f} ms")
    print(f"a month            {least(lambda: shown.month(edition, middle.replace(day=1))) * 1e3:7.0f} ms")
    print(f"the feed           {least(lambda: shown.feed(edition)) * 1e3:7.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=250)
    parser.add_argument("--papers", type=int, default=30)
    parser.add_argument("--store", choices=("tiny", "sqlite", "postgresql"), default="tiny")
    parser.add_argument("--others", type=int, default=0)
    options = parser.parse_args()
    with ExitStack() as stack:
        store = open_store(options.store, stack)
        fill(store, options.days, options.papers)
        if isinstance(store, SqlStore):
            add_others(store, options.others)
        print(f"{options.store}: {options.days} digests of {options.papers} papers, {options.others} papers of others")
        measure(pages(), Edition(ArchivedDigests(store, WHO), ArchiveUrls()), options.days)


def open_store(kind: str, stack: ExitStack) -> Store:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    if kind == "tiny":
        return TinyStore(folder)
    url = databases.sqlite_url(folder / "state.db")
    if kind == "postgresql":
        url = stack.enter_context(databases.postgres_server())
    databases.migrate(url)
    database = Database(parse_url(url))
    stack.callback(database.close)
    return SqlStore(database)


def add_others(store: SqlStore, count: int) -> None:
    for number, start in enumerate(range(0, count, PAPERS_AT_ONCE)):
        with store.database.change() as connection:
            search.index(connection, make_papers(min(PAPERS_AT_ONCE, count - start), FIRST, seed=10 + number))
    if store.database.is_postgresql:
        with store.database.statement() as connection:
            connection.execute(text("VACUUM ANALYZE"))  # as its own daemon does sooner or later


if __name__ == "__main__":
    main()
