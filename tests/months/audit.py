"""Whether each paper was considered once for each reader, counted from what a lived-through memory keeps.

Three counts: what the scorer was asked, which days the ledger's rows cover, and which papers the mails had.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from newsletter.delivery import ledger
from newsletter.model import AnnouncementDay, Delivery, Frequency, Subscriber
from newsletter.papers import arxiv_day
from newsletter.run.backlog import ReadSoFar, was_read
from tests.months.arxiv import shortest_gap_s
from tests.months.calendar import DAY, Calendar
from tests.months.world import World


@dataclass
class Audit:
    """What was found; `faults` are sentences, and empty where all is well."""

    considered: int = 0  # pairs of reader and paper
    mailed: int = 0
    faults: list[str] = field(default_factory=list)
    lost_cross_lists: int = 0  # late ones of days that were back-filled, which arXiv's records cannot date
    days: dict[date, list[str]] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """The report of each day, and the sums."""
        for on in sorted(self.days):
            yield f"{on:%a %d %b}  {'; '.join(self.days[on])}"
        yield f"{self.considered} papers considered, {self.mailed} mailed, {len(self.faults)} faults"
        if self.lost_cross_lists:
            yield f"{self.lost_cross_lists} late cross-lists of missed days did not come, as docs/feeds.md says"
        yield from self.faults


def audit(world: World, calendar: Calendar, *, first: date, last: date) -> Audit:
    """Counts for every paper that came to a reader's categories from `first` to `last`."""
    found = Audit()
    for reader in world.readers:
        _check_reader(world, calendar, reader, first, last, found)
    if world.arxiv.impolite:
        found.faults += [f"impolite: {each}" for each in world.arxiv.impolite]
    found.faults += [f"failure: {each}" for each in world.failures[:9]]
    _describe_days(world, calendar, first, found)
    return found


def _check_reader(world: World, calendar: Calendar, reader: Subscriber, first: date, last: date, found: Audit) -> None:
    who = reader.name
    rows = world.store.get_deliveries(subscriber_id=reader.subscriber_id)
    begins = max(first, min((on for row in rows for on in row.announced_on), default=first))
    if reader.frequency is not Frequency.DAILY:  # what came since waits for their next day
        last = min(last, max((arxiv_day(row.at) for row in rows), default=last) - DAY)
    came: dict[str, tuple[date, bool]] = {}  # a first mail has the latest day alone
    for category in reader.categories:
        for on, arxiv_id, is_late_cross in calendar.announced(category):
            if begins <= on <= last and arxiv_id not in came:
                came[arxiv_id] = (on, is_late_cross)
    asked = {
        arxiv_id: {world.mail_date(who, at) for at in moments}
        for (name, arxiv_id), moments in world.scorer.asked.items()
        if name == who
    }
    sent = Counter(arxiv_id for row in rows if ledger.counts_as_sent(row.state) for arxiv_id in row.paper_ids)
    kept = world.store.get_days(before=date.max, limit=400)  # of the last sixty days: what is older is forgotten
    covered, oldest = _covered(kept, reader, rows), min(day.announced_on for day in kept)
    missing, twice, open_ = Counter[date](), Counter[date](), Counter[date]()
    for arxiv_id, (on, is_late_cross) in came.items():
        times = len(asked.get(arxiv_id, ()))
        if not times and is_late_cross:
            found.lost_cross_lists += 1
        elif not times:
            missing[on] += 1
        elif times > 1:
            twice[on] += 1
        found.considered += times
        if times and on > oldest and arxiv_id not in covered:
            open_[on] += 1
        if sent[arxiv_id] > 1:
            found.faults.append(f"{who}: {arxiv_id} of {on} was mailed {sent[arxiv_id]} times")
    found.mailed += sum(sent.values())
    found.faults += [f"{who}: {n} papers of {on} never considered" for on, n in sorted(missing.items())]
    found.faults += [f"{who}: {n} papers of {on} considered on several dates" for on, n in sorted(twice.items())]
    found.faults += [f"{who}: {n} papers of {on} not covered by the ledger" for on, n in sorted(open_.items())]


def _covered(kept: Sequence[AnnouncementDay], reader: Subscriber, rows: Sequence[Delivery]) -> set[str]:
    """The papers that the ledger's rows have looked at: no later mail is about them."""
    read = ReadSoFar(rows, date.min, since=date(2000, 1, 1))
    return {
        each.paper.arxiv_id
        for day in kept
        for each in day.announcements
        if each.is_new and was_read(each, read.readings(day.announced_on, reader.categories))
    }


def _describe_days(world: World, calendar: Calendar, first: date, found: Audit) -> None:
    asked = Counter((arxiv_day(each.at), each.site) for each in world.arxiv.asked)
    badly = Counter((arxiv_day(each.at), each.answer) for each in world.arxiv.asked if each.answer != "well")
    mails: Counter[date] = Counter()
    for reader in world.readers:
        for row in world.store.get_deliveries(subscriber_id=reader.subscriber_id):
            if ledger.counts_as_sent(row.state):
                mails[arxiv_day(row.at)] += 1
    ends = arxiv_day(world.until)
    for on in (first + timedelta(days=n) for n in range((ends - first).days)):
        papers = len(calendar.days.get(on, ()))
        parts = [f"{papers} announced"] if papers else ["nothing announced"]
        parts += [f"{n} × {answer}" for (day, answer), n in badly.items() if day == on]
        requests = [f"{n} of {site}" for (day, site), n in sorted(asked.items()) if day == on]
        parts += [f"asked: {', '.join(requests)}"] if requests else ["asked nothing"]
        parts += world.notes.get(on, [])
        parts += [f"{mails[on]} mails"] if mails[on] else []
        found.days[on] = parts


def summary_of_requests(world: World) -> str:
    """How arXiv was asked, in a sentence."""
    counts = world.arxiv.count_by_site()
    parts = ", ".join(f"{n} of {site}" for site, n in sorted(counts.items()))
    gap_s = shortest_gap_s(world.arxiv.asked)
    return f"{sum(counts.values())} requests ({parts}), the shortest time between two {gap_s:.0f} s"
