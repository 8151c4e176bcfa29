"""Bar charts as numbers: where each bar, line and label of an SVG lies. Pure; the template draws them.

A chart is small, so that its labels can be read on a phone, and says in words what it shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 4, 10, 22
_MOST_TICKS = 4


@dataclass(frozen=True, slots=True)
class Column:
    """A place on the axis with a bar for each series; None draws none."""

    label: str  # under the axis; empty: none
    values: tuple[float | None, ...]
    tooltip: str


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    series: int
    tooltip: str


@dataclass(frozen=True, slots=True)
class Label:
    at: float  # x under the axis, y beside it
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    name: str  # for ids
    title: str
    summary: str
    bars: tuple[Bar, ...]
    lines: tuple[Label, ...]
    labels: tuple[Label, ...]
    series: tuple[str, ...] = ()  # names, where there is more than one
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    base: int = HEIGHT - _BOTTOM


def chart(
    name: str,
    title: str,
    summary: str,
    columns: Sequence[Column],
    *,
    series: tuple[str, ...] = (),
    axis_label: Callable[[float], str] = lambda value: f"{value:,.0f}",
) -> Chart:
    """Lays out a chart of these columns, the tallest bar below the top; `axis_label` writes the axis' values."""
    highest = max((value for column in columns for value in column.values if value is not None), default=0)
    step = nice_step(highest)
    top = max(step, math.ceil(highest / step - 1e-9) * step)
    base, room = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    slot = (WIDTH - _LEFT - _RIGHT) / max(1, len(columns))
    bars = [
        _bar(value, number, column, left=_LEFT + place * slot, slot=slot, scale=room / top)
        for place, column in enumerate(columns)
        for number, value in enumerate(column.values)
        if value
    ]
    ticks = [step * number for number in range(round(top / step) + 1)]
    lines = [Label(round(base - room * tick / top, 1), axis_label(tick)) for tick in ticks]
    labels = [
        Label(round(_LEFT + (place + 0.5) * slot, 1), column.label)
        for place, column in enumerate(columns)
        if column.label
    ]
    return Chart(name, title, summary, tuple(bars), tuple(lines), tuple(labels), series)


def _bar(value: float, number: int, column: Column, *, left: float, slot: float, scale: float) -> Bar:
    width = slot * 0.76 / len(column.values)
    height = max(1.0, value * scale)
    x = left + slot * 0.12 + number * width
    return Bar(
        round(x, 1), round(HEIGHT - _BOTTOM - height, 1), round(width, 1), round(height, 1), number, column.tooltip
    )


def nice_step(highest: float) -> float:
    """Gives 1, 2 or 5 times a power of ten, so that a few steps reach the highest value; 1 for no value."""
    if highest <= 0:
        return 1
    power = 10.0 ** math.floor(math.log10(highest / _MOST_TICKS))
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if highest / step <= _MOST_TICKS + 1e-9)
