"""`newsletter migrate` that is killed on the way: run again, it brings all that the folder had.

Two kills here; `python -m tests.e2e.killed_migration postgresql 10 50 2` kills on the way of two years
(docs/crashes.md).
"""

from pathlib import Path

from sqlalchemy import text

from newsletter.stores.sql.database import Database, parse_url
from newsletter.stores.tinydb import TinyStore
from tests import databases
from tests.e2e import killed_migration
from tests.e2e.killed_migration import MIGRATE, listen_to_database, listen_to_folder, newsletter


def test_a_killed_migration_run_again_brings_all_that_the_folder_had(tmp_path: Path) -> None:
    toll = killed_migration.campaign(tmp_path, "sqlite", kills=2, readers=3, mails=20)
    assert toll.kills
    assert (toll.differing, toll.mails) == ([], 60)


def test_what_is_not_as_it_was_would_be_noticed(tmp_path: Path) -> None:
    """The measure itself: of a database that lacks a mail, a digest and a vote."""
    killed_migration.make_folder(tmp_path, readers=1, mails=3)
    known, url = listen_to_folder(tmp_path), databases.sqlite_url(tmp_path / "state.db")
    databases.migrate(url)
    newsletter(tmp_path, url, *MIGRATE)
    database = Database(parse_url(url))
    assert listen_to_database(tmp_path, url, database).differences(known) == []
    latest = max(row.digest_on for row in TinyStore(tmp_path / "state").get_deliveries())
    with database.change() as connection:
        for table in ("deliveries", "digests"):
            connection.execute(text(f"DELETE FROM {table} WHERE digest_on = :on"), {"on": str(latest)})
        connection.execute(text("DELETE FROM votes WHERE arxiv_id = '2512.00001'"))
    found = listen_to_database(tmp_path, url, database).differences(known)
    database.close()
    assert {"deliveries", "digests", "votes", "newsletter archive"} <= set(found)
    assert any(one.startswith("the page ") for one in found)
    assert any(one.startswith("what s_") for one in found)
