"""How often a morning asks its database: what grows with the readers is bounded, so that it does not grow again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.headerregistry import Address
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from newsletter.delivery import ledger
from newsletter.files import resources
from newsletter.flow import run_morning
from newsletter.mail.message import MailIdentity
from newsletter.mail.render import Brand, Renderer
from newsletter.model import Feed, Paper, Profile, RunOutcome, ScoreReport, Subscriber, Votes
from newsletter.run import RunContext
from newsletter.scoring.protocols import History
from newsletter.services.directory import load_subscribers
from newsletter.stores import Store
from tests import databases, make
from tests.contract.stores.memories import SqlMemory
from tests.fakes import FlakySender, Silent

FEW, MANY = 3, 33
MOST = {
    "postgresql": 3,  # the claim, the hand-over with the digest, the acceptance
    "sqlite": 3,
}


class OneDay:
    """A source with two papers."""

    def day(self, now: datetime) -> date:
        return make.TUESDAY

    def fetch(self, category: str) -> Feed:
        return Feed(category, make.TUESDAY, (make.announcement("2601.00001"), make.announcement("2601.00002")))


@dataclass
class Everything:
    """A scorer to which everything is relevant."""

    history_days: int = 7

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport:
        return ScoreReport(tuple(make.score(paper.arxiv_id, 9) for paper in papers), (), "local ranker")


class Unrelated:
    """Finds that no paper follows another."""

    def find_predecessors(self, papers: Sequence[Paper], earlier: Sequence[Paper]) -> list[int | None]:
        return [None] * len(papers)


@contextmanager
def counted() -> Iterator[list[int]]:
    """Counts statements, and the beginnings and ends of transactions."""
    count = [0]

    def add(*_: Any) -> None:
        count[0] += 1

    def add_end(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            add()

    def add_statement(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):  # SQLite's, which is counted as the beginning of a transaction
            add()

    listeners = [("before_cursor_execute", add_statement), *((name, add_end) for name in ("begin", "commit"))]
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield count
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)


@pytest.fixture(params=["sqlite", "postgresql"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Store]]:
    is_sqlite = request.param == "sqlite"
    url = databases.copy_sqlite(tmp_path / "state.db") if is_sqlite else request.getfixturevalue("postgres_url")
    memory = SqlMemory(url)
    yield request.param, memory.store
    memory.close()


def readers(first: int, count: int) -> list[Subscriber]:
    numbers = range(first, first + count)
    return [make.subscriber(subscriber_id=f"s_reader{n:02}", email=f"reader{n}@example.org") for n in numbers]


def context_of(store: Store) -> RunContext:
    brand = Brand("Morning Papers", "back@example.org")
    return RunContext(
        source=OneDay(),
        scorer=Everything(),
        sender=FlakySender(lambda: make.NOW),
        store=store,
        renderer=Renderer(brand, resources.folders("templates/email")),
        identity=MailIdentity(Address("Morning Papers", addr_spec="digest@example.org"), brand.reply_address),
        now=lambda: make.NOW,
        predecessors=Unrelated(),
    )


def mail(store: Store, subscribers: Sequence[Subscriber]) -> int:
    with counted() as count:
        report = run_morning(context_of(store), subscribers, Silent(), digest_on=make.TUESDAY)
    assert {entry.outcome for entry in report.subscribers} == {RunOutcome.SENT}
    return count[0]


def were_mailed_last_week(store: Store, subscribers: Sequence[Subscriber]) -> None:
    store.start_run("r0")
    for one in subscribers:
        on = make.TUESDAY - timedelta(days=7)
        row = make.handed_over(store, one.subscriber_id, on, run_id="r0", paper_ids=("2512.00001",))
        store.move(ledger.accept(row, "receipt", make.NOW))
    store.end_run("r0")


@pytest.mark.parametrize("has_earlier_mails", [False, True])
def test_a_mail_costs_few_round_trips(memory: tuple[str, Store], has_earlier_mails: bool) -> None:
    kind, store = memory
    few, many = readers(0, FEW), readers(FEW, MANY)
    if has_earlier_mails:
        were_mailed_last_week(store, [*few, *many])
    mail(store, readers(90, 1))  # what is asked once a day
    base = mail(store, few)
    assert (mail(store, many) - base) / (MANY - FEW) <= MOST[kind] + has_earlier_mails  # it asks for their digests


def test_who_is_mailed_already_is_looked_up_with_the_others(memory: tuple[str, Store]) -> None:
    _, store = memory
    mail(store, readers(0, MANY))
    run_morning(context_of(store), readers(0, 1), Silent(), digest_on=make.TUESDAY)  # reads the days
    counts = []
    for subscribers in (readers(0, FEW), readers(0, MANY)):
        with counted() as count:
            run_morning(context_of(store), subscribers, Silent(), digest_on=make.TUESDAY)
        counts.append(count[0])
    assert counts[0] == counts[1]


def test_the_list_of_subscribers_asks_no_oftener_for_more_of_them(memory: tuple[str, Store], tmp_path: Path) -> None:
    _, store = memory
    counts = []
    for count_of_readers in (FEW, MANY):
        people = "".join(
            f"  - {{email: reader{n}@example.org, categories: [cs.LG], topics: [{{name: A, relevant: b}}]}}\n"
            for n in range(count_of_readers)
        )
        path = tmp_path / "subscribers.yaml"
        path.write_text(f"subscribers:\n{people}")
        load_subscribers(path, store, min_relevance=7)  # remembers it as the last good one
        with counted() as count:
            assert len(load_subscribers(path, store, min_relevance=7).subscribers) == count_of_readers
        counts.append(count[0])
    assert counts[0] == counts[1]
