"""OpenReview: its notes in the published form, a server that answers as its API does, and damage to both."""

import json
import os
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from newsletter.errors import FetchError, SourceError
from newsletter.model import Paper
from newsletter.sources.fetching.fetcher import open_fetcher
from newsletter.sources.fetching.reach import operators
from newsletter.sources.openreview import FIRST_PAGE, PAGE, WINDOW, Account, OpenReviewSource
from newsletter.sources.openreview_notes import read_notes, understand
from newsletter.sources.polite import PoliteGetter
from newsletter.sources.turns import Turns
from tests.feed_samples import NUMBERS
from tests.openreview_server import (
    CHALLENGE,
    PASSWORD,
    TOO_MANY,
    USERNAME,
    OpenReviewServer,
    note,
    page,
    serving_openreview,
)
from tests.unit.sources.test_feed_mutations import mutated
from tests.unit.sources.test_feed_papers import NOTHING_COPIED

MUTATIONS = int(os.environ.get("MUTATIONS", "400"))
CATEGORY = "openreview:TMLR"
ICLR = "ICLR.cc/2026/Conference"
NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)
TODAY = NOW.date()
ACCOUNT = Account(USERNAME, PASSWORD)


def source(
    server: OpenReviewServer, account: Account | None = ACCOUNT, held: list[float] | None = None
) -> OpenReviewSource:
    slept: list[float] = []
    fetcher = open_fetcher(contact="ada@example.org", reach=operators(server.url))
    turns = Turns(hold=(slept if held is None else held).append, sleep=slept.append, monotonic=lambda: 0.0)
    getter = PoliteGetter(fetcher, turns, understand=understand, holds_others=True, monotonic=lambda: 0.0)
    return OpenReviewSource(getter, lambda: NOW, account=account, api_url=server.url)


@pytest.fixture
def server() -> Iterator[OpenReviewServer]:
    with serving_openreview({"TMLR": [note(word) for word in NUMBERS], ICLR: []}) as serving:
        yield serving


def only(**changes: Any) -> Paper:
    (found,) = read_notes(page([note("one", **changes)]), CATEGORY).papers
    return found.announcement.paper


def test_a_note_is_a_paper_with_its_forum_its_pdf_and_the_tex_of_its_abstract() -> None:
    paper = only()
    assert (paper.arxiv_id, paper.version, paper.published_on) == ("openreview:oneForum1", 1, date(2026, 1, 5))
    assert (paper.title, paper.authors) == ("A machine that counts to one", ("Ada One", "Ben One"))
    assert paper.abstract == "We count to one in $O(n^2)$ steps, and no further than one."
    assert paper.categories == (CATEGORY,)
    assert paper.origin
    assert (paper.origin.name, paper.origin.doi) == ("TMLR", "")
    assert paper.abs_url == paper.origin.url == "https://openreview.net/forum?id=oneForum1"
    assert paper.origin.pdf == "https://openreview.net/pdf?id=oneForum1"


@pytest.mark.parametrize(
    ("content", "paper_id"),
    [
        ({"pdf": "https://arxiv.org/pdf/2510.05064v2.pdf"}, "2510.05064"),
        ({"html": "https://arxiv.org/abs/2510.05064"}, "2510.05064"),
        ({"html": "https://arxiv.org/html/2510.05064v1?context=cs"}, "2510.05064"),
        ({"arxiv": "arXiv:2510.05064v1"}, "2510.05064"),
        ({"doi": "10.48550/arXiv.2510.05064"}, "2510.05064"),
        ({"doi": "https://doi.org/10.5555/Invented.1"}, "doi:10.5555/invented.1"),
        ({"html": "https://doi.org/10.5555/invented.1"}, "doi:10.5555/invented.1"),
        ({"html": "https://example.org/10.5555/invented.1"}, "openreview:oneForum1"),
        ({"html": "http://[::1"}, "openreview:oneForum1"),
    ],
)
def test_a_paper_that_names_its_arxiv_id_or_doi_is_known_by_it(content: dict[str, str], paper_id: str) -> None:
    paper = only(content=content)
    assert paper.arxiv_id == paper_id
    assert (paper.origin is None) == (paper_id == "2510.05064")


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("/pdf/0123.pdf", "https://openreview.net/pdf?id=oneForum1"),
        ("https://proceedings.example.org/one.pdf", "https://proceedings.example.org/one.pdf"),
        ("https://ada:pass@example.org/one.pdf", ""),
        ("https://example.org/one two.pdf", ""),
        ("ftp://example.org/one.pdf", ""),
        ("http://[::1", ""),
        ("", ""),
    ],
)
def test_the_pdf_is_at_openreview_or_at_an_address_that_may_stand_in_a_mail(written: str, address: str) -> None:
    origin = only(content={"pdf": written}).origin
    assert origin
    assert origin.pdf == address


