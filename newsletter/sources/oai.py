"""arXiv's records over HTTP, by OAI-PMH: what was announced on days that nobody collected.

Each page names the next one; their number is bounded. How arXiv is asked is `record_server.py`'s business, what a page
says is that of `oai_records.py`.
"""

from __future__ import annotations

from datetime import date

from newsletter.errors import SourceError
from newsletter.model import PaperRecord
from newsletter.sources.feed import check_category
from newsletter.sources.oai_records import URL_SETTING, read_page
from newsletter.sources.record_server import RecordServer, open_record_server
from newsletter.sources.turns import Turns

MAX_PAGES = 60  # of 3,500 records: more than a year of the largest category

_GROUPS = frozenset({"cs", "econ", "eess", "math", "q-bio", "q-fin", "stat"})  # all other archives are of physics


def open_oai(*, contact: str, base_url: str, patience_s: float, turns: Turns) -> OaiHarvester:
    """Opens arXiv's records. `contact` is the operator's mail address, with or without a name; arXiv can read it.

    After `patience_s` seconds in all nothing more is asked. `turns` are arXiv's.
    """
    server = open_record_server(
        base_url, URL_SETTING, contact=contact, accept="text/xml", patience_s=patience_s, turns=turns
    )
    return OaiHarvester(server)


class OaiHarvester:
    """A Harvester that asks arXiv's OAI-PMH."""

    def __init__(self, server: RecordServer) -> None:
        self._server = server

    def harvest(self, category: str, *, since: date) -> tuple[tuple[PaperRecord, ...], tuple[str, ...]]:
        check_category(category)
        records: dict[str, PaperRecord] = {}  # a page may begin with the end of the one before it
        problems: dict[str, None] = {}
        query = {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "set": set_of(category), "from": f"{since}"}
        asked: set[str] = set()
        for _ in range(MAX_PAGES):
            page = read_page(self._server.ask(query, category), category)
            records |= {record.paper.arxiv_id: record for record in page.records}
            problems |= dict.fromkeys(page.problems)
            if not page.token:
                return tuple(records.values()), tuple(problems)
            if page.token in asked:
                raise SourceError(category, f"The pages of the records of {category} go in a circle; run again later.")
            asked.add(page.token)
            query = {"verb": "ListRecords", "resumptionToken": page.token}
        raise SourceError(
            category, f"The records of {category} have more than {MAX_PAGES} pages; back-fill fewer days at a time."
        )


def set_of(category: str) -> str:
    """Gives the name of a category's set: group, archive and class (cs:cs:LG, physics:astro-ph:CO, physics:hep-th)."""
    archive = category.partition(".")[0]
    return f"{archive if archive in _GROUPS else 'physics'}:{category.replace('.', ':')}"
