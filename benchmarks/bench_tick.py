"""A tick of the clock with a short and with a long history of mails: it should cost the same.

    python -m benchmarks.bench_tick [--readers 200] [--months 1 24]

A tick reads the list of subscribers, settles doubts, and looks for who is due, which here is nobody; then the page of
metrics is made, and one reader's mail is prepared as far as the store is concerned. Times are the program's own
(processor time), the least of some. Beside each stands how many files were opened, which no other load disturbs, and
the ratio to the first history; below, what it takes to read every row there is.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from benchmarks.cost_counter import Cost, measure, print_costs
from benchmarks.made_days import make_papers, remember_papers
from newsletter import app
from newsletter.addresses import subscriber_id
from newsletter.delivery import ledger
from newsletter.flow import run_morning
from newsletter.model import Delivery, EventKind, MailEvent
from newsletter.ops.metrics import Metrics
from newsletter.run.context import RunContext
from newsletter.services.directory import load_subscribers
from newsletter.settings import Settings
from newsletter.stores.tinydb import TinyStore
from newsletter.stores.tinydb.folder import StateFolder
from newsletter.stores.tinydb.table import JsonTable
from tests.fakes import Silent

TODAY = date(2026, 11, 26)  # a Thursday; everybody is mailed on Fridays
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PAPERS, DAY_PAPERS = 10, 300  # of a mail, and of a day
ANNOUNCED = 10
SENT_AT = clock_time(6)

T = TypeVar("T", Delivery, MailEvent)


def email(number: int) -> str:
    return f"reader{number}@example.org"


def row(who: str, on: date) -> Delivery:
    claimed = ledger.first_claim(who, on, "r", datetime.combine(on, SENT_AT, UTC))
    ids = tuple(f"{on:%y%m}.{on.day * 200 + paper:05}" for paper in range(PAPERS))
    sent = ledger.hand_over(claimed, paper_ids=ids, announced_on=(on,), message_id="<m@example.org>", now=claimed.at)
    return ledger.arrive(ledger.accept(sent, "receipt", claimed.at), "delivered: 250 ok", claimed.at)


def write(folder: Path, table: JsonTable[T], values: Iterable[T], readers: Sequence[str]) -> None:
    """A file for each month, of the first reader by the table, of the others as copies under their ids."""
    first, *others = readers
    for month, own in groupby(values, key=lambda value: f"{value.digest_on:%Y-%m}.json"):
        table.put(folder / first / month, *own)
        text = (folder / first / month).read_text()
        for other in others:
            (folder / other).mkdir(exist_ok=True)
            (folder / other / month).write_text(text.replace(first, other))


def fill(folder: Path, readers: Sequence[str], months: int) -> None:
    """A mail and its event for each reader on each working day; all else is as much after any number of months."""
    store, days = TinyStore(folder)(TODAY, months * 22)
    rows = JsonTable(StateFolder(folder), "deliveries", Delivery, lambda row: row.delivery_id)
    write(folder / "deliveries", rows, (row(readers[0], day) for day in days), readers)
    events = JsonTable(StateFolder(folder), "events", MailEvent, lambda event: f"{event.delivery_id}/{event.kind}")
    delivered = (MailEvent(EventKind.DELIVERED, readers[0], day, NOW, "250 ok") for day in days)
    write(folder / "events", events, delivered, readers)
    for day in (*days[-ANNOUNCED:], TODAY):
        remember_papers(store, day, make_papers(DAY_PAPERS, day, seed=1), ["cs.LG"])
    for who in readers[::4]:
        store.change_address_status(who, lambda status: replace(status, lifted_at=NOW - timedelta(days=400)))


def write_subscribers(path: Path, readers: int) -> None:
    entries = "".join(f"  - {{email: {email(number)}}}\n" for number in range(readers))
    path.write_text(
        "defaults: {frequency: weekly, weekday: friday, categories: [cs.LG], "
        f"topics: [{{name: T, relevant: graphs}}]}}\nsubscribers:\n{entries}"
    )


class History:
    """A folder with so many months of mails, and what is measured in it."""

    def __init__(self, folder: Path, readers: int, months: int) -> None:
        folder.mkdir(parents=True)
        self._path = folder / "subscribers.yaml"
        write_subscribers(self._path, readers)
        fill(folder / "state", [subscriber_id(email(number)) for number in range(readers)], months)
        self._settings = Settings(
            _env_file=None,
            state=folder / "state",
            outbox=folder / "outbox",
            subscribers=self._path,
            contact="operator@example.org",
        )
        self._who = subscriber_id(email(0))

    def context(self) -> RunContext:
        """New for each tick, as the clock has it: nothing is remembered from the one before."""
        return replace(app.build(self._settings), now=lambda: NOW)

    def tick(self) -> None:
        context = self.context()
        listed = load_subscribers(self._path, context.store, min_relevance=7)
        report = run_morning(context, listed.subscribers, Silent(), due_only=True, digest_on=TODAY)
        assert {str(entry.outcome) for entry in report.subscribers} == {"not due"}

    def metrics(self) -> None:
        Metrics(TinyStore(self._settings.state), lambda: NOW)()

    def mail(self) -> None:
        store = TinyStore(self._settings.state)
        store.require_readable(self._who, TODAY)
        store.get_deliveries(subscriber_id=self._who)

    def every_row(self) -> None:
        TinyStore(self._settings.state).get_deliveries()


def cost_of(part: Callable[[History], None], history: History) -> Cost:
    part(history)  # what is imported and made once is no part of it
    return measure(lambda: part(history))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--months", type=int, nargs="+", default=[1, 24])
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        histories = [History(folder / str(months), options.readers, months) for months in options.months]
        print(f"{options.readers} readers; ms of the processor, files opened, ratio to {options.months[0]} months")
        for part in (History.tick, History.metrics, History.mail, History.every_row):
            print_costs(part.__name__, [cost_of(part, history) for history in histories])
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
