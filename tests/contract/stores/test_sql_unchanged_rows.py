"""Days that nobody has changed are not read again from PostgreSQL; whatever is written there is seen at once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from newsletter.errors import StoreError
from newsletter.model import AnnouncementDay
from newsletter.stores.sql import SqlStore
from newsletter.stores.sql.announcements import MOST_KEPT
from newsletter.stores.sql.database import Database, parse_url
from tests import make
from tests.contract.stores.memories import DAY


@pytest.fixture
def stores(postgres_url: str) -> Iterator[tuple[SqlStore, SqlStore]]:
    """The same store as two processes have it."""
    both = SqlStore(Database(parse_url(postgres_url))), SqlStore(Database(parse_url(postgres_url)))
    yield both
    for store in both:
        store.close()
        store.database.close()


def day(offset: int = 0, *ids: str) -> AnnouncementDay:
    return make.day(DAY + timedelta(days=offset), tuple(make.announcement(each) for each in ids or ("2511.00001",)))


def test_a_day_is_read_once_as_long_as_nobody_writes_it(stores: tuple[SqlStore, SqlStore]) -> None:
    store, _ = stores
    for each in (day(), day(-1)):
        store.remember_day(each)
    first, earlier = store.get_day(DAY), store.get_days(before=DAY, limit=3)
    assert (first, earlier) == (day(), [day(-1)])
    again = SqlStore(store.database)  # as each job has its own
    assert again.get_day(DAY) is first
    assert again.get_days(before=DAY, limit=3)[0] is earlier[0]
    again.close()


def test_what_another_process_writes_is_seen(stores: tuple[SqlStore, SqlStore]) -> None:
    store, another = stores
    store.remember_day(day())
    assert store.get_day(DAY) == day()
    for known in (day(0, "2511.00002"), day(0, "2511.00003"), day()):
        another.remember_day(known)
        assert store.get_day(DAY) == known
    another.forget_days(before=DAY + timedelta(days=1))
    assert store.get_day(DAY) is None
    another.remember_day(day())
    assert store.get_days(before=DAY + timedelta(days=1), limit=1) == [day()]


def test_a_change_that_is_taken_back_was_never_there(stores: tuple[SqlStore, SqlStore]) -> None:
    store, another = stores
    store.remember_day(day())
    with store.database.change() as connection:
        store.remember_day(day(0, "2511.00002"))
        assert store.get_day(DAY) == day(0, "2511.00002")
        assert another.get_day(DAY) == day()
        connection.get_transaction().rollback()  # type: ignore[union-attr]
    assert store.get_day(DAY) == day()


def test_a_day_that_is_damaged_after_it_was_read_is_named(stores: tuple[SqlStore, SqlStore]) -> None:
    store, another = stores
    store.remember_day(day())
    assert store.get_day(DAY) == day()
    with another.database.change() as connection:
        connection.execute(text("UPDATE announcement_days SET value = '{'"))
    with pytest.raises(StoreError, match=f"row {DAY} of the table announcement_days"):
        store.get_day(DAY)


def test_no_more_days_are_kept_in_mind_than_a_morning_needs(stores: tuple[SqlStore, SqlStore]) -> None:
    store, _ = stores
    for offset in range(MOST_KEPT + 5):
        store.remember_day(day(offset))
        assert store.get_day(DAY + timedelta(days=offset)) == day(offset)
    assert len(store.database.read_before) == MOST_KEPT
