"""What a played arXiv announces on which day: new papers with cross-lists, old papers cross-listed late, replacements.

The texts are those of recorded days where there are some (`../shared/corpus`), else made up; ids and moments are ours,
by arXiv's timetable (https://info.arxiv.org/help/availability.html): what was received by 14:00 of a weekday in New
York is in the feed of the next.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle, pairwise
from random import Random
from zoneinfo import ZoneInfo

from newsletter.papers.announcement_schedule import is_weekday
from tests import ROOT

CORPUS = ROOT.parent / "shared" / "corpus" / "days"
EASTERN = ZoneInfo("America/New_York")
CATEGORIES = ("cs.LG", "cs.AI", "cs.CL", "cs.CV", "astro-ph.GA", "astro-ph.CO")
DAY = timedelta(days=1)
REPLACED_SHARE = 0.3  # of a day's papers, announced again in a new version some days later
CROSSED_LATE_SHARE = 0.02  # cross-listed into another category some days later


@dataclass(frozen=True)
class Text:
    """What a paper says, before it has an id."""

    title: str
    authors: str
    abstract: str
    categories: tuple[str, ...]


@dataclass(frozen=True)
class Played:
    """A paper as arXiv has it at one moment; `received_at` has a moment for each version."""

    arxiv_id: str
    text: Text
    categories: tuple[str, ...]  # the first is the primary one
    received_at: tuple[datetime, ...]
    announced_on: date  # when it was new
    changed_on: date  # when this state of it was announced

    @property
    def version(self) -> int:
        return len(self.received_at)


@dataclass(frozen=True)
class Entry:
    """A line of a day's announcement. `crossed_to` are the categories that a late cross-list brings it to."""

    paper: Played
    kind: str  # new, cross (late) or replace, as seen from its primary category
    crossed_to: tuple[str, ...] = ()

    def kind_in(self, category: str) -> str:
        """The announce type in this category's feed; empty if it is not shown there."""
        if self.kind == "cross":
            return "cross" if category in self.crossed_to else ""
        if category not in self.paper.categories:
            return ""
        is_primary = category == self.paper.categories[0]
        return {"new": ("cross", "new"), "replace": ("replace-cross", "replace")}[self.kind][is_primary]


@dataclass
class Calendar:
    """The announcements of each arXiv day, by its date in New York; quiet days have none."""

    days: dict[date, list[Entry]]
    categories: Sequence[str] = CATEGORIES
    _feeds: dict[tuple[date, str], list[Entry]] = field(default_factory=dict)

    def feed(self, on: date, category: str) -> list[Entry]:
        key = (on, category)
        if key not in self._feeds:
            self._feeds[key] = [entry for entry in self.days.get(on, []) if entry.kind_in(category)]
        return self._feeds[key]

    def day_before(self, on: date) -> date | None:
        """The last day before it that had an announcement."""
        return max((day for day, entries in self.days.items() if day < on and entries), default=None)

    def announced(self, category: str) -> Iterator[tuple[date, str, bool]]:
        """Each paper that comes to a category, on which day, and whether it was a late cross-list there."""
        for on in sorted(self.days):
            for entry in self.feed(on, category):
                if entry.kind in ("new", "cross"):
                    yield on, entry.paper.arxiv_id, entry.kind == "cross"

    def records(self, category: str, *, until: date) -> list[Played]:
        """Each paper of a category as it stands on that day, once, in the order of its last change."""
        latest: dict[str, Played] = {}
        for on in sorted(day for day in self.days if day <= until):
            latest |= {entry.paper.arxiv_id: entry.paper for entry in self.days[on]}
        found = [paper for paper in latest.values() if category in paper.categories]
        return sorted(found, key=lambda paper: (paper.changed_on, paper.arxiv_id))


def read_corpus() -> list[list[Text]]:
    """The papers of each half of a recorded day, so that 21 of them last for two months; empty where there are none."""
    halves: list[list[Text]] = []
    for path in sorted(CORPUS.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        texts = [
            Text(row["title"], ", ".join(row["authors"]), row["abstract"], tuple(row["categories"]))
            for row in rows
            if row["listed"] == "new"
        ]
        halves += [texts[::2], texts[1::2]]
    return halves


def made_up(papers: int, days: int = 1) -> list[list[Text]]:
    """Days with so many papers each, of the six categories and some cross-lists between them."""
    draw = Random(7)
    made = []
    for day in range(days):
        texts = []
        for number in range(papers):
            primary = CATEGORIES[number % len(CATEGORIES)]
            others = tuple(dict.fromkeys(draw.choices([*CATEGORIES, "stat.ML"], k=draw.randint(0, 2))))
            categories = (primary, *(each for each in others if each != primary))
            title = f"On question {number} of day {day}"
            texts.append(Text(title, "Ada Lovelace, Emmy Noether", f"We ask question {number} anew.", categories))
        made.append(texts)
    return made


def play(
    texts: Sequence[Sequence[Text]],
    first: date,
    last: date,
    *,
    holidays: Collection[date] = (),
    most_papers: int = 10_000,
    categories: Sequence[str] = CATEGORIES,
) -> Calendar:
    """Announces one list of texts on each weekday but holidays; `most_papers` of each, of these categories alone."""
    draw, numbers = Random(20), defaultdict[str, int](int)
    weekdays = [day for n in range((last - first).days + 1) if is_weekday(day := first + n * DAY)]
    working = [day for day in weekdays if day not in holidays]
    days: dict[date, list[Entry]] = {day: [] for day in weekdays}
    for (before, on), wanted in zip(pairwise([_weekday_before(first), *working]), cycle(texts), strict=False):
        chosen = [text for text in wanted if set(text.categories) & set(categories)][:most_papers]
        begin, end = _deadline_of(before), _deadline_of(on)
        for number, text in enumerate(chosen):
            at = begin + (end - begin) * (number + 0.5) / len(chosen)
            month = f"{at.astimezone(EASTERN):%y%m}"
            numbers[month] += 1
            paper = Played(f"{month}.{numbers[month]:05}", text, text.categories, (at.replace(microsecond=0),), on, on)
            days[on].append(Entry(paper, "new"))
            _follow_up(paper, working, days, draw, categories)
    return Calendar(days, categories)


def _follow_up(
    paper: Played, working: Sequence[date], days: dict[date, list[Entry]], draw: Random, categories: Sequence[str]
) -> None:
    """Has some papers come again on a later day: replaced, or cross-listed into one more category."""
    later = [day for day in working if day > paper.announced_on][2:9]
    lot = draw.random()
    if not later or lot >= REPLACED_SHARE + CROSSED_LATE_SHARE:
        return
    on = draw.choice(later)
    if lot < REPLACED_SHARE:
        at = _deadline_of(on) - timedelta(hours=draw.randint(1, 15))
        again = replace(paper, received_at=(*paper.received_at, at), changed_on=on)
        days[on].append(Entry(again, "replace"))
        return
    others = [each for each in categories if each not in paper.categories]
    if others:
        other = draw.choice(others)
        days[on].append(Entry(replace(paper, categories=(*paper.categories, other), changed_on=on), "cross", (other,)))


def _deadline_of(on: date) -> datetime:
    """Until when papers were received that stand in the feed of that day: 14:00 of the weekday before."""
    return datetime.combine(_weekday_before(on), time(14), EASTERN).astimezone(UTC)


def _weekday_before(on: date) -> date:
    return next(day for day in (on - n * DAY for n in range(1, 4)) if is_weekday(day))
