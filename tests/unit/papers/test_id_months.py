"""Since when a paper can have been announced, by its id alone."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.papers import announced_since


@pytest.mark.parametrize(
    ("paper_id", "month"),
    [
        ("2511.04476", date(2025, 11, 1)),
        ("0704.0001", date(2007, 4, 1)),
        ("9912.00001", date(2099, 12, 1)),
        ("hep-th/9901001", date(1999, 1, 1)),
        ("hep-th/9107001", date(1991, 7, 1)),
        ("math.GT/0309136", date(2003, 9, 1)),
    ],
)
def test_an_id_of_arxiv_says_its_month(paper_id: str, month: date) -> None:
    assert announced_since(paper_id) == month - timedelta(days=7)


@pytest.mark.parametrize(
    "paper_id",
    [
        "",
        "2511.044",
        "2513.04476",
        "2500.04476",
        "2511.04476v2",
        "٢٥١١.04476",  # digits, but not arXiv's
        "doi:10.1101/2025.11.02.573",
        "openreview:2511.04476",
        "feed:2511.04476",
    ],
)
def test_every_other_id_says_nothing(paper_id: str) -> None:
    assert announced_since(paper_id) == date.min


@given(
    on=st.dates(date(1991, 8, 1), date(2090, 12, 31)),
    time_of_day=st.times(timezones=st.just(UTC)),
    offset_h=st.integers(-12, 14),
    given_before=st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_no_mail_is_older_than_that_wherever_its_reader_lives(
    on: date, time_of_day: time, offset_h: int, given_before: timedelta
) -> None:
    at = datetime.combine(on, time_of_day)
    digest_on = at.astimezone(timezone(timedelta(hours=offset_h))).date()
    given_at = max(at - given_before, datetime(1991, 8, 1, tzinfo=UTC))
    paper_id = f"hep-th/{given_at:%y%m}001" if given_at.year < 2007 else f"{given_at:%y%m}.00001"
    assert announced_since(paper_id) <= digest_on
