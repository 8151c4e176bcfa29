"""The morning with its memory in a database: made by `release`, kept by `run`, told by `status`."""

import os
from pathlib import Path

import pytest

from newsletter.cli.exits import EXIT_CONFIG, EXIT_STORE
from tests import ROOT, databases
from tests.e2e import starts
from tests.e2e.test_cli import Done

TOLD = (("status",), ("deliveries",), ("archive",))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return databases.sqlite_url(tmp_path / "state.db")
    return databases.new_schema(request.getfixturevalue("postgres_url"), "morning")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "subscribers.yaml").write_bytes((ROOT / "subscribers.yaml").read_bytes())
    return tmp_path


def newsletter(folder: Path, url: str, *arguments: str) -> Done:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    return starts.run(*arguments, folder=folder, env={**clean, "DATABASE_URL": url})


def test_a_morning_is_kept_and_told(folder: Path, url: str) -> None:
    refused = newsletter(folder, url, "run", "--sample", "--quiet")
    assert (refused.returncode, "run 'newsletter release' once" in refused.stderr) == (EXIT_STORE, True)
    assert "The tables were made" in newsletter(folder, url, "release").stdout
    assert "nothing was done" in newsletter(folder, url, "release").stdout
    assert newsletter(folder, url, "run", "--sample", "--quiet").returncode == 0
    assert len(list((folder / "outbox").glob("*.eml"))) == 3
    again = newsletter(folder, url, "run", "--sample")
    assert "3 sent (already sent)" in again.stdout
    told = newsletter(folder, url, "status")
    assert told.stdout.count("accepted") == 3
    assert not (folder / "state").exists()


def test_a_folder_moves_into_the_database_and_through_a_file_back_into_a_folder(folder: Path, url: str) -> None:
    assert newsletter(folder, "", "run", "--sample", "--quiet").returncode == 0
    before = [newsletter(folder, "", *words).stdout for words in TOLD]
    newsletter(folder, url, "release")
    moved = newsletter(folder, url, "migrate", "--from", "state")
    assert (moved.returncode, "and each is the same in the database" in moved.stdout) == (0, True), moved.stderr
    assert [newsletter(folder, url, *words).stdout for words in TOLD] == before
    again = newsletter(folder, url, "migrate", "--from", "state")
    assert (again.returncode, "is not empty (it has deliveries)" in again.stderr) == (EXIT_STORE, True)
    assert newsletter(folder, url, "backup", "all.gz").returncode == 0
    (folder / "state").rename(folder / "put-away")
    brought = newsletter(folder, "", "restore", "all.gz")
    assert (brought.returncode, "and each is the same as there" in brought.stdout) == (0, True), brought.stderr
    assert [newsletter(folder, "", *words).stdout for words in TOLD] == before


def test_what_cannot_be_carried_is_refused_with_the_remedy(folder: Path, url: str) -> None:
    newsletter(folder, url, "release")
    none = newsletter(folder, url, "migrate", "--from", ".")
    assert (none.returncode, "is no state folder" in none.stderr) == (EXIT_CONFIG, True)
    nowhere = newsletter(folder, "", "migrate", "--from", ".")
    assert (nowhere.returncode, "set DATABASE_URL" in nowhere.stderr) == (EXIT_CONFIG, True)
    nothing = newsletter(folder, "", "backup", "all.gz")
    assert (nothing.returncode, "there is no memory in state" in nothing.stderr) == (EXIT_STORE, True)
    other = newsletter(folder, url, "restore", "subscribers.yaml")
    assert (other.returncode, "is no backup of the newsletter" in other.stderr) == (EXIT_STORE, True)
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith("state.db")) == [
        "subscribers.yaml"
    ]


def test_another_kind_of_database_is_refused_before_anything_else(folder: Path) -> None:
    done = newsletter(folder, "mysql://ada:geheim@db/news", "status")
    assert (done.returncode, "geheim" in done.stderr) == (EXIT_CONFIG, False)
    assert "postgresql:// or sqlite:///" in done.stderr


def test_without_a_database_a_release_has_nothing_to_do(folder: Path) -> None:
    done = newsletter(folder, "", "release")
    assert (done.returncode, "needs no release; nothing was done" in done.stdout) == (0, True)
