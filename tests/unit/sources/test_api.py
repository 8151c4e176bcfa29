"""arXiv's API as the second way to its records: how it is asked, read, and what each odd answer becomes."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from urllib.parse import parse_qs

import httpx2
import pytest
import stamina

from newsletter.errors import SourceError
from newsletter.model import PaperRecord
from newsletter.sources.api import PAGE_SIZE, ApiHarvester
from newsletter.sources.api_records import URL_SETTING, read_api_page
from newsletter.sources.record_server import ATTEMPTS, RecordServer
from newsletter.sources.second_way import FirstThatAnswers
from newsletter.sources.turns import Turns
from tests import ROOT, make
from tests.months.arxiv import api_page
from tests.months.calendar import Played, Text
from tests.oai_server import eastern
from tests.unit.sources.test_feed_mutations import MUTATIONS, cut, doubled, inserted, moved, replaced

RECORDED = ROOT.parent / "shared" / "reference" / "api"
MONDAY = eastern("2026-11-23 10:00")
SINCE = date(2026, 11, 20)
TEXT = Text("On Learning & Its Limits", "Ada L\\'opez, Bo Chen", "We learn $a<b$. And more.", ("cs.LG", "stat.ML"))


@pytest.fixture(autouse=True)
def no_waits() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


def paper(number: int, *received: datetime) -> Played:
    moments = received or (MONDAY,)
    return Played(f"2611.{number:05}", TEXT, TEXT.categories, moments, date(2026, 11, 24), date(2026, 11, 24))


class Api:
    """Serves these papers, newest first; `shorten` says how many entries a page has that was asked for `size`."""

    def __init__(self, papers: Sequence[Played], shorten: Callable[[int, int], int] = lambda start, size: size) -> None:
        self.papers = papers
        self.shorten = shorten
        self.queries: list[dict[str, str]] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        query = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
        self.queries.append(query)
        start = int(query["start"])
        shown = self.papers[start : start + self.shorten(start, int(query["max_results"]))]
        return httpx2.Response(200, content=api_page(shown, start, len(self.papers)).encode())

    def harvest(self) -> tuple[tuple[PaperRecord, ...], tuple[str, ...]]:
        return harvester(self).harvest("cs.LG", since=SINCE)


def harvester(answer: Callable[[httpx2.Request], httpx2.Response]) -> ApiHarvester:
    client = httpx2.Client(transport=httpx2.MockTransport(answer))
    url = "https://api.example.org/query"
    return ApiHarvester(RecordServer(client, url, URL_SETTING, patience_s=600.0, turns=Turns(0.0)))


def always(status: int, body: str) -> ApiHarvester:
    return harvester(lambda request: httpx2.Response(status, content=body.encode()))


def test_an_entry_becomes_a_paper_as_a_feed_would_have_shown_it() -> None:
    third = MONDAY + timedelta(days=2)
    api = Api([paper(1, MONDAY, MONDAY + timedelta(days=1), third)])
    ((record,), warnings) = api.harvest()
    assert warnings == ()
    assert record.received_at == (MONDAY, third, third), "the API does not date the versions between"
    assert (record.paper.arxiv_id, record.paper.version) == ("2611.00001", 3)
    assert record.paper.categories == ("cs.LG", "stat.ML")
    assert record.paper.title == "On Learning & Its Limits"
    assert record.paper.authors == ("Ada López", "Bo Chen")
    assert record.paper.abstract == "We learn $a<b$. And more."
    assert record.changed_on == third.date()
    assert api.queries == [
        {
            "search_query": "cat:cs.LG",
            "sortBy": "lastUpdatedDate",
            "sortOrder": "descending",
            "start": "0",
            "max_results": f"{PAGE_SIZE}",
        }
    ]


@pytest.mark.parametrize(
    ("comment", "notice"),
    [
        ("12 pages. This paper has been withdrawn by the authors.", "This paper has been withdrawn by the authors."),
        ("12 pages, 3 figures", ""),
    ],
)
def test_the_comment_says_that_a_paper_is_withdrawn(comment: str, notice: str) -> None:
    page = api_page([paper(1)], 0, 1).replace("<published>", f"<arxiv:comment>{comment}</arxiv:comment><published>")
    ((record,), _) = always(200, page).harvest("cs.LG", since=SINCE)
    assert record.paper.withdrawal == notice


def test_an_archive_is_all_its_categories() -> None:
    api = Api([paper(1)])
    harvester(api).harvest("cs", since=SINCE)
    assert api.queries[0]["search_query"] == "cat:cs.*"


OLD = [paper(number, MONDAY - timedelta(days=30)) for number in range(5_000, 9_000)]


@pytest.mark.parametrize(
    "shorten",
    [lambda start, size: size, lambda start, size: 200, lambda start, size: 0 if start and start % 7 == 1 else size],
    ids=["full pages", "short pages", "other pages"],
)
def test_pages_are_followed_until_they_are_older_than_what_is_wanted(shorten: Callable[[int, int], int]) -> None:
    wanted = [paper(number) for number in range(1, 1_201)]
    api = Api([*wanted, *OLD], shorten)
    records, _ = api.harvest()
    assert {record.paper.arxiv_id for record in records} == {each.arxiv_id for each in wanted}
    assert len(api.queries) < 10


def test_a_page_that_is_empty_among_others_is_asked_for_again() -> None:
    left = iter([0])
    api = Api([paper(number) for number in range(1, 601)], lambda start, size: next(left, size) if start else size)
    records, _ = api.harvest()
    assert len(records) == 600
    assert [query["start"] for query in api.queries] == ["0", "500", "500"]


ERROR = """<feed xmlns="http://www.w3.org/2005/Atom"><title>arXiv Search Results</title><entry><title>Error</title>
<id>https://arxiv.org/api/errors#incorrect_id_format</id><summary>incorrect id</summary></entry></feed>"""


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (200, ERROR, "refused to list cs.LG (incorrect id)"),
        (200, "", "no content at all"),
        (200, "<!DOCTYPE html><html></html>", "An HTML page came in place"),
        (200, "<!DOCTYPE a [<!ENTITY b 'c'>]><feed/>", "document type declaration"),
        (200, api_page([paper(1)], 0, 1)[:-40], "damaged or cut off"),
        (200, "<rss/>", "no answer of arXiv's API"),
        (200, "Rate exceeded.", "busy"),
        (200, api_page([], 0, 7), "left out the papers of cs.LG"),
        (200, api_page([], 0, 7).replace(">7<", "> many<"), "does not say how many"),
        (429, "Rate exceeded.", "answered 429"),
        (503, "", "answered 503"),
        (404, "", "asking again will not change; check NEWSLETTER_API_URL"),
    ],
)
def test_each_failure_is_named(status: int, body: str, says: str) -> None:
    with pytest.raises(SourceError) as raised:
        always(status, body).harvest("cs.LG", since=SINCE)
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        ("2611.00001v1", "2611.1v1", "its id is not an arXiv id"),
        ("<published>2026-11-23", "<published>1926-11-23", "its dates are missing"),
        (TEXT.title.replace("&", "&amp;"), " ", "it has no title"),
        ('term="', 'name="', "it has no category"),
    ],
)
def test_an_entry_that_cannot_be_read_is_left_out_and_named(good: str, bad: str, says: str) -> None:
    whole = api_page([paper(1), paper(2)], 0, 2)
    first, second = whole.split("</entry>", 1)
    page = read_api_page(f"{first.replace(good, bad)}</entry>{second}".encode(), "cs.LG", start=0)
    assert [record.paper.arxiv_id for record in page.records] == ["2611.00002"]
    assert says in page.problems[0]


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.xml")) or [None])
def test_recorded_answers_are_read_whole(path: object) -> None:
    if path is None:
        pytest.skip("no recorded answers here; put them into ../shared/reference/api")
    body = path.read_bytes()  # type: ignore[attr-defined]
    if b"api/errors" in body:
        with pytest.raises(SourceError, match="refused"):
            read_api_page(body, "cs.LG", start=0)
        return
    page = read_api_page(body, "cs.LG", start=0)
    assert page.problems == ()
    assert len(page.records) == page.entries == body.count(b"<entry>")
    assert all(record.paper.title and record.paper.authors for record in page.records)


