"""One damaged row of one reader: nothing in it is lost, nobody else is held up, and the operator is told its place."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from newsletter.delivery import suppression
from newsletter.errors import ReaderUnreadable, StoreError
from newsletter.model import EventKind, MailEvent, Move, RevisionOrigin, SavedPaper, SignUp, SuppressionReason, Vote
from newsletter.stores.sql import SqlStore
from newsletter.stores.sql.database import Database, parse_url
from newsletter.stores.sql.moves import MoveNotes
from tests import make
from tests.archives import digest
from tests.contract.stores.memories import DAY, NOW, handed_over

ONE, OTHER = "s_aaaa2222", "s_bbbb3333"
KINDS = ("address_statuses", "events", "revisions", "votes", "saved_papers", "enrolled", "digests")
COMPLAINT = MailEvent(EventKind.COMPLAINED, ONE, DAY, NOW + timedelta(hours=1))


@pytest.fixture
def store(sql_url: str) -> Iterator[SqlStore]:
    """Something of each kind of two readers."""
    store = SqlStore(Database(parse_url(sql_url)))
    store.start_run("r1")
    for who in (ONE, OTHER):
        handed_over(store, who=who)
        store.take_event(MailEvent(EventKind.DELIVERED, who, DAY, NOW), now=NOW)
        store.change_address_status(who, lambda known: replace(known, paused_until=DAY))
        store.add_revision(who, "max_papers: 3", origin=RevisionOrigin.WEB, now=NOW)
        store.put_vote(Vote(who, "2511.00001", 1, NOW))
        store.save_paper(SavedPaper(who, NOW, make.paper()), most=9)
        store.enrol(SignUp(who, NOW, f"{who}@example.org", "", ("cs.LG",), "Trees."))
        store.put_digest(digest(DAY, subscriber=make.subscriber(subscriber_id=who)))
    yield store
    store.close()
    store.database.close()


def write(store: SqlStore, table: str, value: str) -> None:
    with store.database.change() as connection:
        connection.execute(text(f"UPDATE {table} SET value = :value WHERE subscriber_id = '{ONE}'"), {"value": value})


def read(store: SqlStore, table: str, who: str = ONE) -> str:
    with store.database.statement() as connection:
        found = connection.execute(text(f"SELECT value FROM {table} WHERE subscriber_id = '{who}'"))
        return str(found.scalar_one())


DAMAGES: dict[str, Callable[[SqlStore, str], str]] = {
    "cut": lambda store, table: read(store, table)[:-3],
    "empty": lambda _store, _table: "",
    "nested without end": lambda _store, _table: "[" * 100_000,
    "a later version's words": lambda store, table: read(store, table).replace('"', '"later_', 5),
    "another reader's": lambda store, table: read(store, table, OTHER),
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_concerns_its_reader_alone_and_is_named_with_the_remedy(store: SqlStore, kind: str) -> None:
    whole = read(store, kind)
    for damage in DAMAGES.values():
        write(store, kind, damage(store, kind))
        where = f"the row {ONE}.* of the table {kind} .*; put this row back"
        with pytest.raises(ReaderUnreadable, match=where) as caught:
            store.require_readable(ONE, DAY)
        assert caught.value.subscriber_id == ONE
        assert store.find_unreadable() == ({} if kind == "digests" else {ONE: str(caught.value)})
        store.require_readable(OTHER, DAY)
        write(store, kind, whole)
        store.require_readable(ONE, DAY)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_comes_later_is_written_over_it(store: SqlStore, kind: str) -> None:
    damaged = DAMAGES["cut"](store, kind)
    write(store, kind, damaged)
    changes: list[Callable[[], object]] = [
        lambda: store.take_event(COMPLAINT, now=NOW),
        lambda: store.take_event(replace(COMPLAINT, kind=EventKind.DELIVERED, at=NOW - timedelta(hours=1)), now=NOW),
        lambda: store.settle_by_events(ONE, DAY, now=NOW),
        lambda: store.change_address_status(ONE, suppression.resume),
        lambda: store.add_revision(ONE, "max_papers: 4", origin=RevisionOrigin.WEB, now=NOW),
        lambda: store.put_vote(Vote(ONE, "2511.00001", -1, NOW + timedelta(hours=1))),
        lambda: store.save_paper(SavedPaper(ONE, NOW, make.paper("2511.00002")), most=9),
        lambda: store.drop_saved(ONE, "2601.00001"),
        lambda: store.enrol(SignUp(ONE, NOW, "one@example.org", "", ("cs.LG",), "Trees."), most=9),
        lambda: store.put_digest(digest(DAY, subscriber=make.subscriber(subscriber_id=ONE))),
    ]
    for change in changes:
        with suppress(ReaderUnreadable):  # StoreError would be everybody's
            change()
    with store.database.statement() as connection:
        kept = connection.execute(text(f"SELECT value FROM {kind} WHERE subscriber_id = '{ONE}'")).scalars().all()
    assert damaged in kept


def test_who_leaves_while_their_status_cannot_be_read_has_left_for_good(store: SqlStore) -> None:
    whole = read(store, "address_statuses")
    write(store, "address_statuses", whole[:-3])
    said = store.change_address_status(ONE, lambda known: suppression.unsubscribe(known, NOW))
    assert said.suppression is not None
    with pytest.raises(ReaderUnreadable):
        store.get_address_status(ONE)
    assert [one.subscriber_id for one in store.get_address_statuses()] == [OTHER]
    write(store, "address_statuses", whole)
    status = store.get_address_status(ONE)
    assert make.present(status.suppression).why is SuppressionReason.UNSUBSCRIBED
    assert status.paused_until == DAY
    assert store.get_address_statuses() == [status, store.get_address_status(OTHER)]
    lifted = store.change_address_status(ONE, lambda known: suppression.lift(known, NOW + timedelta(hours=1)))
    assert (lifted.suppression, store.get_address_status(ONE)) == (None, lifted)


def test_a_complaint_suppresses_though_the_events_cannot_be_read(store: SqlStore) -> None:
    write(store, "events", "{")
    with pytest.raises(ReaderUnreadable):
        store.take_event(COMPLAINT, now=NOW)
    assert store.get_address_status(ONE).suppression is not None


def test_a_damaged_ledger_is_never_taken_for_an_empty_one(store: SqlStore) -> None:
    write(store, "deliveries", "{")
    for ask in (lambda: store.get_delivery(ONE, DAY), lambda: store.claim(ONE, DAY, run_id="r1", now=NOW)):
        with pytest.raises(StoreError, match="of the table deliveries cannot be read") as caught:
            ask()
        assert not isinstance(caught.value, ReaderUnreadable)
    assert store.get_sent(ONE) != frozenset()


def test_a_move_that_another_store_began_holds_both_back_until_a_run_finishes_it(store: SqlStore) -> None:
    new = "s_cccc4444"
    MoveNotes(store.database).put(Move(ONE, new, NOW, "new@example.org"))
    for who in (ONE, new):
        with pytest.raises(ReaderUnreadable, match=f"is not finished; run 'newsletter subscribers move {ONE} new@"):
            store.require_readable(who)
    assert set(store.find_unreadable()) == {ONE, new}
    store.require_readable(OTHER)
    store.start_run("r2")
    store.end_run("r2")
    store.require_readable(new)
    assert (store.heir_of(ONE), len(store.get_deliveries(subscriber_id=new))) == (new, 1)
