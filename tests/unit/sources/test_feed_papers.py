"""Feeds of any maker: each form reads into the same papers, oddities are met, and damage never mixes two papers."""

import os
import random
from collections.abc import Callable, Sequence
from datetime import date

import pytest

from newsletter.errors import SourceBusy, SourceError
from newsletter.model import Paper
from newsletter.sources.feed_papers import parse_entries
from tests.feed_samples import CATEGORY, FORMS, SAMPLES, SITE, Sample
from tests.make import TUESDAY
from tests.unit.sources.test_feed_mutations import WAYS, moved, mutated

NOTHING_COPIED = [way for way in WAYS if way is not moved]  # a text that stands elsewhere is what stands there
MUTATIONS = int(os.environ.get("MUTATIONS", "400"))
forms = pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))


def papers_of(body: bytes) -> list[Paper]:
    return [shown.paper for shown in parse_entries(body, CATEGORY, TUESDAY).announcements]


def rss_of(items: str, channel: str = "<title>A Blog</title>") -> bytes:
    return f'<rss version="2.0"><channel>{channel}{items}</channel></rss>'.encode()


def only(item: str) -> Paper:
    (paper,) = papers_of(rss_of(f"<item>{item}</item>"))
    return paper


@forms
def test_every_form_reads_into_the_same_papers(form: Callable[[Sequence[Sample]], bytes]) -> None:
    papers = papers_of(form(SAMPLES))
    for paper, sample in zip(papers, SAMPLES, strict=True):
        assert (paper.title, paper.authors, paper.abstract) == (sample.title, sample.authors, sample.abstract.strip())
        assert (paper.published_on, paper.primary, paper.version) == (TUESDAY, CATEGORY, 1)
        assert paper.origin
        assert (paper.origin.name, paper.origin.url.partition("?")[0]) == ("Invented", sample.link)
    assert len({paper.arxiv_id for paper in papers}) == len(SAMPLES)


TITLE, LINK = "<title>A title</title>", f"<link>{SITE}/1</link>"


@pytest.mark.parametrize(
    ("item", "paper_id"),
    [
        (f"{TITLE}<link>https://arxiv.org/abs/2510.05064v2</link>", "2510.05064"),
        (f"{TITLE}<link>https://arxiv.org/pdf/2510.05064v2</link>", "2510.05064"),
        (f"{TITLE}{LINK}<guid>https://doi.org/10.48550/arXiv.2510.05064</guid>", "2510.05064"),
        (f"{TITLE}<link>https://doi.org/10.5555/ABC.1</link>", "doi:10.5555/abc.1"),
        (f"{TITLE}<link>https://pubs.example.org/doi/full/10.5555/abc.1?af=R</link>", "doi:10.5555/abc.1"),
        (
            f"{TITLE}<link>https://www.biorxiv.org/content/10.1101/2026.01.02.1v3?rss=1</link>",
            "doi:10.1101/2026.01.02.1",
        ),
    ],
)
def test_a_paper_is_known_by_the_best_id_that_its_entry_gives(item: str, paper_id: str) -> None:
    paper = only(item)
    assert paper.arxiv_id == paper_id
    assert (paper.origin is None) == (":" not in paper_id)


def test_the_address_of_a_preprint_has_its_version() -> None:
    assert only(f"{TITLE}<link>https://www.biorxiv.org/content/10.1101/2026.01.02.1v3</link>").version == 3


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (f"{LINK}", f"<link>{SITE}/1?utm_source=rss#top</link>", True),
        ("<link>http://a.example/1/</link>", "<link>https://a.example/1</link>", True),
        (f"<guid>7</guid>{LINK}", f"<guid>7</guid><link>{SITE}/moved</link>", True),
        (f"<guid>7</guid>{LINK}", f"<guid>8</guid>{LINK}", False),
        (f"<link>{SITE}/?p=1</link>", f"<link>{SITE}/?p=2</link>", False),
    ],
)
def test_an_entry_without_a_doi_is_one_as_long_as_its_name_or_link_is(one: str, other: str, is_same: bool) -> None:
    assert (only(TITLE + one).arxiv_id == only(TITLE + other).arxiv_id) == is_same