class Way:
    """A harvester that has this one paper, or fails."""

    def __init__(self, arxiv_id: str = "", problem: str = "", *, is_config: bool = False) -> None:
        self.arxiv_id, self.problem, self.is_config = arxiv_id, problem, is_config
        self.asked = 0

    def harvest(self, category: str, *, since: date) -> tuple[tuple[PaperRecord, ...], tuple[str, ...]]:
        self.asked += 1
        if self.problem:
            raise SourceError(category, self.problem, is_config=self.is_config)
        return (PaperRecord(make.paper(self.arxiv_id), (MONDAY,), MONDAY.date()),), ()


def taking(*ways: Way) -> FirstThatAnswers:
    return FirstThatAnswers([lambda way=way: way for way in ways])


def test_the_second_way_is_taken_when_the_first_fails_and_only_then() -> None:
    second = Way("2611.00002")
    records, warnings = taking(Way("2611.00001"), second).harvest("cs.LG", since=SINCE)
    assert ([each.paper.arxiv_id for each in records], warnings, second.asked) == (["2611.00001"], (), 0)
    records, warnings = taking(Way(problem="It is down."), second).harvest("cs.LG", since=SINCE)
    assert [each.paper.arxiv_id for each in records] == ["2611.00002"]
    assert warnings == ("Another way was taken for cs.LG: It is down.",)


def test_when_no_way_leads_there_all_reasons_are_said() -> None:
    with pytest.raises(SourceError, match=r"^It is down\. So is this\.$"):
        taking(Way(problem="It is down."), Way(problem="So is this.")).harvest("cs.LG", since=SINCE)


def test_a_category_that_arxiv_does_not_know_is_not_asked_for_twice() -> None:
    second = Way("2611.00002")
    with pytest.raises(SourceError, match="No such category"):
        taking(Way(problem="No such category.", is_config=True), second).harvest("cs.LG", since=SINCE)
    assert second.asked == 0


def test_damaged_answers_are_an_error_or_a_correct_parse() -> None:
    long = replace(TEXT, abstract="As long as real ones are, so that no cut joins two papers. " * 14)
    papers = [replace(paper(number), text=replace(long, title=f"On question {number}")) for number in range(1, 9)]
    whole = api_page(papers, 0, 8).encode()
    titles = {each.arxiv_id: each.text.title for each in papers}
    dice, read = random.Random(18), 0
    for _ in range(MUTATIONS):
        damage = dice.choice((replaced, cut, doubled, moved, inserted))
        body = damage(dice, whole, dice.randrange(len(whole)))
        try:
            page = read_api_page(body, "cs.LG", start=0)
        except SourceError:
            continue
        read += 1
        assert len(page.records) + len(page.problems) <= 9
        for record in page.records:
            others = [title for arxiv_id, title in titles.items() if arxiv_id != record.paper.arxiv_id]
            assert record.paper.title not in others, "no paper under the id of another"
    assert read
