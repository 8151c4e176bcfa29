"""Prepares the page of a month: calendar, best papers, and numbers as charts and as a table. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from newsletter import formatting
from newsletter.model import Digest
from newsletter.texts import Texts, write_colon, write_decimal, write_month, write_number, write_short_date
from newsletter.web.archive.charts import Chart, Column, chart
from newsletter.web.archive.entries import EntryLinkView, entry_link
from newsletter.web.archive.month import Cell, DayFigures, best, figures, grades, weeks


@dataclass(frozen=True, slots=True)
class RowView:
    """A day of the month's numbers, in words."""

    on: date
    day: str
    papers: str
    relevance: str
    novelty: str  # empty where no model judged
    tokens: str
    cost: str


@dataclass(frozen=True, slots=True)
class MonthView:
    month: date
    title: str
    weeks: list[list[Cell]]
    digests: int
    papers: int
    best: tuple[EntryLinkView, ...]
    charts: tuple[Chart, ...]
    rows: tuple[RowView, ...]
    earlier: date | None
    later: date | None

    @property
    def has_novelty(self) -> bool:
        """Tells whether a model judged papers of this month."""
        return any(row.novelty for row in self.rows)

    @property
    def has_usage(self) -> bool:
        """Tells whether a model used tokens in this month."""
        return any(row.tokens != "0" for row in self.rows)


def month_view(
    month: date, digests: Sequence[Digest], t: Texts, *, earlier: date | None, later: date | None
) -> MonthView:
    """Shows a month of digests, which come oldest first."""
    numbers = [figures(digest) for digest in digests]
    return MonthView(
        month=month,
        title=write_month(month, t.language),
        weeks=weeks(month, {each.on: each.papers for each in numbers}),
        digests=len(digests),
        papers=sum(each.papers for each in numbers),
        best=tuple(entry_link(on, entry, t) for on, entry in best(digests)),
        charts=tuple(_Charts(t, month).draw(numbers, grades(digests))),
        rows=tuple(_row(each, t) for each in numbers),
        earlier=earlier,
        later=later,
    )


def _row(day: DayFigures, t: Texts) -> RowView:
    return RowView(
        on=day.on,
        day=write_short_date(day.on, t.language),
        papers=write_number(day.papers, t.language),
        relevance=_mean(day.relevance, t),
        novelty="" if day.novelty is None else _mean(day.novelty, t),
        tokens=write_number(day.tokens, t.language),
        cost=t["not_known"] if day.cost_usd is None else formatting.dollars(day.cost_usd),
    )


def _mean(value: float | None, t: Texts) -> str:
    return t["not_known"] if value is None else write_decimal(value, t.language)


@dataclass(frozen=True, slots=True)
class _Charts:
    """Draws a month's charts, and says in words what they show."""

    t: Texts
    month: date

    def draw(self, numbers: Sequence[DayFigures], graded: Sequence[tuple[int, int, int]]) -> list[Chart]:
        """Draws the charts, those of tokens and cost only if a model was asked."""
        papers = {each.on: float(each.papers) for each in numbers}
        drawn = [self._by_day("papers", papers, self._count("papers")), self._scores(graded)]
        tokens = {each.on: float(each.tokens) for each in numbers}
        if any(tokens.values()):
            costs = {each.on: float(each.cost_usd) for each in numbers if each.cost_usd is not None}
            drawn.append(self._by_day("tokens", tokens, self._count("n_tokens"), axis_label=short))
            drawn.append(self._by_day("cost", costs, _dollars, axis_label=short_dollars))
        return drawn

    def _count(self, key: str) -> Callable[[float], str]:
        return lambda value: self.t(key, n=round(value))

    def _by_day(
        self,
        name: str,
        values: dict[date, float],
        describe: Callable[[float], str],
        *,
        axis_label: Callable[[float], str] | None = None,
    ) -> Chart:
        """Draws a column for each day of the month, so that a gap is seen; the first and every seventh have a label."""
        columns = []
        for on in (cell.on for week in weeks(self.month, {}) for cell in week if not cell.is_outside):
            what = describe(values[on]) if on in values else self.t["not_known"]
            label = str(on.day) if on.day % 7 == 1 else ""
            columns.append(Column(label, (values.get(on),), f"{self._day(on)}{self._colon}{what}"))
        title, summary = self.t[f"{name}_a_day"], self._summary(values, describe)
        return chart(name, title, summary, columns, axis_label=axis_label or self._axis)

    def _axis(self, value: float) -> str:
        return write_number(round(value), self.t.language)

    @property
    def _colon(self) -> str:
        return write_colon(self.t.language)

    def _day(self, on: date) -> str:
        return write_short_date(on, self.t.language)

    def _summary(self, values: dict[date, float], describe: Callable[[float], str]) -> str:
        if not values:
            return self.t["nothing_known"]
        highest = max(values, key=lambda on: values[on])
        said = {"sum": describe(sum(values.values())), "day": self._day(highest), "most": describe(values[highest])}
        return self.t("in_days", n=len(values), **said)

    def _grade_counts(self, relevance: int, novelty: int) -> str:
        return self.t("grade_counts", relevance=f"{relevance}", novelty=f"{novelty}", count=relevance)

    def _scores(self, graded: Sequence[tuple[int, int, int]]) -> Chart:
        """Draws both grades beside each other, and relevance alone where no model judged a novelty."""
        t = self.t
        papers, judged = (sum(row[place] for row in graded) for place in (1, 2))
        relevance, novelty = (f"{max(graded, key=lambda row: row[place])[0]}" for place in (1, 2))
        count = t("papers", n=papers)
        if not judged:
            columns = [Column(str(g), (float(r),), f"{g}{self._colon}{t('papers', n=r)}") for g, r, _ in graded]
            summary = t("relevance_of", papers=count, relevance=relevance) if papers else t["no_scores"]
            return chart("scores", t["relevances"], summary, columns, axis_label=self._axis)
        columns = [
            Column(str(g), (float(r), float(n)), f"{g}{self._colon}{self._grade_counts(r, n)}") for g, r, n in graded
        ]
        summary = t("scores_of", papers=count, relevance=relevance, novelty=novelty)
        if judged < papers:
            summary = t("judged", said=summary, n=judged)
        series = (t["relevance"], t["novelty"])
        return chart("scores", t["scores"], summary, columns, series=series, axis_label=self._axis)


def _dollars(value: float) -> str:
    return f"${value:,.4f}"


def short(value: float) -> str:
    """Writes 12,000 as "12k", 3,400,000 as "3.4M"."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.0f}"


def short_dollars(value: float) -> str:
    return f"${value:,.2f}" if value >= 0.01 or not value else f"${value:.1g}"
