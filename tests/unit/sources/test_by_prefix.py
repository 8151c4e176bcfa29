"""sources/by_prefix.py: each category goes where its prefix says, and a feed that fails is told in words."""

from datetime import UTC, date, datetime

import httpx2
import pytest

from newsletter.errors import SourceError
from newsletter.model import Feed
from newsletter.papers.categories import SourceName
from newsletter.sources.any_feed import AnyFeedSource
from newsletter.sources.by_prefix import SourceByPrefix
from newsletter.sources.fetching.fetcher import Fetcher
from newsletter.sources.polite import PoliteGetter
from newsletter.sources.turns import Turns
from tests.feed_samples import CATEGORY, SAMPLES, rdf

NOW = datetime(2026, 1, 7, 2, tzinfo=UTC)  # it is still Tuesday in New York


class Named:
    """Gives empty feeds that say who gave them."""

    def __init__(self, name: str) -> None:
        self._name = name

    def day(self, now: datetime) -> date:
        return now.date()

    def fetch(self, category: str) -> Feed:
        return Feed(category, date(2026, 1, 6), (), (self._name,))


def test_each_category_goes_where_its_prefix_says() -> None:
    others = {SourceName.BIORXIV: Named("bioRxiv"), SourceName.FEED: Named("feed")}
    source = SourceByPrefix(Named("arXiv"), others)
    categories = {"cs.LG": "arXiv", "biorxiv:genetics": "bioRxiv", CATEGORY: "feed"}
    assert {category: source.fetch(category).warnings[0] for category in categories} == categories
    assert source.day(NOW) == NOW.date()
    with pytest.raises(SourceError, match="remove it from the categories"):
        source.fetch("medrxiv:oncology")


def any_feed(*answers: httpx2.Response) -> tuple[AnyFeedSource, list[str]]:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return answers[len(asked) - 1]

    client = httpx2.Client(transport=httpx2.MockTransport(answer))
    return AnyFeedSource(PoliteGetter(Fetcher(client), Turns(0.0)), lambda: NOW), asked


def test_a_feed_is_asked_for_at_its_address_and_is_of_the_day_it_was_read_on() -> None:
    source, asked = any_feed(httpx2.Response(200, content=rdf()))
    feed = source.fetch(CATEGORY)
    assert asked == [CATEGORY.removeprefix("feed:")]
    assert (feed.category, feed.announced_on, len(feed.announcements)) == (CATEGORY, date(2026, 1, 6), len(SAMPLES))


@pytest.mark.parametrize(("status", "is_config"), [(404, True), (410, True), (503, False), (429, False)])
def test_a_feed_that_cannot_be_had_is_asked_once_and_named(status: int, is_config: bool) -> None:
    source, asked = any_feed(httpx2.Response(status, headers={"Retry-After": "7200"}))
    with pytest.raises(SourceError, match=r"journal\.example\.org") as caught:
        source.fetch(CATEGORY)
    assert (caught.value.category, caught.value.is_config, len(asked)) == (CATEGORY, is_config, 1)
    assert caught.value.retry_after_s == (None if is_config else 7200.0), "the day keeps when to ask again"
