"""A month of digests in numbers and as bars."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Usage
from newsletter.web.archive.charts import HEIGHT, WIDTH, Column, chart, nice_step
from newsletter.web.archive.month import best, figures, grades, months, weeks
from newsletter.web.archive.month_view import month_view, short
from tests import make
from tests.archives import TEXTS, digest, entry

FEBRUARY = date(2026, 2, 1)


@given(st.dates(date(1991, 1, 1), date(2100, 1, 1)))
def test_the_weeks_hold_each_day_of_the_month_once_and_begin_on_monday(on: date) -> None:
    month = on.replace(day=1)
    found = weeks(month, {on: 7})
    assert all(len(week) == 7 and week[0].on.weekday() == 0 for week in found)
    inside = [cell.on for week in found for cell in week if not cell.is_outside]
    assert inside == [month + timedelta(days=number) for number in range(len(inside))]
    assert (inside[-1] + timedelta(days=1)).day == 1
    assert [cell.on for week in found for cell in week if cell.papers] == [on]


def test_a_digest_of_a_neighbouring_month_is_not_in_the_calendar() -> None:
    found = weeks(date(2026, 1, 1), {date(2025, 12, 31): 3})
    assert not [cell for week in found for cell in week if cell.papers]


def test_months_come_once_in_the_order_of_their_days() -> None:
    days = [date(2025, 12, 31), date(2026, 1, 2), date(2026, 1, 5), date(2026, 3, 1)]
    assert months(days) == [date(2025, 12, 1), date(2026, 1, 1), date(2026, 3, 1)]


def test_the_best_papers_are_ordered_as_in_a_digest_and_come_once() -> None:
    first = digest(make.TUESDAY, [entry(1, relevance=9, novelty=4), entry(2, relevance=7)])
    second = digest(make.WEDNESDAY, [entry(2, relevance=10), entry(3, relevance=9, novelty=8)])
    found = [(on, each.paper.arxiv_id) for on, each in best([first, second])]
    assert found == [
        (make.WEDNESDAY, "2601.00002"),
        (make.WEDNESDAY, "2601.00003"),
        (make.TUESDAY, "2601.00001"),
    ]
    assert len(best([first, second], most=2)) == 2


def test_a_day_in_numbers() -> None:
    usage = Usage(1000, 200, 100, Decimal("0.01"), Decimal("0.02"))
    numbers = figures(digest(entries=[entry(1, relevance=9, novelty=4), entry(2, relevance=8, novelty=7)], usage=usage))
    assert (numbers.papers, numbers.relevance, numbers.novelty) == (2, 8.5, 5.5)
    assert (numbers.tokens, numbers.cost_usd) == (1200, Decimal("0.03"))
    assert figures(digest(usage=Usage(1, 1))).cost_usd is None
    assert figures(digest()).cost_usd == 0


def test_the_mean_novelty_is_of_the_papers_that_a_model_judged() -> None:
    mixed = [entry(1, novelty=4), entry(2, novelty=None), entry(3, novelty=7)]
    assert figures(digest(entries=mixed)).novelty == 5.5
    assert figures(digest(entries=[entry(1, novelty=None)])).novelty is None


def test_grades_count_each_paper_once_in_each_series() -> None:
    counted = grades([digest(entries=[entry(1, relevance=9, novelty=4), entry(2, relevance=9, novelty=9)])])
    assert counted[8] == (9, 2, 1)
    assert counted[3] == (4, 0, 1)
    assert [sum(row[place] for row in counted) for place in (1, 2)] == [2, 2]
    by_words = grades([digest(entries=[entry(1, relevance=9, novelty=None)])])
    assert [sum(row[place] for row in by_words) for place in (1, 2)] == [1, 0]


@given(st.floats(1e-6, 1e12))
def test_a_step_is_round_and_a_few_reach_the_top(highest: float) -> None:
    step = nice_step(highest)
    assert 1 < highest / step + 1e-6 <= 4.001
    assert f"{step:e}"[0] in "125"


values = st.one_of(st.none(), st.just(0.0), st.floats(1e-6, 1e9))


@given(st.lists(st.tuples(values, values), max_size=31))
def test_bars_stay_within_their_chart_and_stand_on_its_base(rows: list[tuple[float | None, float | None]]) -> None:
    drawn = chart("x", "X", "", [Column("", row, "") for row in rows])
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH and bar.y >= 0 for bar in drawn.bars)
    assert all(abs(bar.y + bar.height - drawn.base) < 0.11 for bar in drawn.bars)
    assert len(drawn.bars) == sum(bool(value) for row in rows for value in row)
    assert all(0 <= line.at <= HEIGHT for line in drawn.lines)


def test_tokens_and_cost_are_drawn_only_if_a_model_was_asked() -> None:
    view = month_view(FEBRUARY, [digest(FEBRUARY)], TEXTS["en"], earlier=None, later=None)
    assert [drawn.name for drawn in view.charts] == ["papers", "scores"]
    usage = Usage(1000, 200, 100, Decimal("0.01"), Decimal("0.02"))
    asked = month_view(FEBRUARY, [digest(FEBRUARY, usage=usage)], TEXTS["en"], earlier=None, later=None)
    assert [drawn.name for drawn in asked.charts] == ["papers", "scores", "tokens", "cost"]
    assert asked.charts[3].summary == "$0.0300 in one day, the most on 1 February 2026: $0.0300."
    assert len(asked.charts[2].labels) == 4  # 1, 8, 15, 22


@pytest.mark.parametrize(("value", "short_form"), [(0, "0"), (999, "999"), (12_000, "12k"), (3_400_000, "3.4M")])
def test_large_numbers_are_short_beside_an_axis(value: float, short_form: str) -> None:
    assert short(value) == short_form
