"""bioRxiv and medRxiv: pages of the API in its published form, the feed while that is away, and damage to both."""

import json
import os
import random
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import httpx2
import pytest

from newsletter.errors import FetchError, SourceError
from newsletter.model import AnnounceType, Feed, Paper
from newsletter.sources.fetching.fetcher import Fetcher
from newsletter.sources.polite import MAX_WAIT_S, PoliteGetter, wait_before_retry
from newsletter.sources.preprint_records import clean_abstract, read_page
from newsletter.sources.preprints import WINDOW, PreprintSource
from newsletter.sources.turns import PAUSE_S, Turns
from tests.feed_samples import NUMBERS
from tests.unit.sources.test_feed_mutations import mutated
from tests.unit.sources.test_feed_papers import NOTHING_COPIED

MUTATIONS = int(os.environ.get("MUTATIONS", "400"))
CATEGORY = "biorxiv:cell_biology"
NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)
Record = dict[str, Any]


def record(number: int = 1, **changes: Any) -> Record:
    """One record, with the keys and in the form that https://api.biorxiv.org/ describes."""
    doi = f"10.64898/2026.01.04.70000{number}"
    return {
        "title": f"A cell that counts to {number}",
        "authors": "Amsel, R.; Breuer, K. L.; The Counting Consortium",
        "author_corresponding": "Rosa Amsel",
        "author_corresponding_institution": "Institute of Invention",
        "doi": doi,
        "date": "2026-01-05",
        "version": "1",
        "type": "new results",
        "license": "cc_by",
        "category": "cell biology",
        "jatsxml": f"https://www.biorxiv.org/content/early/2026/01/05/{doi.partition('/')[2]}.source.xml",
        "abstract": f"We show that a cell counts to {number}, and no further.",
        "funder": "NA",
        "published": "NA",
        "server": "bioRxiv",
        **changes,
    }


def page(records: list[Record], *, total: object = None, status: str = "ok") -> bytes:
    count = len(records)
    message = {"status": status, "interval": "2025-12-29:2026-01-07", "cursor": 0, "count": count}
    return json.dumps(
        {"messages": [{**message, "total": count if total is None else total}], "collection": records}
    ).encode()


class Server:
    """Answers each address with what `answers` has for its path, and remembers what it was asked."""

    def __init__(self, answer: Callable[[httpx2.URL], httpx2.Response]) -> None:
        self.asked: list[httpx2.URL] = []
        self._answer = answer

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request.url)
        return self._answer(request.url)


def source(server: Server, slept: list[float] | None = None) -> PreprintSource:
    client = httpx2.Client(transport=httpx2.MockTransport(server))
    turns = Turns(sleep=(slept if slept is not None else []).append, monotonic=lambda: 0.0)
    return PreprintSource(PoliteGetter(Fetcher(client), turns, monotonic=lambda: 0.0), lambda: NOW)


def fetch_pages(*pages: bytes, category: str = CATEGORY) -> Feed:
    answers = iter(pages)
    return source(Server(lambda url: httpx2.Response(200, content=next(answers)))).fetch(category)


def only(**changes: Any) -> Paper:
    (shown,) = read_page(page([record(**changes)]), CATEGORY).announcements
    return shown.paper


def test_a_record_is_a_paper_with_its_doi_and_its_three_pages() -> None:
    paper = only()
    assert (paper.arxiv_id, paper.version, paper.published_on) == (
        "doi:10.64898/2026.01.04.700001",
        1,
        date(2026, 1, 5),
    )
    assert paper.authors == ("R. Amsel", "K. L. Breuer", "The Counting Consortium")
    assert paper.categories == (CATEGORY,)
    assert paper.origin
    place = "https://www.biorxiv.org/content/10.64898/2026.01.04.700001v1"
    assert (paper.origin.name, paper.origin.url) == ("bioRxiv", place)
    assert (paper.origin.pdf, paper.origin.html) == (f"{place}.full.pdf", f"{place}.full")


@pytest.mark.parametrize(("written", "doi"), [("NA", ""), (None, ""), ("10.1038/S41586-026-1", "10.1038/s41586-026-1")])
def test_a_preprint_that_a_journal_published_names_the_article(written: str | None, doi: str) -> None:
    origin = only(published=written).origin
    assert origin
    assert origin.published_doi == doi


