"""The archive as a folder of files, and the commands that write it."""

from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

import feedparser
import pytest

from newsletter.delivery import ledger
from newsletter.model import Delivery, DeliveryState, Digest
from newsletter.stores.tinydb import TinyStore
from newsletter.web.archive.editions import ArchivedDigests
from newsletter.web.archive.export import FileCounts, count_pages, edition_of_files, write_edition, write_listing
from tests import make
from tests.archives import WHO, digest, entry, mail, pages
from tests.fakes import MemoryStore
from tests.unit.cli.test_suppressions import ADA, ADA_ID, YAML, newsletter

PARTS = {"style.css": "a {}", "archive.css": "b {}", "papers.js": "c"}
LATER = make.TUESDAY + timedelta(days=40)


def filled() -> MemoryStore:
    store = MemoryStore()
    mail(store, digest(make.TUESDAY, [entry(1), entry(2)]))
    mail(store, digest(make.WEDNESDAY, [entry(3)]), DeliveryState.REJECTED)
    mail(store, digest(LATER, [entry(4, title="<script>alert(1)</script>")]))
    return store


def built(store: MemoryStore, folder: Path, slug: str = "") -> FileCounts:
    each = edition_of_files(ArchivedDigests(store, WHO, slug))
    return write_listing(pages(), [each], folder, PARTS) + write_edition(pages(), each, folder / each.digests.name)


class Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.ids: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value for name, value in attrs if name in ("href", "src", "action") and value}
        self.ids |= {value for name, value in attrs if name == "id" and value}


@pytest.mark.parametrize("slug", ["", "local-group"])
def test_each_link_leads_to_a_file_of_the_folder(tmp_path: Path, slug: str) -> None:
    built(filled(), tmp_path, slug)
    files = sorted(tmp_path.rglob("*.html"))
    assert [path.name for path in files] == [
        "index.html",
        *("2026-01-06.html", "2026-01.html", "2026-02-15.html", "2026-02.html", "index.html"),
    ]
    for path in files:
        for link in Links(path.read_text(encoding="utf-8")).found:
            if link.startswith(("https:", "mailto:")):
                continue
            name, anchor = urldefrag(link)
            target = path.parent / name if name else path
            assert target.is_file(), f"{path.name}: {link}"
            assert not anchor or anchor in Links(target.read_text(encoding="utf-8")).ids, f"{path.name}: {link}"


