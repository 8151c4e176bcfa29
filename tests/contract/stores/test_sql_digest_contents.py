"""What equal readers' digests say is kept once, read as it was for each of them, and gone with the last of them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from newsletter.delivery import ledger
from newsletter.errors import ReaderUnreadable
from newsletter.model import Digest, UnsentPaper
from newsletter.stores.sql import SqlStore
from newsletter.stores.sql.database import Database, parse_url
from tests import archives, make
from tests.contract.stores.memories import DAY, NOW

ONE, OTHER = "s_aaaa2222", "s_bbbb3333"
ENTRIES = (archives.entry(1), archives.entry(2, title="Tur\x00tles"))


@pytest.fixture
def opened(sql_url: str) -> Iterator[Callable[[], SqlStore]]:
    """Opens the same empty store, each time as another process would."""
    stores: list[SqlStore] = []

    def another() -> SqlStore:
        stores.append(SqlStore(Database(parse_url(sql_url))))
        return stores[-1]

    yield another
    for store in stores:
        store.close()
        store.database.close()


def digest(who: str, day: int = 0, **changes: object) -> Digest:
    mailed = archives.digest(DAY + timedelta(days=day), ENTRIES, subscriber=make.subscriber(subscriber_id=who))
    return replace(mailed, **changes)  # type: ignore[arg-type]


def count_contents(store: SqlStore) -> int:
    with store.database.statement() as connection:
        return int(connection.execute(text("SELECT count(*) FROM digest_contents")).scalar_one())


def mail(store: SqlStore, mailed: Digest) -> None:
    who, on = mailed.subscriber.subscriber_id, mailed.digest_on
    claimed = make.present(store.claim(who, on, run_id=store.current_run(), now=NOW))
    row = ledger.hand_over(claimed, paper_ids=("2601.00001",), announced_on=(on,), message_id="<m@x.y>", now=NOW)
    assert store.hand_over(row, mailed)


def put(store: SqlStore, kept: Digest) -> None:
    store.put_digest(kept)


@pytest.mark.parametrize("keep", [put, mail])
def test_what_digests_say_alike_is_kept_once(
    opened: Callable[[], SqlStore], keep: Callable[[SqlStore, Digest], None]
) -> None:
    store = opened()
    store.start_run("r1")
    kept = [
        digest(ONE),
        digest(OTHER),
        digest("s_cccc4444", notices=("Late.",)),  # what is their own
        digest("s_dddd5555", unsent=(UnsentPaper("2601.00009", "Snails", 7, None),)),
        digest("s_eeee6666", prompt="Judge."),
        digest("s_ffff7777", entries=ENTRIES[:1]),
        digest("s_gggg2222", entries=tuple(replace(entry) for entry in ENTRIES)),  # equal, and other objects
        digest(ONE, 1, entries=()),
    ]
    for each in kept:
        keep(store, each)
    assert count_contents(store) == 5
    for reader in (store, opened()):
        for each in kept:
            assert reader.get_digest(each.subscriber.subscriber_id, each.digest_on) == each
        assert reader.get_digests(ONE, [DAY, DAY + timedelta(days=1)]) == [kept[0], kept[-1]]


def test_a_content_goes_with_the_last_digest_that_names_it(opened: Callable[[], SqlStore]) -> None:
    store = opened()
    for each in (digest(ONE), digest(OTHER), digest(ONE, 1, entries=ENTRIES[:1])):
        store.put_digest(each)
    store.forget_enrolled(ONE)
    assert count_contents(store) == 1
    assert store.get_digest(OTHER, DAY) == digest(OTHER)
    store.put_digest(digest(OTHER, prompt="Judge."))  # in place of the other
    assert count_contents(store) == 1
    assert store.get_digest(OTHER, DAY) == digest(OTHER, prompt="Judge.")
    store.forget_enrolled(OTHER)
    assert count_contents(store) == 0


def test_a_mail_writes_a_content_anew_that_another_process_has_dropped(opened: Callable[[], SqlStore]) -> None:
    store, another = opened(), opened()
    store.start_run("r1")
    mail(store, digest(ONE))
    another.forget_enrolled(ONE)
    assert count_contents(store) == 0
    mail(store, digest(OTHER))
    mail(store, digest("s_cccc4444"))
    assert count_contents(store) == 1
    assert another.get_digest(OTHER, DAY) == digest(OTHER)


def test_who_is_mailed_while_an_equal_reader_is_forgotten_has_a_whole_digest(opened: Callable[[], SqlStore]) -> None:
    store, another = opened(), opened()
    store.start_run("r1")

    def forget(day: int) -> None:
        another.put_digest(digest(ONE, day))
        another.forget_enrolled(ONE)

    for day in range(40):
        with ThreadPoolExecutor(2) as at_once:
            forgetting, mailing = at_once.submit(forget, day), at_once.submit(mail, store, digest(OTHER, day))
            forgetting.result(timeout=30)
            mailing.result(timeout=30)
    fresh = opened()
    for day in range(40):
        assert fresh.get_digest(OTHER, DAY + timedelta(days=day)) == digest(OTHER, day)
    assert count_contents(fresh) == 1


@pytest.mark.parametrize("value", ["", "{", "[]", '{"entries": 3}', None])
def test_a_content_that_cannot_be_read_is_named_and_concerns_its_readers_alone(
    opened: Callable[[], SqlStore], value: str | None
) -> None:
    writer = opened()
    kept = [digest(ONE), digest(ONE, 1, prompt="Judge."), digest(OTHER, prompt="Judge.")]
    for each in kept:
        writer.put_digest(each)
    with writer.database.change() as connection:
        damaged = connection.execute(
            text(f"SELECT content_key FROM digests WHERE subscriber_id = '{ONE}' ORDER BY digest_on LIMIT 1")
        ).scalar_one()
        if value is None:
            connection.execute(text("UPDATE digests SET content_key = NULL"))
            connection.execute(text(f"DELETE FROM digest_contents WHERE content_key = '{damaged}'"))
        else:
            given = {"value": value, "key": damaged}
            connection.execute(text("UPDATE digest_contents SET value = :value WHERE content_key = :key"), given)
    store = opened()
    with pytest.raises(ReaderUnreadable, match=f"row {ONE}/.*{damaged} of digest_contents.*from a backup") as raised:
        store.get_digest(ONE, DAY)
    assert raised.value.subscriber_id == ONE
    assert store.get_digests(ONE, [DAY, DAY + timedelta(days=1)]) == kept[1:2]
    assert store.get_digest(OTHER, DAY) == kept[2]


def test_two_months_of_a_reader_are_two_statements(opened: Callable[[], SqlStore]) -> None:
    kept = [digest(ONE, day, prompt=f"Judge {day}.") for day in range(60)]
    writer = opened()
    for each in kept:
        writer.put_digest(each)
    store, asked = opened(), []
    event.listen(store.database._single, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert store.get_digests(ONE, [each.digest_on for each in kept]) == kept
    assert len(asked) == 2
    assert store.get_digests(ONE, [each.digest_on for each in kept]) == kept
    assert len(asked) == 3
