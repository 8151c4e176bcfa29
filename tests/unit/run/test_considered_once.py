"""Whatever the feeds answer, and whenever the mails are made: each paper is considered once for each reader.

Feeds are judged and merged as a run does it, mails are made of what the ledger says; arXiv and the scorer are left out.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.delivery import ledger
from newsletter.model import (
    Announcement,
    AnnouncementDay,
    AnnounceType,
    Delivery,
    Feed,
    FeedOutcome,
    FeedReport,
    ReaderHistory,
)
from newsletter.papers import add_feeds, has_papers, read_feed
from newsletter.run.context import Morning
from newsletter.run.select import select_from
from tests import make

FIRST = date(2026, 1, 5)  # a Monday
DAYS = 5
CATEGORIES = ("cs.AI", "cs.LG", "math.KT")
PAPERS = {"cs.AI": 6, "cs.LG": 9, "math.KT": 1}
READERS = {"s_both": ("cs.AI", "cs.LG"), "s_one": ("cs.AI",), "s_small": ("cs.LG", "math.KT")}
ANSWERS = ("fresh", "half", "stale", "empty", "failed")


def feed_of(category: str, day: int) -> Feed:
    """What a category announces on a day: its own papers, and cross-lists of the same day and of the day before."""
    own = [shown(f"26{day:02}.{CATEGORIES.index(category)}{n:04}", category, category) for n in range(PAPERS[category])]
    crossed = []
    if category == "cs.AI":
        crossed = [shown(f"26{on:02}.10000", "cs.LG", category) for on in (day - 1, day) if on >= 0]
    return Feed(category, FIRST + timedelta(days=day), (*own, *crossed) if day >= 0 else ())


def shown(arxiv_id: str, primary: str, category: str) -> Announcement:
    kind = AnnounceType.NEW if primary == category else AnnounceType.CROSS
    return Announcement(make.paper(arxiv_id, categories=(primary, category)), kind, (category,))


@dataclass
class Weeks:
    """A memory, its readers' ledgers, and what each of their mails considered."""

    days: dict[date, AnnouncementDay] = field(default_factory=dict)
    rows: dict[str, dict[date, Delivery]] = field(default_factory=lambda: {who: {} for who in READERS})
    considered: dict[tuple[str, date], set[str]] = field(default_factory=dict)

    def begin(self) -> None:
        """Sends each reader a mail of the day before the first: what is announced from now on is theirs."""
        before = FIRST - timedelta(days=1)
        for who in READERS:
            claim = ledger.first_claim(who, before, "run", make.NOW)
            self.rows[who][before] = ledger.skip(claim, "nothing", make.NOW, announced_on=(before,))

    def fetch(self, day: int, category: str, answer: str) -> None:
        on = FIRST + timedelta(days=day)
        whole, yesterday = feed_of(category, day).announcements, feed_of(category, day - 1).announcements
        served = {"fresh": whole, "half": (*yesterday, *whole[::2]), "stale": yesterday}.get(answer, ())
        if answer == "failed":
            self._add(on, None, FeedReport(category, FeedOutcome.FAILED, 0, "no answer", make.NOW))
            return
        earlier = [known for known in self.days.values() if known.announced_on < on]
        feed, report = read_feed(Feed(category, on, served), earlier, on)
        self._add(on, feed if has_papers(report) else None, report)

    def fill(self, until: int) -> None:
        """Adds what no feed showed of the days before, as the records have it."""
        for day in range(until):
            for category in CATEGORIES:
                feed = feed_of(category, day)
                self._add(feed.announced_on, feed, FeedReport(category, FeedOutcome.ANNOUNCED, len(feed.announcements)))

    def _add(self, on: date, feed: Feed | None, report: FeedReport) -> None:
        stored = self.days.get(on) or AnnouncementDay(on, (), ())
        self.days[on] = add_feeds(stored, [feed] if feed else [], [report])

    def mail(self, who: str, day: int, *, is_sent: bool) -> None:
        """Makes the reader's mail of that date, unless it left already."""
        on = FIRST + timedelta(days=day)
        row = self.rows[who].get(on)
        if row and row.state is not row.state.SKIPPED:
            return
        today = self.days.get(on) or AnnouncementDay(on, (), ())
        earlier = [known for when, known in sorted(self.days.items()) if when < on and known.announcements]
        reader = make.subscriber(subscriber_id=who, categories=READERS[who])
        rows = list(self.rows[who].values())
        selection = select_from(ReaderHistory(tuple(rows)), Morning("run", today, earlier), reader, on, history_days=7)
        if not selection.announced:
            return
        claim = ledger.reclaim(row, "run", make.NOW) if row else ledger.first_claim(who, on, "run", make.NOW)
        read = {"announced_on": selection.settled_on, "readings": selection.readings}
        if is_sent:
            handed = ledger.hand_over(claim, paper_ids=(), message_id="<m>", now=make.NOW, **read)
            self.rows[who][on] = ledger.accept(handed, "there", make.NOW)
        else:
            self.rows[who][on] = ledger.skip(claim, "nothing relevant", make.NOW, **read)
        self.considered[who, on] = {paper.arxiv_id for paper in selection.papers}

    def counts(self, who: str) -> Counter[str]:
        return Counter(arxiv_id for (whose, _), ids in self.considered.items() if whose == who for arxiv_id in ids)


def wanted(who: str) -> set[str]:
    feeds = [feed_of(category, day) for category in READERS[who] for day in range(DAYS)]
    return {each.paper.arxiv_id for feed in feeds for each in feed.announcements}


fetches = st.tuples(st.just("fetch"), st.sampled_from(CATEGORIES), st.sampled_from(ANSWERS))
mails = st.tuples(st.just("mail"), st.sampled_from(sorted(READERS)), st.booleans())
fills = st.tuples(st.just("fill"), st.none(), st.none())
mornings = st.lists(st.one_of(fetches, mails, fills), max_size=10)


@settings(deadline=None, max_examples=80)
@given(st.lists(mornings, min_size=DAYS, max_size=DAYS))
@example(
    [[("fetch", "cs.LG", "fresh"), ("mail", "s_both", True), ("fetch", "cs.AI", "half"), ("fill", None, None)]] * DAYS
)
@example([[("fetch", "cs.AI", "empty"), ("mail", "s_one", True), ("fetch", "cs.AI", "fresh")]] * DAYS)
def test_every_paper_is_considered_exactly_once(steps: list[list[tuple[str, str, object]]]) -> None:
    weeks = Weeks()
    weeks.begin()
    for day, morning in enumerate(steps):
        for what, of, how in morning:
            if what == "fetch":
                weeks.fetch(day, of, str(how))
            elif what == "mail":
                weeks.mail(of, day, is_sent=bool(how))
            else:
                weeks.fill(day)
    weeks.fill(DAYS)
    for who in READERS:
        weeks.mail(who, DAYS, is_sent=True)
        assert weeks.counts(who) == Counter(wanted(who))
