"""Whole mornings with feeds that fail, are stale, half there, late or empty: each paper is mailed once to each reader.

The clock ticks through some days, with a process that may be killed in between; what no feed showed is back-filled.
"""

import os
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.delivery import ledger
from newsletter.model import Announcement, AnnounceType, Feed, FeedOutcome, FeedReport
from newsletter.run.schedule import Timing
from tests import make
from tests.unit.test_flow import DaySource, Morning, ScriptedSource

CATEGORIES = ("cs.AI", "cs.LG")
READERS = {"s_both2222": CATEGORIES, "s_only2222": ("cs.LG",)}
MONDAY = date(2026, 1, 12)
DAYS = 4
MORNINGS = int(os.environ.get("MORNINGS", "12"))  # weeks that are tried
HOURS = (0, 1, 2, 3.5, 8)  # after ten past seven in Berlin
ANSWERS = ("whole", "half", "old", "empty", "failed")

mornings = st.lists(
    st.tuples(*[st.sampled_from(ANSWERS) for _ in CATEGORIES], st.booleans()), min_size=len(HOURS), max_size=len(HOURS)
)


def papers(category: str, on: date) -> list[Announcement]:
    """Six papers; in cs.AI also a cross-list of the same day's cs.LG, and one of the day before's."""
    number = CATEGORIES.index(category)
    own = [make.announcement(f"2601.{on.day:02}{number}{n:02}", categories=(category,)) for n in range(6)]
    if category != "cs.AI" or on < MONDAY:
        return own
    crossed = [f"2601.{on.day:02}100", *([f"2601.{on.day - 1:02}101"] if on > MONDAY else [])]
    both = [make.paper(arxiv_id, categories=("cs.LG", "cs.AI")) for arxiv_id in crossed]
    return own + [Announcement(paper, AnnounceType.CROSS, ("cs.AI",)) for paper in both]


def serve(source: ScriptedSource, on: date, category: str, answer: str) -> None:
    whole, old = papers(category, on), papers(category, on - timedelta(days=1)) if on > MONDAY else []
    served = {"whole": whole, "half": [*old, *whole[::2]], "old": old, "empty": [], "failed": "no answer"}
    source.days.setdefault(on, {})[category] = served[answer]


def fill(given: Morning, on: date) -> None:
    """Adds what the records have of that day."""
    for category in CATEGORIES:
        shown = tuple(papers(category, on))
        report = FeedReport(category, FeedOutcome.ANNOUNCED, len(shown), fetched_at=given.now)
        given.store.add_feeds(on, [Feed(category, on, shown)], [report])


@settings(deadline=None, max_examples=MORNINGS)
@given(st.lists(mornings, min_size=DAYS, max_size=DAYS))
def test_each_paper_is_mailed_once_to_each_reader(days: list[list[tuple[str, str, bool]]]) -> None:
    given = Morning(DaySource({}), timing=Timing(latest=timedelta(hours=12)))
    given.subscribers = [
        make.subscriber(subscriber_id=who, categories=categories, max_papers=500) for who, categories in READERS.items()
    ]
    before = MONDAY - timedelta(days=1)
    given.store.start_run("r1")
    for who in READERS:  # a first mail is behind them
        given.store.move(ledger.accept(make.handed_over(given.store, who, before), "there", make.NOW))
    given.store.end_run("r1")
    for place, hours in enumerate(days):
        on = MONDAY + timedelta(days=place)
        if place:
            fill(given, on - timedelta(days=1))
        for hour, (ai, lg, is_killed) in zip(HOURS, hours, strict=True):
            given.now = make.NOW + (on - make.TUESDAY) + timedelta(minutes=10, hours=hour)
            serve(given.source, on, "cs.AI", ai)
            serve(given.source, on, "cs.LG", lg)
            given.tick()
            if is_killed:
                given.store.crash()
    last = MONDAY + timedelta(days=DAYS)
    fill(given, last - timedelta(days=1))
    given.now = make.NOW + (last - make.TUESDAY) + timedelta(minutes=10)
    serve(given.source, last, "cs.AI", "whole")
    serve(given.source, last, "cs.LG", "whole")
    given.tick()
    for who, categories in READERS.items():
        rows = given.store.get_deliveries(subscriber_id=who)
        mailed = [arxiv_id for row in rows for arxiv_id in row.paper_ids if row.digest_on != before]
        on_days = [MONDAY + timedelta(days=n) for n in range(DAYS + 1)]
        wanted = {each.paper.arxiv_id for category in categories for on in on_days for each in papers(category, on)}
        assert sorted(mailed) == sorted(wanted)
