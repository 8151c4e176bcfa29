"""The tables of the database: made by `release`, the same as the code knows, and refused when they are others."""

import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Date, bindparam, text

from newsletter.errors import ConfigError, StoreError
from newsletter.model import Digest, FoundPaper
from newsletter.stores.sql import SqlStore, schema, tables
from newsletter.stores.sql.database import Database, describe, parse_url
from newsletter.stores.values import adapter_of
from tests import archives, databases, make
from tests.contract.stores.memories import race
from tests.databases import sqlite_url

Opener = Callable[[], Database]


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens a database without tables, as often as it is called."""
    url = sqlite_url(tmp_path / "deep" / "state.db")
    if request.param == "postgresql":
        url = databases.new_schema(request.getfixturevalue("postgres_url"), "bare")
    opened: list[Database] = []

    def another() -> Database:
        opened.append(Database(parse_url(url)))
        return opened[-1]

    yield another
    for database in opened:
        database.close()


def test_a_database_without_tables_is_refused_with_the_remedy_and_not_made(opened: Opener, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"has no tables of the newsletter; run 'newsletter release' once"):
        SqlStore(opened())
    assert list(tmp_path.iterdir()) == []


def test_a_release_makes_the_tables_once_and_says_so(opened: Opener) -> None:
    first, second = schema.upgrade(opened()), schema.upgrade(opened())
    assert (first.before, first.after) == ("", tables.HEAD)
    assert (second.before, second.after) == (tables.HEAD, tables.HEAD)
    SqlStore(opened())


def test_the_migrations_make_the_tables_that_the_code_knows(opened: Opener) -> None:
    database = opened()
    schema.upgrade(database)
    with database.change() as connection:
        opts = {"version_table": schema.VERSION_TABLE, "include_object": is_no_index_of_words}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, tables.metadata) == []


def is_no_index_of_words(_object: object, name: str | None, *_: object) -> bool:
    """The index of SQLite has tables that are its own business."""
    return not (name or "").startswith("searchable_words")


def test_of_racing_releases_one_makes_the_tables(opened: Opener) -> None:
    def work(_number: int, barrier: Barrier) -> None:
        database = opened()
        barrier.wait()
        assert schema.upgrade(database).after == tables.HEAD

    race(work)
    SqlStore(opened())


def whole_digest(who: str, digest: Digest) -> str:
    """As the first version wrote it."""
    theirs = replace(digest, subscriber=replace(digest.subscriber, subscriber_id=who))
    return json.dumps(adapter_of(Digest).dump_python(theirs, mode="json"))


def test_what_was_mailed_by_the_first_version_is_read_and_found(opened: Opener) -> None:
    database = opened()
    schema.upgrade(database, "0001")
    said = archives.entry(2, title="Turtles")
    shown = [archives.entry(1), replace(said, score=replace(said.score, comment="Größer"))]
    mailed = archives.digest(entries=shown)
    ids = [f"s_{number:08}" for number in range(450)] + [archives.WHO]
    values = {**{who: whole_digest(who, mailed) for who in ids}, "s_broken22": "{"}
    insert = text("INSERT INTO digests (subscriber_id, digest_on, value) VALUES (:who, :on, :value)")
    insert = insert.bindparams(bindparam("on", type_=Date))
    with database.change() as connection:
        rows = [{"who": who, "on": mailed.digest_on, "value": value} for who, value in values.items()]
        connection.execute(insert, rows)
    schema.upgrade(database)
    store = SqlStore(database)
    store.start_run("r")
    for who in (archives.WHO, "s_00000449", "s_broken22"):
        make.handed_over(store, who, mailed.digest_on, run_id="r")
    store.close()
    for who in (archives.WHO, "s_00000449"):
        assert make.present(store.get_digest(who, mailed.digest_on)).entries == mailed.entries
        assert store.find_papers(who, "turtle") == [FoundPaper(mailed.digest_on, 2)]
        assert store.find_papers(who, "grosser") == [FoundPaper(mailed.digest_on, 2)]
        assert len(store.find_papers(who, "lovelace")) == 2
    assert store.find_papers("s_broken22", "turtle") == []


@pytest.mark.parametrize(
    ("found", "remedy"), [("0000", "run 'newsletter release'"), ("9999", "install the version of the newsletter that")]
)
def test_tables_of_another_version_are_refused_with_the_remedy(opened: Opener, found: str, remedy: str) -> None:
    database = opened()
    schema.upgrade(database)
    with database.change() as connection:
        connection.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '{found}'"))
    with pytest.raises(StoreError, match=f"{found}.*{remedy}"):
        SqlStore(database)
    if found == "9999":
        with pytest.raises(StoreError, match=remedy):
            schema.upgrade(database)


def test_the_file_of_a_database_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    database = Database(parse_url(sqlite_url(path)))
    schema.upgrade(database)
    store = SqlStore(database)
    store.put_document("x", "y")
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.glob("state.db*") if each.is_file()}
    database.close()
    assert "state.db" in modes
    assert set(modes.values()) == {0o600}


# --- addresses of databases


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgres://ada:geheim@db.example.org:5433/news", "db.example.org/news"),
        ("postgresql://ada:geheim@db.example.org/news?sslmode=require", "db.example.org/news"),
        ("postgresql+psycopg://ada:geheim@/news?host=/run/pg", "/run/pg/news"),
        ("sqlite:////var/lib/news/state.db", "/var/lib/news/state.db"),
        (" sqlite:///state.db\n", "state.db"),
    ],
)
def test_a_database_is_named_without_who_may_use_it(url: str, name: str) -> None:
    assert describe(parse_url(url)) == name


@pytest.mark.parametrize(
    "url", ["mysql://ada:geheim@db/news", "ada:geheim@db/news", "", "sqlite://", "sqlite:///:memory:", "state.db"]
)
def test_any_other_address_is_refused_with_the_remedy_and_without_its_secret(url: str) -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL") as caught:
        parse_url(url)
    assert "geheim" not in str(caught.value)
    assert any(kind in str(caught.value) for kind in ("postgresql://", "sqlite:////"))


def test_a_server_that_is_not_there_is_told_without_its_secret(tmp_path: Path) -> None:
    database = Database(parse_url(f"postgresql://ada:geheim@/news?host={tmp_path}"))
    with pytest.raises(StoreError, match=r"cannot be reached .* DATABASE_URL leads to it") as caught:
        SqlStore(database)
    assert "geheim" not in str(caught.value)
