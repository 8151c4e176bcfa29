"""`/ready` where the memory is a database: its tables may be those of another version while the web part runs."""

from pathlib import Path

import pytest
from sqlalchemy import text

from newsletter import app
from newsletter.services import lost_memory
from newsletter.settings import Settings
from tests import databases
from tests.make import TUESDAY


def test_a_database_with_other_tables_is_not_ready_and_the_process_is_alive(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = databases.copy_sqlite(tmp_path / "state.db")
    settings = Settings(database_url=url, subscribers=tmp_path / "subscribers.yaml", _env_file=None)
    client = app.build_web(settings).test_client()
    assert client.get("/ready").status_code == 200
    database = app.open_database(settings)
    with database.change() as connection:
        connection.execute(text("UPDATE newsletter_version SET version_num = '0000'"))
    assert client.get("/ready").status_code == 503
    assert "run 'newsletter release'" in caplog.text
    assert "newsletter release" not in client.get("/ready").text, "the operator's words are for the log"
    assert client.get("/health").status_code == 200
    database.close()


def test_a_memory_that_began_anew_is_not_ready(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(state=tmp_path / "state", subscribers=tmp_path / "subscribers.yaml", _env_file=None)
    client, store = app.build_web(settings).test_client(), app.build_store(settings)
    assert client.get("/ready").status_code == 200
    store.put_document(lost_memory.DOCUMENT, "lost s_abcd2345/2026-01-06")
    assert client.get("/ready").status_code == 503
    assert "newsletter begin-anew" in caplog.text
    lost_memory.begin_anew(store, TUESDAY)
    assert client.get("/ready").status_code == 200