def test_the_day_is_that_of_publication_or_else_the_one_it_came_online() -> None:
    assert only(pdate=None).published_on == date(2025, 1, 2)
    assert only(pdate=None, odate=None).published_on == date(2025, 1, 1)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("**TL;DR:** We *count* to ***ten***.", "TL;DR: We count to ten."),
        ("We show:\n- one,\n* two,\n+ three.", "We show: one, two, three."),
        ("# Abstract\n> We count.", "Abstract We count."),
        ("$a * b * c$ and 2 * 3 * 4, $f^*$ and $g^*$", "$a * b * c$ and 2 * 3 * 4, $f^*$ and $g^*$"),
        ("A* search and D* search", "A* search and D* search"),
        ("x < y & y > z", "x < y & y > z"),
        ("*" * 50_000, "*" * 20_000),
    ],
)
def test_an_abstract_is_plain_text_without_the_marks_of_markdown(written: str, text: str) -> None:
    assert only(content={"abstract": written}).abstract == text


def test_authors_may_be_objects_with_affiliations() -> None:
    people = [{"fullname": "Ada One", "institutions": [{"name": "Institute of Invention"}]}, {"fullname": ""}, "Ben"]
    assert only(content={"authors": people}).authors == ("Ada One", "Ben")


def test_what_not_everybody_may_read_stays_where_it_is() -> None:
    """An account may be a reviewer's, who sees papers and names that are hidden from others."""
    hidden = note("two", readers=["TMLR/Paper1/Reviewers"])
    blind = note("three")
    blind["content"]["authors"]["readers"] = ["TMLR/Paper1/Authors"]
    (found,) = read_notes(page([hidden, blind]), CATEGORY).papers
    assert (found.announcement.paper.title[-5:], found.announcement.paper.authors) == ("three", ())


@pytest.mark.parametrize("venue", ["TMLR/Rejected_Submission", "TMLR/Under_Review", "JMLR"])
def test_what_the_venue_did_not_accept_is_passed_over(venue: str) -> None:
    found = read_notes(page([note("one"), note("two", content={"venueid": venue}), note("three", ddate=1)]), CATEGORY)
    assert ([each.announcement.paper.title[-3:] for each in found.papers], found.problems) == (["one"], ())