@pytest.mark.parametrize(
    ("item", "attribute", "value"),
    [
        ("<title>A &lt;i&gt;B&lt;/i&gt; &amp;amp; C</title>" + LINK, "title", "A B & C"),
        ("<title>p &lt; 0.05 and q &gt; 2</title>" + LINK, "title", "p < 0.05 and q > 2"),
        (f"{TITLE}{LINK}<description>A&nbsp;B &eacute;</description>", "abstract", "A B é"),
        (f"{TITLE}{LINK}<description>Abstract: We show.</description>", "abstract", "We show."),
        (f"{TITLE}{LINK}<description>A title</description>", "abstract", ""),
        (f"{TITLE}{LINK}", "abstract", ""),
        (f"{TITLE}{LINK}", "published_on", None),
        (f"{TITLE}{LINK}<pubDate>yesterday</pubDate>", "published_on", None),
        (f"{TITLE}{LINK}<pubDate>Thu, 21 May 2026 04:40:42 PDT</pubDate>", "published_on", date(2026, 5, 21)),
        (f"{TITLE}{LINK}<author>ada@example.org (Ada Berg)</author>", "authors", ("Ada Berg",)),
        (f"{TITLE}{LINK}<author>ada@example.org</author>", "authors", ()),
    ],
)
def test_odd_entries_are_met(item: str, attribute: str, value: object) -> None:
    assert getattr(only(item), attribute) == value


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("/papers/1", f"{SITE}/papers/1"),
        ("papers/1", f"{SITE}/news/papers/1"),
        ("//cdn.example.org/1", "https://cdn.example.org/1"),
    ],
)
def test_a_relative_link_is_of_the_feeds_own_page(link: str, url: str) -> None:
    channel = f"<title>A Blog</title><link>{SITE}/news/</link>"
    (paper,) = papers_of(rss_of(f"<item>{TITLE}<link>{link}</link></item>", channel))
    assert paper.origin
    assert paper.origin.url == url


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "https://a:b@c.example/"]
)
def test_a_link_that_no_reader_should_follow_is_none(link: str) -> None:
    paper = only(f"{TITLE}<guid>7</guid><link>{link}</link>")
    assert paper.origin
    assert paper.origin.url == CATEGORY.removeprefix("feed:")


@pytest.mark.parametrize("item", [LINK, "<title> </title>" + LINK, TITLE, f"{TITLE}<title>Another</title>{LINK}"])
def test_an_entry_that_cannot_be_told_apart_is_left_out_and_named(item: str) -> None:
    feed = parse_entries(rss_of(f"<item>{item}</item><item>{TITLE}{LINK}</item>"), CATEGORY, TUESDAY)
    assert len(feed.announcements) == 1
    assert "was left out" in feed.warnings[0]
    with pytest.raises(SourceError, match="None of the 1 entries"):
        papers_of(rss_of(f"<item>{item}</item>"))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no content"),
        (b"<!doctype html><html><body>Sign in</body></html>", "HTML page"),
        (b"<opml version='2.0'><body/></opml>", "neither an Atom nor an RSS feed"),
        (b"<rss version='2.0'><channel><title>A", "damaged or cut off"),
        (b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]><rss><channel>&a;</channel></rss>", "entities of its own"),
        (b"{}", "damaged or cut off"),
    ],
)
def test_what_is_no_feed_is_refused_in_words(body: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        papers_of(body)


def test_a_busy_server_is_told_from_a_broken_feed() -> None:
    with pytest.raises(SourceBusy):
        papers_of(b"Too many requests")


def test_a_feed_of_1991_with_its_document_type_is_read() -> None:
    doctype = b'<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://example.org/rss-0.91.dtd">'
    body = b'<?xml version="1.0"?>' + doctype + rss_of(f"<item>{TITLE}{LINK}</item>")
    assert [paper.title for paper in papers_of(body)] == ["A title"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-1", "windows-1252", "utf-16"])
def test_letters_are_right_in_every_encoding_that_a_feed_declares(encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
    body = f"{declared}{rss_of('<item><title>Ärger é</title>' + LINK + '</item>').decode()}".encode(encoding)
    assert [paper.title for paper in papers_of(body)] == ["Ärger é"]


def damaged(rng: random.Random, form: Callable[[Sequence[Sample]], bytes], ways: int) -> bytes:
    body = form(rng.sample(SAMPLES, rng.randrange(1, len(SAMPLES))))
    return mutated(rng, body) if ways > 1 else rng.choice(NOTHING_COPIED)(rng, body, rng.randrange(len(body) + 1))


@forms
@pytest.mark.parametrize("ways", [1, 6])
def test_a_damaged_feed_is_refused_or_read_into_papers(form: Callable[[Sequence[Sample]], bytes], ways: int) -> None:
    rng = random.Random(ways)
    for _ in range(MUTATIONS // 4):
        body = damaged(rng, form, ways)
        try:
            papers = papers_of(body)
        except SourceError:
            continue
        for paper in papers:
            assert paper.arxiv_id.isascii()
            assert paper.arxiv_id.isprintable()
            assert paper.title
            assert paper.origin is None or paper.origin.url.startswith(("https://", "http://"))
            whose = [sample for sample in SAMPLES if sample.title == paper.title]
            others = [sample for sample in SAMPLES if whose and sample not in whose]
            assert ways > 1 or not any(other.abstract.strip()[-60:] == paper.abstract[-60:] for other in others), body


@forms
def test_a_feed_that_ends_early_is_never_taken_for_a_whole_one(form: Callable[[Sequence[Sample]], bytes]) -> None:
    body = form(SAMPLES).rstrip()
    for end in range(1, len(body), 97):
        with pytest.raises(SourceError):
            papers_of(body[:end])
