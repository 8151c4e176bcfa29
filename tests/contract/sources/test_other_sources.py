"""What every source besides arXiv's does: bioRxiv and medRxiv, OpenReview, and anybody's feed, live and recorded."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import httpx2
import pytest

from newsletter.errors import SourceError
from newsletter.model import PaperId
from newsletter.sources import Fetching
from newsletter.sources.any_feed import AnyFeedSource
from newsletter.sources.fetching.fetcher import Fetcher
from newsletter.sources.openreview import OpenReviewSource
from newsletter.sources.openreview_notes import understand
from newsletter.sources.polite import MAX_WAIT_S, PoliteGetter
from newsletter.sources.preprints import PreprintSource
from newsletter.sources.recorded import RecordedSource, file_stem
from newsletter.sources.turns import PAUSE_S, Turns
from tests import openreview_server
from tests.feed_samples import CATEGORY as FEED
from tests.feed_samples import SAMPLES, atom
from tests.unit.sources import test_preprints

NOW = datetime(2026, 1, 7, 2, tzinfo=UTC)  # it is still Tuesday in New York
TUESDAY = date(2026, 1, 6)
COUNT = 3
OPENREVIEW, BIORXIV = "openreview:TMLR", test_preprints.CATEGORY
Answer = Callable[[], httpx2.Response]


@dataclass(frozen=True)
class Kind:
    """One kind of source: a category of it, and an answer with COUNT papers."""

    category: str
    body: bytes
    unreadable: bytes  # an answer that is whole, and of which no paper can be read
    build: Callable[[PoliteGetter], Fetching]
    ending: str


KINDS = {
    "preprints": Kind(
        BIORXIV,
        test_preprints.page([test_preprints.record(number) for number in range(1, COUNT + 1)]),
        test_preprints.page([test_preprints.record(number, title="") for number in range(1, COUNT + 1)]),
        lambda getter: PreprintSource(getter, lambda: NOW),
        "json",
    ),
    "openreview": Kind(
        OPENREVIEW,
        openreview_server.page(
            [openreview_server.note(word, called=f"TMLR {word}") for word in ("spotlight", "three", "oral")]
        ),
        openreview_server.page([openreview_server.note(word, forum=None) for word in ("one", "two", "three")]),
        lambda getter: OpenReviewSource(getter, lambda: NOW),
        "json",
    ),
    "feed": Kind(
        FEED,
        atom(SAMPLES[:COUNT]),
        re.sub(b"<title>On [^<]*", b"<title>", atom(SAMPLES[:COUNT])),
        lambda getter: AnyFeedSource(getter, lambda: NOW),
        "xml",
    ),
}


@pytest.fixture(params=KINDS.values(), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def live(kind: Kind, answer: Answer, slept: list[float] | None = None) -> Fetching:
    client = httpx2.Client(transport=httpx2.MockTransport(lambda request: answer()))
    turns = Turns(sleep=(slept if slept is not None else []).append, monotonic=lambda: 0.0)
    return kind.build(PoliteGetter(Fetcher(client), turns, understand=understand, monotonic=lambda: 0.0))


def test_papers_have_an_id_a_page_and_their_category_alone(kind: Kind) -> None:
    feed = live(kind, lambda: httpx2.Response(200, content=kind.body)).fetch(kind.category)
    assert (feed.category, feed.announced_on, feed.warnings) == (kind.category, TUESDAY, ())
    papers = [shown.paper for shown in feed.announcements]
    assert len({paper.arxiv_id for paper in papers}) == len(papers) == COUNT
    for shown in feed.announcements:
        paper = shown.paper
        assert shown.feeds == paper.categories == (kind.category,)
        assert str(PaperId.read(paper.arxiv_id)) == paper.arxiv_id
        assert paper.abs_url.startswith("https://")
        assert paper.title
        assert paper.authors
        assert paper.abstract
        assert paper.published_on


def test_fetching_may_be_repeated(kind: Kind) -> None:
    source = live(kind, lambda: httpx2.Response(200, content=kind.body))
    assert source.fetch(kind.category) == source.fetch(kind.category)


def test_a_recording_holds_the_same_papers_in_the_same_order(kind: Kind, tmp_path: Path) -> None:
    (tmp_path / f"{file_stem(kind.category)}.{kind.ending}").write_bytes(kind.body)
    recorded = RecordedSource(tmp_path).fetch(kind.category)
    alive = live(kind, lambda: httpx2.Response(200, content=kind.body)).fetch(kind.category)
    assert [each.paper.arxiv_id for each in recorded.announcements] == [
        each.paper.arxiv_id for each in alive.announcements
    ]


@pytest.mark.parametrize("body", [b"", b"<html>Just a moment</html>", b"%PDF-1.7", b"\x00", b"null", b"{"])
def test_what_is_no_answer_is_an_error_in_words_and_no_quiet_day(kind: Kind, body: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        live(kind, lambda: httpx2.Response(200, content=body)).fetch(kind.category)
    assert caught.value.category == kind.category
    assert "\n" not in str(caught.value)


def test_an_answer_that_ends_early_is_no_quiet_day(kind: Kind) -> None:
    with pytest.raises(SourceError):
        live(kind, lambda: httpx2.Response(200, content=kind.body[: len(kind.body) * 2 // 3])).fetch(kind.category)


def test_an_answer_of_which_no_paper_can_be_read_is_no_quiet_day(kind: Kind) -> None:
    with pytest.raises(SourceError, match=f"None of the {COUNT} .* could be read"):
        live(kind, lambda: httpx2.Response(200, content=kind.unreadable)).fetch(kind.category)


@pytest.mark.parametrize(("status", "is_config"), [(404, True), (401, True), (429, False), (503, False)])
def test_a_refusal_tells_whether_asking_again_may_help(kind: Kind, status: int, is_config: bool) -> None:
    with pytest.raises(SourceError) as caught:
        live(kind, lambda: httpx2.Response(status)).fetch(kind.category)
    assert (caught.value.category, caught.value.is_config) == (kind.category, is_config)


def test_a_long_wait_that_is_asked_for_is_handed_on(kind: Kind) -> None:
    wait_s = MAX_WAIT_S + 60
    busy = httpx2.Response(429, headers={"Retry-After": f"{wait_s:.0f}"}, content=json.dumps({}).encode())
    with pytest.raises(SourceError) as caught:
        live(kind, lambda: busy).fetch(kind.category)
    assert caught.value.retry_after_s == wait_s


def test_requests_keep_their_pause(kind: Kind) -> None:
    slept = list[float]()
    source = live(kind, lambda: httpx2.Response(200, content=kind.body), slept)
    source.fetch(kind.category)
    source.fetch(kind.category)
    assert PAUSE_S in slept