@pytest.mark.parametrize(
    "changes",
    [
        {"forum": None},
        {"forum": "a b"},
        {"forum": "otherForum"},
        {"content": {"title": None}},
        {"content": {"title": "x" * 2000}},
        {"content": {"_bibtex": "url={https://openreview.net/forum?id=another}"}},
        dict.fromkeys(("pdate", "odate", "cdate")),
        {"pdate": 1e300, "odate": None, "cdate": -(10**18)},
        {"pdate": 10**15, "odate": True, "cdate": float("nan")},
    ],
)
def test_a_note_that_cannot_be_read_is_left_out_and_named(changes: dict[str, Any]) -> None:
    found = read_notes(page([note("one", **changes), note("two")]), CATEGORY)
    assert [each.announcement.paper.title[-3:] for each in found.papers] == ["two"]
    assert "was left out" in found.problems[0]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "damaged"),
        (b"<!DOCTYPE html><html>Just a moment", "a person at a browser"),
        (b"[]", "another form"),
        (b"{}", "another form"),
        (b'{"notes": {}}', "another form"),
        (page([], count="many"), "another form"),
        (page([note("one")])[:-20], "damaged"),
        (b"[" * 100_000, "damaged"),
        (b'{"notes": [], "notes": []}', "says something twice"),
    ],
)
def test_what_is_no_page_is_refused_in_words(body: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        read_notes(body, CATEGORY)


def test_who_is_logged_in_gets_what_a_venue_accepted(server: OpenReviewServer) -> None:
    feed = source(server).fetch(CATEGORY)
    assert {shown.paper.title.split()[-1] for shown in feed.announcements} == set(NUMBERS)
    assert (feed.announced_on, feed.warnings) == (TODAY, ())
    assert server.requests == [
        "POST /login",
        f"GET /notes?content.venueid=TMLR&sort=pdate:desc&limit={FIRST_PAGE}&offset=0",
    ]


def test_one_login_is_enough_for_several_venues(server: OpenReviewServer) -> None:
    asking = source(server)
    asking.fetch(CATEGORY)
    quiet = asking.fetch(f"openreview:{ICLR}")
    assert quiet.announcements == ()
    assert "has no accepted paper yet" in quiet.warnings[0]
    assert [each.partition("?")[0] for each in server.requests] == [
        "POST /login",
        "GET /notes",
        "GET /notes",
        "GET /groups",
    ]


def test_a_guest_is_told_to_log_in(server: OpenReviewServer) -> None:
    with pytest.raises(SourceError, match="OPENREVIEW_USERNAME and OPENREVIEW_PASSWORD") as caught:
        source(server, account=None).fetch(CATEGORY)
    assert caught.value.is_config
    assert len(server.requests) == 1
    server.has_gate = False
    assert len(source(server, account=None).fetch(CATEGORY).announcements) == len(NUMBERS)


@pytest.mark.parametrize(
    ("answer", "said", "is_config"),
    [
        ((400, b'{"name": "LoginError", "message": "Invalid username or password"}'), "correct them", True),
        ((200, b'{"mfaRequired": true}'), "without a second factor", True),
        ((200, b'{"token": "a\\nb"}'), "without a second factor", True),
        ((503, b""), "trouble of its own", False),
    ],
)
def test_a_login_that_fails_is_told_without_name_and_password(
    server: OpenReviewServer, answer: tuple[int, bytes], said: str, is_config: bool
) -> None:
    server.answers = [answer]
    with pytest.raises(SourceError, match=said) as caught:
        source(server).fetch(CATEGORY)
    assert caught.value.is_config == is_config
    assert USERNAME not in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in repr(ACCOUNT)


def test_a_password_that_is_refused_is_not_tried_for_the_next_venue(server: OpenReviewServer) -> None:
    asking = source(server, Account(USERNAME, "another"))
    for venue in ("TMLR", ICLR):
        with pytest.raises(SourceError, match="does not take OPENREVIEW_USERNAME") as caught:
            asking.fetch(f"openreview:{venue}")
        assert (caught.value.category, caught.value.is_config) == (f"openreview:{venue}", True)
    assert server.requests == ["POST /login"]


def test_who_asks_too_often_waits_as_long_as_the_words_say(server: OpenReviewServer) -> None:
    server.answers = [(429, json.dumps(TOO_MANY).encode())]
    held = list[float]()
    asking = source(server, None, held)
    with pytest.raises(SourceError, match=r"asked too often .* ask again in 61 minutes") as caught:
        asking.fetch(CATEGORY)
    assert (caught.value.retry_after_s, caught.value.is_config) == (60 * 60 + 13, False)
    with pytest.raises(SourceError, match="not to be asked again"):
        asking.fetch(f"openreview:{ICLR}")
    assert len(server.requests) == 1
    assert held == [60 * 60 + 13]  # other processes keep the rest, too


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (json.dumps(CHALLENGE).encode(), "OPENREVIEW_USERNAME"),
        (b'{"name": "TokenExpiredError"}', "renewed"),
        (b'{"name": "NotFoundError", "message": "Group Not Found"}', "knows no such venue; copy its name"),
        (b'{"name": "OverloadError"}', "As it was."),
        (b"<html>", "As it was."),
        (b"[]", "As it was."),
        (b"", "As it was."),
    ],
)
def test_a_refusal_is_explained_by_its_name(answer: bytes, said: str) -> None:
    refusal = FetchError("https://api2.openreview.net/notes", "As it was.", answer=answer)
    assert said in str(understand(refusal))


