"""The bundled announcement is one that our own reader accepts whole, and has something of everything to show."""

import gzip
import json
import re
from datetime import date

import feedparser
import pytest

from newsletter.model import Announcement, AnnounceType, Feed
from newsletter.sources import sample
from newsletter.sources.recorded import RecordedSource
from tests import SHARED

CATEGORIES = (
    "cs.AI",
    "cs.CV",
    "cs.LG",
    "cs.RO",
    "astro-ph.CO",
    "astro-ph.GA",
    "astro-ph.SR",
    "cs.CL",
    "quant-ph",
    "q-bio.NC",
    "math.OC",
)

RECORDED_DAY = SHARED / "corpus" / "days" / "2025-10-07.jsonl.gz"
COPIED_WORDS = 8  # in a row, from the authors' abstract: more than terms and names that have no other wording


@pytest.fixture(scope="module")
def feeds() -> tuple[Feed, ...]:
    source = RecordedSource(sample.PATH)
    return tuple(source.fetch(category) for category in CATEGORIES)


@pytest.fixture(scope="module")
def announcements(feeds: tuple[Feed, ...]) -> dict[str, Announcement]:
    return {shown.paper.arxiv_id: shown for feed in feeds for shown in feed.announcements}


@pytest.fixture(scope="module")
def parsed() -> feedparser.FeedParserDict:
    return feedparser.parse(str(sample.PATH))


def test_every_category_of_the_sample_has_papers_and_no_warning(feeds: tuple[Feed, ...]) -> None:
    for feed in feeds:
        assert feed.announcements, feed.category
        assert feed.warnings == ()


def test_the_sample_says_which_categories_it_is_of(parsed: feedparser.FeedParserDict) -> None:
    assert parsed.feed.title == f"{', '.join(CATEGORIES)} updates on arXiv.org"


def test_the_sample_is_of_7_october_2025(feeds: tuple[Feed, ...]) -> None:
    assert {feed.announced_on for feed in feeds} == {date(2025, 10, 7)}


def test_each_of_about_sixty_entries_is_another_paper_and_is_read(
    parsed: feedparser.FeedParserDict, announcements: dict[str, Announcement]
) -> None:
    assert not parsed.bozo
    assert 55 <= len(parsed.entries) <= 65
    assert len(announcements) == len(parsed.entries)


def test_every_announce_type_occurs(announcements: dict[str, Announcement]) -> None:
    assert {shown.announce_type for shown in announcements.values()} == set(AnnounceType)


def test_a_new_paper_or_version_has_its_primary_category_first(announcements: dict[str, Announcement]) -> None:
    """Such an entry is shown because of its primary category, which must therefore be one of the feed's."""
    at_home = {AnnounceType.NEW, AnnounceType.REPLACE}
    for shown in announcements.values():
        if shown.announce_type in at_home:
            assert shown.paper.primary in CATEGORIES, shown.paper.arxiv_id
        else:
            assert len(shown.paper.categories) > 1, shown.paper.arxiv_id


def test_only_a_replacement_or_an_older_paper_has_a_later_version(announcements: dict[str, Announcement]) -> None:
    for shown in announcements.values():
        if shown.announce_type is AnnounceType.NEW:
            assert shown.paper.version == 1, shown.paper.arxiv_id
        if shown.announce_type in {AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS}:
            assert shown.paper.version > 1, shown.paper.arxiv_id


def test_the_abstracts_are_short_descriptions_without_the_feed_s_own_heading(
    announcements: dict[str, Announcement],
) -> None:
    for shown in announcements.values():
        assert 60 <= len(shown.paper.abstract.split()) <= 140, shown.paper.arxiv_id
        assert "Announce Type" not in shown.paper.abstract


def test_the_sample_has_what_a_digest_must_cope_with(announcements: dict[str, Announcement]) -> None:
    papers = [shown.paper for shown in announcements.values()]
    names = [name for paper in papers for name in paper.authors]
    assert any("$" in paper.title for paper in papers)
    assert any("<" in paper.abstract for paper in papers)
    assert any("&" in paper.abstract for paper in papers)
    assert any(len(paper.authors) > 30 for paper in papers)
    assert r"Georg B\"okman" in names
    assert "Channon Visscher (Dordt U, Space Science Institute)" in names
    assert any(
        shown.announce_type is AnnounceType.CROSS and shown.paper.arxiv_id.startswith("24")
        for shown in announcements.values()
    )


def test_the_file_says_whose_words_the_abstracts_are() -> None:
    first_lines = sample.PATH.read_text(encoding="utf-8")[:500]
    assert "CC0" in first_lines
    assert "not the authors' words" in first_lines


@pytest.fixture(scope="module")
def originals(announcements: dict[str, Announcement]) -> dict[str, dict[str, str]]:
    if not RECORDED_DAY.exists():
        pytest.skip("no record of the papers of 7 October 2025 next to the repository")
    with gzip.open(RECORDED_DAY, "rt", encoding="utf-8") as lines:
        papers = (json.loads(line) for line in lines)
        return {paper["id"]: paper for paper in papers if paper["id"] in announcements}


def test_titles_and_primary_categories_are_those_of_real_papers(
    announcements: dict[str, Announcement], originals: dict[str, dict[str, str]]
) -> None:
    ours = {name: (shown.paper.title, shown.paper.primary) for name, shown in announcements.items()}
    assert ours == {name: (paper["title"], paper["primary"]) for name, paper in originals.items()}


def test_no_abstract_repeats_a_phrase_of_the_authors(
    announcements: dict[str, Announcement], originals: dict[str, dict[str, str]]
) -> None:
    for name, shown in announcements.items():
        assert not _phrases(shown.paper.abstract) & _phrases(originals[name]["abstract"]), name


def _phrases(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[i : i + COPIED_WORDS]) for i in range(len(words) - COPIED_WORDS + 1)}
