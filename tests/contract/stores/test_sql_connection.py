"""A connection that is lost: what was surely not written is tried again, what may have been where it does no harm."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from newsletter.delivery import ledger
from newsletter.errors import LedgerError, StoreConflict, StoreError
from newsletter.model import DeliveryState
from newsletter.stores.sql import SqlStore
from newsletter.stores.sql.database import ConnectionLost, Database, parse_url
from newsletter.stores.sql.documents import Documents
from newsletter.stores.sql.hand_over import view_and_trigger
from tests import databases, make
from tests.archives import digest
from tests.contract.stores.memories import DAY, NOW, WHO, claim, handed_over

NORMAL, FULL = 1, 2  # https://sqlite.org/pragma.html#pragma_synchronous


@pytest.fixture
def opened(postgres_url: str) -> Iterator[Callable[[], SqlStore]]:
    stores: list[SqlStore] = []

    def another() -> SqlStore:
        stores.append(SqlStore(Database(parse_url(postgres_url))))
        return stores[-1]

    yield another
    for store in stores:
        store.close()
        store.database.close()


@pytest.fixture
def cut(postgres_url: str) -> Iterator[Callable[[], None]]:
    """Ends every session that was opened since the test began, as a restart of the server does.

    Older ones are in what other tests of this process share.
    """
    database = Database(parse_url(postgres_url))
    with database.statement() as connection:
        began = connection.execute(text("SELECT clock_timestamp()")).scalar_one()

    def end_sessions() -> None:
        with database.statement() as connection:
            sessions = "FROM pg_stat_activity WHERE backend_start > :began AND backend_type = 'client backend'"
            ended = connection.execute(text(f"SELECT pg_terminate_backend(pid, 5000) {sessions}"), {"began": began})
            assert set(ended.scalars()) == {True}

    yield end_sessions
    database.close()


def test_what_is_asked_and_written_is_tried_again(opened: Callable[[], SqlStore], cut: Callable[[], None]) -> None:
    store = opened()
    store.start_run("r1")
    row = handed_over(store)
    cut()
    assert store.get_delivery(WHO, DAY) == row
    cut()
    store.move(ledger.accept(row, "receipt", NOW))
    cut()
    store.put_document("x", "y")
    cut()
    assert store.claim_once("mail", "key", on=DAY)
    assert not store.claim_once("mail", "key", on=DAY)
    cut()
    assert store.change_address_status(WHO, lambda known: known).subscriber_id == WHO
    assert make.present(store.get_delivery(WHO, DAY)).state is DeliveryState.ACCEPTED


def test_a_run_that_lost_its_session_takes_its_lock_again_and_goes_on(
    opened: Callable[[], SqlStore], cut: Callable[[], None]
) -> None:
    store, other = opened(), opened()
    store.start_run("r1")
    mine = claim(store)
    cut()
    assert not other.is_running("r1")
    tomorrow = DAY + timedelta(days=1)
    assert claim(store, on=tomorrow).run_id == "r1"
    assert other.is_running("r1")
    store.move(ledger.skip(mine, "nothing relevant", NOW))
    store.end_run("r1")
    assert not other.is_running("r1")


def test_what_others_claimed_meanwhile_is_theirs(opened: Callable[[], SqlStore], cut: Callable[[], None]) -> None:
    store, other = opened(), opened()
    store.start_run("r1")
    mine = claim(store)
    cut()
    other.start_run("r2")
    theirs = claim(other, run_id="r2")
    assert (theirs.run_id, theirs.attempts) == ("r2", 2)
    with pytest.raises(StoreError, match="was moved by somebody else"):
        store.move(ledger.skip(mine, "nothing relevant", NOW))
    assert store.claim(WHO, DAY, run_id="r1", now=NOW) is None
    assert store.get_delivery(WHO, DAY) == theirs


def test_a_change_that_is_cut_in_its_middle_is_made_once(
    opened: Callable[[], SqlStore], cut: Callable[[], None]
) -> None:
    store, calls = opened(), [0]
    store.begin_welcomes([])

    def change(known: object) -> None:
        calls[0] += 1
        if calls[0] == 1:
            cut()

    assert store.change_welcome(WHO, change) is None
    assert (calls, store.get_welcomes()) == ([2], [])


def test_a_run_that_was_never_started_is_refused_also_after_a_loss(
    opened: Callable[[], SqlStore], cut: Callable[[], None]
) -> None:
    store = opened()
    cut()
    with pytest.raises(LedgerError, match="start_run"):
        store.claim(WHO, DAY, run_id="r9", now=NOW)


# --- where it is not known whether something was written


@pytest.mark.parametrize(
    ("is_unknown", "even_if_unknown", "calls"), [(False, False, 2), (True, True, 2), (True, False, 1)]
)
def test_an_unknown_end_is_repeated_only_where_that_does_no_harm(
    tmp_path: Path, is_unknown: bool, even_if_unknown: bool, calls: int
) -> None:
    database, called = Database(parse_url(databases.sqlite_url(tmp_path / "x.db"))), [0]

    def work() -> str:
        called[0] += 1
        if called[0] == 1:
            raise ConnectionLost("lost; try again", is_unknown=is_unknown)
        return "done"

    repeated = database.repeated(work, even_if_unknown=even_if_unknown)
    if calls == 1:
        with pytest.raises(StoreError, match="lost; try again"):
            repeated()
    else:
        assert repeated() == "done"
    assert called == [calls]


def test_sqlite_waits_for_the_disk_unless_a_power_cut_may_undo_it(tmp_path: Path) -> None:
    database = Database(parse_url(databases.copy_sqlite(tmp_path / "state.db")))
    with database.statement() as alone, database.statement(may_be_lost=True) as unflushed, database.change() as whole:
        levels = [each.exec_driver_sql("PRAGMA synchronous").scalar_one() for each in (alone, whole, unflushed)]
        with database.statement(may_be_lost=True) as within:
            assert within is whole
    assert levels == [FULL, FULL, NORMAL]
    database.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("is_new", [True, False], ids=["first", "later"])
def test_a_change_that_fails_is_undone_and_the_next_one_is_made(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, is_new: bool
) -> None:
    """Whatever its connection was used for before: what is left open locks out everybody."""
    url = databases.copy_sqlite(tmp_path / "state.db") if kind == "sqlite" else request.getfixturevalue("postgres_url")
    database, other = Database(parse_url(url)), Database(parse_url(url))
    documents = Documents(database)
    if not is_new:
        assert documents.get_document("a") is None

    def refuse() -> None:
        with database.change():
            documents.put_document("a", "half")
            raise StoreConflict("refused")

    with pytest.raises(StoreConflict):
        refuse()
    for name, opened in (("b", other), ("c", database)):
        with opened.change():
            Documents(opened).put_document(name, "whole")
    assert [Documents(other).get_document(name) for name in "abc"] == [None, "whole", "whole"]
    database.close()
    other.close()


@pytest.mark.parametrize("there", range(3))
def test_a_connection_of_sqlite_that_was_made_ready_in_part_hands_over(tmp_path: Path, there: int) -> None:
    """As where its disk was full between the two statements."""
    database = Database(parse_url(databases.copy_sqlite(tmp_path / "state.db")))
    with database.statement() as connection:
        for statement in view_and_trigger()[:there]:
            connection.exec_driver_sql(statement)
    store = SqlStore(database)
    store.start_run("r1")
    row = ledger.hand_over(claim(store), paper_ids=(), announced_on=(DAY,), message_id="<m@x.org>", now=NOW)
    assert store.hand_over(row, digest(DAY, subscriber=make.subscriber(subscriber_id=WHO)))
    assert store.get_delivery(WHO, DAY) == row
    store.close()
    database.close()
