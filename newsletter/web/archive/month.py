"""A month of digests: its calendar, its best papers, and its numbers day by day. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from newsletter.model import Digest, DigestEntry
from newsletter.run import reading_order

BEST = 10


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of the calendar. `papers` is None where there is no digest."""

    on: date
    papers: int | None
    is_outside: bool  # of another month, only there to fill the week


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One digest in numbers. A mean is None without a paper of that grade, `cost_usd` where a price is not known."""

    on: date
    papers: int
    relevance: float | None
    novelty: float | None
    tokens: int
    cost_usd: Decimal | None


def month_of(on: date) -> date:
    return on.replace(day=1)


def months(days: Sequence[date]) -> list[date]:
    """Gives the first day of each month that has a digest, in the order of the days."""
    return list(dict.fromkeys(map(month_of, days)))


def weeks(month: date, papers: Mapping[date, int]) -> list[list[Cell]]:
    """Gives the weeks of a month, Monday to Sunday; the first and the last reach into its neighbours."""
    return [
        [Cell(on, papers.get(on) if on.month == month.month else None, on.month != month.month) for on in week]
        for week in calendar.Calendar().monthdatescalendar(month.year, month.month)
    ]


def best(digests: Sequence[Digest], most: int = BEST) -> list[tuple[date, DigestEntry]]:
    """Picks the best papers, in the order that digests have; of a paper in two digests, the better entry.

    What passed comes before what was nearest on some day.
    """
    found = [(digest.digest_on, entry) for digest in digests for entry in digest.entries]
    found.sort(key=lambda item: (item[1].is_nearest, reading_order(item[1].score)))
    first: dict[str, tuple[date, DigestEntry]] = {}
    for on, entry in found:
        first.setdefault(entry.paper.arxiv_id, (on, entry))
    return list(first.values())[:most]


def figures(digest: Digest) -> DayFigures:
    scores = [entry.score for entry in digest.entries]
    usage = digest.usage
    costs = (usage.prompt_cost_usd, usage.completion_cost_usd) if usage else (Decimal(0),)
    return DayFigures(
        on=digest.digest_on,
        papers=len(scores),
        relevance=_mean([score.relevance for score in scores]),
        novelty=_mean([score.novelty for score in scores if score.novelty is not None]),
        tokens=usage.prompt_tokens + usage.completion_tokens if usage else 0,
        cost_usd=None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0)),
    )


def grades(digests: Sequence[Digest]) -> list[tuple[int, int, int]]:
    """Counts for each grade from 1 to 10 how many papers have it as relevance, and how many as novelty."""
    scores = [entry.score for digest in digests for entry in digest.entries]
    return [(g, sum(s.relevance == g for s in scores), sum(s.novelty == g for s in scores)) for g in range(1, 11)]


def _mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) if values else None
