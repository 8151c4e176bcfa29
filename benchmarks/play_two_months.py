"""Two months of announcements with every kind of trouble, and whether each paper was considered once for each reader.

    python -m benchmarks.play_two_months [--papers 400] [--memory tinydb postgresql] [--every MINUTES]

A local server plays arXiv: feeds, records and API of one calendar, from 28 September to 4 December 2026, with the texts
of recorded days where there are some. The clock's rounds run on a time of their own. Prints what happened each day, and
ends with 1 where a paper was considered never or twice, or arXiv was asked too often.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter

import stamina

from newsletter.stores import Store
from newsletter.stores.sql import SqlStore
from newsletter.stores.sql.database import Database, parse_url
from newsletter.stores.tinydb import TinyStore
from tests import databases
from tests.http_server import serving
from tests.months.arxiv import EVERYWHERE, RECORDS, Kind, PlayedArxiv, Trouble
from tests.months.audit import audit, summary_of_requests
from tests.months.calendar import DAY, made_up, play, read_corpus
from tests.months.world import READERS, Absence, World

FIRST, LAST = date(2026, 9, 28), date(2026, 12, 4)
COUNTED_UNTIL = date(2026, 11, 20)  # what comes later may still be on its way
THANKSGIVING = date(2026, 11, 27)  # the feed day after the holiday


def every_trouble() -> list[Trouble]:
    """Each kind on days of its own."""
    return [
        Trouble(Kind.STALE, date(2026, 10, 1), categories=("cs.LG",)),
        Trouble(Kind.STALE, date(2026, 10, 6), to_h=5, categories=("cs.AI", "astro-ph.CO")),
        Trouble(Kind.HALF_STALE, date(2026, 10, 7), categories=("cs.CV",)),
        Trouble(Kind.HALF_STALE, date(2026, 10, 8), to_h=7, categories=("cs.LG", "cs.CL")),
        Trouble(Kind.BUSY, date(2026, 10, 9), to_h=6),
        Trouble(Kind.BUSY_FOR, date(2026, 10, 12), to_h=4),
        Trouble(Kind.BROKEN, date(2026, 10, 13), to_h=3),
        Trouble(Kind.HTML, date(2026, 10, 14), to_h=8),
        Trouble(Kind.CUT, date(2026, 10, 15), to_h=8, categories=("cs.LG",)),
        Trouble(Kind.FULL, date(2026, 10, 20), categories=("cs.LG",)),
        Trouble(Kind.LATE, date(2026, 10, 22), to_h=1),
        Trouble(Kind.LATE, date(2026, 10, 23), to_h=9, categories=("cs.CL",)),
        Trouble(Kind.DOWN, date(2026, 10, 27), sites=EVERYWHERE),
        *(Trouble(Kind.DOWN, date(2026, 11, 2) + n * DAY, sites=EVERYWHERE) for n in range(7)),
        Trouble(Kind.DOWN, date(2026, 11, 9), to_h=12, sites=(RECORDS,)),
        Trouble(Kind.LAGGING, date(2026, 11, 13), sites=(RECORDS,)),
    ]


def absences() -> list[Absence]:
    """The clock's machine is down from a Tuesday morning to a Friday morning."""
    begins = datetime(2026, 11, 17, 3, tzinfo=UTC)
    return [Absence(begins, begins + timedelta(days=3, hours=4))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=400, help="new papers a day, at most")
    parser.add_argument("--memory", nargs="+", default=["tinydb", "postgresql"], choices=["tinydb", "postgresql"])
    parser.add_argument("--until", type=date.fromisoformat, default=LAST, help="the last day that is lived")
    parser.add_argument("--every", type=int, help="minutes between two `newsletter run --due`, in place of the clock")
    wanted = parser.parse_args()
    stamina.set_testing(True, attempts=4, cap=True)  # retries at once: the time between them is not what is played
    stamina.instrumentation.set_on_retry_hooks(())
    texts = read_corpus() or made_up(wanted.papers, days=5)
    calendar = play(texts, FIRST, LAST, holidays=[THANKSGIVING], most_papers=wanted.papers)
    faults = 0
    for memory in wanted.memory:
        with _memory(memory) as store:
            began = perf_counter()
            world = World(store, READERS, _utc(FIRST, 4), _utc(wanted.until, 12), absences())
            world.cron = timedelta(minutes=wanted.every) if wanted.every else None
            world.arxiv = PlayedArxiv(calendar, world.now, every_trouble())
            with serving(world.arxiv.handler) as world.url:
                world.live()
            found = audit(world, calendar, first=FIRST + DAY, last=min(COUNTED_UNTIL, wanted.until - 3 * DAY))
            print(f"\n{memory}: {world.ticks} rounds in {perf_counter() - began:.0f} s; {summary_of_requests(world)}")
            print("\n".join(found.lines()), flush=True)
            faults += len(found.faults)
    return 1 if faults else 0


def _utc(on: date, hour: int) -> datetime:
    return datetime(on.year, on.month, on.day, hour, tzinfo=UTC)


@contextmanager
def _memory(kind: str) -> Iterator[Store]:
    if kind == "tinydb":
        with tempfile.TemporaryDirectory() as folder:
            yield TinyStore(Path(folder, "state"))
        return
    with databases.postgres_server() as url:
        databases.migrate(url)
        database = Database(parse_url(url))
        yield SqlStore(database)
        database.close()


if __name__ == "__main__":
    sys.exit(main())
