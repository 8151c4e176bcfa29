"""What every Source does, whether the same feeds come from a folder, a file or over HTTP."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import httpx2
import pytest
import stamina

from newsletter.errors import SourceError
from newsletter.model import AnnounceType
from newsletter.sources import Source
from newsletter.sources.arxiv import ArxivSource
from newsletter.sources.by_prefix import SourceByPrefix
from newsletter.sources.feed import parse_feed
from newsletter.sources.recorded import RecordedSource
from newsletter.sources.turns import Turns
from tests import SHARED, TESTS

FEEDS = TESTS / "recordings" / "feeds"
DAY = FEEDS / "2025-10-07"
NOON = datetime(2025, 10, 7, 16, 0, tzinfo=UTC)
UNKNOWN = (FEEDS / "unknown-category.atom").read_bytes()

# Makes a Source of the given bodies, one for each category
Maker = Callable[[dict[str, bytes]], Source]


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


def folder(tmp_path: Path) -> Maker:
    def make(bodies: dict[str, bytes]) -> Source:
        for category, body in bodies.items():
            (tmp_path / f"{category}.xml").write_bytes(body)
        return RecordedSource(tmp_path)

    return make


def single_file(tmp_path: Path) -> Maker:
    def make(bodies: dict[str, bytes]) -> Source:
        (tmp_path / "feed").write_bytes(next(iter(bodies.values())))
        return RecordedSource(tmp_path / "feed")

    return make


def over_http(tmp_path: Path) -> Maker:
    def make(bodies: dict[str, bytes]) -> Source:
        def answer(request: httpx2.Request) -> httpx2.Response:
            category = request.url.path.removeprefix("/atom/")
            body = bodies.get(category, UNKNOWN)
            return httpx2.Response(400 if body == UNKNOWN else 200, content=body)

        client = httpx2.Client(transport=httpx2.MockTransport(answer))
        return ArxivSource(client, turns=Turns(0.0))

    return make


def by_prefix(tmp_path: Path) -> Maker:
    made = over_http(tmp_path)
    return lambda bodies: SourceByPrefix(made(bodies), {})


@pytest.fixture(params=[folder, single_file, over_http, by_prefix])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Maker:
    maker: Maker = request.param(tmp_path)
    return maker


LG_ATOM = (DAY / "cs.LG.atom").read_bytes()
LG_RSS = (FEEDS / "cs.LG.rss").read_bytes()


@pytest.mark.parametrize("body", [LG_ATOM, LG_RSS], ids=["atom", "rss"])
def test_a_feed_is_the_same_wherever_it_comes_from(make: Maker, body: bytes) -> None:
    feed = make({"cs.LG": body}).fetch("cs.LG")
    assert feed == parse_feed(LG_ATOM, "cs.LG")
    assert (feed.category, feed.announced_on, feed.warnings) == ("cs.LG", date(2025, 10, 7), ())
    assert [shown.announce_type for shown in feed.announcements] == [
        AnnounceType.NEW,
        AnnounceType.NEW,
        AnnounceType.CROSS,
        AnnounceType.CROSS,
        AnnounceType.REPLACE,
        AnnounceType.REPLACE_CROSS,
    ]


def test_fetching_may_be_repeated(make: Maker) -> None:
    source = make({"cs.LG": LG_ATOM})
    assert source.fetch("cs.LG") == source.fetch("cs.LG")


def test_its_day_is_that_of_its_feeds(make: Maker) -> None:
    source = make({"cs.LG": LG_ATOM})
    assert source.day(NOON) == source.fetch("cs.LG").announced_on


def test_a_valid_feed_without_entries_is_a_feed(make: Maker) -> None:
    feed = make({"cs.CL": (DAY / "cs.CL.atom").read_bytes()}).fetch("cs.CL")
    assert (feed.announcements, feed.announced_on) == ((), date(2025, 10, 7))


def test_a_category_arxiv_does_not_know_is_an_error_of_the_configuration(make: Maker) -> None:
    with pytest.raises(SourceError, match="correct its name") as caught:
        make({"cs.XX": UNKNOWN}).fetch("cs.XX")
    assert caught.value.is_config
    assert caught.value.category == "cs.XX"


@pytest.mark.parametrize("category", ["../../etc/passwd", "cs.LG+cs.AI", "", "cs.LG?x"])
def test_what_is_not_a_category_is_an_error_of_the_configuration(make: Maker, category: str) -> None:
    with pytest.raises(SourceError) as caught:
        make({"cs.LG": LG_ATOM}).fetch(category)
    assert caught.value.is_config


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>503</html>", LG_ATOM[:2000], LG_RSS[:-20], b"%PDF-1.7", LG_ATOM.replace(b"</entry>", b"", 1)],
    ids=["empty", "html", "cut atom", "cut rss", "pdf", "unbalanced"],
)
def test_what_is_not_a_whole_feed_is_an_error_and_never_half_a_feed(make: Maker, body: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        make({"cs.LG": body}).fetch("cs.LG")
    assert caught.value.category == "cs.LG"
    assert not caught.value.is_config
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("several", [folder, over_http])
def test_one_broken_feed_leaves_the_others_readable(several: Callable[[Path], Maker], tmp_path: Path) -> None:
    source = several(tmp_path)({"cs.LG": LG_ATOM, "cs.AI": b"<html>"})
    with pytest.raises(SourceError):
        source.fetch("cs.AI")
    assert len(source.fetch("cs.LG").announcements) == 6


def test_a_file_of_several_categories_serves_each_of_them() -> None:
    source = RecordedSource(FEEDS / "cs.LG+cs.AI.rss")
    assert len(source.fetch("cs.LG").announcements) == 6
    assert len(source.fetch("cs.AI").announcements) == 4
    with pytest.raises(SourceError, match=r"of cs\.LG, cs\.AI, not of cs\.CV"):
        source.fetch("cs.CV")


def test_a_folder_without_the_category_says_what_is_there() -> None:
    with pytest.raises(SourceError, match=r"there: cs\.AI, cs\.CL, cs\.LG\); add cs\.CV\.atom"):
        RecordedSource(DAY).fetch("cs.CV")


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    source = RecordedSource(tmp_path / "nowhere")
    with pytest.raises(SourceError, match="nowhere cannot be read"):
        source.fetch("cs.LG")
    with pytest.raises(SourceError, match="nowhere cannot be read"):
        source.day(NOON)


def test_an_empty_folder_has_no_day(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no recorded feed"):
        RecordedSource(tmp_path).day(NOON)


def test_a_damaged_recording_is_named_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "cs.LG.rss").write_bytes(LG_RSS[:-20])
    with pytest.raises(SourceError, match=r"cs\.LG\.rss: The feed of cs\.LG is damaged"):
        RecordedSource(tmp_path).fetch("cs.LG")


@pytest.mark.parametrize("damaged", [b"", b"<html>", LG_ATOM[:900], LG_ATOM.replace(b"T00:00:00-04:00", b"T99")])
def test_one_damaged_file_of_a_folder_does_not_take_the_day_from_the_others(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "cs.AI.atom").write_bytes(damaged)
    (tmp_path / "cs.LG.atom").write_bytes(LG_ATOM)
    source = RecordedSource(tmp_path)
    assert source.day(NOON) == date(2025, 10, 7)
    assert len(source.fetch("cs.LG").announcements) == 6
    with pytest.raises(SourceError):
        source.fetch("cs.AI")


REBUILT = SHARED / "reference" / "feeds" / "rebuilt" / "2025-10-07"


@pytest.mark.skipif(not REBUILT.is_dir(), reason="no ../shared beside this checkout: real feeds are not at hand")
def test_a_real_day_is_read_whole() -> None:
    source = RecordedSource(REBUILT)
    for path in sorted(REBUILT.glob("*.atom")):
        feed = source.fetch(path.stem)
        assert feed.warnings == ()
        assert len(feed.announcements) == path.read_bytes().count(b"<entry>")
