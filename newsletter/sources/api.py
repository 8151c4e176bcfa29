"""arXiv's records over HTTP, by its API: the second way to them, for when OAI-PMH does not answer.

The manual is https://info.arxiv.org/help/api/user-manual.html. The list of a category is asked for in the order of the
latest change, newest first, and left where it is older than what is wanted: so a paper that comes in meanwhile moves
others to the next page, and none is missed. How arXiv is asked is `record_server.py`'s business, what a page says is
that of `api_records.py`.
"""

from __future__ import annotations

from datetime import date
from functools import partial

from newsletter.errors import SourceError
from newsletter.model import PaperRecord
from newsletter.papers import taxonomy
from newsletter.sources.api_records import URL_SETTING, read_api_page
from newsletter.sources.feed import check_category
from newsletter.sources.record_server import RecordServer, open_record_server
from newsletter.sources.turns import Turns

PAGE_SIZE = 500  # arXiv allows 2,000; its larger pages fail more often
MAX_PAGES = 60


def open_api(*, contact: str, base_url: str, patience_s: float, turns: Turns) -> ApiHarvester:
    """Opens arXiv's API. `contact` is the operator's mail address, with or without a name; arXiv can read it.

    After `patience_s` seconds in all nothing more is asked. `turns` are arXiv's.
    """
    server = open_record_server(
        base_url, URL_SETTING, contact=contact, accept="application/atom+xml", patience_s=patience_s, turns=turns
    )
    return ApiHarvester(server)


class ApiHarvester:
    """A Harvester that asks arXiv's API.

    A paper counts as changed when its latest version was received.
    """

    def __init__(self, server: RecordServer) -> None:
        self._server = server

    def harvest(self, category: str, *, since: date) -> tuple[tuple[PaperRecord, ...], tuple[str, ...]]:
        check_category(category)
        records: dict[str, PaperRecord] = {}
        problems: dict[str, None] = {}
        start = 0
        for _ in range(MAX_PAGES):
            query = {
                "search_query": f"cat:{_pattern_of(category)}",
                "sortBy": "lastUpdatedDate",
                "sortOrder": "descending",
                "start": f"{start}",
                "max_results": f"{PAGE_SIZE}",
            }
            page = self._server.ask_for(query, category, partial(read_api_page, category=category, start=start))
            for record in page.records:
                if record.changed_on >= since:
                    records.setdefault(record.paper.arxiv_id, record)
            problems |= dict.fromkeys(page.problems)
            start += page.entries  # a page may be shorter than what was asked for
            if start >= page.total or any(record.changed_on < since for record in page.records):
                return tuple(records.values()), tuple(problems)
        raise SourceError(
            category, f"The records of {category} have more than {MAX_PAGES} pages; back-fill fewer days at a time."
        )


def _pattern_of(category: str) -> str:
    """Gives what matches a category, or all categories of an archive (cs.*)."""
    return f"{category}.*" if taxonomy.subcategories(category) else category
