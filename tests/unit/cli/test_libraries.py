"""Zotero libraries on the command line: what `check` finds, and a morning by what a library holds."""

from pathlib import Path

import pytest

from newsletter.sources import sample
from newsletter.stores.tinydb import TinyStore
from tests.command import newsletter
from tests.http_server import Handler, serving
from tests.zotero_server import Library, ZoteroServer, entry, serving_zotero

FILE = """\
subscribers:
  - email: ada@example.org
    categories: [cs.LG]
    zotero: {library: users/123, key: ZOTERO_KEY_ADA}
    min_relevance: 1
  - email: rita@example.org
    categories: [cs.LG]
    zotero: groups/7/ABCD2345
    min_relevance: 1
"""


class Feeds(Handler):
    """Serves the bundled feed, whatever day it is."""

    def do_GET(self) -> None:
        self.answer(200, sample.PATH.read_bytes(), content_type="application/atom+xml")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_CONTACT", "ops@example.org")
    (tmp_path / "subscribers.yaml").write_text(FILE, encoding="utf-8")
    return tmp_path


def libraries() -> dict[str, Library]:
    papers = [entry(f"Sparse attention {n}", days=n, abstract="Attention in linear time.") for n in range(150)]
    return {
        "users_123": Library(papers, version=7, key="secret-key"),
        "groups_7": Library(collections={"ABCD2345": [entry("Graph networks")]}),
    }


def point_at(server: ZoteroServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_ZOTERO_URL", server.base_url)


def test_check_says_what_it_found_in_each_library(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOTERO_KEY_ADA", "secret-key")
    with serving_zotero(**libraries()) as server:
        point_at(server, monkeypatch)
        done = newsletter("check")
    assert "✓ Zotero: users/123 has 150 entries, 150 papers of it counted; the last one" in done.output
    assert "“Sparse attention 0”" in done.output
    assert "groups/7/ABCD2345 has 1 entry, 1 paper of it counted" in done.output
    assert done.exit_code == 0
    assert not (folder / "state").exists()


def test_check_names_what_cannot_be_read_and_no_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOTERO_KEY_ADA", "wrong-key")
    with serving_zotero(users_123=libraries()["users_123"]) as server:
        point_at(server, monkeypatch)
        done = newsletter("check")
    assert done.exit_code != 0
    assert "users/123 could not be read (403)" in done.output
    assert "groups/7/ABCD2345 could not be read (404)" in done.output
    assert "wrong-key" not in done.output


def test_a_morning_reads_each_library_once_and_goes_on_without_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOTERO_KEY_ADA", "secret-key")
    with serving_zotero(**libraries()) as server, serving(Feeds) as feeds:
        point_at(server, monkeypatch)
        monkeypatch.setenv("NEWSLETTER_FEED_URL", feeds)
        newsletter("run")
        first = len(server.requests)
        newsletter("run")
        assert (first, len(server.requests)) == (3, 3), "two pages and one; nothing within the day"
        store = TinyStore(folder / "state")
        index = store.get_document("zotero.json") or ""
        assert "secret-key" not in index
        store.put_document("zotero.json", index.replace('"next_at": "20', '"next_at": "19'))  # a century ago
        server.answers += [(503, b"", {}), (503, b"", {})]
        done = newsletter("run")
    assert "Zotero answered 503" in done.output
    assert "Until then what was read on" in done.output
    assert "Sparse attention 0" in (store.get_document("zotero-users-123-ZOTERO_KEY_ADA.json") or "")
