"""The archive marks what was only the nearest of its day, on every page and in every file."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from newsletter.model import Counts, Digest, DigestEntry
from newsletter.signing import Purpose
from newsletter.web import Archives, create_app
from newsletter.web.archive.editions import ArchivedDigests, for_strangers
from newsletter.web.archive.export import edition_of_files, write_edition
from tests import make
from tests.archives import WHO, digest, entry, mail, pages
from tests.fakes import MemoryStore
from tests.web.site import SIGNER, part_of

TOKEN = SIGNER.link(Purpose.ARCHIVE, WHO)
MARK = "below the cut-offs"


def with_nearest(*entries: DigestEntry, nearest: int) -> Digest:
    passed = len(entries) - nearest
    marked = tuple(replace(each, is_nearest=number >= passed) for number, each in enumerate(entries))
    counts = Counts(40, 30, relevant=passed, shown=len(entries), not_scored=0, nearest=nearest)
    return digest(make.TUESDAY, marked, counts=counts, widening="My own words would help.")


FILLED = with_nearest(entry(1, relevance=7), entry(2, relevance=6, title="Near"), nearest=1)
NEAREST_ONLY = with_nearest(entry(1, relevance=5), entry(2, relevance=4), nearest=2)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def client(store: MemoryStore) -> FlaskClient:
    return create_app(replace(part_of(store), archives=Archives(pages(), "https://papers.example.org"))).test_client()


@pytest.mark.parametrize(
    ("page", "marks"), [("2026-01-06", 3), ("2026-01", 1), ("search?q=near", 1), ("feed.atom", 2), ("2026-01-06.md", 1)]
)
def test_a_nearest_paper_is_marked_and_what_passed_is_not(
    store: MemoryStore, client: FlaskClient, page: str, marks: int
) -> None:
    """On the day's page also by a heading, in the contents too; in the feed also by its title."""
    mail(store, FILLED)
    assert client.get(f"/archive/{TOKEN}/{page}").text.lower().count(MARK) == marks


def test_a_day_on_which_nothing_passed_says_so(store: MemoryStore, client: FlaskClient) -> None:
    mail(store, NEAREST_ONLY)
    for page in ("2026-01-06", "feed.atom", "2026-01-06.md"):
        assert "Nothing matched the profile closely today. The nearest:" in client.get(f"/archive/{TOKEN}/{page}").text


def test_the_best_of_a_month_are_those_that_passed_then_the_nearest(store: MemoryStore, client: FlaskClient) -> None:
    high = with_nearest(entry(1, relevance=6, title="Passed"), entry(2, relevance=9, title="Near"), nearest=1)
    mail(store, high)
    best = client.get(f"/archive/{TOKEN}/2026-01").text.partition("Best papers")[2]
    assert best.index("Passed") < best.index("Near")


def test_citations_carry_it_as_a_keyword(store: MemoryStore, client: FlaskClient) -> None:
    mail(store, FILLED)
    bib, ris = (client.get(f"/archive/{TOKEN}/2026-01-06.{ending}").text for ending in ("bib", "ris"))
    assert bib.count("keywords = {nearest}") == ris.count("KW  - nearest") == 1


def test_a_choice_of_the_nearest_alone_does_not_say_that_nothing_passed(
    store: MemoryStore, client: FlaskClient
) -> None:
    mail(store, FILLED)
    chosen = client.get(f"/archive/{TOKEN}/2026-01-06.md?paper=2601.00002").text
    assert "Nothing matched" not in chosen
    assert MARK in chosen


def test_what_would_help_the_reader_is_in_no_page_nor_for_strangers(store: MemoryStore, tmp_path: Path) -> None:
    mail(store, NEAREST_ONLY)
    write_edition(pages(), edition_of_files(ArchivedDigests(store, WHO, "sums")), tmp_path)
    assert not [path for path in tmp_path.iterdir() if "My own words" in path.read_text(encoding="utf-8")]
    assert for_strangers(NEAREST_ONLY).widening == ""
