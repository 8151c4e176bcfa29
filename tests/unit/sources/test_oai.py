"""arXiv's records: how they are asked for, read, and what each odd answer becomes."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import httpx2
import pytest
import stamina

from newsletter.errors import SourceError, TurnsHeld
from newsletter.sources.oai import OaiHarvester, set_of
from newsletter.sources.oai_records import URL_SETTING, read_page
from newsletter.sources.record_server import ATTEMPTS, RecordServer
from newsletter.sources.turns import Turns
from tests.http_server import serving
from tests.oai_server import HEAD, NO_RECORDS, TAIL, Archive, Kept, eastern, handler_of, page

MONDAY = eastern("2026-11-23 10:00")
SINCE = date(2026, 11, 20)
PAPERS = [Kept(f"2611.{n:05}", [MONDAY]) for n in range(1, 6)]


@pytest.fixture(autouse=True)
def no_waits() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


class Asking:
    """A harvester whose seconds pass only while it pauses."""

    def __init__(
        self,
        answer: httpx2.MockTransport,
        *,
        patience_s: float = 600.0,
        reserve: Callable[[float], float] = lambda pause_s: 0.0,
    ) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        turns = Turns(reserve=reserve, sleep=self.sleep, monotonic=lambda: self.now)
        client, url = httpx2.Client(transport=answer), "https://oai.example.org/oai"
        self.harvester = OaiHarvester(
            RecordServer(client, url, URL_SETTING, patience_s=patience_s, turns=turns, monotonic=lambda: self.now)
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def ids(self) -> list[str]:
        return [each.paper.arxiv_id for each in self.harvester.harvest("cs.LG", since=SINCE)[0]]


def answering(*bodies: str | tuple[int, str]) -> tuple[httpx2.MockTransport, list[httpx2.Request]]:
    """Gives these in turn, the last one for ever."""
    left, requests = list(bodies), []

    def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        body = left.pop(0) if len(left) > 1 else left[0]
        status, text = body if isinstance(body, tuple) else (200, body)
        return httpx2.Response(status, content=text.encode())

    return httpx2.MockTransport(answer), requests


def test_a_record_becomes_a_paper_as_a_feed_would_have_shown_it() -> None:
    second = datetime(2026, 11, 25, 8, tzinfo=UTC)
    read = read_page(page([Kept("2611.00001", [MONDAY, second], categories="cs.LG stat.ML 68T50")]).encode(), "cs.LG")
    (record,) = read.records
    assert record.received_at == (MONDAY, second)
    assert record.changed_on == date(2026, 11, 26)
    assert (record.paper.version, record.paper.categories) == (2, ("cs.LG", "stat.ML"))
    assert record.paper.title == "On Learning & Its Limits"
    assert record.paper.authors == ("Ada López", "Bo Chen (Institute of A and B)", "C. Diaz")
    assert record.paper.abstract == "We learn $a<b$. And more."
    assert record.paper.withdrawal == ""


NOTICE = "This paper has been withdrawn by the authors due to an error in Lemma 3."


@pytest.mark.parametrize(
    ("said", "notice"),
    [
        ({"comments": NOTICE, "source_type": "I"}, NOTICE),
        ({"comments": f"12 pages. {NOTICE}"}, NOTICE),
        ({"abstract": NOTICE}, NOTICE),
        ({"source_type": "I"}, "Withdrawn."),
        ({"comments": "12 pages, 3 figures", "source_type": "D"}, ""),
    ],
)
def test_a_record_says_that_its_paper_is_withdrawn(said: dict[str, str], notice: str) -> None:
    """The forms of arXivRaw: a notice in the comments, and a latest version without files (source type I)."""
    kept = Kept("2611.00001", [MONDAY, datetime(2026, 11, 25, 8, tzinfo=UTC)], **said)  # type: ignore[arg-type]
    (record,) = read_page(page([kept]).encode(), "cs.LG").records
    assert record.paper.withdrawal == notice


def test_pages_are_followed_over_a_connection_and_deleted_records_passed_over() -> None:
    archive = Archive({"cs:cs:LG": [*PAPERS, Kept("2611.00009", [], is_deleted=True)]})
    with serving(handler_of(archive)) as url, httpx2.Client() as client:
        server = RecordServer(client, url, URL_SETTING, patience_s=60, turns=Turns(0.0))
        records, problems = OaiHarvester(server).harvest("cs.LG", since=SINCE)
    assert [each.paper.arxiv_id for each in records] == [each.arxiv_id for each in PAPERS]
    assert not problems
    assert len(archive.queries) == 3
    assert archive.queries[0] == {
        "verb": "ListRecords",
        "metadataPrefix": "arXivRaw",
        "set": "cs:cs:LG",
        "from": "2026-11-20",
    }


def test_requests_are_three_seconds_apart() -> None:
    transport, _ = answering(page(PAPERS[:2], "a"), page(PAPERS[2:4], "b"), page(PAPERS[4:]))
    asking = Asking(transport)
    assert len(asking.ids()) == 5
    assert asking.slept == [3.0, 3.0]


def test_requests_wait_for_the_turn_that_all_processes_share() -> None:
    transport, _ = answering(page(PAPERS[:2], "a"), page(PAPERS[2:]))
    asking = Asking(transport, reserve=lambda pause_s: 2 * pause_s)
    asking.ids()
    assert asking.slept == [6.0, 3.0, 6.0]


def test_records_are_not_asked_for_while_arxiv_wants_to_be_left_alone() -> None:
    def reserve(_pause_s: float) -> float:
        raise TurnsHeld("arXiv", 1_200)

    transport, requests = answering(page(PAPERS))
    with pytest.raises(SourceError, match="not to be asked again for 20 minutes"):
        Asking(transport, reserve=reserve).ids()
    assert requests == []


@pytest.mark.parametrize(("status", "attempts"), [(503, ATTEMPTS), (404, 1)])
def test_after_two_categories_that_could_not_be_had_no_other_is_asked_for(status: int, attempts: int) -> None:
    transport, requests = answering((status, "later"))
    harvester = Asking(transport).harvester
    told = list[str]()
    for category in ("cs.AI", "cs.CL", "cs.CV", "cs.LG"):
        with pytest.raises(SourceError) as raised:
            harvester.harvest(category, since=SINCE)
        told.append(f"{raised.value}")
    assert len(requests) == 2 * attempts
    assert all(f"arXiv answered {status}" in each for each in told[:2])
    for each in told[2:]:
        assert f"The server of records gives none (it answered {status}), so cs." in each
        assert "NEWSLETTER_OAI_URL" in each
        assert "\n" not in each


def test_a_paper_on_two_pages_is_one() -> None:
    transport, _ = answering(page(PAPERS[:3], "a"), page(PAPERS[2:]))
    assert len(Asking(transport).ids()) == 5


def test_a_busy_server_is_asked_again() -> None:
    transport, requests = answering((503, "later"), (429, "later"), page(PAPERS))
    assert len(Asking(transport).ids()) == 5
    assert len(requests) == 3


@pytest.mark.parametrize(
    ("bodies", "says", "is_config"),
    [
        ([(503, "x")], "answered 503 for the records of cs.LG each time", False),
        ([(404, "x")], "which asking again will not change", False),
        ([(302, "x")], "which asking again will not change", False),
        (["<html><body>hello</body></html>"], "An HTML page came in place", False),
        (["Rate exceeded."], "busy", False),
        ([""], "no content at all", False),
        ([page(PAPERS)[:-40]], "damaged or cut off", False),
        (["<feed xmlns='http://www.w3.org/2005/Atom'/>"], "no answer of OAI-PMH", False),
        ([f"{HEAD}{TAIL}"], "lists none", False),
        ([page(PAPERS, "again"), page(PAPERS, "again")], "go in a circle", False),
        ([f'{HEAD}<error code="badArgument">set</error>{TAIL}'], "no records for the category", True),
        ([page(PAPERS, "a"), f'{HEAD}<error code="badResumptionToken"/>{TAIL}'], "no longer knew", False),
        (
            ['<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + page(PAPERS).partition("?>")[2]],
            "document type declaration",
            False,
        ),
        ([page(PAPERS).replace("<size>", "<size>" + "<a></a>" * 300_000, 1)], "was not read", False),
        ([page([Kept("2611.00001", [MONDAY]), Kept("2611.1", [MONDAY])]).replace("2611.00001", "x")], "None of", False),
    ],
)
def test_each_failure_is_named(bodies: list[str | tuple[int, str]], says: str, is_config: bool) -> None:
    with pytest.raises(SourceError, match=says) as raised:
        Asking(answering(*bodies)[0]).ids()
    assert raised.value.is_config is is_config
    assert raised.value.category == "cs.LG"


def test_a_server_that_cannot_be_reached_is_asked_once_for_all_categories() -> None:
    asked: list[httpx2.Request] = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        raise httpx2.ConnectError("no route")

    asking = Asking(httpx2.MockTransport(refuse))
    for _ in range(2):
        with pytest.raises(SourceError, match="no route"):
            asking.ids()
    assert len(asked) == 1


def test_harvests_end_after_their_time() -> None:
    transport, _ = answering(*(page(PAPERS, str(n)) for n in range(1000)))
    asking = Asking(transport, patience_s=30)
    with pytest.raises(SourceError, match="not all fetched within"):
        asking.ids()
    assert asking.now < 140


def test_an_answer_that_none_match_is_an_empty_list() -> None:
    assert Asking(answering(NO_RECORDS)[0]).ids() == []


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (Kept("2611.00009", []), "0 versions"),
        (Kept("2611.00009", [datetime(1980, 1, 1, tzinfo=UTC)]), "no date"),
        (Kept("2611.00009", [MONDAY, datetime(2026, 11, 1, tzinfo=UTC)]), "older than the one before"),
        (Kept("2611.9", [MONDAY]), "not an arXiv id"),
        (Kept("2611.00009", [MONDAY], title=" "), "no title"),
        (Kept("2611.00009", [MONDAY], categories="68T50"), "no category"),
        (Kept("2611.00009", [MONDAY], abstract="a" * 30_000), "more than 20,000"),
    ],
)
def test_a_record_that_cannot_be_read_is_left_out_and_named(broken: Kept, why: str) -> None:
    read = read_page(page([*PAPERS, broken]).encode(), "cs.LG")
    assert len(read.records) == len(PAPERS)
    assert why in read.problems[0]


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("cs.LG", "cs:cs:LG"),
        ("stat.ML", "stat:stat:ML"),
        ("q-bio.NC", "q-bio:q-bio:NC"),
        ("astro-ph.CO", "physics:astro-ph:CO"),
        ("hep-th", "physics:hep-th"),
        ("physics.optics", "physics:physics:optics"),
    ],
)
def test_a_category_has_its_set(category: str, name: str) -> None:
    assert set_of(category) == name


def test_any_damaged_page_is_an_error_or_a_correct_parse() -> None:
    """No record comes out of it that was not put in, but for letters of its texts."""
    dice = random.Random(18)
    whole = page(PAPERS, "next").encode()
    known = {each.arxiv_id for each in PAPERS}
    read_whole = 0
    for _ in range(3_000):
        body = bytearray(whole)
        at = dice.randrange(len(body))
        match dice.randrange(4):
            case 0:
                del body[at:]
            case 1:
                del body[at : at + dice.randrange(1, 400)]
            case 2:
                body[at] = dice.randrange(256)
            case _:
                body[at:at] = body[dice.randrange(len(body)) :][: dice.randrange(1, 400)]
        try:
            read = read_page(bytes(body), "cs.LG")
        except SourceError:
            continue
        read_whole += 1
        ids = [each.paper.arxiv_id for each in read.records]
        strangers = [each for each in ids if each not in known]
        assert len(strangers) <= 1, strangers  # a digit may have become another in both of its places only by a copy
        assert len(ids) + len(read.problems) >= 3
    assert read_whole > 100