@pytest.mark.parametrize(
    ("changes", "notice"),
    [
        ({}, ""),
        ({"title": "WITHDRAWN: A cell that counts"}, "Withdrawn."),
        (
            {"abstract": "The authors have withdrawn their manuscript owing to an error. It is not to be cited."},
            "The authors have withdrawn their manuscript owing to an error.",
        ),
    ],
)
def test_a_withdrawn_preprint_is_known_by_its_title_or_by_what_stands_for_its_abstract(
    changes: Mapping[str, Any], notice: str
) -> None:
    assert only(version="2", **changes).withdrawal == notice


def test_the_days_and_the_subject_are_asked_for_page_by_page_with_pauses() -> None:
    pages = [page([record(1), record(2)], total="3"), page([record(3)], total="3")]
    server, slept = Server(lambda url: httpx2.Response(200, content=pages[len(server.asked) - 1])), list[float]()
    feed = source(server, slept).fetch(CATEGORY)
    assert [shown.paper.title[-1] for shown in feed.announcements] == ["1", "2", "3"]
    first = (NOW - WINDOW).date()
    assert [str(url) for url in server.asked] == [
        f"https://api.biorxiv.org/details/biorxiv/{first}/2026-01-07/{cursor}/json?category=cell_biology"
        for cursor in (0, 2)
    ]
    assert slept == [PAUSE_S]


def test_other_subjects_are_passed_over_and_versions_are_one_paper() -> None:
    records = [
        record(1),
        record(2, category="zoology"),
        record(1, version="2", title="Better"),
        record(3, version=3),
        record(4, category="Cell_Biology"),
    ]
    shown = {each.paper.arxiv_id[-1]: each for each in fetch_pages(page(records)).announcements}
    assert {number: (each.paper.version, each.announce_type) for number, each in shown.items()} == {
        "1": (2, AnnounceType.NEW),
        "3": (3, AnnounceType.REPLACE),
        "4": (1, AnnounceType.NEW),
    }


def test_days_without_papers_are_quiet() -> None:
    body = json.dumps({"messages": [{"status": "no posts found"}], "collection": []}).encode()
    assert fetch_pages(body).announcements == ()


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("O_ST_ABSBackgroundC_ST_ABSCells count.", "Background: Cells count."),
        ("O_LIOne.C_LIO_LITwo.C_LI", "One. Two."),
        ("In O_SCPLOWDC_SCPLOW-glucose", "In D-glucose"),
        ('Seen.\n\nO_FIG O_LINKSMALLFIG WIDTH=2 ALT="x">\nView larger version\nC_FIG End.', "Seen. End."),
        ("<p>p &lt; 0.05, CO<sub>2</sub></p>", "p < 0.05, CO₂"),
    ],
)
def test_an_abstract_has_no_marks_of_its_servers_own(written: str, text: str) -> None:
    assert clean_abstract(written) == text


