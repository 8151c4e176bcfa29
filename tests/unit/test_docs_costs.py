"""docs/costs.md says the prices and dates that the program uses."""

from datetime import date
from decimal import Decimal

import pytest

from newsletter.scoring.llm.prices import price_of, retired_on
from tests import ROOT

PAGE = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
ROWS = [[cell.strip(" `$") for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if "| half |" in line]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_table_of_prices_is_the_price_list(row: list[str]) -> None:
    price, half = price_of(row[0]), price_of(row[0], "flex")
    assert price is not None
    assert half is not None
    assert [price.input, price.cached, price.cache_write, price.output] == [Decimal(cell) for cell in row[1:5]]
    assert half.output * 2 == price.output


def test_the_models_of_the_page_stay_and_those_that_go_are_named_with_their_day() -> None:
    assert len(ROWS) >= 3
    assert [retired_on(row[0]) for row in ROWS] == [None] * len(ROWS)
    for model in ("gpt-5", "gpt-5-mini", "gpt-4o", "gpt-4.1-mini"):
        gone = retired_on(model)
        assert isinstance(gone, date)
        assert gone.isoformat() in PAGE
