"""The archive after a year: its pages, its feed, and searching it, on made-up digests in a folder of its own.

    python benchmarks/bench_archive.py [--days 250] [--papers 30]

The first search reads and prepares every digest, which is what each would cost if nothing were kept; the others are
measured against it. Times are the program's own (processor time), the least of three but for the first search.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from benchmarks.made_days import make_papers
from newsletter.model import AnnounceType, DigestEntry
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from newsletter.web.archive.editions import ArchivedDigests, Edition
from newsletter.web.archive.pages import Pages
from newsletter.web.archive.urls import ArchiveUrls
from tests import make
from tests.archives import WHO, digest, mail, pages

FIRST = date(2025, 1, 6)
QUERIES = ("network", '"neural network"', "galaxy learning data", "zzz")


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
    started = time.process_time()
    work()
    return time.process_time() - started


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
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = TinyStore(Path(folder))
        fill(store, options.days, options.papers)
        kept = sum(path.stat().st_size for path in Path(folder).rglob("digests/*/*.json"))
        print(f"{options.days} digests of {options.papers} papers: {kept / 1e6:.1f} MB")
        measure(pages(), Edition(ArchivedDigests(store, WHO), ArchiveUrls()), options.days)


if __name__ == "__main__":
    main()