@pytest.mark.parametrize(
    "changes",
    [
        {"doi": ""},
        {"doi": "none"},
        {"doi": "10.64898/other"},
        {"title": ""},
        {"version": "x"},
        {"date": "soon"},
        {"version": "0"},
        {"title": None},
    ],
)
def test_a_record_that_cannot_be_read_is_left_out_and_named(changes: Mapping[str, Any]) -> None:
    feed = fetch_pages(page([record(1, **changes), record(2)]))
    assert [shown.paper.arxiv_id[-1] for shown in feed.announcements] == ["2"]
    assert "was left out" in feed.warnings[0]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "damaged"),
        (b"<html>", "damaged"),
        (b"[]", "another form"),
        (b"{}", "another form"),
        (b'{"messages": [{"status": "ok"}], "collection": {}}', "another form"),
        (page([], status="error: database"), "answered 'error: database'"),
        (page([record()], total="many"), "does not say how many"),
        (page([record()], total=7)[:-20], "damaged"),
        (b"[" * 100_000, "damaged"),
    ],
)
def test_what_is_no_page_is_refused_in_words(body: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        read_page(body, CATEGORY)


def test_a_list_that_ends_before_its_count_is_refused() -> None:
    server = Server(lambda url: httpx2.Response(200, content=page([] if "/1/" in url.path else [record()], total=5)))
    with pytest.raises(SourceError, match="Of 5 records of biorxiv:cell_biology 1 came"):
        source(server).fetch(CATEGORY)


FEED = b"""<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
  xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://www.medrxiv.org"><title>medRxiv Subject Collection: Oncology</title></channel>
<item rdf:about="https://www.medrxiv.org/content/10.64898/2026.01.04.26300001v2?rss=1">
<title><![CDATA[Counting tumours that nobody has]]></title>
<link>https://www.medrxiv.org/content/10.64898/2026.01.04.26300001v2?rss=1</link>
<description><![CDATA[We count none.]]></description>
<dc:creator><![CDATA[ Amsel, R., Breuer, K. L. ]]></dc:creator>
<dc:date>2026-01-05</dc:date>
<dc:identifier>doi:10.64898/2026.01.04.26300001</dc:identifier>
</item>
</rdf:RDF>
"""


def test_while_the_api_is_away_the_feed_is_read_and_the_operator_is_told() -> None:
    server = Server(
        lambda url: httpx2.Response(503) if url.host == "api.biorxiv.org" else httpx2.Response(200, content=FEED)
    )
    feed = source(server).fetch("medrxiv:oncology")
    (shown,) = feed.announcements
    assert str(server.asked[-1]) == "https://connect.medrxiv.org/medrxiv_xml.php?subject=oncology"
    assert (shown.paper.version, shown.announce_type) == (2, AnnounceType.REPLACE)
    assert shown.paper.authors == ("R. Amsel", "K. L. Breuer")
    assert shown.paper.origin
    assert shown.paper.origin.pdf == "https://www.medrxiv.org/content/10.64898/2026.01.04.26300001v2.full.pdf"
    assert "its feed was read" in feed.warnings[0]
    assert len(server.asked) == 3 + 1  # the API and the feed


def test_a_server_that_is_away_is_not_waited_for_with_each_subject() -> None:
    server = Server(lambda url: httpx2.Response(503))
    away = source(server)
    for category in (CATEGORY, "biorxiv:zoology", "biorxiv:ecology"):
        with pytest.raises(SourceError):
            away.fetch(category)
    assert len(server.asked) == 3 + 1 + 2 * (1 + 1)  # the API and the feed


def test_when_both_are_away_the_apis_trouble_is_told() -> None:
    server = Server(lambda url: httpx2.Response(404 if "api" in url.host else 500))
    with pytest.raises(SourceError, match=r"api\.biorxiv\.org"):
        source(server).fetch(CATEGORY)


def test_a_server_that_asks_for_patience_gets_it_or_is_left_alone() -> None:
    answers = [httpx2.Response(429, headers={"Retry-After": "60"}), httpx2.Response(200, content=page([record()]))]
    server = Server(lambda url: answers[len(server.asked) - 1])
    assert len(source(server).fetch(CATEGORY).announcements) == 1


@pytest.mark.parametrize(("asked_s", "wait"), [(None, 10.0), (5, 10.0), (60, 60.0), (MAX_WAIT_S + 1, False)])
def test_the_wait_is_our_own_or_the_longer_one_that_is_asked_for(asked_s: float | None, wait: bool | float) -> None:
    assert wait_before_retry(FetchError("", "busy", is_passing=True, retry_after_s=asked_s), 10.0) == wait
    assert wait_before_retry(FetchError("", "gone", retry_after_s=asked_s), 10.0) is False


def test_a_server_that_asks_for_a_long_rest_is_not_asked_for_another_subject() -> None:
    server = Server(lambda url: httpx2.Response(429, headers={"Retry-After": f"{MAX_WAIT_S + 1:.0f}"}))
    asking = source(server)
    for category, words in ((CATEGORY, "asked too often"), ("biorxiv:zoology", "not to be asked again for 3 minutes")):
        with pytest.raises(SourceError, match=words) as caught:
            asking.fetch(category)
        assert caught.value.retry_after_s == MAX_WAIT_S + 1
    assert len(server.asked) == 2  # the API, and then the feed


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_page_is_refused_or_read_into_the_papers_it_names(seed: int) -> None:
    rng = random.Random(seed)
    titles = {f"doi:{record(n)['doi']}": f"A cell that counts to {word}" for n, word in enumerate(NUMBERS, start=1)}
    for _ in range(MUTATIONS // 4):
        chosen = rng.sample(range(1, 9), rng.randrange(1, 8))
        whole = page([record(n, title=f"A cell that counts to {NUMBERS[n - 1]}") for n in chosen])
        body = rng.choice(NOTHING_COPIED)(rng, whole, rng.randrange(len(whole)))
        try:
            found = read_page(body if seed else mutated(rng, body), CATEGORY)
        except SourceError:
            continue
        for shown in found.announcements:
            paper = shown.paper
            assert paper.title
            assert paper.arxiv_id.isascii()
            others = {title for paper_id, title in titles.items() if paper_id != paper.arxiv_id}
            assert not seed or paper.arxiv_id not in titles or paper.title not in others