def test_what_did_not_change_is_not_touched(tmp_path: Path) -> None:
    store = filled()
    first = built(store, tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    assert built(store, tmp_path) == FileCounts(unchanged=first.written)
    mail(store, digest(LATER + timedelta(days=1), [entry(5)]))
    again = built(store, tmp_path)
    assert again.written < first.written
    assert (tmp_path / WHO / "2026-01-06.html").stat().st_mtime_ns == times[tmp_path / WHO / "2026-01-06.html"]


def test_the_files_of_a_digest_that_bounced_later_are_removed_and_no_others(tmp_path: Path) -> None:
    store = filled()
    built(store, tmp_path)
    (tmp_path / WHO / "robots.txt").touch()
    row = make.present(store.get_delivery(WHO, LATER))
    store.start_run("r")
    store.move(ledger.reject(row, "bounced", make.NOW))
    assert built(store, tmp_path).removed == 5  # the day, three exports, and its month
    names = {path.name for path in (tmp_path / WHO).iterdir()}
    assert {"robots.txt", "2026-01-06.html", "index.html"} <= names
    assert not [name for name in names if name.startswith("2026-02")]


def test_progress_is_told_as_often_as_was_said(tmp_path: Path) -> None:
    for store in (filled(), MemoryStore()):
        each, calls = edition_of_files(ArchivedDigests(store, WHO)), list[int]()
        write_edition(pages(), each, tmp_path, lambda calls=calls: calls.append(1))  # type: ignore[misc]
        assert len(calls) == count_pages(each)


class CountingStore(MemoryStore):
    """Counts what is asked of the ledger, and for digests."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger_asked = self.digests_asked = 0

    def get_deliveries(self, **wanted: Any) -> list[Delivery]:
        self.ledger_asked += 1
        return super().get_deliveries(**wanted)

    def get_delivery(self, subscriber_id: str, digest_on: date) -> Delivery | None:
        self.ledger_asked += 1
        return super().get_delivery(subscriber_id, digest_on)

    def get_digest(self, subscriber_id: str, digest_on: date) -> Digest | None:
        self.digests_asked += 1
        return super().get_digest(subscriber_id, digest_on)


def test_the_ledger_is_read_as_often_for_many_digests_as_for_few_and_a_digest_a_few_times(tmp_path: Path) -> None:
    asked = []
    for days in (3, 12):
        store = CountingStore()
        for number in range(days):
            mail(store, digest(make.TUESDAY + timedelta(days=number), [entry(number + 1)]))
        store.ledger_asked = store.digests_asked = 0
        write_edition(pages(), edition_of_files(ArchivedDigests(store, WHO)), tmp_path / str(days))
        assert store.digests_asked <= 4 * days  # its day, its month, perhaps the overview and the feed
        asked.append(store.ledger_asked)
    assert asked[0] == asked[1] <= 2


def test_the_feed_in_the_folder_is_a_feed_with_relative_links(tmp_path: Path) -> None:
    built(filled(), tmp_path, "local-group")
    feed = feedparser.parse((tmp_path / "local-group/feed.atom").read_bytes())
    assert not feed.bozo
    assert [each.link for each in feed.entries] == ["2026-02-15.html", "2026-01-06.html"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(YAML, encoding="utf-8")
    reader = make.subscriber(subscriber_id=ADA_ID)
    store = TinyStore(tmp_path / "state")
    mail(store, digest(make.TUESDAY, [entry(1), entry(2)], subscriber=reader))
    mail(store, digest(LATER, [entry(4)], subscriber=reader))
    return tmp_path


def test_the_archives_are_listed(place: Path) -> None:
    assert any(
        line.split()[:5] == [ADA_ID, ADA, "2", "2026-01-06", "2026-02-15"]
        for line in newsletter("archive").output.splitlines()
    )


def test_a_digest_or_a_choice_is_exported(place: Path) -> None:
    assert "2601.00004" in newsletter("archive", "export", ADA).output
    chosen = newsletter("archive", "export", ADA, "--date", "2026-01-06", "--paper", "2601.00002", "-f", "ris").output
    assert chosen.count("TY  - ") == 1
    assert newsletter("archive", "export", ADA, "-f", "markdown", "-o", "x.md").output.strip() == "x.md"
    assert (place / "x.md").read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("export", ADA, "--date", "2026-01-07"), "no digest of 2026-01-07"),
        (("export", ADA, "--paper", "9"), "leave --paper out"),
        (("export", "nobody@example.org"), "nobody is called"),
        (("build", "--output", "out"), "set public_archive"),
    ],
)
def test_what_cannot_be_exported_is_said_with_the_remedy(place: Path, arguments: tuple[str, ...], message: str) -> None:
    done = newsletter("archive", *arguments)
    assert done.exit_code == 2
    assert message in " ".join(done.output.replace("│", " ").split())


def test_public_archives_and_ones_own_are_built(place: Path) -> None:
    assert newsletter("archive", "build", ADA, "-o", "own").exit_code == 0
    assert (place / "own" / ADA_ID / "2026-01-06.html").is_file()
    yaml = YAML.replace(f"email: {ADA},", f"email: {ADA}, public_archive: local-group,", 1)
    (place / "subscribers.yaml").write_text(yaml, encoding="utf-8")
    done = newsletter("archive", "build", "--output", "public")
    assert "0 unchanged" in done.output
    page = (place / "public/local-group/2026-01-06.html").read_text(encoding="utf-8")
    assert "noindex" not in page
    assert ADA_ID not in page
    assert (place / "public/archive.css").is_file()


def test_a_built_archive_is_in_the_language_that_its_reader_reads_now(place: Path) -> None:
    yaml = YAML.replace(f"email: {ADA},", f"email: {ADA}, language: de, public_archive: local-group,", 1)
    (place / "subscribers.yaml").write_text(yaml, encoding="utf-8")
    for name, arguments in ((ADA_ID, [ADA]), ("local-group", [])):
        assert newsletter("archive", "build", *arguments, "-o", "out").exit_code == 0
        pages_of = [place / "out/index.html", *(place / "out" / name).glob("*.html")]
        assert len(pages_of) > 4
        assert all('<html lang="de">' in page.read_text(encoding="utf-8") for page in pages_of)
        assert 'xml:lang="de"' in (place / "out" / name / "feed.atom").read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_said_with_the_remedy(place: Path) -> None:
    (place / "file").touch()
    done = newsletter("archive", "build", ADA, "-o", "file/below")
    assert "choose another --output" in str(done.exception)