def test_a_venue_that_openreview_does_not_know_is_told_to_be_corrected(server: OpenReviewServer) -> None:
    with pytest.raises(SourceError, match="knows no venue tmlr; copy its name") as caught:
        source(server).fetch("openreview:tmlr")
    assert caught.value.is_config


def test_a_conference_is_read_page_by_page_with_its_talks_first(server: OpenReviewServer) -> None:
    kinds = ["ICLR 2026 Poster", "ICLR 2026 Spotlight", "ICLR 2026 Oral", "ICLR 2026 Poster"]
    server.venues[ICLR] = [
        note(f"n{number}", venue=ICLR, on=TODAY - timedelta(days=1), called=kinds[number % 4])
        for number in range(FIRST_PAGE + PAGE + 7)
    ]
    feed = source(server).fetch(f"openreview:{ICLR}")
    names = [shown.paper.origin.name.split()[-1] for shown in feed.announcements if shown.paper.origin]
    assert len(names) == len(server.venues[ICLR])
    assert names == sorted(names, key=["Oral", "Spotlight", "Poster"].index)
    assert [each.partition("desc&")[2] for each in server.requests[1:]] == [
        f"limit={FIRST_PAGE}&offset=0",
        f"limit={PAGE}&offset={FIRST_PAGE}",
        f"limit={PAGE}&offset={FIRST_PAGE + PAGE}",
    ]


def test_of_a_journal_no_more_is_asked_for_than_the_last_weeks(server: OpenReviewServer) -> None:
    old = TODAY - WINDOW - timedelta(days=1)
    server.venues["TMLR"] += [note(f"n{number}", on=old) for number in range(PAGE)]
    assert len(source(server).fetch(CATEGORY).announcements) == len(NUMBERS)
    assert len(server.requests) == 2


def test_a_list_that_ends_before_its_count_is_refused(server: OpenReviewServer) -> None:
    server.has_gate = False
    server.answers = [(200, page([note("one")], count=5)), (200, page([], count=5))]
    with pytest.raises(SourceError, match="Of 5 papers of openreview:TMLR 1 came"):
        source(server, account=None).fetch(CATEGORY)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_page_is_refused_or_read_into_the_papers_it_names(seed: int) -> None:
    rng = random.Random(seed)
    titles = {f"openreview:{word}Forum1": f"A machine that counts to {word}" for word in NUMBERS}
    for _ in range(MUTATIONS // 4):
        whole = page([note(word) for word in rng.sample(NUMBERS, rng.randrange(1, 8))])
        body = rng.choice(NOTHING_COPIED)(rng, whole, rng.randrange(len(whole)))
        try:
            found = read_notes(body if seed else mutated(rng, body), CATEGORY)
        except SourceError:
            continue
        for each in found.papers:
            paper = each.announcement.paper
            assert paper.title
            assert paper.arxiv_id.isascii()
            others = {title for paper_id, title in titles.items() if paper_id != paper.arxiv_id}
            assert not seed or paper.arxiv_id not in titles or paper.title not in others
