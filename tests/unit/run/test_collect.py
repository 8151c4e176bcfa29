"""Feeds are asked one by one, and arXiv's day may turn meanwhile: each paper is kept on the day that showed it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest

from newsletter.model import AnnouncementDay, Feed, FeedOutcome
from newsletter.papers import arxiv_day
from newsletter.run import Collecting, collect
from tests import make
from tests.fakes import Silent
from tests.oai_server import eastern
from tests.unit.test_flow import Morning, ScriptedSource

MONDAY, TUESDAY = date(2026, 1, 12), date(2026, 1, 13)
CATEGORIES = ("cs.AI", "cs.CL", "cs.CV", "cs.LG")


@dataclass
class SlowSource(ScriptedSource):
    """Serves New York's day of the moment; each answer takes three seconds."""

    now: datetime = make.NOW

    def day(self, now: datetime) -> date:
        return arxiv_day(now)

    def fetch(self, category: str) -> Feed:
        self.now += timedelta(seconds=3)
        self.asked.append(category)
        on = arxiv_day(self.now)
        arxiv_id = f"2601.{on.day:02}{CATEGORIES.index(category):03}"
        return Feed(category, on, (make.announcement(arxiv_id, categories=(category,)),))


def shown(day: AnnouncementDay | None) -> list[str]:
    return [each.paper.arxiv_id for each in day.announcements] if day else []


@pytest.mark.parametrize("remember", [True, False])
def test_a_day_that_turns_while_feeds_are_asked_begins_anew(remember: bool) -> None:
    source = SlowSource({}, now=eastern("2026-01-12 23:59") + timedelta(seconds=53))
    given = Morning(source)
    given.store.start_run("r1")
    context = replace(given.context, now=lambda: source.now)
    readers = [make.subscriber(categories=CATEGORIES)]
    today = collect(context, readers, Silent(), Collecting("r1", remember=remember, sparing=remember)).today
    assert today.announced_on == TUESDAY
    assert shown(today) == [f"2601.13{number:03}" for number in range(4)]
    assert {report.outcome for report in today.feeds} == {FeedOutcome.ANNOUNCED}
    assert shown(given.store.get_day(MONDAY)) == (["2601.12000", "2601.12001"] if remember else [])
