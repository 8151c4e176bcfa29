"""Tells from a paper's id since when the paper can have been announced: an id of arXiv begins with year and month.

Ids of arXiv: https://info.arxiv.org/help/arxiv_identifier.html. One is given shortly before the paper is announced, so
no mail of an earlier month has the paper. Every other source's ids say no month.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

# A month begins at other times elsewhere, and an id may be given on its last days for the next one
SLACK = timedelta(days=7)
_YEAR_AND_MONTH = r"(\d\d)(0[1-9]|1[0-2])"
_ID = re.compile(rf"{_YEAR_AND_MONTH}\.\d{{4,5}}|[a-z-]+(?:\.[A-Z]{{2}})?/{_YEAR_AND_MONTH}\d{{3}}", re.ASCII)
_FIRST_YEAR = 91  # of the ids that begin with an archive; they end in March 2007


def announced_since(paper_id: str) -> date:
    """Gives the day before which no mail can have had the paper; the first of all days if its id does not say it."""
    match = _ID.fullmatch(paper_id)
    if match is None:
        return date.min
    modern_year, modern_month, old_year, old_month = match.groups()
    year, month = int(modern_year or old_year), int(modern_month or old_month)
    century = 1900 if old_year and year >= _FIRST_YEAR else 2000
    return date(century + year, month, 1) - SLACK
